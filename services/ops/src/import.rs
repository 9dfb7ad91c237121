//! `import`: brings a lost match back out of its file, with the same events, patches and hashes in
//! another epoch.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use grandstand_broker::{Broker, ChainError, CopiedRecord, StoredRecord};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::CREATED;
use grandstand_core::ids::MatchId;
use serde::Serialize;

use crate::args::ImportArgs;
use crate::clock::now_us;
use crate::import_check::{Checked, check, headers_created};
use crate::stop::ended_quietly;
use crate::{progress, read, show};

/// What the command line alone could have said.
const USAGE: u8 = 2;

/// What became of a file.
#[derive(Serialize)]
struct FileLine<'a> {
    file: &'a str,
    #[serde(rename = "match")]
    match_id: &'a MatchId,
    outcome: &'static str,
    /// Records in the file, and of those what this run wrote.
    records: usize,
    written: usize,
    last_seq: u64,
    hash: StateHash,
    /// None while nothing is written.
    epoch: Option<String>,
}

/// A match that is to be written.
struct Planned {
    file: String,
    match_id: MatchId,
    checked: Checked,
    /// How many of its records an earlier run wrote, and where they end in the stream.
    there: usize,
    after: u64,
    created: String,
}

pub(crate) async fn run(
    broker: &Broker,
    args: &ImportArgs,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    if args.match_id.is_some() && args.files.len() > 1 {
        eprintln!("--match names one match, so that it goes with one file");
        return Ok(ExitCode::from(USAGE));
    }
    let planned = plan(broker, args).await?;
    let incarnation = broker.incarnation().await?;
    tokio::pin!(stop);
    for one in planned {
        let left = one.checked.records.len() - one.there;
        let (outcome, written) = match (args.dry_run, left) {
            (true, _) => ("checked", 0),
            (false, 0) => ("unchanged", 0),
            (false, left) => {
                write(broker, &one, &mut stop).await?;
                ("imported", left)
            }
        };
        let epoch = (!args.dry_run).then(|| format!("{}.{incarnation}", one.created));
        let line = FileLine {
            file: &one.file,
            match_id: &one.match_id,
            outcome,
            records: one.checked.records.len(),
            written,
            last_seq: one.checked.last_seq,
            hash: one.checked.hash,
            epoch,
        };
        let text = match args.broker.json {
            true => serde_json::to_string(&line)?,
            false => human(&line),
        };
        let said = writeln!(out, "{text}").and_then(|()| out.flush());
        // The other files are brought back all the same.
        ended_quietly(said.map_err(Into::into))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks everything, so that nothing is written of files of which one is wrong.
async fn plan(broker: &Broker, args: &ImportArgs) -> anyhow::Result<Vec<Planned>> {
    let mut planned: Vec<Planned> = Vec::new();
    for file in &args.files {
        let name = file.display().to_string();
        let path = file.clone();
        // Seconds for a long match: not on a thread that answers the broker's pings.
        let checking = tokio::task::spawn_blocking(move || check_file(&path));
        let checked = checking.await?.with_context(|| name.clone())?;
        for note in &checked.notes {
            eprintln!("{name}: {}", show::plain(note));
        }
        let match_id = args.match_id.clone();
        let match_id = match_id.unwrap_or_else(|| checked.match_id.clone());
        if let Some(other) = planned.iter().find(|other| other.match_id == match_id) {
            bail!("{name} and {} are both of the match {match_id}", other.file);
        }
        let there = read::whole_match(broker, &match_id).await?;
        let created = match there.first() {
            None => another_created(&checked.created),
            Some(_) if !args.resume => bail!(not_empty(&match_id, &there)),
            Some(first) => resumed(&match_id, &checked, &there, first)?,
        };
        planned.push(Planned {
            file: name,
            match_id,
            there: there.len(),
            after: there.last().map_or(0, |last| last.stream_sequence),
            created,
            checked,
        });
    }
    Ok(planned)
}

fn check_file(path: &Path) -> anyhow::Result<Checked> {
    if path == Path::new("-") {
        return Ok(check(std::io::stdin().lock())?);
    }
    Ok(check(BufReader::new(File::open(path)?))?)
}

/// Nobody knows how much fans had seen beyond the file: their cursors must count in another epoch.
fn another_created(created: &str) -> String {
    let lost_us: u64 = created.parse().unwrap_or(0);
    now_us().max(lost_us + 1).to_string()
}

fn not_empty(match_id: &MatchId, there: &[StoredRecord]) -> String {
    let until = match there.last().map(show::last_seq) {
        Some(Some(seq)) => format!("its last event is seq {seq}"),
        _ => format!(
            "it has {}",
            show::count(there.len() as u64, "record", "records")
        ),
    };
    format!(
        "the match {match_id} is not empty: {until}. A match is brought back into nothing only; \
         --resume goes on with an import of this file that was cut off, `grandstand ops purge` wipes a match"
    )
}

/// What an earlier import of the same file wrote is its beginning, in another epoch.
fn resumed(
    match_id: &MatchId,
    checked: &Checked,
    there: &[StoredRecord],
    first: &StoredRecord,
) -> anyhow::Result<String> {
    let created = first.headers.get(CREATED).cloned().unwrap_or_default();
    if created == checked.created {
        bail!(
            "the match {match_id} is there in its own epoch: no import wrote it, so there is none to go on with"
        );
    }
    if there.len() > checked.records.len() {
        let (has, file) = (there.len(), checked.records.len());
        bail!(
            "the match {match_id} has {has} records, the file {file}: there is nothing to go on with"
        );
    }
    for (ours, line) in there.iter().zip(&checked.records) {
        if ours.body != line.body || ours.headers != headers_created(&line.headers, &created) {
            let line = line.stream_sequence;
            bail!(
                "the match {match_id} is not what an import of this file wrote: they differ at line {line}"
            );
        }
    }
    Ok(created)
}

/// Writes the records that are not there, until `stop`.
async fn write(
    broker: &Broker,
    one: &Planned,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> anyhow::Result<()> {
    let all = one.checked.records.len();
    let bar = progress::bar(all, "records");
    bar.set_position(one.there as u64);
    let mut import = broker.import(&one.match_id, one.after);
    for (index, record) in one.checked.records.iter().enumerate().skip(one.there) {
        let headers = headers_created(&record.headers, &one.created);
        let copy = CopiedRecord::new(&headers, record.body.clone())?;
        let place = || format!("{index} of {all} records of {} are written", one.match_id);
        tokio::select! {
            biased;
            () = &mut *stop => bail!("stopped: {}; go on with --resume", place()),
            done = import.append(&copy) => match done {
                Ok(_) => bar.inc(1),
                Err(error @ ChainError::Interfered { .. }) => return Err(error).with_context(|| {
                    format!("{}, but a scorer goes on with the match; have scorers pause, purge it and import it again", place())
                }),
                Err(error) => return Err(error).with_context(|| format!("{}; go on with --resume", place())),
            },
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn human(line: &FileLine<'_>) -> String {
    let mut text = format!(
        "{:<9}  {}  {}, {} written, to seq {}, hash {}",
        line.outcome,
        line.match_id,
        show::count(line.records as u64, "record", "records"),
        line.written,
        line.last_seq,
        line.hash
    );
    if let Some(epoch) = &line.epoch {
        text.push_str(&format!(", epoch {epoch}"));
    }
    text
}
