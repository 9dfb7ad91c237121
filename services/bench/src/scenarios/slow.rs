//! `bench slow`: some fans never read. The others must not notice, and the gateway's memory neither.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::BenchError;
use crate::args::SlowArgs;
use crate::crowd::Crowd;
use crate::crowd::orders::{Plan, Reading};
use crate::figure::{Figure, Target};
use crate::poster::Posting;
use crate::scenarios::{TurnsReport, ms, ratio};
use crate::stage::Stage;

/// Far from the addresses that other fans come from.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 2);
/// One in so many never reads.
const ONE_IN: u32 = 100;
/// Happened before: more than the kernel keeps for a fan who does not read.
const BEFORE: Posting = Posting {
    rate: 2_000.0,
    array: 50,
    duration: Duration::from_secs(1),
};
/// How much later the others may have it, by the p99 without the slow.
const P99_MAX: f64 = 1.05;
/// What a fan who does not read may cost the gateway: a frame of 16 KiB, and itself.
const RSS_BYTES_MAX: f64 = 20_480.0;

/// Measures by what the command line says: turns with the slow and without, in pairs.
pub(crate) async fn measure(args: &SlowArgs) -> Result<TurnsReport, BenchError> {
    let mut stage = Stage::set(&args.stage, 1).await?;
    stage.connect().await?;
    let mut report = TurnsReport::new(&args.stage);
    let steady = args.stage.load.steadily(args.steady.rate);
    let before = Posting {
        rate: BEFORE.rate * f64::from(args.stage.load.matches),
        ..BEFORE
    };
    report.add("before", stage.turn(before, &[]).await?);
    let slow = Plan {
        count: args.stage.crowd.count.div_ceil(ONE_IN),
        source: SOURCE,
        reading: Reading::Nothing,
        ..stage.plan.clone()
    };
    let (mut p99_by_usual, mut rss_bytes) = (Vec::new(), Vec::new());
    for number in 0..args.pairs {
        let (mut late, mut grown) = ([None; 2], [None; 2]);
        for with_slow in [number % 2 == 0, number % 2 != 0] {
            let memory = stage.watched.memory();
            let crowd = match with_slow {
                true => Some(come(&slow, args.stage.crowd.connects_per_s).await?),
                false => None,
            };
            let turn = stage.turn(steady, &[]).await?;
            let each = memory.per_connection(stage.watched.memory(), slow.count);
            late[usize::from(with_slow)] = ms(turn.report.latency_us.p99);
            grown[usize::from(with_slow)] = each.rss_bytes;
            match crowd {
                Some(crowd) => {
                    report.add("with slow", turn);
                    crowd.end().await;
                }
                None => report.add("without", turn),
            }
        }
        p99_by_usual.extend(ratio(late[1], late[0]));
        // What the log grows by, it grows by in both.
        let [without, with] = grown;
        rss_bytes.extend(
            with.zip(without)
                .map(|(with, without)| (with - without) as f64),
        );
    }
    stage.end().await;
    report.figures = vec![
        Figure::middle(
            "p99 of the others, with slow fans by without",
            p99_by_usual.into_iter(),
            "x",
        )
        .should_be(Target::AtMost(P99_MAX)),
        Figure::middle(
            "RSS of the gateways, more for each slow fan",
            rss_bytes.into_iter(),
            "B",
        )
        .should_be(Target::AtMost(RSS_BYTES_MAX)),
    ];
    Ok(report)
}

/// Those who never read are there.
async fn come(plan: &Plan, connects_per_s: u32) -> Result<Crowd, BenchError> {
    let mut crowd = Crowd::start(plan).await?;
    crowd.connect(connects_per_s).await?;
    Ok(crowd)
}
