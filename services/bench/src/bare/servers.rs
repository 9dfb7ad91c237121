//! The processes of the bare loop, as many as the sockets need.

use std::net::SocketAddr;
use std::time::Duration;

use crate::bare::server::{BareAnswer, BareOrder, Listening};
use crate::crowd::shares;
use crate::descriptors::fans_per_process;
use crate::line_process::{LineProcess, LineProcessError};
use crate::process::Process;

/// How long an answer may take beyond what was asked for.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The bare loop in several processes.
pub(crate) struct BareServers {
    processes: Vec<LineProcess>,
    pub(crate) addresses: Vec<SocketAddr>,
    count: u32,
}

impl BareServers {
    /// Enough of them for so many sockets, and at least as many as there are gateways.
    pub(crate) async fn start(count: u32, at_least: usize) -> Result<Self, LineProcessError> {
        let needed = shares(count, fans_per_process()).len().max(at_least);
        let (mut processes, mut addresses) = (Vec::new(), Vec::new());
        for _ in 0..needed {
            let mut process = LineProcess::start("bare-child")?;
            let Listening { address } = process.hear(ANSWER_MAX).await?;
            addresses.push(address);
            processes.push(process);
        }
        Ok(Self {
            processes,
            addresses,
            count,
        })
    }

    pub(crate) fn processes(&self) -> Vec<Process> {
        self.processes.iter().map(LineProcess::process).collect()
    }

    /// Begins to let the fans in, which come in turn; they are [`BareServers::accepted`] then.
    pub(crate) async fn accept(&mut self, within: Duration) -> Result<(), LineProcessError> {
        let within_s = within.as_secs();
        let servers = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        for (number, process) in (0..).zip(&mut self.processes) {
            let count = (self.count - number).div_ceil(servers);
            process.tell(&BareOrder::Accept { count, within_s }).await?;
        }
        Ok(())
    }

    /// Waits until all fans that are connected are let in.
    pub(crate) async fn accepted(&mut self) -> Result<(), LineProcessError> {
        self.answers(ANSWER_MAX).await.map(drop)
    }

    /// Writes to all sockets so many times; how many writes did not go out at once.
    pub(crate) async fn write(
        &mut self,
        bytes: u32,
        rate: f64,
        rounds: u32,
    ) -> Result<BareAnswer, LineProcessError> {
        for process in &mut self.processes {
            let order = BareOrder::Write {
                bytes,
                rate,
                rounds,
            };
            process.tell(&order).await?;
        }
        let writing = Duration::from_secs_f64(f64::from(rounds) / rate);
        self.answers(writing + ANSWER_MAX).await
    }

    /// What all of them answer to the last order.
    async fn answers(&mut self, within: Duration) -> Result<BareAnswer, LineProcessError> {
        let mut all = BareAnswer::default();
        for process in &mut self.processes {
            let answer: BareAnswer = process.hear(within).await?;
            all.connections += answer.connections;
            all.blocked += answer.blocked;
            all.seq = all.seq.max(answer.seq);
        }
        Ok(all)
    }

    /// Ends all of them.
    pub(crate) async fn end(self) {
        for process in self.processes {
            process.end().await;
        }
    }
}
