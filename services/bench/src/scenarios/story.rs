//! `bench story`: a day of many matches, with a crowd that prefers some of them: ordinary overs, a
//! boundary everywhere, a wicket everywhere.

use std::time::Duration;

use crate::BenchError;
use crate::args::StoryArgs;
use crate::figure::Figure;
use crate::poster::Posting;
use crate::scenarios::{TurnsReport, ms};
use crate::stage::Stage;

/// How many events come together at the greatest peak.
const WICKET_ARRAY: u32 = 10;
/// All that is posted in a second of each scene.
pub(crate) const RATE_MAX: f64 = 5_540.0;

/// What happens, each with its name and events a second over all matches.
pub(crate) fn scenes(duration: Duration) -> [(&'static str, Posting); 3] {
    let scene = |rate, array| Posting {
        rate,
        array,
        duration,
    };
    [
        ("ordinary", scene(40.0, 1)),
        ("boundary", scene(500.0, 1)),
        ("wicket", scene(5_000.0, WICKET_ARRAY)),
    ]
}

/// Measures by what the command line says.
pub(crate) async fn measure(args: &StoryArgs) -> Result<TurnsReport, BenchError> {
    let mut stage = Stage::set(&args.stage, 1).await?;
    stage.connect().await?;
    let mut report = TurnsReport::new(&args.stage);
    for (name, posting) in scenes(args.stage.load.duration()) {
        report.add(name, stage.turn(posting, &[]).await?);
    }
    stage.end().await;
    let figures = report.turns.iter().flat_map(|named| {
        let turn = &named.turn;
        let told =
            |what: &str, value, unit| Figure::told(format!("{}: {what}", named.name), value, unit);
        [
            told(
                "events posted",
                turn.posts.as_ref().map(|posts| posts.per_s),
                "/s",
            ),
            told("frames to fans", Some(turn.frames_per_s()), "/s"),
            told("event to fan, p99", ms(turn.latency_us.p99), "ms"),
        ]
    });
    report.figures = figures.collect();
    Ok(report)
}
