//! `gateways`: those that are alive, how busy they are, and how many fans read which match there.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, BucketError};
use grandstand_core::ids::MatchId;
use grandstand_core::presence::PresenceBody;

use crate::args::GatewaysArgs;
use crate::clock::now_us;
use crate::read::bucket_away;
use crate::show;
use crate::stop::ended_quietly;

/// How many matches of a gateway are named on its line.
const MATCHES_SHOWN: usize = 5;

/// The gateways that are alive, by name.
pub(crate) async fn alive(broker: &Broker) -> Result<Vec<PresenceBody>, BucketError> {
    let listed = broker.gateways().list().await?;
    let mut alive = Vec::with_capacity(listed.len());
    for (name, stored) in listed {
        match PresenceBody::decode(&stored.body) {
            Ok(body) => alive.push(body),
            Err(error) => tracing::warn!(%name, %error, "passed over"),
        }
    }
    Ok(alive)
}

pub(crate) async fn run(
    broker: &Broker,
    args: &GatewaysArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let alive = match alive(broker).await {
        Ok(alive) => alive,
        Err(error) => return Err(bucket_away(broker, "KV_gateways", error).await),
    };
    ended_quietly(print(args, &alive, out))?;
    if alive.is_empty() {
        eprintln!(
            "None has said within 15 s that it is alive; `grandstand ops status` says whether it could."
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn print(args: &GatewaysArgs, alive: &[PresenceBody], out: &mut impl Write) -> anyhow::Result<()> {
    if args.broker.json {
        for body in alive {
            writeln!(out, "{}", serde_json::to_string(body)?)?;
        }
        return Ok(out.flush()?);
    }
    for body in alive {
        for line in lines(body, now_us()) {
            writeln!(out, "{line}")?;
        }
    }
    let fans: u64 = alive.iter().map(|body| body.fans_total).sum();
    let gateways = show::count(alive.len() as u64, "gateway", "gateways");
    writeln!(
        out,
        "{gateways}, {}",
        show::count(fans, "reader", "readers")
    )?;
    Ok(out.flush()?)
}

/// A gateway's line, and one for the matches that are read most there.
fn lines(body: &PresenceBody, now_us: u64) -> Vec<String> {
    let word = if body.fresh { "fresh" } else { "STALE" };
    let up_s = now_us.saturating_sub(body.started_us) / 1_000_000;
    let mut lines = vec![format!(
        "{word}  {}  {}  {} of {} connections  up {}  {}",
        show::plain(&body.name),
        show::plain(&body.url),
        body.connections,
        body.connections_max,
        show::span_text(up_s),
        show::plain(&body.version),
    )];
    let matches = most_read(&body.fans);
    if !matches.is_empty() {
        let named: Vec<String> = matches
            .iter()
            .map(|(match_id, fans)| format!("{match_id} {fans}"))
            .collect();
        let more = match body.fans.len() - matches.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("       {}{more}", named.join(", ")));
    }
    lines
}

fn most_read(fans: &BTreeMap<MatchId, u64>) -> Vec<(&MatchId, u64)> {
    let mut fans: Vec<_> = fans.iter().map(|(id, count)| (id, *count)).collect();
    fans.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    fans.truncate(MATCHES_SHOWN);
    fans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_shown_with_what_is_read_most_there() {
        let mut body = PresenceBody {
            name: "g-1".to_owned(),
            url: "http://127.0.0.1:7002".to_owned(),
            admin_url: "http://127.0.0.1:7012".to_owned(),
            started_us: 1_000_000,
            version: "0.1.0".to_owned(),
            connections: 21,
            connections_max: 18_000,
            fans: BTreeMap::new(),
            fans_total: 0,
            fresh: true,
            as_of_us: 0,
        };
        body.count_fans((1..=6).map(|n| (MatchId::new(format!("m{n}")).unwrap(), n)));
        assert_eq!(
            lines(&body, 601_000_000),
            [
                "fresh  g-1  http://127.0.0.1:7002  21 of 18000 connections  up 10 min  0.1.0",
                "       m6 6, m5 5, m4 4, m3 3, m2 2 and 1 more"
            ]
        );
    }
}
