//! Many fans, in processes of their own: a process has few file descriptors, and the checker of a
//! server must not wait for its own poster.

pub(crate) mod child;
mod fan;
mod follower;
pub(crate) mod frames;
mod handshake;
mod message;
pub(crate) mod orders;
mod seats;
pub(crate) mod trust;
mod wire;

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::time::Instant;

use crate::BenchError;
use crate::crowd::orders::{Counts, Order, Plan};
use crate::descriptors::fans_per_process;
use crate::line_process::{LineProcess, LineProcessError};
use crate::process::Process;

pub(crate) use fan::now_us;

/// How late the last fan may be.
const CONNECT_MAX: Duration = Duration::from_secs(60);
/// Where every fan was refused so often and none let in, none will be.
const TRIES_IN_VAIN_MAX: u64 = 10;
/// An order that takes longer hangs.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How often the processes are asked whether it is done.
const LOOK: Duration = Duration::from_millis(100);

/// Fans, connected or not.
pub(crate) struct Crowd {
    processes: Vec<LineProcess>,
    pub(crate) fans: u32,
}

impl Crowd {
    /// Starts the processes for as many fans as the plan says, the first of which comes from the
    /// plan's source address and the others from those after it.
    pub(crate) async fn start(plan: &Plan) -> Result<Self, LineProcessError> {
        let mut crowd = Self {
            processes: Vec::new(),
            fans: plan.count,
        };
        for (number, share) in (0..).zip(shares(plan.count, fans_per_process())) {
            let mut process = LineProcess::start("fan-child")?;
            let part = Plan {
                first: plan.first + share.0,
                count: share.1,
                source: Ipv4Addr::from_bits(plan.source.to_bits() + number),
                ..plan.clone()
            };
            process.tell(&part).await?;
            crowd.processes.push(process);
        }
        Ok(crowd)
    }

    /// How many processes they are in.
    pub(crate) fn processes(&self) -> impl Iterator<Item = Process> + '_ {
        self.processes.iter().map(LineProcess::process)
    }

    /// Gives all of them an order; what they count together.
    pub(crate) async fn order(&mut self, order: Order) -> Result<Counts, LineProcessError> {
        for process in &mut self.processes {
            process.tell(&order).await?;
        }
        let mut all: Option<Counts> = None;
        for process in &mut self.processes {
            let counts = process.hear(ANSWER_MAX).await?;
            match &mut all {
                Some(all) => all.merge(&counts),
                None => all = Some(counts),
            }
        }
        Ok(all.unwrap_or_default())
    }

    /// Connects all, so many a second.
    pub(crate) async fn connect(&mut self, per_s: u32) -> Result<Counts, BenchError> {
        let processes = u32::try_from(self.processes.len()).unwrap_or(1).max(1);
        let order = Order::Connect {
            per_s: per_s.div_ceil(processes),
        };
        self.order(order).await?;
        let all = u64::from(self.fans);
        let within = connect_max(self.fans, per_s);
        let in_vain = |counts: &Counts| {
            let refused: u64 = counts.refusals.values().sum();
            counts.connected == 0 && refused >= all * TRIES_IN_VAIN_MAX
        };
        let done = |counts: &Counts| counts.connected == all || in_vain(counts);
        let counts = self.until(within, done).await?;
        if counts.connected == all {
            return Ok(counts);
        }
        let why = counts.refusals.iter().chain(&counts.window.errors);
        let why: Vec<_> = why.map(|(why, count)| format!("{why} {count}")).collect();
        Err(BenchError::NotConnected {
            connected: counts.connected,
            fans: self.fans,
            why: why.join(", "),
        })
    }

    /// Looks again and again until it is `done` or `within` has passed; what it saw last.
    pub(crate) async fn until(
        &mut self,
        within: Duration,
        done: impl Fn(&Counts) -> bool,
    ) -> Result<Counts, LineProcessError> {
        let until = Instant::now() + within;
        loop {
            let counts = self.order(Order::Count).await?;
            if done(&counts) || Instant::now() >= until {
                return Ok(counts);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends all processes.
    pub(crate) async fn end(self) {
        for process in self.processes {
            process.end().await;
        }
    }
}

/// How long so many fans may take to connect before it counts as never.
pub(crate) fn connect_max(fans: u32, per_s: u32) -> Duration {
    CONNECT_MAX + 2 * Duration::from_secs(fans.div_ceil(per_s).into())
}

/// `count` in even parts of at most `most` each: where each begins, and how many it has.
pub(crate) fn shares(count: u32, most: u32) -> Vec<(u32, u32)> {
    let parts = count.div_ceil(most).max(1);
    let begin = |part: u32| {
        let begin = u64::from(count) * u64::from(part) / u64::from(parts);
        u32::try_from(begin).unwrap_or(count)
    };
    (0..parts)
        .map(|part| (begin(part), begin(part + 1) - begin(part)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_even_and_all_of_it() {
        assert_eq!(shares(7, 3), [(0, 2), (2, 2), (4, 3)]);
        assert_eq!(shares(3, 3), [(0, 3)]);
        assert_eq!(shares(0, 3), [(0, 0)]);
    }
}
