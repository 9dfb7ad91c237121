//! What a bench tells the processes that hold its fans, and what they tell it: JSON, a line each.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::args::{Codec, FanSpread, Policy};
use crate::crowd::follower::Faults;
use crate::crowd::seats::seats;
use crate::crowd::trust::Tls;
use crate::histogram::Histogram;

/// The first line: whom a process is to be. It holds a token, so it is never shown for debugging.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Its fans connect to these in turn.
    pub(crate) gateways: Vec<SocketAddr>,
    /// How they know that it is them, if they speak TLS.
    pub(crate) tls: Option<Tls>,
    /// What all of them show, if anything.
    pub(crate) token: Option<String>,
    /// Its fans follow one of these each.
    pub(crate) matches: Vec<String>,
    /// Which of them, of all fans.
    pub(crate) spread: FanSpread,
    /// What its fans do with what comes.
    pub(crate) reading: Reading,
    /// How often they want to hear; what their tier grants unless said.
    pub(crate) policy: Option<Policy>,
    pub(crate) codec: Codec,
    /// The number of its first fan among all.
    pub(crate) first: u32,
    /// How many fans it holds.
    pub(crate) count: u32,
    /// The first address that they come from; more are found by the second of its four numbers.
    pub(crate) source: Ipv4Addr,
}

impl Plan {
    /// Which of the matches each fan of this process follows.
    pub(crate) fn seats(&self) -> Vec<usize> {
        seats(self.first, self.count, self.matches.len(), self.spread)
    }

    /// Where it connects to. Fans of one match are spread over all gateways.
    pub(crate) fn gateway_of(&self, fan: u32) -> SocketAddr {
        let in_turn = match self.spread {
            FanSpread::Even => self.matches.len().max(1),
            FanSpread::Zipf => 1,
        };
        let number = (self.first + fan) as usize / in_turn;
        self.gateways[number % self.gateways.len()]
    }
}

/// What fans do with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reading {
    /// They read it, and keep account.
    All,
    /// They ask for every event from the first on, and never read: what a server can write to them
    /// fills the smallest buffer that the system has.
    Nothing,
}

/// A line after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// All connect, at most so many a second.
    Connect {
        /// How many.
        per_s: u32,
    },
    /// A new window begins: what it counts is 0 again.
    Mark,
    /// Say what there is.
    Count,
    /// All lose their connections and come back at once.
    Cut {
        /// How they come back.
        with: Cursors,
    },
    /// It is over; the end of the lines says it, too.
    End,
}

/// How fans come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cursors {
    /// With the last event that they have.
    Kept,
    /// As if they had never been there.
    Lost,
}

/// The answer to each order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Fans that are connected and know where their match stands.
    pub(crate) connected: u64,
    /// How long after the last order to connect all of them were, once they are.
    pub(crate) all_after_ms: Option<u64>,
    /// Handshakes that were refused or broke off, by why, since the beginning.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// What must not be, since the beginning.
    pub(crate) faults: Faults,
    /// Since the last mark.
    pub(crate) window: Window,
    /// Where the fans of each match stand, by its number.
    pub(crate) stands: BTreeMap<usize, Stand>,
}

/// What came between two marks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Messages with events.
    pub(crate) frames: u64,
    /// Bytes of these messages.
    pub(crate) frame_bytes: u64,
    /// Bytes of everything.
    pub(crate) bytes: u64,
    /// Events in them.
    pub(crate) events: u64,
    /// Events that a snapshot told a fan it does without.
    pub(crate) told: u64,
    /// Snapshots by reason.
    pub(crate) snapshots: BTreeMap<String, u64>,
    /// Messages of type `error`, by code.
    pub(crate) errors: BTreeMap<String, u64>,
    /// From accepted to read by the fan, microseconds, of events accepted while it was there.
    pub(crate) latency_us: Histogram,
    /// From the first packet of a connection to the fan's knowing where its match stands, microseconds.
    pub(crate) joined_us: Histogram,
}

