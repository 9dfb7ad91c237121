//! `sessions`: who follows which match, by what fans may take up again elsewhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::Broker;
use grandstand_core::ids::MatchId;
use grandstand_core::session::{SessionBody, SessionWish};
use serde::Serialize;

use crate::args::SessionsArgs;
use crate::clock::now_us;
use crate::read::bucket_away;
use crate::show;
use crate::stop::ended_quietly;

/// How many sessions are read.
const SESSIONS_MAX: usize = 1_000_000;
/// How much of a key is shown to people.
const KEY_CHARS_SHOWN: usize = 12;

/// A session as it was read; its id is nobody's to know.
#[derive(Debug)]
struct Listed {
    /// The hash of its id.
    key: String,
    body: SessionBody,
    /// How long ago it was last written, in seconds.
    age_s: u64,
}

/// The same for scripts.
#[derive(Serialize)]
struct SessionLine<'a> {
    key: &'a str,
    /// None for a fan without a token.
    sub: Option<&'a str>,
    gateway: &'a str,
    subscriptions: &'a BTreeMap<MatchId, SessionWish>,
    closed: bool,
    age_s: u64,
}

impl<'a> From<&'a Listed> for SessionLine<'a> {
    fn from(listed: &'a Listed) -> Self {
        Self {
            key: &listed.key,
            sub: listed.body.sub.as_deref(),
            gateway: &listed.body.gateway,
            subscriptions: &listed.body.subscriptions,
            closed: listed.body.closed,
            age_s: listed.age_s,
        }
    }
}

/// How many follow a match.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    connected: u64,
    /// Fans who left within the last minutes, and may come back.
    left: u64,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &SessionsArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let now_us = now_us();
    let mut listed = Vec::new();
    let stored = match broker.sessions().list(SESSIONS_MAX).await {
        Ok(stored) => stored,
        Err(error) => return Err(bucket_away(broker, "KV_sessions", error).await),
    };
    for (key, stored) in stored {
        match SessionBody::decode(&stored.body) {
            Ok(body) => listed.push(Listed {
                key: key.to_string(),
                body,
                age_s: now_us.saturating_sub(stored.stored_at_us.unsigned_abs()) / 1_000_000,
            }),
            Err(error) => tracing::warn!(%key, %error, "passed over"),
        }
    }
    if listed.len() == SESSIONS_MAX {
        tracing::warn!("there are more sessions than the {SESSIONS_MAX} that are read");
    }
    let printed = match &args.match_id {
        Some(match_id) => print_sessions(args.broker.json, match_id, &listed, out),
        None => print_counts(args.broker.json, &listed, out),
    };
    ended_quietly(printed)?;
    Ok(ExitCode::SUCCESS)
}

fn counts(listed: &[Listed]) -> BTreeMap<&MatchId, Count> {
    let mut counts: BTreeMap<&MatchId, Count> = BTreeMap::new();
    for one in listed {
        for match_id in one.body.subscriptions.keys() {
            let count = counts.entry(match_id).or_default();
            match one.body.closed {
                false => count.connected += 1,
                true => count.left += 1,
            }
        }
    }
    counts
}

fn print_counts(json: bool, listed: &[Listed], out: &mut impl Write) -> anyhow::Result<()> {
    for (match_id, count) in counts(listed) {
        if json {
            let line = serde_json::json!({"match": match_id, "connected": count.connected, "left": count.left});
            writeln!(out, "{line}")?;
        } else {
            let Count { connected, left } = count;
            writeln!(out, "{connected:>7} connected  {left:>7} left  {match_id}")?;
        }
    }
    if !json {
        let sessions = show::count(listed.len() as u64, "session", "sessions");
        writeln!(out, "{sessions}")?;
    }
    Ok(out.flush()?)
}

fn print_sessions(
    json: bool,
    match_id: &MatchId,
    listed: &[Listed],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let following = |one: &&Listed| one.body.subscriptions.contains_key(match_id);
    let mut sessions = 0;
    for one in listed.iter().filter(following) {
        sessions += 1;
        match json {
            true => writeln!(out, "{}", serde_json::to_string(&SessionLine::from(one))?)?,
            false => writeln!(out, "{}", line(one))?,
        }
    }
    if !json {
        let sessions = show::count(sessions, "session", "sessions");
        writeln!(out, "{sessions} of {match_id}")?;
    }
    Ok(out.flush()?)
}

fn line(one: &Listed) -> String {
    let key: String = one.key.chars().take(KEY_CHARS_SHOWN).collect();
    let who = one.body.sub.as_deref().unwrap_or("(no token)");
    let state = if one.body.closed {
        "left     "
    } else {
        "connected"
    };
    let wishes: Vec<String> = one.body.subscriptions.iter().map(wish_text).collect();
    format!(
        "{state}  {key}  {}  at {}  written {} ago  {}",
        show::plain(who),
        show::plain(&one.body.gateway),
        show::span_text(one.age_s),
        wishes.join(", ")
    )
}

fn wish_text((match_id, wish): (&MatchId, &SessionWish)) -> String {
    let mut text = match_id.to_string();
    if let Some(policy) = wish.policy {
        text.push_str(&format!(" {}", policy.as_str()));
    }
    if wish.delay_s > 0 {
        text.push_str(&format!(" {} s behind", wish.delay_s));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use grandstand_core::policy::PolicyName;

    fn session(sub: Option<&str>, matches: &[&str], closed: bool) -> Listed {
        let wish = SessionWish {
            policy: Some(PolicyName::Batch),
            delay_s: 30,
        };
        let matches = matches
            .iter()
            .map(|name| (MatchId::new(*name).unwrap(), wish));
        Listed {
            key: "0123456789abcdef".repeat(4),
            body: SessionBody {
                sub: sub.map(str::to_owned),
                gateway: "g-1".to_owned(),
                since_us: 0,
                subscriptions: matches.collect(),
                updated_us: 0,
                closed,
            },
            age_s: 7,
        }
    }

    #[test]
    fn a_match_counts_who_follows_it_and_who_left() {
        let listed = [
            session(Some("ann"), &["a", "b"], false),
            session(None, &["a"], true),
        ];
        let mut out = Vec::new();

        print_counts(false, &listed, &mut out).unwrap();

        let lines = [
            "      1 connected        1 left  a",
            "      1 connected        0 left  b",
            "2 sessions\n",
        ];
        assert_eq!(String::from_utf8(out).unwrap(), lines.join("\n"));
    }

    #[test]
    fn a_session_is_shown_without_its_id() {
        let b = MatchId::new("b").unwrap();
        let listed = [
            session(Some("ann"), &["a", "b"], false),
            session(None, &["a"], true),
        ];
        let (mut out, mut json) = (Vec::new(), Vec::new());

        print_sessions(false, &b, &listed, &mut out).unwrap();
        print_sessions(true, &b, &listed, &mut json).unwrap();

        let line = "connected  0123456789ab  ann  at g-1  written 7 s ago  \
                    a batch 30 s behind, b batch 30 s behind\n1 session of b\n";
        assert_eq!(String::from_utf8(out).unwrap(), line);
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&json["sub"], &json["age_s"]), (&"ann".into(), &7.into()));
        assert_eq!(json["subscriptions"]["b"]["policy"], "batch");
    }
}
