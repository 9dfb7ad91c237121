//! A platform with its crowds: what every scenario with gateways begins with.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use crate::BenchError;
use crate::args::{CrowdArgs, LoadArgs, WatchArgs};
use crate::crowd::orders::{Counts, Cursors, Order, Plan};
use crate::crowd::{Crowd, shares};
use crate::gateway_counts::GatewayCounts;
use crate::machine::Watched;
use crate::poster::Poster;
use crate::process::Process;
use crate::turn::{SETTLE_MAX, TurnReport};

/// The first address that fans come from; each of their processes has its own.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The platform, and who reads it.
pub(crate) struct Stage {
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) poster: Poster,
    pub(crate) watched: Watched,
    admin: Vec<String>,
    rate: f64,
    connects_per_s: u32,
}

/// A turn, with what each crowd has counted.
pub(crate) struct Turn {
    pub(crate) counts: Vec<Counts>,
    /// Of all crowds together.
    pub(crate) report: TurnReport,
    /// What was not as it should be.
    pub(crate) wrong: Vec<String>,
}

impl Stage {
    /// Creates matches and starts the processes for the fans, in so many crowds.
    pub(crate) async fn set(
        crowd: &CrowdArgs,
        load: &LoadArgs,
        watch: &WatchArgs,
        crowds: u32,
    ) -> Result<Self, BenchError> {
        let gateways = crowd.gateway.iter().map(|url| resolve(url));
        let gateways = gateways.collect::<Result<_, _>>()?;
        let mut watched = Watched {
            servers: watch_all("--gateway-pid", &watch.gateway_pid)?,
            platform: watch_all("--platform-pid", &watch.platform_pid)?,
            ours: vec![Process::own()],
        };
        let poster = Poster::start(load).await?;
        let plan = Plan {
            gateways,
            token: crowd.fan_token.clone(),
            matches: poster.match_ids(),
            policy: crowd.policy,
            codec: crowd.codec,
            first: 0,
            count: 0,
            source: SOURCE,
        };
        let mut started: Vec<Crowd> = Vec::new();
        let mut processes = 0;
        for (first, count) in shares(crowd.count, crowd.count.div_ceil(crowds)) {
            let source = Ipv4Addr::from_bits(SOURCE.to_bits() + processes);
            let part = Plan {
                first,
                count,
                source,
                ..plan.clone()
            };
            let crowd = Crowd::start(&part).await?;
            watched.ours.extend(crowd.processes());
            processes += u32::try_from(crowd.processes().count()).unwrap_or(0);
            started.push(crowd);
        }
        Ok(Self {
            crowds: started,
            poster,
            watched,
            admin: watch.admin.clone(),
            rate: crowd.rate,
            connects_per_s: crowd.connects_per_s,
        })
    }

    /// Connects all fans; what each crowd counts then.
    pub(crate) async fn connect(&mut self) -> Result<Vec<Counts>, BenchError> {
        let mut all = Vec::new();
        for crowd in &mut self.crowds {
            all.push(crowd.connect(self.connects_per_s).await?);
        }
        Ok(all)
    }

    /// One turn, at whose beginning crowds may be cut.
    pub(crate) async fn turn(
        &mut self,
        load: &LoadArgs,
        cut: &[(usize, Cursors)],
    ) -> Result<Turn, BenchError> {
        let counted = GatewayCounts::ask(&self.admin).await?;
        for crowd in &mut self.crowds {
            crowd.order(Order::Mark).await?;
        }
        let before = self.watched.cpu();
        for &(crowd, with) in cut {
            self.crowds[crowd].order(Order::Cut { with }).await?;
        }
        let posts = self.poster.post_steadily(self.rate, load.posting()).await;
        let heads = self.poster.heads();
        let (mut counts, mut wrong): (Vec<Counts>, Vec<String>) =
            (Vec::new(), posts.wrong().into_iter().collect());
        for crowd in &mut self.crowds {
            let fans = u64::from(crowd.fans);
            let all = |counts: &Counts| counts.connected == fans && counts.all_at(&heads);
            let seen = crowd.until(SETTLE_MAX, all).await?;
            if !all(&seen) {
                let connected = seen.connected;
                wrong.push(format!(
                    "{SETTLE_MAX:?} after the last post {connected} of {fans} fans are connected, and not all at the head"
                ));
            }
            counts.push(seen);
        }
        let cpu = before.until(self.watched.cpu());
        let mut all = counts[0].clone();
        counts[1..].iter().for_each(|more| all.merge(more));
        wrong.extend(all.faults.words());
        let stands = all.stands.iter();
        let expected = stands.map(|(&number, stand)| stand.fans * posts.events[number]);
        let mut report = TurnReport::new(&all, expected.sum(), cpu).posted(&posts);
        if cut.is_empty() {
            wrong.extend(report.wrong());
        }
        let counted = GatewayCounts::ask(&self.admin).await?.zip(counted);
        report.gateways = counted.map(|(now, then)| now.since(then));
        Ok(Turn {
            counts,
            report,
            wrong,
        })
    }

    /// Ends all processes.
    pub(crate) async fn end(self) {
        for crowd in self.crowds {
            crowd.end().await;
        }
    }
}

fn watch_all(flag: &'static str, pids: &[i32]) -> Result<Vec<Process>, BenchError> {
    let watched = pids.iter().map(|&pid| {
        Process::watch(pid).map_err(|source| BenchError::Process { flag, pid, source })
    });
    watched.collect()
}

/// The address of a gateway. Fans speak plain TCP.
fn resolve(url: &str) -> Result<SocketAddr, BenchError> {
    let fail = |why: &str| BenchError::Gateway {
        url: url.to_owned(),
        why: why.to_owned(),
    };
    let authority = url
        .strip_prefix("http://")
        .ok_or_else(|| fail("begins with http://"))?
        .trim_end_matches('/');
    let address = match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
        _ => format!("{authority}:80"),
    };
    let addresses = address.to_socket_addrs();
    let mut addresses = addresses.map_err(|error| fail(&error.to_string()))?;
    addresses
        .find(SocketAddr::is_ipv4)
        .ok_or_else(|| fail("has no IPv4 address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_where_its_url_says() {
        assert_eq!(resolve("http://127.0.0.1:7002/").unwrap().port(), 7002);
        assert_eq!(resolve("http://127.0.0.1").unwrap().port(), 80);
        for bad in ["https://127.0.0.1:1", "127.0.0.1:1", "http://[::1]:1"] {
            assert!(resolve(bad).is_err(), "{bad}");
        }
    }
}
