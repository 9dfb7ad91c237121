//! `bench bare`: the bare write loop over many sockets, with the same fans as a gateway's.

pub(crate) mod server;
mod servers;

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Serialize;

use crate::BenchError;
use crate::args::{BareArgs, Codec, FanSpread};
use crate::bare::server::MATCH;
use crate::bare::servers::BareServers;
use crate::crowd::orders::{Order, Plan, Reading};
use crate::crowd::{Crowd, connect_max};
use crate::figure::Figure;
use crate::machine::Watched;
use crate::process::Process;
use crate::scenarios::{Found, ms};
use crate::turn::{SETTLE_MAX, TurnReport};

/// Far from the addresses that a gateway's fans come from.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);

/// The bare loop with its fans.
pub(crate) struct Bare {
    servers: BareServers,
    crowd: Crowd,
    watched: Watched,
}

/// What `bench bare` found.
#[derive(Debug, Serialize)]
pub(crate) struct BareReport {
    pub(crate) fans: u32,
    pub(crate) processes: usize,
    pub(crate) turn: TurnReport,
    /// What was not as it should be; empty if all was.
    pub(crate) wrong: Vec<String>,
}

impl Found for BareReport {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::told("p99", ms(self.turn.latency_us.p99), "ms"),
            Figure::told("CPU for each frame", self.turn.server_us_per_frame, "us"),
        ]
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

impl Bare {
    /// Starts it and connects its fans.
    pub(crate) async fn start(
        count: u32,
        at_least: usize,
        connects_per_s: u32,
    ) -> Result<Self, BenchError> {
        let mut servers = BareServers::start(count, at_least).await?;
        let plan = Plan {
            gateways: servers.addresses.clone(),
            tls: None,
            token: None,
            matches: vec![MATCH.to_owned()],
            spread: FanSpread::Even,
            reading: Reading::All,
            policy: None,
            codec: Codec::Json,
            first: 0,
            count,
            source: SOURCE,
        };
        let mut crowd = Crowd::start(&plan).await?;
        servers.accept(connect_max(count, connects_per_s)).await?;
        crowd.connect(connects_per_s).await?;
        servers.accepted().await?;
        let watched = Watched {
            servers: servers.processes(),
            ours: crowd.processes().collect(),
            ..Watched::default()
        };
        Ok(Self {
            servers,
            crowd,
            watched,
        })
    }

    /// Its processes and those of its fans.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let fans = self.crowd.processes();
        fans.chain(self.servers.processes()).collect()
    }

    /// Who else takes CPU time and is none of the others on this machine.
    pub(crate) fn beside(&mut self, ours: Vec<Process>, platform: Vec<Process>) {
        self.watched.ours.extend(ours);
        self.watched.platform.extend(platform);
    }

    /// One turn of writing.
    pub(crate) async fn turn(
        &mut self,
        bytes: u32,
        rate: f64,
        duration: Duration,
    ) -> Result<(TurnReport, Vec<String>), BenchError> {
        let rounds = (rate * duration.as_secs_f64()).round().max(1.0) as u32;
        self.crowd.order(Order::Mark).await?;
        let before = self.watched.cpu();
        let written = self.servers.write(bytes, rate, rounds).await?;
        let heads = [written.seq];
        let counts = self
            .crowd
            .until(SETTLE_MAX, |counts| counts.all_at(&heads))
            .await?;
        let cpu = before.until(self.watched.cpu());
        let expected = u64::from(rounds) * u64::from(self.crowd.fans);
        let mut wrong = counts.faults.words();
        if written.blocked > 0 {
            wrong.push(format!("{} writes did not go out at once", written.blocked));
        }
        let report = TurnReport::new(&counts, expected, cpu);
        wrong.extend(report.wrong());
        Ok((report, wrong))
    }

    /// Ends all processes.
    pub(crate) async fn end(self) {
        self.crowd.end().await;
        self.servers.end().await;
    }
}

/// Measures by what the command line says.
pub(crate) async fn measure(args: &BareArgs) -> Result<BareReport, BenchError> {
    let mut bare = Bare::start(args.count, 1, args.connects_per_s).await?;
    bare.beside(vec![Process::own()], Vec::new());
    let duration = Duration::from_secs(args.seconds.into());
    let (turn, wrong) = bare.turn(args.bytes, args.rate, duration).await?;
    let processes = bare.servers.addresses.len();
    bare.end().await;
    Ok(BareReport {
        fans: args.count,
        processes,
        turn,
        wrong,
    })
}
