//! `scorecard`: the tables of a match out of its log, for spreadsheets, for a printer or for scripts.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use grandstand_broker::Broker;
use grandstand_core::ids::MatchId;
use grandstand_core::patch;
use grandstand_core::record::Record;
use grandstand_sports::scorecard::Scorecard;
use serde::Serialize;
use serde_json::json;

use crate::args::{ScorecardArgs, ScorecardForm};
use crate::read;

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "match")]
    match_id: &'a MatchId,
    seq: u64,
    scorecard: Scorecard,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &ScorecardArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let match_id = &args.match_id;
    let (mut state, mut seq) = (json!({}), 0);
    for stored in read::whole_match(broker, match_id).await? {
        let record = Record::decode(&stored.body);
        let record = record.with_context(|| format!("{match_id} after event {seq}"))?;
        for event in &record.events {
            patch::apply(&mut state, &event.patch);
            seq = event.seq;
        }
    }
    if seq == 0 {
        bail!("there is no match {match_id}");
    }
    let Some(scorecard) = Scorecard::of(&state) else {
        bail!("the sport of {match_id} has no scorecard");
    };
    match (args.broker.json, args.form) {
        (true, _) => {
            let line = Line {
                match_id,
                seq,
                scorecard,
            };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
        }
        (false, ScorecardForm::Csv) => write!(out, "{}", scorecard.to_csv())?,
        (false, ScorecardForm::Html) => write!(out, "{}", scorecard.to_page())?,
    }
    Ok(ExitCode::SUCCESS)
}
