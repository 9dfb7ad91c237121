//! `grandstand fixtures`: makes matches and their squads out of a list, as often as one likes: what
//! is there already is found, and only what is new is added.

mod list;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use crate::args::Token;
use crate::batch::next_batch;
use crate::event::Event;
use crate::post::{Made, Poster};
use crate::problem::PostError;
use list::Fixture;
pub use list::ListError;

/// The largest list that is read.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Make matches and their squads out of a list
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Example: grandstand fixtures season.csv --squads squads.csv --scoring http://127.0.0.1:7001\n\
                  Exits with 1 if any match is not as its line says, 2 if the list can't be read."
)]
pub struct FixturesArgs {
    /// The list: .json, or .csv with the columns match, a, b and more
    pub file: PathBuf,
    /// Who plays for which team: .csv with the columns team, id, name
    #[arg(long, env = "GRANDSTAND_SQUADS", value_name = "FILE")]
    pub squads: Option<PathBuf>,
    /// Scoring URLs; the next is taken when one fails
    #[arg(
        long,
        env = "GRANDSTAND_SCORING",
        value_name = "URL[,URL]",
        value_delimiter = ',',
        required_unless_present = "check"
    )]
    pub scoring: Vec<String>,
    /// A scorer's token for these matches
    #[arg(
        long,
        env = "GRANDSTAND_TOKEN",
        hide_env_values = true,
        required_unless_present = "check"
    )]
    pub token: Option<Token>,
    /// Only read the list and say what it holds
    #[arg(long, env = "GRANDSTAND_CHECK", value_parser = clap::builder::BoolishValueParser::new())]
    pub check: bool,
    /// Answer on stdout with one JSON object a line
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = clap::builder::BoolishValueParser::new())]
    pub json: bool,
}

/// Why nothing was made.
#[derive(Debug, Error)]
pub enum FixturesError {
    /// The list is none.
    #[error("{}: {error}", .file.display())]
    List {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        error: ListError,
    },
    /// There is nobody to ask.
    #[error(transparent)]
    Post(#[from] PostError),
}

/// What became of a match of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Which.
    #[serde(rename = "match")]
    pub match_id: String,
    /// In a word.
    pub fate: FateWord,
    /// Players that the list names.
    pub players: usize,
    /// What the platform said, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of a match, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FateWord {
    /// Only read.
    Listed,
    /// Made, with its squads.
    Created,
    /// It was there, without some of the players.
    Completed,
    /// It was there, as the list has it.
    Unchanged,
    /// The platform said no, such as to a match that was made otherwise.
    Refused,
    /// Nobody answered, so that it may or may not be there.
    Failed,
}

impl Fate {
    /// Whether the match is as its line says.
    pub fn is_right(&self) -> bool {
        match self.fate {
            FateWord::Listed | FateWord::Created | FateWord::Completed | FateWord::Unchanged => {
                true
            }
            FateWord::Refused | FateWord::Failed => false,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.fate {
            FateWord::Listed => "listed",
            FateWord::Created => "created",
            FateWord::Completed => "completed",
            FateWord::Unchanged => "unchanged",
            FateWord::Refused => "REFUSED",
            FateWord::Failed => "FAILED",
        };
        write!(f, "{word:<10} {}, {} players", self.match_id, self.players)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

/// Reads the list and makes what is in it, in its order; `tell` hears of each match. Ends early
/// where nobody answers. The same list may be given again and again.
pub async fn make(
    args: &FixturesArgs,
    mut tell: impl FnMut(&Fate),
) -> Result<Vec<Fate>, FixturesError> {
    let mut fixtures = read(&args.file, list::parse)?;
    if let Some(file) = &args.squads {
        let squads = read(file, |_, text| table::squads(text))?;
        let placed = list::place(&mut fixtures, squads);
        placed.map_err(|error| FixturesError::List {
            file: file.clone(),
            error,
        })?;
    }
    let token = args.token.as_ref().map(Token::reveal).unwrap_or_default();
    let mut fates = Vec::with_capacity(fixtures.len());
    for fixture in &fixtures {
        let fate = match args.check {
            true => fixture.fate(FateWord::Listed, None),
            false => make_one(&args.scoring, token, fixture).await?,
        };
        tell(&fate);
        let nobody = fate.fate == FateWord::Failed;
        fates.push(fate);
        if nobody {
            break;
        }
    }
    Ok(fates)
}

fn read<T>(
    file: &Path,
    parse: impl Fn(&Path, &[u8]) -> Result<T, ListError>,
) -> Result<T, FixturesError> {
    let read = || {
        let bytes = std::fs::metadata(file)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(ListError::TooLarge { bytes });
        }
        parse(file, &std::fs::read(file)?)
    };
    read().map_err(|error| FixturesError::List {
        file: file.to_owned(),
        error,
    })
}

async fn make_one(urls: &[String], token: &str, fixture: &Fixture) -> Result<Fate, PostError> {
    let mut poster = Poster::new(urls, token, fixture.match_id.clone())?;
    let made = async {
        let made = poster.create(&fixture.creation).await?;
        let mut added = Made::Before;
        let events = line_ups(fixture);
        let mut left = &events[..];
        while !left.is_empty() {
            let (length, body) = next_batch(left, usize::MAX);
            if poster.post(&left[..length], body).await?.made == Made::Now {
                added = Made::Now;
            }
            left = &left[length..];
        }
        Ok::<_, PostError>(match (made, added) {
            (Made::Now, _) => FateWord::Created,
            (Made::Before, Made::Now) => FateWord::Completed,
            (Made::Before, Made::Before) => FateWord::Unchanged,
        })
    };
    match made.await {
        Ok(word) => Ok(fixture.fate(word, None)),
        Err(PostError::Refused { problem, .. }) => {
            Ok(fixture.fate(FateWord::Refused, Some(problem.to_string())))
        }
        Err(error @ PostError::GaveUp { .. }) => {
            Ok(fixture.fate(FateWord::Failed, Some(error.to_string())))
        }
        Err(error) => Err(error),
    }
}

/// A line-up for each player, by an id that is the same each time: one who is there is found, one
/// who is new is added.
fn line_ups(fixture: &Fixture) -> Vec<Event> {
    let players = fixture.players.iter();
    let event = players.map(|player| {
        let data = json!({"team": player.side, "players": [player.entry]});
        let id = format!("fixture.{}.{}", player.side, player.id);
        Event::added(id, "lineup", data)
    });
    event.collect()
}
