//! How many may come in, how fast, and whose word on addresses is taken.

use clap::Args;
use clap::builder::RangedU64ValueParser;
use grandstand_server::address::parse_network;
use ipnet::IpNet;

use crate::admission::Bounds;

/// Who may come in.
#[derive(Debug, Clone, Args)]
pub struct AdmissionArgs {
    /// Connections at once that speak plain HTTP, polling among them, 1 to 1000000; beside those of
    /// --connections-max, so that a full gateway can still be polled. Each takes a file descriptor;
    /// unless given 2000, or as many as those of --connections-max leave, at least 100
    #[arg(
        long,
        value_name = "COUNT",
        env = "GRANDSTAND_POLLS_MAX",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000)
    )]
    pub polls_max: Option<usize>,
    /// Connections taken in a second, the others wait in the kernel's queue; 0: no limit
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_ACCEPT_RATE", default_value_t = AdmissionArgs::ACCEPT_RATE)]
    pub accept_rate: u32,
    /// Connections taken at once after a pause, whatever the rate
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_ACCEPT_BURST", default_value_t = AdmissionArgs::ACCEPT_BURST)]
    pub accept_burst: u32,
    /// WebSockets of one user (the sub of a token), from wherever; 0: no limit
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_USER_CONNECTIONS_MAX", default_value_t = AdmissionArgs::USER_MAX)]
    pub user_connections_max: u32,
    /// WebSockets from one address (IPv6: one /64), behind which may be many; 0: no limit
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_ADDRESS_CONNECTIONS_MAX", default_value_t = AdmissionArgs::ADDRESS_MAX)]
    pub address_connections_max: u32,
    /// WebSockets from one address, beyond which only users with a token come in from there;
    /// 0: no limit
    #[arg(long, value_name = "COUNT", env = "GRANDSTAND_ANONYMOUS_CONNECTIONS_MAX", default_value_t = AdmissionArgs::ANONYMOUS_MAX)]
    pub anonymous_connections_max: u32,
    /// Networks of proxies whose X-Forwarded-For names the client, such as 10.0.0.0/8, separated by
    /// commas. Without it all who come by a proxy count as one address
    #[arg(
        long,
        value_name = "CIDR",
        env = "GRANDSTAND_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = parse_network
    )]
    pub trusted_proxies: Vec<IpNet>,
}

impl AdmissionArgs {
    /// How many may poll, unless it is said how many.
    pub const POLLS_MAX: usize = 2_000;
    /// About what two cores take in; a larger machine is told more.
    const ACCEPT_RATE: u32 = 20_000;
    const ACCEPT_BURST: u32 = 2_000;
    /// How many share a token or an address only who runs the platform knows; compose.yaml says
    /// what fits the public.
    const USER_MAX: u32 = 0;
    const ADDRESS_MAX: u32 = 0;
    const ANONYMOUS_MAX: u32 = 0;

    /// How many may poll.
    pub(crate) fn polls_max(&self) -> usize {
        self.polls_max.unwrap_or(Self::POLLS_MAX)
    }

    /// The bounds, with so many in all.
    pub(crate) fn bounds(&self, connections_max: usize) -> Bounds {
        Bounds {
            connections_max,
            user_max: self.user_connections_max,
            address_max: self.address_connections_max,
            anonymous_max: self.anonymous_connections_max,
        }
    }
}

impl Default for AdmissionArgs {
    fn default() -> Self {
        Self {
            polls_max: None,
            accept_rate: Self::ACCEPT_RATE,
            accept_burst: Self::ACCEPT_BURST,
            user_connections_max: Self::USER_MAX,
            address_connections_max: Self::ADDRESS_MAX,
            anonymous_connections_max: Self::ANONYMOUS_MAX,
            trusted_proxies: Vec::new(),
        }
    }
}
