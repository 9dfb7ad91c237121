//! Turns as people read them: a row each.

use std::collections::BTreeMap;
use std::fmt;

use crate::machine::CpuUse;
use crate::turn::{Latency, PostsReport, TurnReport};

/// Ends a report with its verdict.
pub(crate) fn verdict(f: &mut fmt::Formatter<'_>, wrong: &[String]) -> fmt::Result {
    match wrong.is_empty() {
        true => writeln!(f, "All as it should be."),
        false => writeln!(f, "NOT as it should be: {}.", wrong.join("; ")),
    }
}

/// The line above rows of turns.
pub(crate) fn head(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{:10} {:>9} {:>9} {:>5} | {:>8} {:>8} {:>8} {:>8} {:>8} | {:>8} {:>6} {:>6} {:>6} {:>6}",
        "turn",
        "events",
        "frames",
        "bytes",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "p99.9",
        "max",
        "us/frame",
        "CPU %",
        "plat %",
        "bench",
        "beside"
    )
}

/// One turn; the shares are of one core.
pub(crate) fn row(f: &mut fmt::Formatter<'_>, name: &str, turn: &TurnReport) -> fmt::Result {
    let late = &turn.latency_us;
    writeln!(
        f,
        "{:10} {:>9} {:>9} {:>5} | {} | {:>8} {}",
        name,
        turn.events,
        turn.frames,
        turn.bytes_per_frame,
        quantiles(late),
        shown(turn.server_us_per_frame, 2),
        cpu(&turn.cpu)
    )
}

/// Five quantiles in milliseconds.
pub(crate) fn quantiles(late: &Latency) -> String {
    let all = [late.p50, late.p95, late.p99, late.p999, late.max];
    let all = all.map(|us| format!("{:>8}", shown(us.map(|us| us as f64 / 1_000.0), 2)));
    all.join(" ")
}

/// What was posted, what snapshots and errors there were, and what gateways counted.
pub(crate) fn details(f: &mut fmt::Formatter<'_>, turn: &TurnReport) -> fmt::Result {
    if let Some(posts) = &turn.posts {
        writeln!(f, "{}", Posted(posts))?;
    }
    let lines = [("snapshots", &turn.snapshots), ("errors", &turn.errors)];
    for (name, counts) in lines.into_iter().filter(|(_, counts)| !counts.is_empty()) {
        writeln!(f, "{name}: {}", by_name(counts))?;
    }
    if turn.events_in_snapshots > 0 {
        writeln!(f, "{} events came as snapshots", turn.events_in_snapshots)?;
    }
    if let Some(counts) = &turn.gateways {
        writeln!(
            f,
            "gateways: {} encodings, {} logs read, {} gaps filled",
            counts.encodes, counts.fills, counts.gaps_filled
        )?;
    }
    Ok(())
}

/// Posts in one line.
pub(crate) struct Posted<'a>(pub(crate) &'a PostsReport);

impl fmt::Display for Posted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let posts = self.0;
        let ms = |us: Option<u64>| shown(us.map(|us| us as f64 / 1_000.0), 2);
        write!(
            f,
            "{} events posted, {:.1}/s, {} posts failed; a post took p50 {} ms, p99 {} ms",
            posts.stored,
            posts.per_s,
            posts.failed,
            ms(posts.took_us.p50),
            ms(posts.took_us.p99)
        )
    }
}

/// Counts with their names.
pub(crate) fn by_name(counts: &BTreeMap<String, u64>) -> String {
    let counts = counts.iter().map(|(name, count)| format!("{name} {count}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// Shares of one core, in percent.
pub(crate) fn cpu(taken: &CpuUse) -> String {
    let share = |ms: u64| ms as f64 * 100.0 / taken.took_ms.max(1) as f64;
    format!(
        "{:>6.1} {:>6.1} {:>6.1} {:>6}",
        share(taken.servers_ms),
        share(taken.platform_ms),
        share(taken.bench_ms),
        shown(taken.beside_ms.map(share), 1)
    )
}

/// What was not measured is a dash.
pub(crate) fn shown(measured: Option<f64>, decimals: usize) -> String {
    measured.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
