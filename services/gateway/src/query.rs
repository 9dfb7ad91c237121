//! The query of `GET /v1/ws`: subscriptions without a message.

use grandstand_core::ids::Cursor;
use grandstand_core::message::{
    Named, SUBSCRIPTIONS_MAX, StripsWish, Subscribe, Wish, check_delay, check_heartbeat,
};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use grandstand_server::query::{QueryError, TOKEN_IN_QUERY, fault};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};

/// What a query asks for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) wishes: Vec<Wish>,
    pub(crate) heartbeat_s: Option<u32>,
}

/// The parameters as they stand there.
#[derive(Debug, Default, Deserialize)]
struct Parameters {
    #[serde(rename = "match")]
    matches: Option<String>,
    after: Option<String>,
    policy: Option<String>,
    snapshot: Option<String>,
    heartbeat_s: Option<String>,
    delay_s: Option<String>,
    token: Option<String>,
    access_token: Option<String>,
}

impl Query {
    /// Reads `?match=a,b&after=<epoch>-<seq>,…&policy=…&snapshot=…&heartbeat_s=…&delay_s=…`;
    /// `after` is aligned with `match`, and an empty entry means none.
    pub(crate) fn parse(query: &str) -> Result<Self, QueryError> {
        let parameters = parameters(query)?;
        if parameters.token.is_some() || parameters.access_token.is_some() {
            return Err(fault("token", TOKEN_IN_QUERY));
        }
        let heartbeat_s = number("heartbeat_s", parameters.heartbeat_s.as_deref())?;
        check_heartbeat(heartbeat_s).map_err(|e| fault("heartbeat_s", &e.to_string()))?;
        let delay_s = delay(parameters.delay_s.as_deref())?;
        let policy: Option<PolicyName> = word("policy", parameters.policy.as_deref())?;
        let snapshot: Option<SnapshotWish> = word("snapshot", parameters.snapshot.as_deref())?;
        let matches = split(parameters.matches.as_deref());
        let after = split(parameters.after.as_deref());
        // The strips come beside them.
        if matches.len() > SUBSCRIPTIONS_MAX + usize::from(matches.contains(&"*")) {
            return Err(fault("match", "a connection follows at most 32 matches"));
        }
        if after.len() > matches.len() {
            return Err(fault("after", "has more entries than match"));
        }
        let mut wishes = Vec::with_capacity(matches.len());
        for (index, name) in matches.iter().enumerate() {
            let after = cursor(after.get(index).copied())?;
            let named = Named::parse(name).map_err(|e| fault("match", &e.to_string()))?;
            wishes.push(match named {
                Named::Match(match_id) => Wish::Match(Subscribe {
                    match_id,
                    after,
                    policy,
                    delay_s,
                    snapshot: snapshot.unwrap_or_default(),
                }),
                Named::Strips => Wish::Strips(StripsWish { policy, delay_s }),
            });
        }
        Ok(Self {
            wishes,
            heartbeat_s,
        })
    }
}

fn parameters(query: &str) -> Result<Parameters, QueryError> {
    let uri = format!("/?{query}")
        .parse()
        .map_err(|_| fault("query", "is not a query"))?;
    let parsed = axum::extract::Query::<Parameters>::try_from_uri(&uri);
    parsed
        .map(|query| query.0)
        .map_err(|e| fault("query", &e.to_string()))
}

pub(crate) fn cursor(text: Option<&str>) -> Result<Option<Cursor>, QueryError> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| fault("after", "is <epoch>-<seq>, or 0 for the first event")),
    }
}

pub(crate) fn number(field: &'static str, text: Option<&str>) -> Result<Option<u32>, QueryError> {
    let wrong = || fault(field, "is a number of seconds");
    text.map(|text| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse().map_err(|_| wrong()),
        false => Err(wrong()),
    })
    .transpose()
}

/// How far behind somebody wants to be kept at least.
pub(crate) fn delay(text: Option<&str>) -> Result<u32, QueryError> {
    check_delay(number("delay_s", text)?).map_err(|e| fault("delay_s", &e.to_string()))
}

pub(crate) fn word<T: DeserializeOwned>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, QueryError> {
    let read = |text| T::deserialize(StrDeserializer::<WordError>::new(text));
    text.map(|text| read(text).map_err(|e| fault(field, &e.to_string())))
        .transpose()
}

fn split(list: Option<&str>) -> Vec<&str> {
    list.filter(|list| !list.is_empty())
        .map_or_else(Vec::new, |list| list.split(',').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_aligned_with_matches() {
        let query =
            Query::parse("match=a,b,c&after=,5.1-7&policy=batch&snapshot=never&heartbeat_s=20")
                .unwrap();
        let matches: Vec<_> = query
            .wishes
            .iter()
            .map(|wish| match wish {
                Wish::Match(subscribe) => subscribe,
                Wish::Strips(_) => panic!("a match"),
            })
            .collect();
        let after: Vec<_> = matches.iter().map(|subscribe| subscribe.after).collect();
        assert_eq!(after, [None, Some("5.1-7".parse().unwrap()), None]);
        assert_eq!(matches[0].policy, Some(PolicyName::Batch));
        assert_eq!(matches[0].snapshot, SnapshotWish::Never);
        assert_eq!(query.heartbeat_s, Some(20));
        assert!(Query::parse("").unwrap().wishes.is_empty());
    }

    #[test]
    fn the_strips_come_beside_as_many_matches_as_there_may_be() {
        let many = format!("match=*,{}&delay_s=7", vec!["a"; 32].join(","));
        let query = Query::parse(&many).unwrap();
        let wish = StripsWish {
            policy: None,
            delay_s: 7,
        };
        assert_eq!(query.wishes.len(), 33);
        assert_eq!(query.wishes[0], Wish::Strips(wish));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field) in [
            ("match=A", "match"),
            ("match=a&after=x", "after"),
            ("match=a&after=0,0", "after"),
            ("match=a&policy=fast", "policy"),
            ("match=a&snapshot=sometimes", "snapshot"),
            ("heartbeat_s=5", "heartbeat_s"),
            ("delay_s=x", "delay_s"),
            ("delay_s=%2B5", "delay_s"),
            ("match=a&token=x", "token"),
        ] {
            assert_eq!(
                Query::parse(query).expect_err(query).field,
                field,
                "{query}"
            );
        }
        let many = format!("match={}", vec!["a"; 33].join(","));
        assert_eq!(Query::parse(&many).expect_err("too many").field, "match");
    }
}
