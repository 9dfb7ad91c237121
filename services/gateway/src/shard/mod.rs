//! Shards: every WebSocket is on one of a few event loops, one for each core.
//!
//! Not a task per fan: tokio's own cost per connection is what rules it out. Measured with 18,000
//! connections, one frame of 200 bytes each a second, server CPU per frame and memory per
//! connection: bare epoll and send(2) 7.9-9.4 us, a loop of ours on epoll 8.4 us and 0.35 KB, the
//! same on tokio 8.7 us and 2.5 KB, a task per fan with tokio-tungstenite 10.4 us and 1.9 KB.
//!
//! HTTP and the handshake stay with hyper; then the socket comes here ([`inbox`]). [`event_loop`] is
//! the loop and its priorities, [`turns`] its kinds of work, [`fan`] one connection, [`admit`] how
//! it comes, [`hear`] and [`read`] what a client says, [`interest`] and [`circle`] who follows what,
//! [`pump`], [`parcel`], [`write`] and [`ring`] what goes out, [`due`] when, [`goodbye`] the end, [`errands`] what
//! is done elsewhere.

mod admit;
#[cfg(test)]
mod autobahn_tests;
mod circle;
mod counts;
mod due;
mod errands;
mod event_loop;
mod fan;
mod goodbye;
mod hear;
mod inbox;
mod inflate;
mod interest;
#[cfg(test)]
mod interest_tests;
mod looks;
mod parcel;
mod pump;
mod read;
#[cfg(test)]
mod read_tests;
#[cfg_attr(not(target_os = "linux"), path = "no_ring.rs")]
mod ring;
mod turns;
mod write;
#[cfg(test)]
mod write_tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use self::event_loop::Shard;
use self::inbox::Order;
use self::write::Writer;
use crate::args::Writes;
use crate::clock::Clock;
use crate::drain::Drain;
use crate::feeds::Feeds;
use crate::sessions::FanSessions;
use crate::strips::Strips;

pub(crate) use self::counts::{Counts, count_connect, count_cut};
pub(crate) use self::errands::Errands;
pub(crate) use self::event_loop::Ground;
pub(crate) use self::inbox::{Arrival, Inbox};

/// The way to all shards.
pub(crate) struct Shards {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
    connections: Arc<AtomicUsize>,
}

/// The threads of the shards. Dropped before they have ended, they are told to abandon everything.
pub(crate) struct Threads {
    inboxes: Vec<Arc<Inbox>>,
    threads: Vec<JoinHandle<()>>,
}

/// Says that a shard fell, if the thread that holds it panics: its fans are cut then, and nobody
/// would serve those who come.
struct Watch(CancellationToken);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cancel();
        }
    }
}

/// What all shards share. What they send away is done by who runs the [`Errands`].
pub(crate) fn ground(
    clock: Clock,
    feeds: &Arc<Feeds>,
    strips: &Arc<Strips>,
    sessions: &Arc<FanSessions>,
    drain: &Arc<Drain>,
) -> (Ground, Errands) {
    let (sender, errands) = errands::errands();
    let ground = Ground {
        clock,
        feeds: Arc::clone(feeds),
        strips: Arc::clone(strips),
        sessions: Arc::clone(sessions),
        drain: Arc::clone(drain),
        errands: sender,
        connections: Arc::new(AtomicUsize::new(0)),
    };
    (ground, errands)
}

/// Starts so many shards that write so; `fallen` is cancelled if one of them panics. They alone hold the ground
/// then, so that the errands end with them.
pub(crate) fn start(
    count: usize,
    writes: Writes,
    ground: Ground,
    fallen: &CancellationToken,
) -> io::Result<(Shards, Threads)> {
    let mut threads = Threads {
        inboxes: Vec::with_capacity(count),
        threads: Vec::with_capacity(count),
    };
    for (number, writer) in Writer::open(writes, count)?.into_iter().enumerate() {
        let shard = Shard::new(ground.clone(), writer)?;
        threads.inboxes.push(Arc::clone(&shard.inbox));
        let thread = std::thread::Builder::new().name(format!("shard-{number}"));
        let watch = Watch(fallen.clone());
        let run = move || {
            let _watch = watch;
            shard.run();
        };
        threads.threads.push(thread.spawn(run)?);
    }
    let shards = Shards {
        inboxes: threads.inboxes.clone(),
        next: AtomicUsize::new(0),
        connections: Arc::clone(&ground.connections),
    };
    Ok((shards, threads))
}

impl Shards {
    /// Hands a fan over to the shard whose turn it is, once that has room.
    pub(crate) async fn arrive(&self, arrival: Arrival) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(inbox) = self.inboxes.get(turn % self.inboxes.len().max(1)) {
            inbox.arrive(arrival).await;
        }
    }

    /// Counts the fans who ever came.
    pub(crate) fn arrivals(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// How many fans are there.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Everybody is told that this gateway goes; who still comes too.
    pub(crate) fn drain(&self) {
        self.order(Order::Drain);
    }

    /// Nobody comes any more.
    pub(crate) fn end(&self) {
        self.order(Order::End);
    }

    fn order(&self, order: Order) {
        self.inboxes.iter().for_each(|inbox| inbox.order(order));
    }
}

impl Threads {
    /// Waits until all shards have ended.
    pub(crate) async fn ended(mut self) {
        let threads = std::mem::take(&mut self.threads);
        let join = move || {
            threads
                .into_iter()
                .filter_map(|thread| thread.join().err())
                .count()
        };
        match tokio::task::spawn_blocking(join).await {
            Ok(0) => {}
            Ok(panicked) => tracing::error!(panicked, "shards ended abnormally"),
            Err(error) => tracing::error!(%error, "the shards were not waited for"),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.inboxes
            .iter()
            .for_each(|inbox| inbox.order(Order::Abandon));
    }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "it is what is watched for")]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_noticed_and_one_that_ends_is_not() {
        for panics in [false, true] {
            let fallen = CancellationToken::new();
            let watch = Watch(fallen.clone());
            let thread = std::thread::spawn(move || {
                let _watch = watch;
                assert!(!panics, "on purpose");
            });
            assert_eq!(thread.join().is_err(), panics);
            assert_eq!(fallen.is_cancelled(), panics);
        }
    }
}
