//! With which numbers `bench run` runs each scenario.

use crate::BenchError;
use crate::args::{
    BurstArgs, Codec, CrowdArgs, FanSpread, FansArgs, IngestArgs, LateArgs, LoadArgs, PairsArgs,
    RunArgs, Scenario, SlowArgs, StageArgs, SteadyArgs, StormArgs, StoryArgs, WatchArgs,
};
use crate::descriptors::fans_per_process;
use crate::platform::{Balancer, Platform};
use crate::run::Measured;
use crate::scenarios::{burst, fans, ingest, late, pairs, slow, storm, story, tiers};

/// Fast enough that nobody waits long, and slow enough that nobody is in the backlog.
const CONNECTS_PER_S: u32 = 5_000;
/// As fast as it goes, where that is measured.
const CONNECTS_PER_S_MAX: u32 = 100_000;
/// A T20's state at its end, the median of real ones.
const STATE_BYTES: u32 = 7_400;
/// A frame of a ball as JSON, the mean of real matches.
const FRAME_BYTES: u32 = 463;
/// Matches at once, where there are many.
const MATCHES: u32 = 100;
/// Fans through the balancer: it needs two descriptors for each.
const TLS_FANS_MAX: u32 = 9_000;

/// How many gateways a scenario needs, and for how many fans each.
pub(crate) fn gateways(args: &RunArgs, scenario: Scenario) -> (u32, u32) {
    match scenario {
        Scenario::Many => {
            let gateways = args.many.div_ceil(fans_per_process());
            (gateways, args.many.div_ceil(gateways))
        }
        _ => (1, args.count),
    }
}

/// What each gateway is told. Where there are several, and nothing is said of their shards, all of
/// them together have one for each core, as the bare loops have.
pub(crate) fn gateway_flags(told: &str, gateways: u32) -> Vec<String> {
    let mut flags: Vec<String> = told.split_whitespace().map(str::to_owned).collect();
    if gateways > 1 && !flags.iter().any(|flag| flag.starts_with("--shards")) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let each = (cores / gateways as usize).max(1);
        flags.extend(["--shards".to_owned(), each.to_string()]);
    }
    flags
}

/// Measures it.
pub(crate) async fn measure(
    args: &RunArgs,
    scenario: Scenario,
    platform: &Platform,
) -> Result<Measured, BenchError> {
    let stage = |matches| stage(args, platform, matches);
    let steady = |rate| SteadyArgs { rate };
    let pairs = args.pairs;
    Ok(match scenario {
        Scenario::Fans => Measured::of(&fans::measure(&fans_args(stage(1))).await?),
        Scenario::Pairs => {
            let (stage, steady) = (stage(1), steady(2.0));
            let args = PairsArgs {
                stage,
                steady,
                pairs,
            };
            Measured::of(&pairs::measure(&args).await?)
        }
        Scenario::Many => {
            let (mut stage, steady) = (stage(1), steady(0.4));
            stage.crowd.count = args.many;
            let args = PairsArgs {
                stage,
                steady,
                pairs,
            };
            Measured::of(&pairs::measure(&args).await?)
        }
        Scenario::Storm => {
            let (stage, steady) = (stage(1), steady(10.0));
            Measured::of(&storm::measure(&StormArgs { stage, steady }).await?)
        }
        Scenario::Burst => {
            let args = BurstArgs {
                stage: stage(1),
                steady: steady(1.0),
                events: 16,
                bursts: pairs,
            };
            Measured::of(&burst::measure(&args).await?)
        }
        Scenario::Story => {
            let stage = stage(MATCHES);
            Measured::of(&story::measure(&StoryArgs { stage }).await?)
        }
        Scenario::Tiers => {
            let stage = stage(MATCHES);
            Measured::of(&tiers::measure(&mut StoryArgs { stage }).await?)
        }
        Scenario::Slow => {
            let (stage, steady) = (stage(1), steady(10.0));
            let args = SlowArgs {
                stage,
                steady,
                pairs,
            };
            Measured::of(&slow::measure(&args).await?)
        }
        Scenario::Late => {
            let args = LateArgs {
                stage: stage(1),
                steady: steady(2.0),
                events: 200,
            };
            Measured::of(&late::measure(&args).await?)
        }
        Scenario::Ingest => {
            let args = IngestArgs {
                load: stage(MATCHES).load,
                paced_rate: 200.0,
                paced_matches: 1_000,
                in_flight: 64,
                array: 50,
                nats_url: Some(platform.nats_url()),
                keys: Some(platform.keys()),
                json: false,
            };
            Measured::of(&ingest::measure(&args).await?)
        }
        Scenario::Tls => {
            let balancer = Balancer::start(platform.folder(), &platform.gateways()).await?;
            let mut stage = stage(1);
            stage.crowd.gateway = vec![balancer.url.clone()];
            stage.crowd.ca = Some(balancer.ca.clone());
            stage.crowd.count = args.count.min(TLS_FANS_MAX);
            stage.watch.platform_pid.push(balancer.pid);
            let found = fans::measure(&fans_args(stage)).await;
            balancer.end().await;
            Measured::of(&found?)
        }
    })
}

fn fans_args(mut stage: StageArgs) -> FansArgs {
    stage.crowd.connects_per_s = CONNECTS_PER_S_MAX;
    FansArgs {
        stage,
        steady: SteadyArgs { rate: 2.0 },
        idle_s: 5,
    }
}

fn stage(args: &RunArgs, platform: &Platform, matches: u32) -> StageArgs {
    StageArgs {
        crowd: CrowdArgs {
            gateway: platform.gateways(),
            ca: None,
            fan_token: Some(platform.fan_token.clone()),
            count: args.count,
            policy: None,
            codec: Codec::Json,
            fan_spread: match matches {
                1 => FanSpread::Even,
                _ => FanSpread::Zipf,
            },
            connects_per_s: CONNECTS_PER_S,
        },
        load: LoadArgs {
            scoring: platform.scoring(),
            token: platform.token.clone(),
            matches,
            seconds: args.seconds,
            frame_bytes: FRAME_BYTES,
            state_bytes: STATE_BYTES,
        },
        watch: WatchArgs {
            gateway_pid: platform.gateway_pids(),
            platform_pid: platform.platform_pids(),
            admin: platform.admin(),
            json: false,
        },
    }
}
