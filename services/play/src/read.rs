//! Reads a file as a Cricsheet match, or says what is wrong with it and where.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cricsheet::Match;

/// The largest file that is read; a five-day Test is 0.6 MB.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Why a file could not be taken for a match.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file system refused.
    #[error("cannot read {file}: {source}")]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not a match's file by its size.
    #[error("{file} has {bytes} bytes; a match has at most {FILE_BYTES_MAX}")]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// How long it is.
        bytes: u64,
    },
    /// The JSON ends before it is closed.
    #[error("{file} is cut off: the JSON ends at line {line}, column {column}")]
    Truncated {
        /// The file.
        file: PathBuf,
        /// Where it ends.
        line: usize,
        /// Where it ends.
        column: usize,
    },
    /// Something else than JSON.
    #[error("{file} is not JSON: {source}")]
    NotJson {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// JSON, but not a match as Cricsheet writes it.
    #[error("{file} is not a Cricsheet match: {why}")]
    NotCricsheet {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
}

/// Reads the match in `file`.
pub async fn read(file: &Path) -> Result<Match, ReadError> {
    let io = |source| ReadError::Io {
        file: file.to_owned(),
        source,
    };
    let bytes = tokio::fs::metadata(file).await.map_err(io)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(ReadError::TooLarge {
            file: file.to_owned(),
            bytes,
        });
    }
    parse(file, &tokio::fs::read(file).await.map_err(io)?)
}

/// Takes `text`, the contents of `file`, for a match.
pub fn parse(file: &Path, text: &[u8]) -> Result<Match, ReadError> {
    use serde_json::error::Category;
    let file = file.to_owned();
    match serde_json::from_slice::<Match>(text) {
        Ok(mut read) => match crate::check::check(&read) {
            Ok(()) => {
                for innings in &mut read.innings {
                    // Of an over without a ball nobody has anything to tell.
                    innings.overs.retain(|over| !over.deliveries.is_empty());
                }
                Ok(read)
            }
            Err(why) => Err(ReadError::NotCricsheet { file, why }),
        },
        Err(source) => Err(match source.classify() {
            Category::Eof => ReadError::Truncated {
                file,
                line: source.line(),
                column: source.column(),
            },
            Category::Syntax | Category::Io => ReadError::NotJson { file, source },
            Category::Data => ReadError::NotCricsheet {
                file,
                why: source.to_string(),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn fault(text: &str) -> String {
        parse(Path::new("m.json"), text.as_bytes())
            .expect_err("must be refused")
            .to_string()
    }

    #[test]
    fn a_file_that_is_cut_off_is_called_that() {
        let text = sample::tiny_json().to_string();
        let fault = fault(&text[..text.len() / 2]);
        assert!(
            fault.starts_with("m.json is cut off: the JSON ends at line 1, column"),
            "{fault}"
        );
    }

    #[test]
    fn what_is_no_json_is_called_that() {
        let fault = fault("<html>");
        assert!(
            fault.starts_with("m.json is not JSON: expected value at line 1"),
            "{fault}"
        );
    }

    #[test]
    fn another_json_file_is_told_what_it_lacks() {
        let fault = fault(r#"{"name": "package"}"#);
        assert!(
            fault.contains("not a Cricsheet match: missing field `meta` at line 1"),
            "{fault}"
        );
    }

    #[test]
    fn a_file_at_odds_with_itself_is_refused_with_the_place() {
        let ball = "/innings/0/overs/0/deliveries/1";
        let cases = [
            ("/meta/data_version", "\"0.92\"", "data_version is 0.92"),
            ("/info/teams/1", "\"Alpha Town\"", "two different teams"),
            ("/info/balls_per_over", "0", "balls_per_over is 0"),
            (
                "/innings/1/team",
                "\"Gamma\"",
                "innings 2, team: \"Gamma\" is none of the two teams",
            ),
            ("/info/outcome/winner", "\"Gamma\"", "info.outcome.winner"),
            (
                &format!("{ball}/runs/total"),
                "7",
                "innings 1, over 0, ball 2: runs.total is 7",
            ),
            (&format!("{ball}/runs/extras"), "7", "runs.extras is 7"),
            (&format!("{ball}/batter"), "\"A Two\"", "at both ends"),
            ("/innings/0/overs/1/over", "0", "over 0 does not follow 1"),
        ];
        for (place, value, expected) in cases {
            let mut file = sample::tiny_json();
            *file.pointer_mut(place).expect(place) = serde_json::from_str(value).expect("JSON");
            let fault = fault(&file.to_string());
            assert!(fault.contains(expected), "{place}: {fault}");
        }
    }

    #[test]
    fn fields_that_nobody_knows_are_passed_over() {
        let mut file = sample::tiny_json();
        file["info"]["weather"] = "fine".into();
        file["innings"][0]["overs"][0]["deliveries"][0]["speed"] = 88.5.into();
        assert!(parse(Path::new("m.json"), file.to_string().as_bytes()).is_ok());
    }
}
