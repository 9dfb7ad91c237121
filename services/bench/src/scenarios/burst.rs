//! `bench burst`: a wicket falls. Many events of one match at once, after a quiet while.

use std::time::Duration;

use crate::BenchError;
use crate::args::BurstArgs;
use crate::figure::Figure;
use crate::poster::Posting;
use crate::scenarios::{TurnsReport, ms};
use crate::stage::Stage;

/// The events of a burst are posted within less than this, if scoring takes them so fast.
const WITHIN: Duration = Duration::from_millis(20);

/// Measures by what the command line says.
pub(crate) async fn measure(args: &BurstArgs) -> Result<TurnsReport, BenchError> {
    let mut stage = Stage::set(&args.stage, 1).await?;
    stage.connect().await?;
    let mut report = TurnsReport::new(&args.stage);
    let quiet = args.stage.load.steadily(args.steady.rate);
    let burst = Posting {
        rate: f64::from(args.events) / WITHIN.as_secs_f64(),
        array: 1,
        duration: WITHIN,
    };
    report.add("quiet", stage.turn(quiet, &[]).await?);
    for _ in 0..args.bursts {
        report.add("burst", stage.turn(burst, &[]).await?);
    }
    stage.end().await;

    let quiet_p99 = report.of("quiet").find_map(|turn| ms(turn.latency_us.p99));
    let bursts = || report.of("burst");
    let p99 = bursts().filter_map(|turn| ms(turn.latency_us.p99));
    let last = bursts().filter_map(|turn| ms(turn.latency_us.max));
    let frames = bursts().map(|turn| turn.frames as f64 / turn.fans.max(1) as f64);
    report.figures = vec![
        Figure::told("quiet, event to fan: p99", quiet_p99, "ms"),
        Figure::middle("burst, event to fan: p99", p99, "ms"),
        Figure::middle("burst, the last event at the last fan", last, "ms"),
        Figure::middle("frames that a fan gets of a burst", frames, ""),
    ];
    Ok(report)
}
