//! The budget of all logs: what they take of it is told, and room is made when it is used up.

use grandstand_core::log::Encoded;

use super::Follow;

/// How long after room was looked for in vain it is looked for again.
const IN_VAIN_US: u64 = 1_000_000;

impl Follow {
    /// Makes room if there is none, and tells what the logs take and encode.
    pub(super) fn keep_to_budget(&mut self, now_us: u64) {
        if self.room_us <= now_us {
            let given = self.feeds.make_room();
            if self.feeds.is_full() {
                self.room_us = now_us + IN_VAIN_US;
                tracing::warn!(
                    bytes_max = self.feeds.budget().bytes_max(),
                    "the logs that are read need more memory than they may have; no more matches are let in"
                );
            }
            for (what, count) in [
                ("caches", given.caches),
                ("log", given.logs),
                ("events", given.events),
            ] {
                metrics::counter!("grandstand_log_evictions_total", "what" => what)
                    .increment(count);
            }
        }
        let budget = self.feeds.budget();
        metrics::gauge!("grandstand_log_bytes").set(budget.bytes() as f64);
        metrics::counter!("grandstand_events_followed_total").increment(budget.take_events());
        for (encoded, count) in budget.take_encodes() {
            let counter = match encoded {
                Encoded::EventJson => encodes("event", "json"),
                Encoded::SnapshotJson => encodes("snapshot", "json"),
                Encoded::SnapshotMessagePack => encodes("snapshot", "messagepack"),
                Encoded::RecordDeflated => deflates("record"),
                Encoded::SnapshotDeflated => deflates("snapshot"),
                Encoded::PassageDeflated => deflates("passage"),
            };
            counter.increment(count);
        }
    }
}

fn encodes(of: &'static str, codec: &'static str) -> metrics::Counter {
    metrics::counter!("grandstand_encodes_total", "of" => of, "codec" => codec)
}

fn deflates(of: &'static str) -> metrics::Counter {
    metrics::counter!("grandstand_deflates_total", "of" => of)
}
