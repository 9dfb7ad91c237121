//! `bench pairs`: a gateway and the bare loop in turn. On a machine that others share, single runs of
//! the same program differ by half; ratios of neighbours hardly do.

use serde::Serialize;

use crate::BenchError;
use crate::args::PairsArgs;
use crate::bare::Bare;
use crate::spread::Spread;
use crate::stage::Stage;
use crate::turn::TurnReport;

/// What `bench pairs` found.
#[derive(Debug, Serialize)]
pub(crate) struct PairsReport {
    pub(crate) fans: u32,
    pub(crate) gateways: usize,
    pub(crate) pairs: Vec<Pair>,
    /// CPU per frame of the gateways by that of the bare loop.
    pub(crate) cpu_ratio: Option<Spread>,
    /// p99 of the gateways less that of the bare loop, milliseconds.
    pub(crate) p99_above_ms: Option<Spread>,
    /// p99 of the gateways by that of the bare loop.
    pub(crate) p99_ratio: Option<Spread>,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

/// Two turns, one right after the other.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub(crate) gateway: TurnReport,
    pub(crate) bare: TurnReport,
    pub(crate) cpu_ratio: Option<f64>,
    pub(crate) p99_ratio: Option<f64>,
}

/// Measures by what the command line says.
pub(crate) async fn measure(args: &PairsArgs) -> Result<PairsReport, BenchError> {
    let gateways = args.crowd.gateway.len();
    let mut stage = Stage::set(&args.crowd, &args.load, &args.watch, 1).await?;
    stage.connect().await?;
    let mut bare = Bare::start(args.crowd.count, gateways, args.crowd.connects_per_s).await?;
    let known = [&stage.watched.servers[..], &stage.watched.platform[..]].concat();
    bare.beside(stage.watched.ours.clone(), known);
    stage.watched.ours.extend(bare.processes());

    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    // The first turn says how long the frames are that the bare loop has to match.
    let mut bytes = args.load.frame_bytes;
    // Each event reaches the fans of one match, and each round of the bare loop all.
    let rate = args.crowd.rate / f64::from(args.load.matches);
    for number in 0..args.pairs {
        let gateway_first = number % 2 == 0;
        let gateway = match gateway_first {
            true => Some(stage.turn(&args.load, &[]).await?),
            false => None,
        };
        if let Some(turn) = &gateway {
            bytes = u32::try_from(turn.report.bytes_per_frame).unwrap_or(bytes);
        }
        let (bare_turn, bare_wrong) = bare.turn(bytes, rate, args.load.posting()).await?;
        let gateway = match gateway {
            Some(turn) => turn,
            None => stage.turn(&args.load, &[]).await?,
        };
        wrong.extend(
            gateway
                .wrong
                .into_iter()
                .map(|why| format!("pair {number}, gateway: {why}")),
        );
        wrong.extend(
            bare_wrong
                .into_iter()
                .map(|why| format!("pair {number}, bare: {why}")),
        );
        pairs.push(Pair::new(gateway.report, bare_turn));
    }
    bare.end().await;
    stage.end().await;
    Ok(PairsReport {
        fans: args.crowd.count,
        gateways,
        cpu_ratio: Spread::of(pairs.iter().filter_map(|pair| pair.cpu_ratio)),
        p99_above_ms: Spread::of(pairs.iter().filter_map(Pair::p99_above_ms)),
        p99_ratio: Spread::of(pairs.iter().filter_map(|pair| pair.p99_ratio)),
        pairs,
        wrong,
    })
}

impl Pair {
    fn new(gateway: TurnReport, bare: TurnReport) -> Self {
        let cpu = gateway.server_us_per_frame.zip(bare.server_us_per_frame);
        let p99 = gateway.latency_us.p99.zip(bare.latency_us.p99);
        Self {
            cpu_ratio: cpu.map(|(gateway, bare)| gateway / bare),
            p99_ratio: p99.map(|(gateway, bare)| gateway as f64 / bare.max(1) as f64),
            gateway,
            bare,
        }
    }

    fn p99_above_ms(&self) -> Option<f64> {
        let (gateway, bare) = (self.gateway.latency_us.p99?, self.bare.latency_us.p99?);
        Some((gateway as f64 - bare as f64) / 1_000.0)
    }
}
