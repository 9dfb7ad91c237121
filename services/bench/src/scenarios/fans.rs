//! `bench fans`: many fans connect, are idle, and get what is posted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::BenchError;
use crate::args::FansArgs;
use crate::crowd::orders::Counts;
use crate::figure::{Figure, Target};
use crate::machine::{CpuUse, MemoryPerConnection};
use crate::scenarios::{Found, ms, ratio};
use crate::stage::Stage;
use crate::turn::{Latency, TurnReport};

/// Fans are in so many processes at least: one alone may connect more slowly than a gateway accepts.
const PROCESSES_MIN: u32 = 2;

/// What `bench fans` found.
#[derive(Debug, Serialize)]
pub(crate) struct FansReport {
    pub(crate) fans: u32,
    pub(crate) matches: u32,
    pub(crate) gateways: usize,
    pub(crate) connect: ConnectReport,
    /// Until each knew where its match stands.
    pub(crate) joined_us: Latency,
    pub(crate) memory: MemoryPerConnection,
    /// While all were connected and nothing was posted.
    pub(crate) idle: CpuUse,
    /// None where nothing is posted.
    pub(crate) steady: Option<TurnReport>,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

/// How the fans connected.
#[derive(Debug, Serialize)]
pub(crate) struct ConnectReport {
    pub(crate) took_ms: u64,
    pub(crate) per_s: u64,
    pub(crate) server_us_per_connect: Option<f64>,
    /// Handshakes that were refused or broke off, by why; tried again.
    pub(crate) refusals: BTreeMap<String, u64>,
    pub(crate) cpu: CpuUse,
}

/// Measures by what the command line says.
pub(crate) async fn measure(args: &FansArgs) -> Result<FansReport, BenchError> {
    let mut stage = Stage::set(&args.stage, PROCESSES_MIN).await?;
    let (memory, cpu) = (stage.watched.memory(), stage.watched.cpu());
    let connected = together(stage.connect().await?);
    let connect = ConnectReport::new(
        args.stage.crowd.count,
        connected.all_after_ms.unwrap_or(0),
        connected.refusals.clone(),
        cpu.until(stage.watched.cpu()),
    );

    let idle = stage.watched.cpu();
    tokio::time::sleep(Duration::from_secs(args.idle_s.into())).await;
    let idle = idle.until(stage.watched.cpu());
    let memory = memory.per_connection(stage.watched.memory(), args.stage.crowd.count);

    let steady = args.stage.load.steadily(args.steady.rate);
    let turn = match steady.rate > 0.0 {
        true => Some(stage.turn(steady, &[]).await?),
        false => None,
    };
    stage.end().await;
    let (steady, wrong) = turn.map(|turn| (turn.report, turn.wrong)).unzip();
    Ok(FansReport {
        fans: args.stage.crowd.count,
        matches: args.stage.load.matches,
        gateways: args.stage.crowd.gateway.len(),
        connect,
        joined_us: Latency::of(&connected.window.joined_us),
        memory,
        idle,
        steady,
        wrong: wrong.unwrap_or_default(),
    })
}

fn together(mut counts: Vec<Counts>) -> Counts {
    let mut all = counts.pop().unwrap_or_default();
    counts.iter().for_each(|more| all.merge(more));
    all
}

impl Found for FansReport {
    fn figures(&self) -> Vec<Figure> {
        let rss_bytes = self.memory.rss_bytes.map(|bytes| bytes as f64);
        let connect = &self.connect;
        // A gateway has a share of what one gets alone: both cores are all there is.
        let per_gateway = connect.per_s as f64 / self.gateways.max(1) as f64;
        let mut figures = vec![
            Figure::told("RSS of the gateways for each idle fan", rss_bytes, "B")
                .should_be(Target::AtMost(1_024.0)),
            Figure::told(
                "memory of the kernel for both ends of a connection",
                Some(self.memory.kernel_bytes as f64),
                "B",
            ),
            Figure::told(
                "connects, each until its first state, for each gateway",
                Some(per_gateway),
                "/s",
            )
            .should_be(Target::AtLeast(8_000.0)),
            Figure::told(
                "CPU of the gateways for each connect",
                connect.server_us_per_connect,
                "us",
            )
            .should_be(Target::AtMost(60.0)),
            Figure::told(
                "connected to first state: p99",
                ms(self.joined_us.p99),
                "ms",
            ),
        ];
        if let Some(steady) = &self.steady {
            let late = &steady.latency_us;
            figures.extend([
                Figure::told("event to fan: p50", ms(late.p50), "ms"),
                Figure::told("event to fan: p99", ms(late.p99), "ms"),
                Figure::told("event to fan: p99.9", ms(late.p999), "ms"),
                Figure::told(
                    "CPU of the gateways for each frame",
                    steady.server_us_per_frame,
                    "us",
                ),
                Figure::told(
                    "encodes of an event, for each gateway",
                    self.encodes_per_event(),
                    "",
                )
                .should_be(Target::AtMost(1.0)),
            ]);
        }
        figures
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

impl FansReport {
    /// Snapshots count too, so that it is above what it says where a fan fell behind.
    fn encodes_per_event(&self) -> Option<f64> {
        let steady = self.steady.as_ref()?;
        let stored = steady.posts.as_ref()?.stored * self.gateways as u64;
        ratio(
            Some(steady.gateways.as_ref()?.encodes as f64),
            Some(stored as f64),
        )
    }
}

impl ConnectReport {
    fn new(fans: u32, took_ms: u64, refusals: BTreeMap<String, u64>, cpu: CpuUse) -> Self {
        Self {
            took_ms,
            per_s: u64::from(fans) * 1_000 / took_ms.max(1),
            server_us_per_connect: (cpu.servers_ms > 0)
                .then(|| cpu.servers_ms as f64 * 1_000.0 / f64::from(fans)),
            refusals,
            cpu,
        }
    }
}
