//! What was seen as one screen for people, or as one object for scripts.

use std::collections::BTreeMap;

use grandstand_broker::StreamLook;
use serde_json::{Value, json};

use crate::matches::Listed;
use crate::show;
use crate::status::{Seen, Trouble};
use crate::status_judge::{canary_age, full_percent, scoring_alive};

/// What is not seen is not nothing.
const UNKNOWN: &str = "unknown";

/// One screen; the verdict comes last, where the eye is.
pub(crate) fn screen(seen: &Seen, troubles: &[Trouble]) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(server) = &seen.server {
        let cluster = match &server.cluster {
            Some(cluster) => format!(", cluster {cluster} of {}", server.servers.len()),
            None => String::new(),
        };
        let store = match &seen.store {
            Some(store) => format!(
                ", JetStream: {} on disk, {} in memory",
                show::bytes_text(store.disk_bytes),
                show::bytes_text(store.memory_bytes)
            ),
            None => String::new(),
        };
        let (name, version) = (show::plain(&server.name), show::plain(&server.version));
        lines.push(format!("nats      {name} {version}{cluster}{store}"));
    }
    lines.extend(seen.streams.iter().map(stream_line));
    if seen.server.is_some() {
        lines.push(format!("scoring   {}", scoring_text(seen)));
        lines.push(format!("matches   {}", matches_text(seen)));
        lines.push(format!("gateways  {}", gateways_text(seen)));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    if troubles.is_empty() {
        lines.push("all right".to_owned());
    }
    for trouble in troubles {
        lines.push(format!("TROUBLE   {}", trouble.what));
        lines.push(format!("          cure: {}", trouble.cure));
    }
    lines
}

fn stream_line(look: &StreamLook) -> String {
    let name = &look.stream;
    let (facts, drift) = match &look.found {
        Ok(Some(found)) => found,
        Ok(None) => return format!("stream    {name:<14}  missing"),
        Err(_) => return format!("stream    {name:<14}  no answer"),
    };
    let room = match full_percent(facts) {
        Some(percent) => format!("{percent} % full"),
        None => "no bound".to_owned(),
    };
    let drift = match drift.is_empty() {
        true => "",
        false => ", not as defined",
    };
    let replicas = match facts.replicas {
        _ if facts.leaderless => ", NO LEADER".to_owned(),
        1 => String::new(),
        wanted => {
            let current = facts.followers.iter().filter(|f| f.current && !f.offline);
            format!(", {} of {wanted} replicas", current.count() + 1)
        }
    };
    format!(
        "stream    {name:<14}  {}, {}, {room}{replicas}{drift}",
        show::count(facts.messages, "message", "messages"),
        show::bytes_text(facts.bytes),
    )
}

fn scoring_text(seen: &Seen) -> String {
    if seen.canaries.is_none() {
        return UNKNOWN.to_owned();
    }
    let alive = scoring_alive(seen).count() as u64;
    let canary = match canary_age(seen) {
        Some(age) => format!("newest canary {:.1} s ago", age.as_secs_f64()),
        None => "no canary".to_owned(),
    };
    format!(
        "{} alive, {canary}",
        show::count(alive, "instance", "instances")
    )
}

fn matches_text(seen: &Seen) -> String {
    let Some(matches) = &seen.matches else {
        return UNKNOWN.to_owned();
    };
    let by_status = by_status(matches);
    let mut text = match by_status.is_empty() {
        true => "none".to_owned(),
        false => {
            let counts = by_status
                .iter()
                .map(|(word, count)| format!("{count} {word}"));
            counts.collect::<Vec<_>>().join(", ")
        }
    };
    if let Some(newest) = newest(matches) {
        let (id, age) = (&newest.match_id, show::span_text(newest.age_s));
        text.push_str(&format!("; newest {id} seq {} {age} ago", newest.seq));
    }
    text
}

fn gateways_text(seen: &Seen) -> String {
    let Some(gateways) = &seen.gateways else {
        return UNKNOWN.to_owned();
    };
    let alive = show::count(gateways.len() as u64, "gateway", "gateways");
    let connections: u64 = gateways.iter().map(|one| one.connections).sum();
    let connections = show::count(connections, "connection", "connections");
    format!("{alive} alive, {connections}")
}

fn by_status(matches: &[Listed]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for one in matches {
        *counts.entry(show::plain(one.status())).or_default() += 1;
    }
    counts
}

fn newest(matches: &[Listed]) -> Option<&Listed> {
    matches.iter().max_by_key(|one| one.ts)
}

/// One object with all of it; null stands for what is not known.
pub(crate) fn json(seen: &Seen, troubles: &[Trouble]) -> Value {
    let streams: Vec<Value> = seen.streams.iter().map(stream_json).collect();
    let scoring = seen.canaries.is_some().then(|| {
        let alive = scoring_alive(seen);
        let alive = alive.map(|one| json!({"instance": one.instance, "refusing": one.refusing}));
        alive.collect::<Vec<_>>()
    });
    json!({
        "ok": troubles.is_empty(),
        "troubles": troubles,
        "nats": seen.server.as_ref().map(|server| json!({
            "name": server.name, "version": server.version, "cluster": server.cluster,
            "servers": server.servers,
            "disk_bytes": seen.store.as_ref().map(|store| store.disk_bytes),
            "memory_bytes": seen.store.as_ref().map(|store| store.memory_bytes),
        })),
        "incarnation": seen.incarnation,
        "streams": streams,
        "canary": {"age_ms": canary_age(seen).map(|age| age.as_millis() as u64)},
        "scoring": scoring,
        "matches": seen.matches.as_ref().map(|matches| json!({
            "count": matches.len(),
            "by_status": by_status(matches),
            "newest": newest(matches),
        })),
        "gateways": seen.gateways,
    })
}

fn stream_json(look: &StreamLook) -> Value {
    let found = look.found.as_ref().ok();
    let there = found.and_then(Option::as_ref);
    let facts = there.map(|(facts, _)| facts);
    json!({
        "stream": look.stream,
        "there": found.map(Option::is_some),
        "drift": there.map_or(&[][..], |(_, drift)| drift),
        "messages": facts.map(|facts| facts.messages),
        "bytes": facts.map(|facts| facts.bytes),
        "bytes_max": facts.and_then(|facts| facts.bytes_max),
        "full_percent": facts.and_then(full_percent),
        "replicas": facts.map(|facts| facts.replicas),
        "leader": facts.and_then(|facts| facts.leader.clone()),
        "leaderless": facts.map(|facts| facts.leaderless),
        "followers": facts.map(|facts| {
            let followers = facts.followers.iter();
            let followers = followers.map(|one| json!({
                "name": one.name, "current": one.current, "offline": one.offline,
            }));
            followers.collect::<Vec<_>>()
        }),
    })
}
