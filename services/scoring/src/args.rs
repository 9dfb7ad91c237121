//! The flags of the role.

use clap::Args;
use grandstand_server::address::parse_network;
use grandstand_server::args::EdgeArgs;
use grandstand_server::quota::Quota;
use ipnet::IpNet;

/// How `grandstand scoring` is run.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:7001")))]
#[command(mut_arg("admin_listen", |arg| arg.default_value("127.0.0.1:7011")))]
pub struct ScoringArgs {
    /// Where it listens, its keys and its connections.
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
    /// Matches that are kept in memory at once; the one that is idle longest makes room
    #[arg(
        long,
        value_name = "COUNT",
        env = "GRANDSTAND_MATCHES_MAX",
        default_value_t = crate::Bounds::default().matches_max
    )]
    pub matches_max: usize,
    /// Requests of one token in 10 s; more are answered 429; 0: no limit
    #[arg(
        long,
        value_name = "COUNT",
        env = "GRANDSTAND_TOKEN_REQUESTS_MAX",
        default_value_t = Quota::default().requests_max
    )]
    pub token_requests_max: u32,
    /// Networks of proxies whose X-Forwarded-For names the client, such as 10.0.0.0/8, separated by
    /// commas. Without it wrong PINs of all who come by a proxy count as those of one address
    #[arg(
        long,
        value_name = "CIDR",
        env = "GRANDSTAND_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = parse_network
    )]
    pub trusted_proxies: Vec<IpNet>,
}

impl ScoringArgs {
    /// What a token has; none: no limit.
    pub fn quota(&self) -> Option<Quota> {
        (self.token_requests_max > 0).then_some(Quota {
            requests_max: self.token_requests_max,
            ..Quota::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        scoring: ScoringArgs,
    }

    #[test]
    fn the_role_has_ports_of_its_own_unless_told_otherwise() {
        let usual = Program::try_parse_from(["scoring", "--keys", "k"]).unwrap();
        assert_eq!(usual.scoring.edge.listen.port(), 7001);
        assert_eq!(usual.scoring.edge.admin_listen.port(), 7011);
        let told = ["scoring", "--keys", "k", "--listen", "127.0.0.1:0"];
        let told = Program::try_parse_from(told).unwrap();
        assert_eq!(told.scoring.edge.listen.port(), 0);
    }
}
