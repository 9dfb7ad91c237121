//! `tail`: prints the records of matches as they are committed, each once and in order.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use grandstand_broker::{Broker, LiveFeed, LiveItem, ReadError, ReadFrom, StoredRecord};
use grandstand_core::ids::MatchId;
use grandstand_core::record::RecordParts;
use tokio::time::Instant;

use crate::args::TailArgs;
use crate::line::RecordLine;
use crate::show;
use crate::stop::ended_quietly;

/// The live feed brings a record at most once, and the last of a match may be the one it lost: so
/// often the stream is asked.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// How soon a question that got no answer is asked again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until `stop`, until `--count` is reached, or until nobody reads `out` any more.
pub(crate) async fn run(
    broker: &Broker,
    args: &TailArgs,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    let ended = tokio::select! {
        ended = tail(broker, args, out) => ended,
        () = stop => Ok(()),
    };
    ended_quietly(ended.and_then(|()| Ok(out.flush()?)))?;
    Ok(ExitCode::SUCCESS)
}

/// Subscribes first and reads then: what is committed meanwhile comes both ways, and is told apart
/// by its stream sequence.
async fn tail(
    broker: &Broker,
    args: &TailArgs,
    out: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let mut feed = broker.live_feed().await?;
    let incarnation = broker.incarnation().await?;
    let mut tail = Tail {
        broker,
        args,
        out,
        incarnation,
        have: BTreeMap::new(),
        printed: 0,
    };
    if tail.begin().await?.is_continue() {
        tail.follow(&mut feed).await?;
    }
    Ok(())
}

struct Tail<'a, W> {
    broker: &'a Broker,
    args: &'a TailArgs,
    out: &'a mut W,
    /// Stream sequences count within it.
    incarnation: u64,
    /// The stream sequence of the newest record of each match that is printed or passed over.
    have: BTreeMap<MatchId, u64>,
    printed: u64,
}

impl<W: Write> Tail<'_, W> {
    /// Prints history match by match, or finds out from where on things are new.
    async fn begin(&mut self) -> anyhow::Result<ControlFlow<()>> {
        for (match_id, newest) in self.newest().await? {
            if newest == 0 {
                tracing::warn!(%match_id, "there is no such match yet");
            }
            if self.args.from.is_none() {
                self.have.insert(match_id, newest);
            } else if self.print_new(&match_id).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn follow(&mut self, feed: &mut LiveFeed) -> anyhow::Result<()> {
        let mut check_at = Instant::now() + CHECK_INTERVAL;
        loop {
            let done = tokio::select! {
                biased;
                () = tokio::time::sleep_until(check_at) => {
                    check_at = Instant::now() + CHECK_INTERVAL;
                    self.catch_up().await
                }
                item = feed.next() => match item {
                    Some(LiveItem::Record(record)) => self.take(record).await,
                    Some(LiveItem::Interrupted(_)) => {
                        check_at = Instant::now();
                        continue;
                    }
                    Some(LiveItem::Canary { .. } | LiveItem::Disconnected) => continue,
                    None => bail!("the connection to the broker is closed"),
                },
            };
            match done {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(()),
                Err(error) if is_passing(&error) => {
                    tracing::debug!(%error, "asking again");
                    check_at = Instant::now() + RETRY_INTERVAL;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A record off the live feed: the next one of its match, one that was read already, or one
    /// after a hole, which the leader fills.
    async fn take(&mut self, record: StoredRecord) -> anyhow::Result<ControlFlow<()>> {
        let have = self.have_of(&record.match_id);
        if !self.follows(&record.match_id) || record.stream_sequence <= have {
            return Ok(ControlFlow::Continue(()));
        }
        if record.last_stream_sequence == Some(have) {
            return self.print(&record);
        }
        self.print_new(&record.match_id).await
    }

    /// Prints what the stream has and the feed did not bring.
    async fn catch_up(&mut self) -> anyhow::Result<ControlFlow<()>> {
        if self.broker.incarnation().await? != self.incarnation {
            bail!("the stream was restored from a backup meanwhile; start again");
        }
        for (match_id, newest) in self.newest().await? {
            if newest > self.have_of(&match_id) && self.print_new(&match_id).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The stream sequence of the newest record of each match that is followed, 0 where there is
    /// none. For all matches any replica may say it: what one does not have yet shows next time.
    async fn newest(&self) -> Result<Vec<(MatchId, u64)>, ReadError> {
        if self.args.matches.is_empty() {
            let listed = self.broker.directory().await?;
            let newest = listed.into_iter();
            return Ok(newest.map(|r| (r.match_id, r.stream_sequence)).collect());
        }
        let mut newest = Vec::with_capacity(self.args.matches.len());
        for match_id in &self.args.matches {
            let record = self.broker.newest(match_id, ReadFrom::Leader).await?;
            newest.push((match_id.clone(), record.map_or(0, |r| r.stream_sequence)));
        }
        Ok(newest)
    }

    async fn print_new(&mut self, match_id: &MatchId) -> anyhow::Result<ControlFlow<()>> {
        let have = self.have_of(match_id);
        let records = self
            .broker
            .read_after(match_id, have, ReadFrom::Leader)
            .await?;
        for record in records {
            if self.print(&record)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn print(&mut self, record: &StoredRecord) -> anyhow::Result<ControlFlow<()>> {
        self.have
            .insert(record.match_id.clone(), record.stream_sequence);
        let parts = match RecordParts::decode(record.body.clone()) {
            Ok(parts) => parts,
            Err(error) => {
                let sequence = record.stream_sequence;
                tracing::error!(match_id = %record.match_id, sequence, %error, "passed over; see `verify`");
                return Ok(ControlFlow::Continue(()));
            }
        };
        let from = self.args.from.unwrap_or(0);
        if parts.last_seq() < from {
            return Ok(ControlFlow::Continue(()));
        }
        if self.args.broker.json {
            let line = serde_json::to_string(&RecordLine::new(record, &parts))?;
            writeln!(self.out, "{line}")?;
        } else {
            for line in show::event_lines(record, &parts, |event| event.seq >= from) {
                writeln!(self.out, "{line}")?;
            }
        }
        self.printed += 1;
        Ok(if self.args.count == Some(self.printed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    fn have_of(&self, match_id: &MatchId) -> u64 {
        self.have.get(match_id).copied().unwrap_or(0)
    }

    fn follows(&self, match_id: &MatchId) -> bool {
        self.args.matches.is_empty() || self.args.matches.contains(match_id)
    }
}

/// Whether the same question may be answered in a moment.
fn is_passing(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ReadError::Unavailable(_)))
}
