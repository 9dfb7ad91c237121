//! `bench tiers`: the same crowd three times, as premium, plus and free: what waiting saves.

use crate::BenchError;
use crate::args::{Policy, StoryArgs};
use crate::figure::Figure;
use crate::scenarios::{TurnsReport, ratio, story};
use crate::stage::Stage;
use crate::turn::TurnReport;

/// Each policy with the names of its turns, ordinary overs and wickets everywhere.
const POLICIES: [(Policy, [&str; 2]); 3] = [
    (Policy::Realtime, ["realtime", "realtime!"]),
    (Policy::Batch, ["batch", "batch!"]),
    (Policy::Digest, ["digest", "digest!"]),
];

/// Measures by what the command line says.
pub(crate) async fn measure(args: &mut StoryArgs) -> Result<TurnsReport, BenchError> {
    let mut report = TurnsReport::new(&args.stage);
    let [(_, ordinary), _, (_, wicket)] = story::scenes(args.stage.load.duration());
    for (policy, names) in POLICIES {
        args.stage.crowd.policy = Some(policy);
        let mut stage = Stage::set(&args.stage, 1).await?;
        stage.connect().await?;
        for (name, posting) in names.into_iter().zip([ordinary, wicket]) {
            report.add(name, stage.turn(posting, &[]).await?);
        }
        stage.end().await;
    }
    let [(_, premium), others @ ..] = POLICIES;
    let mut figures = Vec::new();
    for (_, names) in others {
        for (name, usual) in names.into_iter().zip(premium) {
            figures.extend(savings(&report, name, usual));
        }
    }
    report.figures = figures;
    Ok(report)
}

/// What a turn takes by what the same takes in realtime.
fn savings(report: &TurnsReport, name: &'static str, usual: &'static str) -> Vec<Figure> {
    let by_usual = |what: &str, of: fn(&TurnReport) -> f64| {
        let first = |name| report.of(name).next().map(of);
        let value = ratio(first(name), first(usual));
        let when = if name.ends_with('!') {
            "at wickets"
        } else {
            "ordinarily"
        };
        let policy = name.trim_end_matches('!');
        Figure::told(format!("{policy} by realtime, {when}: {what}"), value, "x")
    };
    vec![
        by_usual("frames", |turn| turn.frames as f64),
        by_usual("bytes", |turn| turn.bytes as f64),
        by_usual("gateway CPU", |turn| turn.cpu.servers_ms as f64),
    ]
}
