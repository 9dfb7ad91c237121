//! Plays one match from its first event to the comparison at the end.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use grandstand_core::ids::{IdError, MatchId};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use thiserror::Error;
use tokio::time::{Interval, MissedTickBehavior};

use crate::args::{PlayArgs, Speed, match_id_of};
use crate::batch::next_batch;
use crate::compare::{Comparison, compare};
use crate::create;
use crate::cricsheet::Match;
use crate::event::Event;
use crate::events::events;
use crate::generate::slips::with_slips;
use crate::generate::{self, generate};
use crate::post::Poster;
use crate::problem::PostError;
use crate::read::{ReadError, read};
use crate::squads::Squads;
use crate::tally::{InningsTally, tally};

/// Warnings that an outcome keeps; the rest is only counted.
const WARNINGS_MAX: usize = 20;

/// Why a match was not played to its end.
#[derive(Debug, Error)]
pub enum PlayError {
    /// Nothing was named.
    #[error("there is no match to play; name a file, or --generate SEED")]
    Nothing,
    /// The file is no match.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file's name makes no match id.
    #[error("{0}; name the match with --match")]
    MatchId(IdError),
    /// The platform did not take it.
    #[error(transparent)]
    Post(#[from] PostError),
}

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// As a bar on stderr, where that is a terminal.
    Bar,
    /// Not at all.
    Quiet,
}

/// What came of a match that was played to its end.
#[derive(Debug)]
pub struct Outcome {
    /// The match.
    pub match_id: MatchId,
    /// Events that were posted or found there, without the one that created the match.
    pub events: usize,
    /// How it stood at the end, as a list of matches says it.
    pub line: String,
    /// Innings, batting rows and bowling rows of the file.
    pub rows: [usize; 3],
    /// Figures of the file against those of the platform.
    pub comparison: Comparison,
    /// What the platform found odd, at most the first few.
    pub warnings: Vec<String>,
    /// How many there were.
    pub warnings_count: usize,
    /// From the first request to the last answer before the comparison.
    pub took: Duration,
}

impl Outcome {
    /// Whether every figure is the same.
    pub fn is_equal(&self) -> bool {
        self.comparison.differences.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took_s = self.took.as_secs_f64();
        let per_s = self.events as f64 / took_s.max(f64::MIN_POSITIVE);
        let (match_id, events) = (&self.match_id, self.events);
        writeln!(
            f,
            "{match_id}: {events} events in {took_s:.2} s, {per_s:.0}/s"
        )?;
        if self.warnings_count > 0 {
            writeln!(f, "{} warnings, such as", self.warnings_count)?;
        }
        for warning in &self.warnings {
            writeln!(f, "  {warning}")?;
        }
        let [innings, batting, bowling] = self.rows;
        let (figures, differences) = (self.comparison.figures, &self.comparison.differences);
        write!(
            f,
            "compared {innings} innings, {batting} batting and {bowling} bowling rows: {figures} figures, "
        )?;
        if differences.is_empty() {
            return write!(f, "all equal");
        }
        write!(f, "{} differ", differences.len())?;
        for difference in differences {
            write!(f, "\n  {difference}")?;
        }
        Ok(())
    }
}

/// Plays the match of `args`. May be dropped at any moment, and run again: ids are the same each
/// time, so what is stored already is recognised.
pub async fn run(args: PlayArgs, progress: Progress) -> Result<Outcome, PlayError> {
    let Played {
        match_id,
        of,
        squads,
        sums,
        events,
    } = Played::of(&args).await?;
    let started = Instant::now();
    let mut poster = Poster::new(&args.scoring, args.token.reveal(), match_id.clone())?;
    poster.create(&create::body(&of, &squads)).await?;
    let stored = poster.seq().await?;
    let run = Run {
        events: &events,
        // The event that created the match is not one of ours.
        stored: usize::try_from(stored)
            .unwrap_or(usize::MAX)
            .saturating_sub(1),
        speed: args.speed,
        bar: bar(progress, events.len()),
    };
    let (seq, warnings) = run.post_all(&mut poster).await?;
    let took = started.elapsed();
    let state = poster.state(seq.max(stored)).await?;
    Ok(Outcome {
        match_id,
        events: events.len(),
        line: text(&state["strip"], "line"),
        rows: rows(&sums),
        comparison: compare(&sums, &state, &squads),
        warnings_count: warnings.len(),
        warnings: warnings.into_iter().take(WARNINGS_MAX).collect(),
        took,
    })
}

