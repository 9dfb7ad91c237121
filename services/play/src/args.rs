//! What `grandstand play` is told on the command line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use grandstand_core::ids::{IdError, MatchId};

/// Score a Cricsheet match over HTTP and check every figure of the platform's scorecard.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Example: grandstand play final.json --scoring http://127.0.0.1:7001 --speed max"
)]
pub struct PlayArgs {
    /// The match, in Cricsheet's JSON format
    #[arg(required_unless_present = "generate", conflicts_with = "generate")]
    pub file: Option<PathBuf>,
    /// Make a T20 up instead, the same for the same seed
    #[arg(long, env = "GRANDSTAND_GENERATE", value_name = "SEED")]
    pub generate: Option<u64>,
    /// Scoring URLs; the next is taken when one fails
    #[arg(
        long,
        env = "GRANDSTAND_SCORING",
        value_name = "URL[,URL]",
        value_delimiter = ',',
        required = true
    )]
    pub scoring: Vec<String>,
    /// A scorer's token for this match
    #[arg(long, env = "GRANDSTAND_TOKEN", hide_env_values = true)]
    pub token: Token,
    /// How much faster than life, where a ball takes 40 s; or max
    #[arg(
        long,
        env = "GRANDSTAND_SPEED",
        default_value = "1",
        value_name = "N|max"
    )]
    pub speed: Speed,
    /// Id of the match; the file's name, or t20-SEED, unless given
    #[arg(long = "match", env = "GRANDSTAND_MATCH", value_name = "ID")]
    pub match_id: Option<MatchId>,
}

/// A bearer token, which no log shows.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The token itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(token)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How fast a match is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// This many times faster than life.
    Times(f64),
    /// As fast as the platform takes it.
    Max,
}

/// How long a ball takes in life.
const BALL_S: f64 = 40.0;
/// The fastest pace that is still one.
const TIMES_MAX: f64 = 100_000.0;

impl Speed {
    /// The time from ball to ball; none at once.
    pub fn ball_interval(self) -> Option<Duration> {
        match self {
            Self::Times(times) => Some(Duration::from_secs_f64(BALL_S / times)),
            Self::Max => None,
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse() {
            Ok(times) if (0.01..=TIMES_MAX).contains(&times) => Ok(Self::Times(times)),
            _ => Err(format!(
                "a speed is a number from 0.01 to {TIMES_MAX}, or max"
            )),
        }
    }
}

/// The match id that a file's name gives.
pub fn match_id_of(file: &Path) -> Result<MatchId, IdError> {
    let stem = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(64)
        .collect();
    MatchId::new(plain.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        args: PlayArgs,
    }

    #[test]
    fn a_token_is_in_no_debug_output() {
        let args = [
            "play",
            "m.json",
            "--scoring",
            "http://a,http://b",
            "--token",
            "secret",
        ];
        let program = Program::try_parse_from(args).expect("valid");
        assert_eq!(program.args.scoring, ["http://a", "http://b"]);
        assert_eq!(program.args.token.reveal(), "secret");
        assert!(!format!("{program:?}").contains("secret"));
    }

    #[test]
    fn a_match_is_a_file_or_made_up_and_never_both() {
        let parse = |what: &[&str]| {
            let rest = ["--scoring", "http://a", "--token", "t"];
            let args = ["play"].iter().chain(what).chain(&rest);
            Program::try_parse_from(args).map(|program| program.args)
        };
        let made_up = parse(&["--generate", "7"]).expect("valid");
        assert_eq!((made_up.generate, made_up.file), (Some(7), None));
        assert!(parse(&["m.json"]).expect("valid").generate.is_none());
        for bad in [
            &[][..],
            &["m.json", "--generate", "7"],
            &["--generate", "x"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_speed_is_a_sensible_number_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("20".parse(), Ok(Speed::Times(20.0)));
        assert_eq!(
            Speed::Times(20.0).ball_interval(),
            Some(Duration::from_secs(2))
        );
        for bad in ["", "0", "-1", "NaN", "inf", "1e9", "fast"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_files_name_gives_a_match_id() {
        for (file, id) in [
            ("a/1473469.json", "1473469"),
            ("IPL 2025_Final!.json", "ipl-2025-final"),
            ("é-x.json", "x"),
        ] {
            assert_eq!(match_id_of(Path::new(file)).expect(file).as_str(), id);
        }
        assert!(match_id_of(Path::new("---.json")).is_err());
    }
}
