//! `verify`: reads matches, has them checked, and says what was found.

use std::io::Write;
use std::process::ExitCode;

use grandstand_broker::{Broker, ReadError};
use grandstand_core::ids::MatchId;
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::progress;
use crate::read::leader_log;
use crate::replicas::disagreement;
use crate::show;
use crate::verdict::{Check, MatchReport, Verdict};
use crate::verify::verify;

/// A match's line for scripts.
#[derive(Serialize)]
struct MatchLine<'a> {
    #[serde(rename = "match")]
    match_id: &'a MatchId,
    ok: bool,
    verdict: &'a Verdict,
}

/// The last line.
#[derive(Default, Serialize)]
struct Summary {
    matches: u64,
    wrong: u64,
    events: u64,
    records: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: &'a Summary,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &VerifyArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let matches = match args.matches.as_slice() {
        [] => {
            let listed = broker.directory().await?;
            listed.into_iter().map(|record| record.match_id).collect()
        }
        named => named.to_vec(),
    };
    let bar = progress::bar(matches.len(), "matches");
    let mut summary = Summary::default();
    for match_id in matches {
        bar.set_message(match_id.to_string());
        let verdict = verify_match(broker, &match_id).await?;
        summary.count(&verdict);
        let report = MatchReport { match_id, verdict };
        bar.suspend(|| write_report(out, &report, args.broker.json))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let line = if args.broker.json {
        serde_json::to_string(&SummaryLine { summary: &summary })?
    } else {
        summary.text()
    };
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(if summary.wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One match that can't be read does not keep the others from being checked; a stream that is not
/// there does.
async fn verify_match(broker: &Broker, match_id: &MatchId) -> anyhow::Result<Verdict> {
    let records = match leader_log(broker, match_id).await {
        Ok(records) if records.is_empty() => {
            return Ok(Verdict::only(Check::Exists, "there is no such match"));
        }
        Ok(records) => records,
        Err(ReadError::NoStream) => return Err(ReadError::NoStream.into()),
        Err(error) => return Ok(Verdict::only(Check::Read, error.to_string())),
    };
    // Seconds for a long match: not on a thread that answers the broker's pings.
    let checking = tokio::task::spawn_blocking(move || {
        let verdict = verify(&records);
        (verdict, records)
    });
    let (mut verdict, records) = checking.await?;
    match disagreement(broker, match_id, &records).await {
        Ok(None) => {}
        Ok(Some(detail)) => verdict.fault(Check::Replica, None, detail),
        Err(error) => verdict.fault(Check::Replica, None, error.to_string()),
    }
    Ok(verdict)
}

fn write_report(out: &mut impl Write, report: &MatchReport, json: bool) -> anyhow::Result<()> {
    if json {
        let line = MatchLine {
            match_id: &report.match_id,
            ok: report.verdict.is_right(),
            verdict: &report.verdict,
        };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    } else {
        for line in show::report_lines(report) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

impl Summary {
    fn count(&mut self, verdict: &Verdict) {
        self.matches += 1;
        self.wrong += u64::from(!verdict.is_right());
        self.events += verdict.events;
        self.records += verdict.records;
        self.bytes += verdict.bytes;
    }

    fn text(&self) -> String {
        let matches = show::count(self.matches, "match", "matches");
        let what = format!(
            "{}, {}",
            show::count(self.events, "event", "events"),
            show::count(self.records, "record", "records")
        );
        match self.wrong {
            0 => format!("{matches}, {what}: all right"),
            wrong => format!("{matches}, {what}: {wrong} WRONG"),
        }
    }
}
