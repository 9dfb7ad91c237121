//! A bucket filled with sessions that are told apart: written, refreshed and read again.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use grandstand_broker::{SessionKey, Sessions, WriteError};
use tokio::time::Instant;

use crate::phase::Work;

/// As many calls wait for their answers as the broker crate lets through.
const IN_FLIGHT: usize = 256;

/// The sessions of one run.
pub(crate) struct Fill {
    sessions: Sessions,
    /// Sets the ids of this run apart from all others.
    run: u64,
    body_bytes: usize,
    interval: Duration,
    /// The revision of each session's last write; 0 before the first.
    revisions: Vec<u64>,
    /// How often all were written.
    rounds: u8,
}

impl Fill {
    /// `count` sessions, of which `rate` are written in a second at most.
    pub(crate) fn new(sessions: Sessions, count: u32, body_bytes: u32, rate: Option<u32>) -> Self {
        Self {
            sessions,
            run: getrandom::u64().unwrap_or_default(),
            body_bytes: usize::try_from(body_bytes).unwrap_or(usize::MAX),
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate),
            revisions: vec![0; usize::try_from(count).unwrap_or(usize::MAX)],
            rounds: 0,
        }
    }

    /// Writes every session once, over what this run wrote before.
    pub(crate) async fn write_all(&mut self) -> Work {
        self.rounds += 1;
        let this = &*self;
        let (count, began) = (this.revisions.len(), Instant::now());
        let paced = stream::iter(0..count).then(|n| async move {
            let due = this
                .interval
                .saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
            if !due.is_zero() {
                tokio::time::sleep_until(began + due).await;
            }
            n
        });
        let writes = paced.map(|n| async move { (n, this.write(n).await) });
        let written: Vec<_> = writes.buffer_unordered(IN_FLIGHT).collect().await;
        let mut work = Work::default();
        for (n, outcome) in written {
            if let Ok(revision) = outcome {
                self.revisions[n] = revision;
            }
            work.count(outcome.map(drop));
        }
        work
    }

    /// Reads `count` sessions at random; one that is not as it was last written has failed.
    pub(crate) async fn read_some(&self, count: usize) -> Work {
        let reads = stream::iter(0..count).map(|_| {
            let random = getrandom::u64().unwrap_or_default();
            self.read(usize::try_from(random).unwrap_or_default() % self.revisions.len())
        });
        let outcomes: Vec<_> = reads.buffer_unordered(IN_FLIGHT).collect().await;
        let mut work = Work::default();
        for outcome in outcomes {
            work.count(outcome);
        }
        work
    }

    async fn write(&self, n: usize) -> Result<u64, WriteError> {
        let expected = Some(self.revisions[n]);
        self.sessions
            .write(&self.key(n), self.body(n), expected)
            .await
    }

    async fn read(&self, n: usize) -> Result<(), String> {
        match self.sessions.read(&self.key(n)).await {
            Ok(Some(found)) if found.revision != self.revisions[n] => {
                Err(format!("revision {} is not the last", found.revision))
            }
            Ok(Some(found)) if found.body != self.body(n) => Err("another body".to_owned()),
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err("not there".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn key(&self, n: usize) -> SessionKey {
        SessionKey::of((u128::from(self.run) << 64) | n as u128)
    }

    /// Says whose it is and of which round, and is as long as wanted.
    fn body(&self, n: usize) -> Bytes {
        let mut body = format!("{:016x} {n} {} ", self.run, self.rounds).into_bytes();
        body.resize(self.body_bytes, b'.');
        body.into()
    }
}
