//! `bench storm`: half of the fans lose their connections and come back at once, then all of them
//! without knowing anything. The others must hardly notice.

use serde::Serialize;

use crate::BenchError;
use crate::args::StormArgs;
use crate::crowd::orders::{Counts, Cursors};
use crate::figure::{Figure, Target};
use crate::scenarios::{Found, ms};
use crate::stage::{Stage, Turn};
use crate::turn::{Latency, TurnReport};

/// The half that stays, and the half that is cut.
const STAYERS: usize = 0;
const LEAVERS: usize = 1;
/// How much later the others may have it, by the p99 before.
const P99_MAX: f64 = 2.0;

/// What `bench storm` found.
#[derive(Debug, Serialize)]
pub(crate) struct StormReport {
    pub(crate) fans: u32,
    pub(crate) matches: u32,
    pub(crate) gateways: usize,
    /// Nothing but posts.
    pub(crate) baseline: GustReport,
    /// Half of the fans come back at once with their cursors.
    pub(crate) storm: GustReport,
    /// All come back at once without.
    pub(crate) reload: GustReport,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

/// One of the three turns.
#[derive(Debug, Serialize)]
pub(crate) struct GustReport {
    /// How long after the cut all were back, where there was one.
    pub(crate) all_back_after_ms: Option<u64>,
    /// Of the half that is cut in the storm only, or not at all.
    pub(crate) live_us: Latency,
    /// Its p99 by that of the baseline.
    pub(crate) p99_by_baseline: Option<f64>,
    /// Of all fans.
    pub(crate) turn: TurnReport,
}

/// Measures by what the command line says.
pub(crate) async fn measure(args: &StormArgs) -> Result<StormReport, BenchError> {
    let mut stage = Stage::set(&args.stage, 2).await?;
    stage.connect().await?;
    let posting = args.stage.load.steadily(args.steady.rate);
    let baseline = stage.turn(posting, &[]).await?;
    let cut = [(LEAVERS, Cursors::Kept)];
    let storm = stage.turn(posting, &cut).await?;
    let cut = [(LEAVERS, Cursors::Lost), (STAYERS, Cursors::Lost)];
    let reload = stage.turn(posting, &cut).await?;
    stage.end().await;

    let turns = [
        ("baseline", &baseline),
        ("storm", &storm),
        ("reload", &reload),
    ];
    let wrong = turns.iter().flat_map(|(name, turn)| {
        let wrong = turn.wrong.iter();
        wrong.map(move |wrong| format!("{name}: {wrong}"))
    });
    let wrong = wrong.collect();
    let baseline = GustReport::new(baseline, None, None);
    let usual = baseline.live_us.p99;
    Ok(StormReport {
        fans: args.stage.crowd.count,
        matches: args.stage.load.matches,
        gateways: args.stage.crowd.gateway.len(),
        storm: GustReport::new(storm, Some(&[LEAVERS]), usual),
        reload: GustReport::new(reload, Some(&[LEAVERS, STAYERS]), usual),
        baseline,
        wrong,
    })
}

impl Found for StormReport {
    fn figures(&self) -> Vec<Figure> {
        let read_max = f64::from(self.matches) * self.gateways as f64;
        let mut figures = vec![Figure::told(
            "before: p99",
            ms(self.baseline.live_us.p99),
            "ms",
        )];
        for (name, gust) in [("storm", &self.storm), ("reload", &self.reload)] {
            let told =
                |what: &str, value, unit| Figure::told(format!("{name}: {what}"), value, unit);
            let counts = gust.turn.gateways.as_ref();
            figures.extend([
                told("p99 by the one before", gust.p99_by_baseline, "x")
                    .should_be(Target::AtMost(P99_MAX)),
                told("all are back after", ms_of(gust.all_back_after_ms), "ms"),
                told(
                    "logs read from the broker",
                    counts.map(|counts| counts.fills as f64),
                    "",
                )
                .should_be(Target::AtMost(read_max)),
            ]);
        }
        figures
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

fn ms_of(ms: Option<u64>) -> Option<f64> {
    ms.map(|ms| ms as f64)
}

impl GustReport {
    fn new(turn: Turn, cut: Option<&[usize]>, usual_p99: Option<u64>) -> Self {
        let live_us = Latency::of(&turn.counts[STAYERS].window.latency_us);
        let back = |crowd: &usize| {
            turn.counts
                .get(*crowd)
                .and_then(|c: &Counts| c.all_after_ms)
        };
        let ratio = live_us.p99.zip(usual_p99);
        Self {
            all_back_after_ms: cut.and_then(|cut| cut.iter().filter_map(back).max()),
            live_us,
            p99_by_baseline: ratio.map(|(now, usual)| now as f64 / usual.max(1) as f64),
            turn: turn.report,
        }
    }
}
