//! The ways in which posting a match ends early.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use crate::retry::PATIENCE_MS;

/// Why a match could not be posted to its end.
#[derive(Debug, Error)]
pub enum PostError {
    /// No URL to post to, or one that cannot be used.
    #[error("scoring URL {url:?}: {why}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Client(reqwest::Error),
    /// The platform said no, and would say it again.
    #[error("{call} was refused: {problem}")]
    Refused {
        /// What was asked.
        call: String,
        /// What it said.
        problem: Problem,
    },
    /// No URL took the request for as long as we had patience.
    #[error("{call} had no answer that counts for {} s; the last was: {last}", PATIENCE_MS / 1000)]
    GaveUp {
        /// What was asked.
        call: String,
        /// What the last try ended in.
        last: String,
    },
    /// An answer of success that does not say what it must.
    #[error("{call} was answered with success, but {why}")]
    Answer {
        /// What was asked.
        call: String,
        /// What it lacks.
        why: String,
    },
}

/// A refusal, as RFC 9457 tells it.
#[derive(Debug)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What the answer says: title, detail, and members such as field and rule.
    pub members: Vec<(String, String)>,
}

impl Problem {
    pub(crate) fn read(status: u16, body: &Value) -> Self {
        let told = ["title", "detail", "field", "rule", "id"];
        let members = told.iter().filter_map(|name| {
            let member = body.get(name)?;
            let text = member
                .as_str()
                .map_or_else(|| member.to_string(), str::to_owned);
            Some(((*name).to_owned(), text))
        });
        Self {
            status,
            members: members.collect(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for (name, text) in &self.members {
            write!(f, ", {name}: {text}")?;
        }
        Ok(())
    }
}
