//! `bench fans`: many fans connect, are idle, and get what is posted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::BenchError;
use crate::args::FansArgs;
use crate::machine::{CpuUse, MemoryPerConnection};
use crate::stage::Stage;
use crate::turn::TurnReport;

/// What `bench fans` found.
#[derive(Debug, Serialize)]
pub(crate) struct FansReport {
    pub(crate) fans: u32,
    pub(crate) matches: u32,
    pub(crate) gateways: usize,
    pub(crate) connect: ConnectReport,
    pub(crate) memory: MemoryPerConnection,
    /// While all were connected and nothing was posted.
    pub(crate) idle: CpuUse,
    pub(crate) steady: TurnReport,
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
    let mut stage = Stage::set(&args.crowd, &args.load, &args.watch, 1).await?;
    let (memory, cpu) = (stage.watched.memory(), stage.watched.cpu());
    let connected = stage.connect().await?;
    let connect = ConnectReport::new(
        args.crowd.count,
        connected[0].all_after_ms.unwrap_or(0),
        connected[0].refusals.clone(),
        cpu.until(stage.watched.cpu()),
    );

    let idle = stage.watched.cpu();
    tokio::time::sleep(Duration::from_secs(args.idle_s.into())).await;
    let idle = idle.until(stage.watched.cpu());
    let memory = memory.per_connection(stage.watched.memory(), args.crowd.count);

    let turn = stage.turn(&args.load, &[]).await?;
    stage.end().await;
    Ok(FansReport {
        fans: args.crowd.count,
        matches: args.load.matches,
        gateways: args.crowd.gateway.len(),
        connect,
        memory,
        idle,
        steady: turn.report,
        wrong: turn.wrong,
    })
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
