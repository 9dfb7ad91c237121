//! What a `dev` plays: made-up matches one after the other, a match out of a file, or nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use grandstand_core::ids::MatchId;
use grandstand_play::generate::{self, generate};
use grandstand_play::squads::Squads;
use grandstand_play::{
    PlayArgs, PlayError, PostError, Progress, Speed, abandon_left, create, match_id_of,
};

use crate::dev::show::{self, Ready};

/// Seeds of our own choice are below this: short enough to be typed.
const SEEDS: u32 = 1_000_000;
/// How long a result stands before the next match, in balls: a minute at ten times life.
const PAUSE_BALLS: u32 = 15;
/// The shortest pause, so that no pace fills the store in no time.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The pause where balls take no time.
const PAUSE_AT_MAX: Duration = Duration::from_secs(60);

/// What is played.
#[derive(Debug, Clone)]
pub(crate) enum Playing {
    /// Scorers bring their own.
    Nothing,
    /// One match, to its end.
    File(PathBuf, Known),
    /// The match of this seed, then that of the next.
    Generated(u64, Known),
}

/// What is known of a match before it begins.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) match_id: MatchId,
    pub(crate) title: String,
}

impl Known {
    fn generated(seed: u64) -> Self {
        Self {
            match_id: generate::match_id(seed),
            title: create::title(&Squads::of(&generate(seed))),
        }
    }

    /// The file is read before anything runs, so that a wrong one is said at once.
    async fn of_file(file: &Path) -> anyhow::Result<Self> {
        let of = grandstand_play::read::read(file).await?;
        let match_id = match_id_of(file).with_context(|| {
            format!(
                "the name of {} makes no match id; rename it",
                file.display()
            )
        })?;
        let title = create::title(&Squads::of(&of));
        Ok(Self { match_id, title })
    }
}

impl Playing {
    /// What `--match` and `--seed` ask for.
    pub(crate) async fn asked(word: &str, seed: Option<u64>) -> anyhow::Result<Self> {
        match (word, seed) {
            ("generated", Some(seed)) => Ok(Self::Generated(seed, Known::generated(seed))),
            ("generated", None) => {
                let seed = u64::from(getrandom::u32().context("choosing a seed")? % SEEDS);
                Ok(Self::Generated(seed, Known::generated(seed)))
            }
            (word, Some(_)) => bail!("--seed makes a match up, but --match asks for {word}"),
            ("none", None) => Ok(Self::Nothing),
            (file, None) => {
                let file = PathBuf::from(file);
                let known = Known::of_file(&file).await?;
                Ok(Self::File(file, known))
            }
        }
    }

    /// The match that is played first.
    pub(crate) fn known(&self) -> Option<&Known> {
        match self {
            Self::Nothing => None,
            Self::File(_, known) | Self::Generated(_, known) => Some(known),
        }
    }

    /// The seed of a made-up match.
    pub(crate) fn seed(&self) -> Option<u64> {
        match self {
            Self::Generated(seed, _) => Some(*seed),
            Self::Nothing | Self::File(..) => None,
        }
    }
}

/// Plays against our own API, as anybody could. A match that can't be played is said; the platform
/// goes on.
pub(crate) struct Player<'a> {
    pub(crate) ready: &'a Ready,
    pub(crate) speed: Speed,
    pub(crate) json: bool,
    /// Nobody else plays on this platform: what an earlier start left unfinished stays so.
    pub(crate) is_alone: bool,
}

impl Player<'_> {
    /// Plays until there is nothing left to play.
    pub(crate) async fn play(&self, playing: Playing) {
        match playing {
            Playing::Nothing => {}
            Playing::File(file, known) => {
                self.one(Some(file), None, &known).await;
            }
            Playing::Generated(seed, known) => {
                tokio::join!(self.close_left(&known), self.on_and_on(seed, &known));
            }
        }
    }

    async fn on_and_on(&self, first_seed: u64, first: &Known) {
        let (mut seed, mut known) = (first_seed, first.clone());
        loop {
            let is_done = self.one(None, Some(seed), &known).await;
            tokio::time::sleep(self.pause()).await;
            if is_done {
                seed = seed.wrapping_add(1);
                known = Known::generated(seed);
                show::on_now(self.json, &known, seed);
            }
        }
    }

    fn pause(&self) -> Duration {
        let balls = self.speed.ball_interval();
        balls.map_or(PAUSE_AT_MAX, |ball| PAUSE_MIN.max(ball * PAUSE_BALLS))
    }

    /// Plays a match; false if it is worth while to go on with it later.
    async fn one(&self, file: Option<PathBuf>, generate: Option<u64>, known: &Known) -> bool {
        let match_id = &known.match_id;
        let args = PlayArgs {
            file,
            generate,
            scoring: vec![self.ready.scoring_url.clone()],
            token: self.ready.tokens.scorer.clone().into(),
            speed: self.speed,
            match_id: Some(match_id.clone()),
        };
        let progress = match self.json {
            true => Progress::Quiet,
            false => Progress::Bar,
        };
        match grandstand_play::run(args, progress).await {
            Ok(outcome) => {
                show::played(self.json, known, &outcome);
                true
            }
            Err(error) => {
                tracing::error!(%match_id, %error, "the match can't be played");
                !matches!(error, PlayError::Post(PostError::GaveUp { .. }))
            }
        }
    }

    /// A list of matches should not show as live what nobody scores any more.
    async fn close_left(&self, known: &Known) {
        if !self.is_alone {
            return;
        }
        let token = self.ready.tokens.scorer.clone().into();
        match abandon_left(&self.ready.scoring_url, token, &known.match_id).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "matches that an earlier start had left are closed"),
            Err(error) => tracing::warn!(%error, "matches that were left can't be closed"),
        }
    }
}
