//! `bench late`: fans who come when much has happened already, all at once.

use crate::BenchError;
use crate::args::LateArgs;
use crate::crowd::orders::Counts;
use crate::figure::{Figure, Target};
use crate::poster::Posting;
use crate::scenarios::{TurnsReport, ms};
use crate::stage::Stage;
use crate::turn::Latency;

/// How many events a post has that happened before anybody came.
const ARRAY: u32 = 50;
/// How many of them are posted in a second at most.
const RATE: f64 = 2_000.0;

/// Measures by what the command line says.
pub(crate) async fn measure(args: &LateArgs) -> Result<TurnsReport, BenchError> {
    let mut stage = Stage::set(&args.stage, 1).await?;
    let events = args.events.next_multiple_of(ARRAY) * args.stage.load.matches;
    let before = Posting {
        rate: RATE,
        array: ARRAY,
        duration: std::time::Duration::from_secs_f64(f64::from(events) / RATE),
    };
    let history = stage.poster.post_steadily(before).await;
    let joined = stage.connect().await?;
    let mut report = TurnsReport::new(&args.stage);
    report.wrong.extend(history.wrong());
    report
        .wrong
        .extend(came_to_know(&joined, &stage.poster.heads()));
    let steady = args.stage.load.steadily(args.steady.rate);
    report.add("then", stage.turn(steady, &[]).await?);
    stage.end().await;

    let (window, fans) = (&joined[0].window, f64::from(args.stage.crowd.count));
    let took = Latency::of(&window.joined_us);
    let per_fan = |bytes: u64| Some(bytes as f64 / fans);
    let snapshots = window.snapshots.values().sum::<u64>();
    report.figures = vec![
        Figure::told("connected to first state: p50", ms(took.p50), "ms"),
        Figure::told("connected to first state: p99", ms(took.p99), "ms"),
        Figure::told("bytes until then", per_fan(window.bytes), "B"),
        Figure::told("states that a fan gets", per_fan(snapshots), "")
            .should_be(Target::AtMost(1.0)),
    ];
    Ok(report)
}

/// Whether who came stands where the match does.
fn came_to_know(joined: &[Counts], heads: &[u64]) -> Option<String> {
    let behind = joined.iter().any(|counts| !counts.all_at(heads));
    behind.then(|| "the first state is not the newest".to_owned())
}
