//! `replay`: a match out of the log again, to the terminal, a file or a subject of its own; never to
//! where gateways or scorers look.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use grandstand_broker::{Broker, StoredRecord};
use grandstand_core::hash::StateHash;
use grandstand_core::record::RecordParts;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::Instant;

use crate::args::ReplayArgs;
use crate::line::RecordLine;
use crate::place::Place;
use crate::replay_to::Target;
use crate::stop::reader_left;
use crate::{progress, read, show};

/// A record with what it holds.
struct Replayed {
    record: StoredRecord,
    parts: RecordParts,
}

/// What was replayed where.
#[derive(Serialize)]
struct Done<'a> {
    #[serde(rename = "match")]
    match_id: &'a str,
    to: &'a str,
    records: usize,
    first_seq: u64,
    last_seq: u64,
    /// Of the state after the last of them.
    hash: StateHash,
}

/// Runs until the match is told, or until `stop`.
pub(crate) async fn run(
    broker: &Broker,
    args: &ReplayArgs,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    let replayed = select(broker, args).await?;
    let mut target = Target::open(broker, args).await?;
    tokio::pin!(stop);
    let told = tell(args, &replayed, &mut target, out, stop).await;
    match told {
        Err(error) if reader_left(&error) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error),
        Ok(Told::All) => {}
        Ok(Told::Stopped { records }) => match target {
            Target::Out => return Ok(ExitCode::SUCCESS),
            Target::File(_) => bail!("stopped: nothing was kept"),
            Target::Subject(replay) => bail!(
                "stopped: {} holds the first {records} of {} records",
                replay.subject(),
                replayed.len()
            ),
        },
    }
    if let Some(to) = target.finish()? {
        say_done(args, &replayed, &to, out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The records that hold what is asked for.
async fn select(broker: &Broker, args: &ReplayArgs) -> anyhow::Result<Vec<Replayed>> {
    let match_id = &args.match_id;
    let records = read::whole_match(broker, match_id).await?;
    if records.is_empty() {
        bail!("there is no match {match_id}; `grandstand ops matches` lists those that are there");
    }
    let mut selected = Vec::new();
    let mut end = (0, 0);
    for record in records {
        let stream_sequence = record.stream_sequence;
        let parts = RecordParts::decode(record.body.clone()).with_context(|| {
            format!("stream sequence {stream_sequence} of {match_id} can't be replayed; see `grandstand ops verify {match_id}`")
        })?;
        end = parts.events.last().map_or(end, |last| (last.seq, last.ts));
        if parts.events.iter().any(|event| is_asked_for(args, event)) {
            selected.push(Replayed { record, parts });
        }
    }
    if selected.is_empty() {
        let (seq, ts) = (end.0, show::time_text(end.1));
        bail!("{match_id} has no event there: its last is seq {seq}, at {ts} UTC");
    }
    Ok(selected)
}

fn is_asked_for(args: &ReplayArgs, event: &grandstand_core::record::EventPart) -> bool {
    args.from
        .is_none_or(|from| Place::begins_before(from, event))
        && args.to.is_none_or(|to| Place::ends_after(to, event))
}

enum Told {
    All,
    Stopped { records: usize },
}

/// Tells one record after another, each when it is due.
async fn tell(
    args: &ReplayArgs,
    replayed: &[Replayed],
    target: &mut Target,
    out: &mut (impl Write + Send),
    mut stop: impl Future<Output = ()> + Unpin,
) -> anyhow::Result<Told> {
    let bar = match target {
        Target::Out => ProgressBar::hidden(),
        Target::File(_) | Target::Subject(_) => progress::bar(replayed.len(), "records"),
    };
    let time_us = |replayed: &Replayed| replayed.parts.events.first().map_or(0, |event| event.ts);
    let first_us = replayed.first().map_or(0, time_us);
    let began = Instant::now();
    for (records, one) in replayed.iter().enumerate() {
        let due = began + args.speed.due(time_us(one).saturating_sub(first_us));
        let telling = async {
            tokio::time::sleep_until(due).await;
            match target {
                Target::Out => print(args, one, out),
                Target::File(file) => file.write(&RecordLine::new(&one.record, &one.parts)),
                Target::Subject(replay) => Ok(replay.append(&one.record).await.map(|_| ())?),
            }
        };
        tokio::select! {
            biased;
            () = &mut stop => return Ok(Told::Stopped { records }),
            told = telling => told?,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Told::All)
}

fn print(args: &ReplayArgs, one: &Replayed, out: &mut impl Write) -> anyhow::Result<()> {
    if args.broker.json {
        let line = serde_json::to_string(&RecordLine::new(&one.record, &one.parts))?;
        writeln!(out, "{line}")?;
    } else {
        for line in show::event_lines(&one.record, &one.parts, |e| is_asked_for(args, e)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}

fn say_done(
    args: &ReplayArgs,
    replayed: &[Replayed],
    to: &str,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (replayed.first(), replayed.last()) else {
        return Ok(());
    };
    let done = Done {
        match_id: args.match_id.as_str(),
        to,
        records: replayed.len(),
        first_seq: first.parts.first_seq(),
        last_seq: last.parts.last_seq(),
        hash: last.parts.hash,
    };
    let said: io::Result<()> = if args.broker.json {
        writeln!(out, "{}", serde_json::to_string(&done)?)
    } else {
        let records = show::count(done.records as u64, "record", "records");
        let (first, last) = (done.first_seq, done.last_seq);
        writeln!(
            out,
            "{records} of {}, seq {first} to {last}, to {to}",
            done.match_id
        )
    };
    Ok(said?)
}
