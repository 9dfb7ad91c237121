//! What a gateway can be told at its start.

use clap::Args;
use grandstand_core::policy::PolicyName;
use grandstand_server::args::EdgeArgs;
use grandstand_server::grant::Tier;

/// Options of a gateway.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:7002")))]
#[command(mut_arg("admin_listen", |arg| arg.default_value("127.0.0.1:7012")))]
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
    /// How fans are served.
    #[command(flatten)]
    pub fans: FanArgs,
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
