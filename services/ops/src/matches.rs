//! `matches`: the list of all matches, each with where it stands.

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, StoredRecord};
use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::record::RecordParts;
use serde::Serialize;
use serde_json::Value;

use crate::args::MatchesArgs;
use crate::clock::now_us;
use crate::show;
use crate::stop::ended_quietly;

/// A match as its newest record says.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    #[serde(rename = "match")]
    pub(crate) match_id: MatchId,
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    /// When that was accepted, Unix microseconds.
    pub(crate) ts: u64,
    /// How long ago that is, in seconds.
    pub(crate) age_s: u64,
    pub(crate) sport: String,
    pub(crate) visibility: Visibility,
    pub(crate) strip: Value,
}

impl Listed {
    /// The match with this newest record, if that can be read.
    pub(crate) fn of(record: &StoredRecord, incarnation: u64, now_us: u64) -> Option<Self> {
        let headers = Headers::read(|name| record.headers.get(name).map(String::as_str)).ok()?;
        let parts = RecordParts::decode(record.body.clone()).ok()?;
        let last = parts.events.last()?;
        Some(Self {
            match_id: record.match_id.clone(),
            epoch: Epoch {
                created_us: headers.created_us,
                incarnation,
            },
            seq: last.seq,
            ts: last.ts,
            age_s: now_us.saturating_sub(last.ts) / 1_000_000,
            sport: headers.sport,
            visibility: headers.visibility,
            strip: headers.strip,
        })
    }

    /// `scheduled`, `live`, `break` or `ended`.
    pub(crate) fn status(&self) -> &str {
        self.strip["status"].as_str().unwrap_or("?")
    }

    /// Whether it is going on.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status(), "live" | "break")
    }
}

pub(crate) async fn run(
    broker: &Broker,
    args: &MatchesArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let incarnation = broker.incarnation().await?;
    let records = broker.directory().await?;
    let now_us = now_us();
    let mut listed = Vec::new();
    let mut unreadable = 0;
    for record in &records {
        match Listed::of(record, incarnation, now_us) {
            Some(one) if one.is_live() || !args.live => listed.push(one),
            Some(_) => {}
            None => {
                unreadable += 1;
                let (match_id, sequence) = (&record.match_id, record.stream_sequence);
                tracing::error!(%match_id, sequence, "the newest record can't be read; see `verify`");
            }
        }
    }
    ended_quietly(print(args, &listed, out))?;
    Ok(match unreadable {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn print(args: &MatchesArgs, listed: &[Listed], out: &mut impl Write) -> anyhow::Result<()> {
    if args.broker.json {
        for one in listed {
            writeln!(out, "{}", serde_json::to_string(one)?)?;
        }
    } else {
        for line in lines(listed) {
            writeln!(out, "{line}")?;
        }
        let what = if args.live { "live match" } else { "match" };
        let count = show::count(listed.len() as u64, what, &format!("{what}es"));
        writeln!(out, "{count}")?;
    }
    Ok(out.flush()?)
}

fn lines(listed: &[Listed]) -> Vec<String> {
    let width = listed.iter().map(|one| one.match_id.as_str().len()).max();
    let width = width.unwrap_or(0);
    let line = |one: &Listed| {
        format!(
            "{:<9}  {:<width$}  seq {:>5}  {:>6} ago  {}  {}",
            show::plain(one.status()),
            one.match_id.as_str(),
            one.seq,
            show::span_text(one.age_s),
            one.epoch,
            show::strip_text(&one.strip),
        )
    };
    listed.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_match_is_one_line_with_where_it_stands() {
        let records = sample::cricket("m-1");
        let last = records.last().unwrap();
        let parts = RecordParts::decode(last.body.clone()).unwrap();
        let now_us = parts.events[0].ts + 90_000_000;

        let listed = Listed::of(last, 3, now_us).unwrap();

        assert!(listed.is_live());
        assert_eq!((listed.seq, listed.age_s), (parts.last_seq(), 90));
        let line = &lines(&[listed])[0];
        assert!(line.starts_with("live       m-1  seq "), "{line}");
        assert!(line.contains("90 s ago  1790000000000000.3  "), "{line}");
    }
}
