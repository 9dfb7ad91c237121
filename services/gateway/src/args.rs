//! What a gateway can be told at its start.

mod admission;

use std::net::SocketAddr;
use std::num::NonZero;

use clap::Args;
use grandstand_broker::GatewayName;
use grandstand_core::policy::PolicyName;
use grandstand_server::args::EdgeArgs;
use grandstand_server::grant::Tier;

pub use self::admission::AdmissionArgs;

use crate::access::random_u128;
use crate::drain::DrainArgs;
use crate::presence::Advertised;

/// Options of a gateway.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:7002")))]
#[command(mut_arg("admin_listen", |arg| arg.default_value("127.0.0.1:7012")))]
#[command(mut_arg("connections_max", |arg| arg.help("Fans at once by WebSocket and other lasting connections, 1 to 1000000; more are answered 503 and told to poll. Each takes a file descriptor")))]
pub struct GatewayArgs {
    /// What every edge has.
    #[command(flatten)]
    pub edge: EdgeArgs,
    /// NATS servers, separated by commas
    #[arg(
        long,
        value_name = "URL",
        env = "GRANDSTAND_NATS_URL",
        default_value = "nats://127.0.0.1:4222"
    )]
    pub nats_url: String,
    /// How it is known to its peers and to operators.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How fans are served.
    #[command(flatten)]
    pub fans: FanArgs,
    /// How it takes leave of them.
    #[command(flatten)]
    pub drain: DrainArgs,
    /// Who may come in.
    #[command(flatten)]
    pub admission: AdmissionArgs,
}

/// How a gateway is known to its peers and to operators.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    /// Name among all gateways, up to 64 letters, digits, - and _; the host's with something random
    /// unless given
    #[arg(long, value_name = "NAME", env = "GRANDSTAND_NAME")]
    pub name: Option<GatewayName>,
    /// URL at which fans reach it, if it is not the address that it listens on
    #[arg(long, value_name = "URL", env = "GRANDSTAND_ADVERTISE_URL", value_parser = parse_url)]
    pub advertise_url: Option<String>,
    /// URL at which its peers reach its admin port, if it is not the address of that
    #[arg(long, value_name = "URL", env = "GRANDSTAND_ADVERTISE_ADMIN_URL", value_parser = parse_url)]
    pub advertise_admin_url: Option<String>,
}

/// How fans are served.
#[derive(Debug, Clone, Args)]
pub struct FanArgs {
    /// Tier of fans without a token; none refuses them
    #[arg(long, value_name = "TIER", env = "GRANDSTAND_ANONYMOUS_TIER", default_value = "free", value_parser = parse_anonymous)]
    pub anonymous_tier: Anonymous,
    /// Policy of the free tier
    #[arg(long, value_name = "POLICY", env = "GRANDSTAND_FREE_POLICY", default_value = "digest", value_parser = parse_policy)]
    pub free_policy: PolicyName,
    /// Policy of the plus tier
    #[arg(long, value_name = "POLICY", env = "GRANDSTAND_PLUS_POLICY", default_value = "batch", value_parser = parse_policy)]
    pub plus_policy: PolicyName,
    /// Policy of the premium tier
    #[arg(long, value_name = "POLICY", env = "GRANDSTAND_PREMIUM_POLICY", default_value = "realtime", value_parser = parse_policy)]
    pub premium_policy: PolicyName,
    /// Seconds without traffic before a fan is told where it stands, 15 to 240
    #[arg(long, value_name = "SECONDS", env = "GRANDSTAND_HEARTBEAT_S", default_value_t = 55, value_parser = clap::value_parser!(u32).range(15..=240))]
    pub heartbeat_s: u32,
    /// Event loops for connections, 1 to 64; one for each core unless given
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_SHARDS", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub shards: Option<u16>,
    /// Fans who listen to server-sent events at once, 0 to 20000; each is a connection too
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_SSE_MAX", default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(0..=20_000))]
    pub sse_max: u16,
    /// How event loops write to sockets
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        env = "GRANDSTAND_WRITES",
        default_value = "auto"
    )]
    pub writes: Writes,
    /// Never deflate what goes to fans over WebSocket, though their client takes it
    #[arg(long, env = "GRANDSTAND_NO_DEFLATE")]
    pub no_deflate: bool,
    /// Bytes that the logs of all matches in memory may have together, 1 MiB at least; beyond that
    /// caches go first, then logs that nobody reads, then the oldest events
    #[arg(long, value_name = "BYTES", env = "GRANDSTAND_LOG_BYTES_MAX", default_value_t = 256 << 20, value_parser = clap::value_parser!(u64).range(1 << 20..))]
    pub log_bytes_max: u64,
}