/// Where the fans of one match stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stand {
    pub(crate) fans: u64,
    /// The seq of the one that is furthest back.
    pub(crate) min: u64,
    /// The seq of the one that is furthest ahead.
    pub(crate) max: u64,
}

impl Counts {
    /// Adds what another process counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.connected += other.connected;
        // All are there when the last process has all of its own.
        self.all_after_ms = self
            .all_after_ms
            .zip(other.all_after_ms)
            .map(|(one, another)| one.max(another));
        add(&mut self.refusals, &other.refusals);
        self.faults.add(other.faults);
        self.window.merge(&other.window);
        for (&number, stand) in &other.stands {
            self.stands
                .entry(number)
                .and_modify(|known| known.merge(*stand))
                .or_insert(*stand);
        }
    }

    /// Whether every fan has the head of its match.
    pub(crate) fn all_at(&self, heads: &[u64]) -> bool {
        let at = |(&number, stand): (&usize, &Stand)| {
            heads.get(number) == Some(&stand.min) && stand.min == stand.max
        };
        self.stands.iter().all(at)
    }
}

impl Window {
    fn merge(&mut self, other: &Self) {
        self.frames += other.frames;
        self.frame_bytes += other.frame_bytes;
        self.bytes += other.bytes;
        self.events += other.events;
        self.told += other.told;
        add(&mut self.snapshots, &other.snapshots);
        add(&mut self.errors, &other.errors);
        self.latency_us.merge(&other.latency_us);
        self.joined_us.merge(&other.joined_us);
    }
}

impl Stand {
    /// Of one fan.
    pub(crate) fn at(seq: u64) -> Self {
        Self {
            fans: 1,
            min: seq,
            max: seq,
        }
    }

    /// Adds those of others.
    pub(crate) fn merge(&mut self, other: Self) {
        self.fans += other.fans;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

fn add(counts: &mut BTreeMap<String, u64>, others: &BTreeMap<String, u64>) {
    for (why, count) in others {
        *counts.entry(why.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(connected: u64, all_after_ms: Option<u64>, seq: Option<u64>) -> Counts {
        Counts {
            connected,
            all_after_ms,
            stands: seq.map(|seq| (0, Stand::at(seq))).into_iter().collect(),
            ..Counts::default()
        }
    }

    #[test]
    fn counts_of_two_processes_add_up() {
        let mut all = counts(1, Some(5), Some(3));
        all.merge(&counts(2, Some(9), Some(4)));
        assert_eq!((all.connected, all.all_after_ms), (3, Some(9)));
        assert_eq!(
            all.stands[&0],
            Stand {
                fans: 2,
                min: 3,
                max: 4,
            }
        );
        assert!(!all.all_at(&[4]));
        all.merge(&counts(0, None, None));
        assert_eq!(all.all_after_ms, None);
        assert!(counts(1, None, Some(4)).all_at(&[4]));
    }

    #[test]
    fn fans_are_spread_over_matches_and_each_match_over_gateways() {
        let gateways: Vec<SocketAddr> = vec![
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.1:2".parse().unwrap(),
        ];
        let plan = Plan {
            gateways,
            tls: None,
            token: None,
            matches: vec!["a".to_owned(), "b".to_owned()],
            spread: FanSpread::Even,
            reading: Reading::All,
            policy: None,
            codec: Codec::Json,
            first: 2,
            count: 4,
            source: Ipv4Addr::LOCALHOST,
        };
        let ports = |plan: &Plan| [0, 1, 2, 3].map(|fan| plan.gateway_of(fan).port());
        assert_eq!(plan.seats(), [0, 1, 0, 1]);
        assert_eq!(ports(&plan), [2, 2, 1, 1]);
        let spread = FanSpread::Zipf;
        assert_eq!(ports(&Plan { spread, ..plan }), [1, 2, 1, 2]);
    }

    #[test]
    fn an_order_is_a_line() {
        for order in [
            Order::Connect { per_s: 7 },
            Order::Mark,
            Order::Count,
            Order::Cut {
                with: Cursors::Kept,
            },
        ] {
            let line = serde_json::to_string(&order).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order);
        }
    }
}
