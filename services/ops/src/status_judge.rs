//! What is wrong with what was seen, and what to do about it. Pure.
//!
//! A cause is told once: what only follows from it is left out, lest somebody cures that instead.

use std::collections::BTreeMap;
use std::time::Duration;

use grandstand_broker::{StreamFacts, StreamLook};

use crate::show;
use crate::status::{Seen, Trouble};

/// A stream that is fuller than this has to be looked after.
const FULL_ALARM_PERCENT: u64 = 70;
/// No newer canary for so long: scores are not accepted.
const CANARY_AGE_MAX: Duration = Duration::from_millis(2_500);
/// A gateway with more of its connections taken than this is nearly full.
const BUSY_ALARM_PERCENT: u64 = 90;

/// All that is wrong.
pub(crate) fn judge(seen: &Seen) -> Vec<Trouble> {
    let streams = [silent(seen), missing(seen), leaderless(seen)];
    let mut troubles: Vec<Trouble> = streams.into_iter().flatten().collect();
    troubles.extend(replicas(seen));
    for look in &seen.streams {
        if let Ok(Some((facts, drift))) = &look.found {
            troubles.extend(stream(&look.stream, facts, drift));
        }
    }
    let canary = canary(seen);
    let scores_come = canary.is_empty() && is_led(seen, "SCORES");
    troubles.extend(canary);
    for match_id in &seen.unreadable {
        troubles.push(Trouble::new(
            "matches",
            format!("the newest record of {match_id} can't be read"),
            format!("grandstand ops verify {match_id}"),
        ));
    }
    troubles.extend(gateways(seen, scores_come));
    troubles
}

