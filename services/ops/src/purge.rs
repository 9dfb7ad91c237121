//! `purge`: wipes a match, after saying what that means.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use grandstand_broker::{Broker, ReadFrom};
use serde::Serialize;

use crate::args::PurgeArgs;
use crate::show;

/// What the command line alone could have said.
const USAGE: u8 = 2;

#[derive(Serialize)]
struct PurgedLine<'a> {
    #[serde(rename = "match")]
    match_id: &'a str,
    purged: u64,
    /// The last event that there was; none if it could not be read.
    last_seq: Option<u64>,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &PurgeArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<ExitCode> {
    let match_id = &args.match_id;
    let Some(newest) = broker.newest(match_id, ReadFrom::Leader).await? else {
        bail!("there is no match {match_id}; `grandstand ops matches` lists those that are there");
    };
    let last_seq = show::last_seq(&newest);
    if !args.yes {
        let until = match last_seq {
            Some(seq) => format!("events 1 to {seq}"),
            None => "records".to_owned(),
        };
        eprintln!(
            "This deletes all {until} of {match_id} for good; fans keep what they have, marked stale.\n\
             To have it back one day, first run `grandstand ops replay {match_id} --to-file {match_id}.ndjson`.\n\
             Nothing is done without --yes."
        );
        return Ok(ExitCode::from(USAGE));
    }
    let purged = broker.purge(match_id).await?;
    if args.broker.json {
        let line = PurgedLine {
            match_id: match_id.as_str(),
            purged,
            last_seq,
        };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    } else {
        let records = show::count(purged, "record", "records");
        writeln!(out, "purged  {match_id}  {records}")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