/// A match that is to be played.
struct Played {
    match_id: MatchId,
    of: Match,
    squads: Squads,
    sums: Vec<InningsTally>,
    events: Vec<Event>,
}

impl Played {
    async fn of(args: &PlayArgs) -> Result<Self, PlayError> {
        let (of, usual_id) = match (args.generate, &args.file) {
            (Some(seed), _) => (generate(seed), Ok(generate::match_id(seed))),
            (None, Some(file)) => (read(file).await?, match_id_of(file)),
            (None, None) => return Err(PlayError::Nothing),
        };
        let match_id = match &args.match_id {
            Some(match_id) => match_id.clone(),
            None => usual_id.map_err(PlayError::MatchId)?,
        };
        let (sums, squads) = (tally(&of), Squads::of(&of));
        let events = events(&of, &squads, &sums);
        Ok(Self {
            match_id,
            events: match args.generate {
                Some(seed) => with_slips(events, seed),
                None => events,
            },
            of,
            squads,
            sums,
        })
    }
}

fn rows(sums: &[InningsTally]) -> [usize; 3] {
    let batting = sums.iter().map(|sum| sum.batting.len()).sum();
    let bowling = sums.iter().map(|sum| sum.bowling.len()).sum();
    [sums.len(), batting, bowling]
}

/// The events of a match on their way.
struct Run<'a> {
    events: &'a [Event],
    /// Events of the match that were there before.
    stored: usize,
    speed: Speed,
    bar: ProgressBar,
}

impl Run<'_> {
    /// Posts every event; the seq after the last, and all warnings.
    async fn post_all(&self, poster: &mut Poster) -> Result<(u64, Vec<String>), PostError> {
        let mut pace = self.speed.ball_interval().map(|interval| {
            let mut pace = tokio::time::interval(interval);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        let mut seq = 0;
        let mut warnings = Vec::new();
        let mut done = 0;
        while done < self.events.len() {
            // What an earlier run has posted are the first ones; posting them again is harmless,
            // and stays right where somebody else has added corrections of his own.
            let repeats = self.stored.saturating_sub(done);
            let length_max = match &mut pace {
                None => usize::MAX,
                Some(_) if repeats > 0 => repeats,
                Some(pace) => {
                    wait_for(pace, &self.events[done]).await;
                    1
                }
            };
            let (length, body) = next_batch(&self.events[done..], length_max);
            let posted = poster.post(&self.events[done..done + length], body).await?;
            seq = posted.seq.max(seq);
            warnings.extend(posted.warnings);
            done += length;
            self.bar.set_position(done as u64);
            self.bar.set_message(text(&posted.strip, "score"));
        }
        self.bar.finish_and_clear();
        Ok((seq, warnings))
    }
}

/// How long sides change over, in balls: shorter than in life, where nobody would wait.
const CHANGE_OVER_BALLS: u32 = 5;

/// Waits as long as it takes in life, at this pace, until `event` is told.
async fn wait_for(pace: &mut Interval, event: &Event) {
    if event.is_ball() {
        pace.tick().await;
    } else if event.is_correction() {
        // Seen between two balls, which come when they would have come.
        tokio::time::sleep(pace.period() / 2).await;
    } else if event.opens_later_innings() {
        tokio::time::sleep(pace.period() * CHANGE_OVER_BALLS).await;
    }
}

/// One of a strip's texts.
fn text(strip: &Value, name: &str) -> String {
    let text = strip.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn bar(progress: Progress, length: usize) -> ProgressBar {
    if progress == Progress::Quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