/// The names of the streams of which `is` holds, if there are any.
fn named(seen: &Seen, is: impl Fn(&StreamLook) -> bool) -> Option<String> {
    let streams = seen.streams.iter().filter(|look| is(look));
    let names: Vec<&str> = streams.map(|look| look.stream.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Whether the stream is there and can be written to.
fn is_led(seen: &Seen, stream: &str) -> bool {
    seen.facts(stream).is_some_and(|facts| !facts.leaderless)
}

fn silent(seen: &Seen) -> Option<Trouble> {
    let first = seen
        .streams
        .iter()
        .find_map(|look| look.found.as_ref().err());
    let names = named(seen, |look| look.found.is_err())?;
    let clustered = seen.server.as_ref().is_some_and(|it| it.cluster.is_some());
    let cure = match clustered {
        true => {
            "an election takes up to 8 s: look again; if it stays, start the NATS servers that are down, since two of three make a leader"
        }
        false => "look again in a moment; if it stays, look at nats-server's log",
    };
    let why = first.map(ToString::to_string).unwrap_or_default();
    let what = format!("nobody answers for {names}: {why}");
    Some(Trouble::new("streams", what, cure))
}

fn missing(seen: &Seen) -> Option<Trouble> {
    let is_missing = |look: &StreamLook| matches!(look.found, Ok(None));
    let names = named(seen, is_missing)?;
    let scores_too = named(seen, |look| is_missing(look) && look.stream == "SCORES").is_some();
    let cure = match scores_too {
        true => {
            "a new platform: grandstand ops provision; one that had matches: see first that nats-server has its store folder (-sd) and its volume, for provision makes an empty stream"
        }
        false => {
            "grandstand ops provision (a NATS server alone has its buckets in memory, and loses them when it restarts)"
        }
    };
    Some(Trouble::new("streams", format!("missing: {names}"), cure))
}

fn leaderless(seen: &Seen) -> Option<Trouble> {
    let names = named(
        seen,
        |look| matches!(&look.found, Ok(Some((facts, _))) if facts.leaderless),
    )?;
    Some(Trouble::new(
        "streams",
        format!("no server leads {names}: nothing is written there, and so no score is accepted"),
        "start the NATS servers that are down; two of three make a leader",
    ))
}

/// A server that is away is told once, and not once more for each stream.
fn replicas(seen: &Seen) -> Vec<Trouble> {
    let known = seen.server.as_ref().map_or(0, |it| it.servers.len() as u64);
    let mut lacking: BTreeMap<&str, (Vec<&str>, bool)> = BTreeMap::new();
    for look in &seen.streams {
        let Ok(Some((facts, _))) = &look.found else {
            continue;
        };
        let followers = facts.followers.iter();
        for follower in followers.filter(|it| !facts.leaderless && (it.offline || !it.current)) {
            let (streams, away) = lacking.entry(&follower.name).or_default();
            streams.push(&look.stream);
            *away |= follower.offline || known < facts.replicas;
        }
    }
    let troubles = lacking.into_iter().map(|(server, (streams, away))| {
        let how = if away { "away" } else { "behind or away" };
        Trouble::new(
            "streams",
            format!(
                "the NATS server {} is {how}: {} lack a replica",
                show::plain(server),
                streams.join(", ")
            ),
            "start it if it is down; it catches up by itself",
        )
    });
    troubles.collect()
}

fn stream(name: &str, facts: &StreamFacts, drift: &[String]) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !drift.is_empty() {
        troubles.push(Trouble::new(
            "streams",
            format!("{name} is not as defined: {}", drift.join(", ")),
            "grandstand ops provision; what stays then can't be changed (see nats/README.md, Drift)",
        ));
    }
    if let Some(percent) = full_percent(facts)
        && percent >= FULL_ALARM_PERCENT
    {
        let cure = match name {
            "SCORES" => {
                "grandstand ops provision --scores-bytes-max, if the disk has room; or archive old matches (replay --to-file, then purge)"
            }
            _ => {
                "what is in it expires by itself; raise max_bytes of its definition if it stays so"
            }
        };
        troubles.push(Trouble::new(
            "streams",
            format!("{name} has {percent} % of the bytes that it may have"),
            cure,
        ));
    }
    troubles
}

/// How full a stream is that has a bound.
pub(crate) fn full_percent(facts: &StreamFacts) -> Option<u64> {
    Some(facts.bytes.saturating_mul(100) / facts.bytes_max?)
}

/// How long ago the newest canary was stored, if there is any.
pub(crate) fn canary_age(seen: &Seen) -> Option<Duration> {
    seen.facts("CANARY")?.newest_age
}

/// The scoring instances that still send canaries.
pub(crate) fn scoring_alive(seen: &Seen) -> impl Iterator<Item = &grandstand_broker::CanaryFacts> {
    let is_fresh = canary_age(seen).is_some_and(|age| age <= CANARY_AGE_MAX);
    let canaries = seen.canaries.iter().flatten();
    canaries.filter(move |canary| is_fresh && canary.behind <= CANARY_AGE_MAX)
}

fn canary(seen: &Seen) -> Vec<Trouble> {
    if !is_led(seen, "CANARY") || !is_led(seen, "SCORES") {
        return Vec::new();
    }
    let cure = "start a scoring instance, or see in the log of one why it does not reach NATS";
    match canary_age(seen) {
        Some(age) if age <= CANARY_AGE_MAX => {}
        Some(age) => {
            let ago = show::span_text(age.as_secs());
            let what = format!("scores are not accepted: the last canary came {ago} ago");
            return vec![Trouble::new("canary", what, cure)];
        }
        None => {
            let what = "scores are not accepted: no scoring instance has sent a canary lately";
            return vec![Trouble::new("canary", what, cure)];
        }
    }
    let all = scoring_alive(seen).count();
    let mut refusing: BTreeMap<String, usize> = BTreeMap::new();
    for why in scoring_alive(seen).filter_map(|canary| canary.refusing.as_ref()) {
        *refusing.entry(show::plain(why)).or_default() += 1;
    }
    let troubles = refusing.into_iter().map(|(why, some)| {
        Trouble::new(
            "canary",
            format!("{some} of {all} scoring instances take no scores: {why}"),
            "mend what is named; within 3 s they notice by themselves",
        )
    });
    troubles.collect()
}

/// `scores_come` says whether a gateway that does not hear so is alone with that.
fn gateways(seen: &Seen, scores_come: bool) -> Vec<Trouble> {
    let Some(gateways) = &seen.gateways else {
        return Vec::new();
    };
    if gateways.is_empty() {
        return vec![Trouble::new(
            "gateways",
            "no gateway has said within 15 s that it is alive",
            "start a gateway, or see in the log of one why it does not reach NATS (where NATS was just restarted, look again in 5 s)",
        )];
    }
    let mut troubles = Vec::new();
    let stale = gateways.iter().filter(|one| scores_come && !one.fresh);
    let stale: Vec<String> = stale.map(|one| show::plain(&one.name)).collect();
    if !stale.is_empty() {
        troubles.push(Trouble::new(
            "gateways",
            format!(
                "scores are accepted, but do not reach {}: stale",
                stale.join(", ")
            ),
            "look again in 5 s; if it stays, see in its log which NATS server it is at",
        ));
    }
    for gateway in gateways {
        let taken = gateway.connections.saturating_mul(100);
        let bound = gateway.connections_max.saturating_mul(BUSY_ALARM_PERCENT);
        if taken >= bound && gateway.connections_max > 0 {
            let (now, max) = (gateway.connections, gateway.connections_max);
            let name = show::plain(&gateway.name);
            troubles.push(Trouble::new(
                "gateways",
                format!("gateway {name} is nearly full: {now} of {max} connections"),
                "start another gateway behind the load balancer",
            ));
        }
    }
    troubles
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
