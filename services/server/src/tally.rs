//! Histograms of what happens a hundred thousand times a second. The recorder's own keep each sample
//! until somebody looks, behind counters that all threads share: that was a fortieth of what a frame
//! to a fan costs. These only count, and many at once.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::telemetry::SECONDS_BUCKETS;

/// All tallies of this process: as few as there are labels for them.
static TALLIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// What a tally is called, and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Its name, which ends in `_seconds`.
    pub name: &'static str,
    /// One line for whoever reads the metrics.
    pub help: &'static str,
}

struct Entry {
    told: Told,
    label: (&'static str, &'static str),
    tally: Arc<Tally>,
}

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Tally {
    /// By bucket, each without those before it; the last is above all bounds.
    counts: [AtomicU64; SECONDS_BUCKETS.len() + 1],
    sum_us: AtomicU64,
}

impl Tally {
    /// Something took so many microseconds, and so many times.
    pub fn record(&self, took_us: u64, times: u64) {
        let seconds = took_us as f64 / 1e6;
        let bucket = SECONDS_BUCKETS.partition_point(|bound| *bound < seconds);
        self.counts[bucket].fetch_add(times, Ordering::Relaxed);
        let sum_us = took_us.saturating_mul(times);
        self.sum_us.fetch_add(sum_us, Ordering::Relaxed);
    }
}

/// The tally of that name and label: there is one of them in a process, whoever asks.
pub fn tally(told: Told, label: &'static str, value: &'static str) -> Arc<Tally> {
    let mut tallies = TALLIES.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |entry: &&Entry| entry.told.name == told.name && entry.label == (label, value);
    if let Some(entry) = tallies.iter().find(same) {
        return Arc::clone(&entry.tally);
    }
    let entry = Entry {
        told,
        label: (label, value),
        tally: Arc::default(),
    };
    let tally = Arc::clone(&entry.tally);
    // Series of one name follow each other, as the text format wants it.
    let at = tallies.partition_point(|other| other.told.name <= told.name);
    tallies.insert(at, entry);
    tally
}

/// All tallies in Prometheus' text format; one that never counted is not there, as with the recorder.
pub(crate) fn render(out: &mut String) {
    let tallies = TALLIES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut told = None;
    for entry in tallies.iter() {
        let counts = (entry.tally.counts)
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed));
        if counts.iter().all(|count| *count == 0) {
            continue;
        }
        let Told { name, help } = entry.told;
        if told.replace(name) != Some(name) {
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} histogram\n");
        }
        render_one(entry, &counts, out);
        out.push('\n');
    }
}

fn render_one(entry: &Entry, counts: &[u64], out: &mut String) {
    let (name, (label, value)) = (entry.told.name, entry.label);
    let bounds = SECONDS_BUCKETS.iter().map(f64::to_string);
    let mut sum = 0;
    for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(counts) {
        sum += count;
        let _ = writeln!(
            out,
            "{name}_bucket{{{label}=\"{value}\",le=\"{bound}\"}} {sum}"
        );
    }
    let sum_s = entry.tally.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
    let _ = writeln!(out, "{name}_sum{{{label}=\"{value}\"}} {sum_s}");
    let _ = writeln!(out, "{name}_count{{{label}=\"{value}\"}} {sum}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered_as_the_recorder_would() {
        let told = Told {
            name: "grandstand_tally_test_seconds",
            help: "A test.",
        };
        let quick = tally(told, "kind", "quick");
        let never = tally(told, "kind", "never");
        quick.record(500, 3);
        tally(told, "kind", "quick").record(501, 2);
        quick.record(61_000_000, 1);
        drop(never);

        let mut text = String::new();
        render(&mut text);
        let lines: Vec<&str> = (text.lines())
            .filter(|line| line.contains("grandstand_tally_test"))
            .collect();

        assert_eq!(lines[0], "# HELP grandstand_tally_test_seconds A test.");
        assert_eq!(lines[1], "# TYPE grandstand_tally_test_seconds histogram");
        let bucket = |le: &str, count| {
            format!(r#"grandstand_tally_test_seconds_bucket{{kind="quick",le="{le}"}} {count}"#)
        };
        assert_eq!(lines[2], bucket("0.0005", 3));
        assert_eq!(lines[3], bucket("0.001", 5));
        assert_eq!(lines[17], bucket("60", 5));
        assert_eq!(lines[18], bucket("+Inf", 6));
        assert_eq!(
            lines[19],
            r#"grandstand_tally_test_seconds_sum{kind="quick"} 61.002502"#
        );
        assert_eq!(
            lines[20],
            r#"grandstand_tally_test_seconds_count{kind="quick"} 6"#
        );
        assert_eq!(lines.len(), 21, "{text}");
    }
}
