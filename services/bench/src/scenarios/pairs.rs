//! `bench pairs`: a gateway and the bare loop in turn. On a machine that others share, single runs of
//! the same program differ by half; ratios of neighbours hardly do.

use serde::Serialize;

use crate::BenchError;
use crate::args::PairsArgs;
use crate::bare::Bare;
use crate::figure::{Figure, Target};
use crate::scenarios::{Found, ms, ratio};
use crate::spread::Spread;
use crate::stage::Stage;
use crate::turn::TurnReport;

const MIB: f64 = 1_048_576.0;
/// What a gateway with plain writes may take by the bare loop, which writes so, too.
const CPU_MAX: f64 = 1.05;
/// What one may take that writes through io_uring: to many fans, and to fewer.
const CPU_URING_MANY_MAX: f64 = 0.7;
const CPU_URING_MAX: f64 = 0.95;
/// From so many fans on the targets are those of a great crowd.
const MANY: u32 = 100_000;

/// What `bench pairs` found.
#[derive(Debug, Serialize)]
pub(crate) struct PairsReport {
    pub(crate) fans: u32,
    pub(crate) gateways: usize,
    /// All that the gateways have in use together, with their fans; what they share counts once.
    pub(crate) gateways_bytes: u64,
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
    let gateways = args.stage.crowd.gateway.len();
    let mut stage = Stage::set(&args.stage, 1).await?;
    stage.connect().await?;
    let mut bare = Bare::start(
        args.stage.crowd.count,
        gateways,
        args.stage.crowd.connects_per_s,
    )
    .await?;
    let known = [&stage.watched.servers[..], &stage.watched.platform[..]].concat();
    bare.beside(stage.watched.ours.clone(), known);
    stage.watched.ours.extend(bare.processes());

    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    // The first turn says how long the frames are that the bare loop has to match.
    let mut bytes = args.stage.load.frame_bytes;
    // Each event reaches the fans of one match, and each round of the bare loop all.
    let rate = args.steady.rate / f64::from(args.stage.load.matches);
    let posting = args.stage.load.steadily(args.steady.rate);
    for number in 0..args.pairs {
        let gateway_first = number % 2 == 0;
        let gateway = match gateway_first {
            true => Some(stage.turn(posting, &[]).await?),
            false => None,
        };
        if let Some(turn) = &gateway {
            bytes = u32::try_from(turn.report.bytes_per_frame).unwrap_or(bytes);
        }
        let (bare_turn, bare_wrong) = bare.turn(bytes, rate, args.stage.load.duration()).await?;
        let gateway = match gateway {
            Some(turn) => turn,
            None => stage.turn(posting, &[]).await?,
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
    let gateways_bytes = stage.watched.servers_bytes();
    bare.end().await;
    stage.end().await;
    Ok(PairsReport {
        fans: args.stage.crowd.count,
        gateways,
        gateways_bytes,
        cpu_ratio: Spread::of(pairs.iter().filter_map(|pair| pair.cpu_ratio)),
        p99_above_ms: Spread::of(pairs.iter().filter_map(Pair::p99_above_ms)),
        p99_ratio: Spread::of(pairs.iter().filter_map(|pair| pair.p99_ratio)),
        pairs,
        wrong,
    })
}

impl Found for PairsReport {
    fn figures(&self) -> Vec<Figure> {
        let middle = |name: &str, of: fn(&Pair) -> Option<f64>, unit| {
            Figure::middle(name, self.pairs.iter().filter_map(of), unit)
        };
        let mib = (self.gateways_bytes > 0).then(|| self.gateways_bytes as f64 / MIB);
        let memory = Figure::told("memory of all gateways together", mib, "MiB");
        let by_bare = middle("p99, gateway by bare loop", |pair| pair.p99_ratio, "x");
        let above = middle("p99, gateway above bare loop", Pair::p99_above_ms, "ms");
        let mut figures = vec![
            middle(
                "CPU for each frame, gateway by bare loop",
                |pair| pair.cpu_ratio,
                "x",
            )
            .should_be(Target::AtMost(self.cpu_max())),
            middle(
                "CPU for each frame, gateway",
                |pair| pair.gateway.server_us_per_frame,
                "us",
            ),
            middle(
                "CPU for each frame, bare loop",
                |pair| pair.bare.server_us_per_frame,
                "us",
            ),
            middle("p99, gateway", |pair| ms(pair.gateway.latency_us.p99), "ms"),
            middle("p99, bare loop", |pair| ms(pair.bare.latency_us.p99), "ms"),
            middle("beside, of one core", Pair::beside_percent, "%"),
        ];
        figures.extend(match self.fans >= MANY {
            true => [
                by_bare.should_be(Target::AtMost(1.0)),
                above,
                memory.should_be(Target::AtMost(120.0)),
            ],
            false => [by_bare, above.should_be(Target::AtMost(100.0)), memory],
        });
        figures
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

impl PairsReport {
    /// What a frame may cost by the bare loop's. A gateway that does not say how it writes is held to
    /// what any may.
    fn cpu_max(&self) -> f64 {
        let counts = self.pairs.iter().filter_map(|pair| pair.gateway.gateways);
        match counts.map(|counts| counts.uring_shards).max() {
            Some(1..) if self.fans >= MANY => CPU_URING_MANY_MAX,
            Some(1..) => CPU_URING_MAX,
            Some(0) | None => CPU_MAX,
        }
    }
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

    /// What others took during both turns, of one core.
    fn beside_percent(&self) -> Option<f64> {
        let (gateway, bare) = (&self.gateway.cpu, &self.bare.cpu);
        let beside_ms = gateway.beside_ms? + bare.beside_ms?;
        let took_ms = gateway.took_ms + bare.took_ms;
        ratio(Some(beside_ms as f64 * 100.0), Some(took_ms as f64))
    }

    fn p99_above_ms(&self) -> Option<f64> {
        let (gateway, bare) = (self.gateway.latency_us.p99?, self.bare.latency_us.p99?);
        Some((gateway as f64 - bare as f64) / 1_000.0)
    }
}
