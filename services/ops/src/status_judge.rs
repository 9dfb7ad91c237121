//! What is wrong with what was seen, and what to do about it. Pure.

use std::time::Duration;

use grandstand_broker::{Provisioned, StreamFacts};

use crate::show;
use crate::status::{Seen, StreamSeen, Trouble};

/// A stream that is fuller than this has to be looked after.
const FULL_ALARM_PERCENT: u64 = 70;
/// No newer canary for so long: scores are not accepted.
const CANARY_AGE_MAX: Duration = Duration::from_millis(2_500);
/// A gateway with more of its connections taken than this is nearly full.
const BUSY_ALARM_PERCENT: u64 = 90;

/// All that is wrong.
pub(crate) fn judge(seen: &Seen) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> = seen.streams.iter().flat_map(stream).collect();
    troubles.extend(canary(seen));
    for match_id in &seen.unreadable {
        troubles.push(Trouble::new(
            "matches",
            format!("the newest record of {match_id} can't be read"),
            format!("grandstand ops verify {match_id}"),
        ));
    }
    troubles.extend(gateways(seen));
    troubles
}

fn stream(seen: &StreamSeen) -> Vec<Trouble> {
    let name = &seen.name;
    let mut troubles = Vec::new();
    let Some(facts) = &seen.facts else {
        let cure = "grandstand ops provision";
        return vec![Trouble::new("streams", format!("{name} is missing"), cure)];
    };
    if let Provisioned::Drift { fields, .. } = &seen.provisioned {
        troubles.push(Trouble::new(
            "streams",
            format!("{name} is not as defined: {}", fields.join(", ")),
            "grandstand ops provision; what stays then can't be changed (see nats/README.md, Drift)",
        ));
    }
    if let Some(percent) = full_percent(facts)
        && percent >= FULL_ALARM_PERCENT
    {
        let cure = match name.as_str() {
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
    troubles.extend(replicas(name, facts));
    troubles
}

fn replicas(name: &str, facts: &StreamFacts) -> Vec<Trouble> {
    if facts.replicas < 2 {
        return Vec::new();
    }
    if facts.leader.is_none() {
        return vec![Trouble::new(
            "streams",
            format!("{name} has no leader: nothing is written to it"),
            "start the NATS servers that are down; two of three make a leader",
        )];
    }
    let behind = facts
        .followers
        .iter()
        .filter(|follower| follower.offline || !follower.current);
    behind
        .map(|follower| {
            let how = if follower.offline { "away" } else { "behind" };
            Trouble::new(
                "streams",
                format!("{name}: the replica at {} is {how}", follower.name),
                "start that NATS server, or give it time to catch up",
            )
        })
        .collect()
}

/// How full a stream is that has a bound.
pub(crate) fn full_percent(facts: &StreamFacts) -> Option<u64> {
    Some(facts.bytes.saturating_mul(100) / facts.bytes_max?)
}

/// How long ago the newest canary was stored, if there is any.
pub(crate) fn canary_age(seen: &Seen) -> Option<Duration> {
    let of_canary = |stream: &&StreamSeen| stream.name == "CANARY";
    seen.streams
        .iter()
        .find(of_canary)?
        .facts
        .as_ref()?
        .newest_age
}

/// The scoring instances that still send canaries.
pub(crate) fn scoring_alive(seen: &Seen) -> impl Iterator<Item = &grandstand_broker::CanaryFacts> {
    let is_fresh = canary_age(seen).is_some_and(|age| age <= CANARY_AGE_MAX);
    seen.canaries
        .iter()
        .filter(move |canary| is_fresh && canary.behind <= CANARY_AGE_MAX)
}

fn canary(seen: &Seen) -> Vec<Trouble> {
    let of_canary = |stream: &&StreamSeen| stream.name == "CANARY" && stream.facts.is_some();
    if !seen.streams.iter().any(|stream| of_canary(&stream)) {
        return Vec::new();
    }
    let cure = "start a scoring instance, or see in its log why it does not reach NATS";
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
    let refusing = scoring_alive(seen).filter_map(|canary| {
        let why = show::plain(canary.refusing.as_ref()?);
        Some(Trouble::new(
            "canary",
            format!(
                "scoring instance {} takes no scores: {why}",
                canary.instance
            ),
            "mend what it names; it tries again by itself",
        ))
    });
    refusing.collect()
}

fn gateways(seen: &Seen) -> Vec<Trouble> {
    let of_bucket = |stream: &StreamSeen| stream.name == "KV_gateways" && stream.facts.is_some();
    if !seen.streams.iter().any(of_bucket) {
        return Vec::new();
    }
    if seen.gateways.is_empty() {
        return vec![Trouble::new(
            "gateways",
            "no gateway is alive: fans are not served",
            "start a gateway, or see in its log why it does not reach NATS",
        )];
    }
    let mut troubles = Vec::new();
    for gateway in &seen.gateways {
        let name = show::plain(&gateway.name);
        if !gateway.fresh {
            troubles.push(Trouble::new(
                "gateways",
                format!("gateway {name} is stale: it does not hear that scores are accepted"),
                "if scores are accepted, see in its log which NATS server it is at",
            ));
        }
        let taken = gateway.connections.saturating_mul(100);
        let bound = gateway.connections_max.saturating_mul(BUSY_ALARM_PERCENT);
        if taken >= bound && gateway.connections_max > 0 {
            let (now, max) = (gateway.connections, gateway.connections_max);
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
