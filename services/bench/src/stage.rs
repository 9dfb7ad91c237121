//! A platform with its crowds: what every scenario with gateways begins with.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::Path;

use futures_util::future::join_all;

use crate::BenchError;
use crate::args::StageArgs;
use crate::crowd::orders::{Counts, Cursors, Order, Plan, Reading};
use crate::crowd::trust::Tls;
use crate::crowd::{Crowd, shares};
use crate::gateway_counts::GatewayCounts;
use crate::machine::Watched;
use crate::poster::{Poster, Posting};
use crate::process::Process;
use crate::turn::{SETTLE_MAX, TurnReport};

/// The first address that fans come from; each of their processes has its own.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The platform, and who reads it.
pub(crate) struct Stage {
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) poster: Poster,
    pub(crate) watched: Watched,
    /// Of all fans, however many there are.
    pub(crate) plan: Plan,
    admin: Vec<String>,
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
    pub(crate) async fn set(args: &StageArgs, crowds: u32) -> Result<Self, BenchError> {
        let StageArgs { crowd, load, watch } = args;
        let gateways = crowd.gateway.iter().map(|url| resolve(url));
        let gateways = gateways.collect::<Result<_, _>>()?;
        let tls = tls(&crowd.gateway, crowd.ca.as_deref())?;
        let mut watched = Watched {
            servers: watch_all("--gateway-pid", &watch.gateway_pid)?,
            platform: watch_all("--platform-pid", &watch.platform_pid)?,
            ours: vec![Process::own()],
        };
        let poster = Poster::start(load).await?;
        let plan = Plan {
            gateways,
            tls,
            token: crowd.fan_token.clone(),
            matches: poster.match_ids(),
            spread: crowd.fan_spread,
            reading: Reading::All,
            policy: crowd.policy,
            codec: crowd.codec,
            first: 0,
            count: crowd.count,
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
            plan,
            admin: watch.admin.clone(),
            connects_per_s: crowd.connects_per_s,
        })
    }

    /// Connects all fans, the crowds at the same time; what each of them counts then.
    pub(crate) async fn connect(&mut self) -> Result<Vec<Counts>, BenchError> {
        let crowds = u32::try_from(self.crowds.len()).unwrap_or(1).max(1);
        let per_s = self.connects_per_s.div_ceil(crowds);
        let connecting = self.crowds.iter_mut().map(|crowd| crowd.connect(per_s));
        all_connected(join_all(connecting).await, self.plan.count)
    }

    /// One turn, at whose beginning crowds may be cut.
    pub(crate) async fn turn(
        &mut self,
        posting: Posting,
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
        let posts = self.poster.post_steadily(posting).await;
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

/// What the crowds count, or how many of all `fans` are connected if not all are.
fn all_connected(
    crowds: Vec<Result<Counts, BenchError>>,
    fans: u32,
) -> Result<Vec<Counts>, BenchError> {
    let connected = crowds.iter().map(|crowd| match crowd {
        Ok(Counts { connected, .. }) | Err(BenchError::NotConnected { connected, .. }) => {
            *connected
        }
        Err(_) => 0,
    });
    let connected = connected.sum();
    let all: Result<_, _> = crowds.into_iter().collect();
    all.map_err(|error| match error {
        BenchError::NotConnected { why, .. } => BenchError::NotConnected {
            connected,
            fans,
            why,
        },
        other => other,
    })
}

fn watch_all(flag: &'static str, pids: &[i32]) -> Result<Vec<Process>, BenchError> {
    let watched = pids.iter().map(|&pid| {
        Process::watch(pid).map_err(|source| BenchError::Process { flag, pid, source })
    });
    watched.collect()
}

/// How fans know the gateways that they reach with TLS; none if they speak plain TCP.
fn tls(gateways: &[String], ca: Option<&Path>) -> Result<Option<Tls>, BenchError> {
    let hosts = gateways.iter().map(|url| {
        let host = url.strip_prefix("https://")?.split([':', '/']).next()?;
        Some((url, host))
    });
    let hosts: Option<Vec<_>> = hosts.collect();
    let fail = |url: &str, why: &str| BenchError::Gateway {
        url: url.to_owned(),
        why: why.to_owned(),
    };
    match (hosts.as_deref(), ca) {
        (Some([(url, _), ..]), None) => Err(fail(url, "needs --ca, the certificates to believe")),
        (Some([(_, name), others @ ..]), Some(ca)) => {
            if let Some((url, _)) = others.iter().find(|(_, host)| host != name) {
                return Err(fail(
                    url,
                    "has another host than the first, and one is believed",
                ));
            }
            let (ca, name) = (ca.to_owned(), (*name).to_owned());
            Ok(Some(Tls { ca, name }))
        }
        _ => match gateways.iter().find(|url| url.starts_with("https://")) {
            Some(url) => Err(fail(url, "has TLS, and others have not")),
            None => Ok(None),
        },
    }
}

/// The address of a gateway.
fn resolve(url: &str) -> Result<SocketAddr, BenchError> {
    let fail = |why: &str| BenchError::Gateway {
        url: url.to_owned(),
        why: why.to_owned(),
    };
    let (authority, usual_port) = match url.split_once("://") {
        Some(("http", rest)) => (rest.trim_end_matches('/'), 80),
        Some(("https", rest)) => (rest.trim_end_matches('/'), 443),
        _ => return Err(fail("begins with neither http:// nor https://")),
    };
    let address = match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
        _ => format!("{authority}:{usual_port}"),
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
        assert_eq!(resolve("https://127.0.0.1").unwrap().port(), 443);
        for bad in ["wss://127.0.0.1:1", "127.0.0.1:1", "http://[::1]:1"] {
            assert!(resolve(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn whom_fans_believe_is_one_host_and_told() {
        let told = |urls: &[&str], ca: Option<&str>| {
            let urls: Vec<_> = urls.iter().map(|url| (*url).to_owned()).collect();
            tls(&urls, ca.map(Path::new))
        };
        let plain = told(&["http://a:1", "http://b:1"], None);
        assert!(matches!(plain, Ok(None)));
        let known = told(&["https://a:1", "https://a:2"], Some("ca.pem"));
        assert!(matches!(known, Ok(Some(tls)) if tls.name == "a"));
        for (urls, ca) in [
            (&["https://a:1"][..], None),
            (&["https://a:1", "http://a:2"], Some("ca.pem")),
            (&["https://a:1", "https://b:1"], Some("ca.pem")),
        ] {
            assert!(told(urls, ca).is_err(), "{urls:?}");
        }
    }
}