/// How event loops write to sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Writes {
    /// Through io_uring where the kernel lets us, else one after the other
    Auto,
    /// One after the other
    Plain,
    /// Through io_uring, or not at all
    Uring,
}

/// What fans without a token are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymous {
    /// Refused.
    Refused,
    /// Of this tier.
    Of(Tier),
}

impl FanArgs {
    /// The most that a tier grants.
    pub fn policy_of(&self, tier: Tier) -> PolicyName {
        match tier {
            Tier::Free => self.free_policy,
            Tier::Plus => self.plus_policy,
            Tier::Premium => self.premium_policy,
        }
    }

    /// How many event loops there are.
    pub(crate) fn shards(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.shards.map_or_else(cores, usize::from)
    }
}

impl PlaceArgs {
    /// What others are told, of a gateway that listens at these addresses.
    pub fn advertised(self, listen: SocketAddr, admin_listen: SocketAddr) -> Advertised {
        let url = |given: Option<String>, address| given.unwrap_or_else(|| own_url(address));
        Advertised {
            name: self.name.unwrap_or_else(own_name),
            url: url(self.advertise_url, listen),
            admin_url: url(self.advertise_admin_url, admin_listen),
        }
    }
}

/// Where others reach an address of ours: all addresses together have only the host's name.
fn own_url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://{}:{}", host_name(), address.port()),
        false => format!("http://{address}"),
    }
}

/// The host's name as far as it fits, and something that no other gateway there has.
fn own_name() -> GatewayName {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let host: String = host_name().chars().map(plain).take(40).collect();
    let name = format!("{host}-{:08x}", random_u128() as u32).parse();
    name.expect("letters, digits and '-', and fewer than 64 of them")
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

fn parse_url(text: &str) -> Result<String, String> {
    let url: http::Uri = text.parse().map_err(|_| "is no URL".to_owned())?;
    match (url.scheme_str(), url.authority()) {
        (Some("http" | "https"), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("a URL is like http://10.0.0.7:7002".to_owned()),
    }
}

fn parse_anonymous(text: &str) -> Result<Anonymous, String> {
    match text {
        "none" => Ok(Anonymous::Refused),
        tier => tier
            .parse()
            .map(Anonymous::Of)
            .map_err(|e| format!("{e}, or none")),
    }
}

fn parse_policy(text: &str) -> Result<PolicyName, String> {
    match text {
        "digest" => Ok(PolicyName::Digest),
        "batch" => Ok(PolicyName::Batch),
        "realtime" => Ok(PolicyName::Realtime),
        _ => Err("a policy is digest, batch or realtime".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_tells_others_where_they_reach_it() {
        let any = "0.0.0.0:7012".parse().unwrap();
        let own = "127.0.0.1:7002".parse().unwrap();
        let told = PlaceArgs::default().advertised(own, any);
        assert_eq!(told.url, "http://127.0.0.1:7002");
        assert!(told.admin_url.ends_with(":7012") && !told.admin_url.contains("0.0.0.0"));
        let given = PlaceArgs {
            name: Some("north-1".parse().unwrap()),
            advertise_url: Some("https://fans.example".to_owned()),
            advertise_admin_url: None,
        };
        let told = given.advertised(any, own);
        assert_eq!(
            (told.name.to_string().as_str(), told.url.as_str()),
            ("north-1", "https://fans.example")
        );
        assert_ne!(own_name(), own_name());
    }

    #[test]
    fn an_advertised_url_is_one() {
        assert_eq!(
            parse_url("http://g1:7012/"),
            Ok("http://g1:7012".to_owned())
        );
        for bad in [
            "",
            "g1:7012",
            "nats://g1:7012",
            "http://",
            "http:///x",
            "a b",
        ] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }
}
