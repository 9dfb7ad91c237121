//! A measurement of sessions as people read it.

use std::fmt;

use crate::report::{PhaseReport, Report};

/// Prints a report as a table with a verdict below it.
pub(crate) struct Table<'a>(pub(crate) &'a Report);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        writeln!(
            f,
            "{} sessions of {} bytes, living {} s\n",
            report.sessions, report.body_bytes, report.ttl_s
        )?;
        writeln!(
            f,
            "{:8} {:>8} {:>8} {:>8} {:>9} {:>8} | {:>6} {:>6} {:>8} {:>8} {:>8} {:>8}",
            "phase",
            "seconds",
            "calls/s",
            "failed",
            "NATS CPU",
            "us each",
            "posts",
            "failed",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "max ms"
        )?;
        for phase in &report.phases {
            row(f, phase)?;
        }
        let bucket = &report.bucket;
        writeln!(
            f,
            "\nThe bucket held {} keys in {} bytes, {} each, and was empty {:.1} s after the last was due.",
            bucket.keys,
            bucket.bytes,
            bucket.bytes_per_key,
            seconds(report.empty_after_ms)
        )?;
        match report.wrong.is_empty() {
            true => writeln!(f, "All as it should be."),
            false => writeln!(f, "NOT as it should be: {}.", report.wrong.join("; ")),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, phase: &PhaseReport) -> fmt::Result {
    let made = |number: u64| shown((phase.calls > 0).then_some(number));
    let cpu = phase.nats_cpu_ms.map(|ms| format!("{:.2} s", seconds(ms)));
    let each = phase
        .nats_cpu_ms
        .and_then(|ms| (ms * 1_000).checked_div(phase.calls));
    let ms = |us: Option<u64>| shown(us.map(|us| format!("{:.2}", us as f64 / 1_000.0)));
    writeln!(
        f,
        "{:8} {:>8.1} {:>8} {:>8} {:>9} {:>8} | {:>6} {:>6} {:>8} {:>8} {:>8} {:>8}",
        phase.phase,
        seconds(phase.took_ms),
        made(phase.calls_per_s),
        made(phase.calls_failed),
        shown(cpu),
        shown(each),
        phase.posts,
        phase.posts_failed,
        ms(phase.post_p50_us),
        ms(phase.post_p95_us),
        ms(phase.post_p99_us),
        ms(phase.post_max_us)
    )
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// What was not measured is a dash.
fn shown(measured: Option<impl fmt::Display>) -> String {
    measured.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
