//! What a verified token allows its bearer.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::token::LEEWAY_S;

/// Who somebody is to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Writes the matches that the token names.
    Scorer,
    /// Reads.
    Fan,
    /// Runs the platform: reads everything, scores nothing.
    Ops,
}

/// What a fan pays for; the gateway's configuration maps it to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Digest, unless configured otherwise.
    Free,
    /// Batch, unless configured otherwise.
    Plus,
    /// Realtime, unless configured otherwise.
    Premium,
}

/// What a scorer may do beyond scoring by the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Post patches to matches of the open sport.
    Open,
    /// Correct a match after sign-off.
    Official,
}

/// A word that is not one of the few that its place allows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{found}' is not one of {allowed}")]
pub struct UnknownWord {
    found: String,
    allowed: &'static str,
}

/// Text forms of a closed set, the same as on the wire.
macro_rules! words {
    ($name:ident, $allowed:literal, $($variant:ident = $word:literal),+) => {
        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { found: text.to_owned(), allowed: $allowed }),
                }
            }
        }

        impl $name {
            /// The word for it, the same as on the wire.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(
    Role,
    "scorer, fan, ops",
    Scorer = "scorer",
    Fan = "fan",
    Ops = "ops"
);
words!(
    Tier,
    "free, plus, premium",
    Free = "free",
    Plus = "plus",
    Premium = "premium"
);
words!(
    Right,
    "open, official",
    Open = "open",
    Official = "official"
);

/// One match id, or the beginning of many when it ends in `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchPattern(String);

/// Why a text is not a pattern of match ids.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{0}' is not a match id of a-z, 0-9 and '-' (up to 64), nor the beginning of one with '*'"
)]
pub struct PatternError(String);

impl MatchPattern {
    /// Whether `match_id` is, or begins like, this pattern.
    pub fn covers(&self, match_id: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => match_id.starts_with(beginning),
            None => self.0 == match_id,
        }
    }
}

impl FromStr for MatchPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let id = text.strip_suffix('*').unwrap_or(text);
        let plain = id
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if plain && (1..=64).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PatternError(text.to_owned()))
        }
    }
}

impl fmt::Display for MatchPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for MatchPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MatchPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What the bearer of one verified token may do, until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose token it is.
    pub sub: String,
    /// What he is to us.
    pub role: Role,
    /// What he pays for; the configuration decides when the token does not say.
    pub tier: Option<Tier>,
    /// How far behind the head he reads, in seconds.
    pub delay_s: u32,
    /// When the token ends, in Unix seconds.
    pub expires_unix_s: u64,
    /// When it was made, in Unix seconds, if it says so: a revocation may aim at older ones only.
    pub issued_unix_s: Option<u64>,
    /// Until when it may be renewed, in Unix seconds, if it was made by an access to a match.
    pub renewable_until_unix_s: Option<u64>,
    pub(crate) matches: Vec<MatchPattern>,
    pub(crate) rights: BTreeSet<Right>,
}

/// Private matches that somebody may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateMatches<'a> {
    /// Those that one of these covers.
    Named(&'a [MatchPattern]),
    /// All.
    All,
}

impl Grant {
    /// From when on the token is refused, in Unix seconds: a connection that it let in ends then,
    /// and not before, or whoever is let in late would be cut at once.
    pub fn refused_from_unix_s(&self) -> u64 {
        self.expires_unix_s.saturating_add(LEEWAY_S + 1)
    }

    /// Whether he may post to the match: a scorer whose token names it.
    pub fn may_write(&self, match_id: &str) -> bool {
        match self.role {
            Role::Scorer => self.names(match_id),
            Role::Fan | Role::Ops => false,
        }
    }

    /// Whether he may read the match although it is private.
    pub fn may_read_private(&self, match_id: &str) -> bool {
        match self.private_matches() {
            PrivateMatches::Named(patterns) => covers(patterns, match_id),
            PrivateMatches::All => true,
        }
    }

    /// The private matches that he may read: those that his token names, or all if he is ops.
    pub fn private_matches(&self) -> PrivateMatches<'_> {
        match self.role {
            Role::Scorer | Role::Fan => PrivateMatches::Named(&self.matches),
            Role::Ops => PrivateMatches::All,
        }
    }

    /// Whether he holds the right. Rights are a scorer's; anybody else's token grants none.
    pub fn has_right(&self, right: Right) -> bool {
        self.role == Role::Scorer && self.rights.contains(&right)
    }

    fn names(&self, match_id: &str) -> bool {
        covers(&self.matches, match_id)
    }
}

/// Whether one of `patterns` covers the match.
pub fn covers(patterns: &[MatchPattern], match_id: &str) -> bool {
    patterns.iter().any(|pattern| pattern.covers(match_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role, matches: &[&str]) -> Grant {
        Grant {
            sub: "ann".into(),
            role,
            tier: None,
            delay_s: 0,
            expires_unix_s: 0,
            issued_unix_s: None,
            renewable_until_unix_s: None,
            matches: matches.iter().map(|m| m.parse().unwrap()).collect(),
            rights: [Right::Open].into(),
        }
    }

    #[test]
    fn only_a_scorer_writes_and_only_what_his_token_names() {
        let scorer = grant(Role::Scorer, &["final", "ipl-*"]);
        for (match_id, allowed) in [
            ("final", true),
            ("finals", false),
            ("ipl-", true),
            ("ipl-2025-37", true),
            ("ipl", false),
        ] {
            assert_eq!(scorer.may_write(match_id), allowed, "{match_id}");
        }
        assert!(!grant(Role::Scorer, &[]).may_write("final"));
        assert!(!grant(Role::Fan, &["*"]).may_write("final"));
        assert!(!grant(Role::Ops, &["*"]).may_write("final"));
    }

    #[test]
    fn a_private_match_is_read_by_who_is_named_and_by_ops() {
        assert!(grant(Role::Fan, &["club-*"]).may_read_private("club-7"));
        assert!(!grant(Role::Fan, &[]).may_read_private("club-7"));
        assert!(grant(Role::Scorer, &["club-7"]).may_read_private("club-7"));
        assert!(grant(Role::Ops, &[]).may_read_private("club-7"));
    }

    #[test]
    fn a_right_is_a_scorers() {
        assert!(grant(Role::Scorer, &[]).has_right(Right::Open));
        assert!(!grant(Role::Scorer, &[]).has_right(Right::Official));
        assert!(!grant(Role::Fan, &[]).has_right(Right::Open));
    }

    #[test]
    fn a_pattern_is_a_match_id_or_the_beginning_of_one() {
        for good in ["a", "*", "ipl-*", &"x".repeat(64)] {
            assert_eq!(good.parse::<MatchPattern>().unwrap().to_string(), good);
        }
        for bad in ["", "A", "a*b", "**", "a.b", "*a", &"x".repeat(65)] {
            assert!(bad.parse::<MatchPattern>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn words_read_back_what_they_write() {
        for role in [Role::Scorer, Role::Fan, Role::Ops] {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for tier in [Tier::Free, Tier::Plus, Tier::Premium] {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        let error = "umpire".parse::<Role>().unwrap_err();
        assert_eq!(error.to_string(), "'umpire' is not one of scorer, fan, ops");
    }
}
