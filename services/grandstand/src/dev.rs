//! `grandstand dev`: everything in one process plus its own nats-server.

mod broker;
mod data;
mod playing;
mod show;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::Args;
use clap::builder::BoolishValueParser;
use grandstand_broker::{Broker, ConnectOptions, Keys, Role};
use grandstand_gateway::{AdmissionArgs, DrainArgs, FanArgs, FreshSign, Gateway, PlaceArgs};
use grandstand_play::Speed;
use grandstand_scoring::{ScoringConfig, start};
use grandstand_server::keys::{TokenKey, load_or_create};
use grandstand_server::listen::Listener;
use grandstand_server::serve::ServeLimits;
use grandstand_server::stop::StopSignals;
use grandstand_server::token::Verifier;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::dev::data::check as check_data;

use crate::config::check::{self, DevChecked};
use crate::config::descriptors::{self, Wanted};
use crate::dev::broker::Served;
use crate::dev::data::DataFolder;
use crate::dev::playing::{Player, Playing};
use crate::dev::show::{Pad, Ready, Tokens};
use crate::process::{Process, STOP_MAX, http, listen, unless_stopped, until_stopped};

/// Everything in one process
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: grandstand dev --seed 7 --speed 20")]
pub(crate) struct DevArgs {
    /// Folder of the store and the keys; made if it is not there
    #[arg(
        long,
        value_name = "DIR",
        env = "GRANDSTAND_DATA",
        default_value = "grandstand-data"
    )]
    data: PathBuf,
    /// What is played: a match in Cricsheet's JSON format, made-up T20s one after the other, or none
    #[arg(
        long = "match",
        value_name = "FILE|generated|none",
        env = "GRANDSTAND_DEV_MATCH",
        default_value = "generated"
    )]
    playing: String,
    /// How much faster than life it is played, where a ball takes 40 s: 10 is a ball every 4 s; or max
    #[arg(
        long,
        value_name = "N|max",
        env = "GRANDSTAND_SPEED",
        default_value = "10"
    )]
    speed: Speed,
    /// Which made-up match is played first: the same for the same number; any other one unless given
    #[arg(long, value_name = "N", env = "GRANDSTAND_SEED")]
    seed: Option<u64>,
    /// Use this running NATS server, which knows the keys of the data folder, and start none
    #[arg(long, value_name = "URL", env = "GRANDSTAND_NATS_URL")]
    nats_url: Option<String>,
    /// Where scorers post
    #[arg(
        long,
        value_name = "ADDR",
        env = "GRANDSTAND_SCORING_LISTEN",
        default_value = "127.0.0.1:7001"
    )]
    scoring_listen: SocketAddr,
    /// Where fans connect
    #[arg(
        long,
        value_name = "ADDR",
        env = "GRANDSTAND_GATEWAY_LISTEN",
        default_value = "127.0.0.1:7002"
    )]
    gateway_listen: SocketAddr,
    /// Address and port of /livez, /readyz and /metrics
    #[arg(
        long,
        value_name = "ADDR",
        env = "GRANDSTAND_ADMIN_LISTEN",
        default_value = "127.0.0.1:7010"
    )]
    admin_listen: SocketAddr,
    /// Port of its nats-server; 0 is any free one
    #[arg(
        long,
        value_name = "PORT",
        env = "GRANDSTAND_NATS_PORT",
        default_value_t = 0
    )]
    nats_port: u16,
    /// Say on stdout, as one JSON object a line, when it is ready, where, and with which tokens
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
    /// Check everything that can be checked without starting, say it, and exit: 0 fine, 1 not
    #[arg(long, env = "GRANDSTAND_CHECK_CONFIG", value_parser = BoolishValueParser::new())]
    check_config: bool,
    /// How fans are served.
    #[command(flatten)]
    fans: FanArgs,
}

impl DevArgs {
    /// Flag, variable and address of each listener.
    fn listeners(&self) -> [(&'static str, &'static str, SocketAddr); 3] {
        let (scoring, gateway, admin) =
            (self.scoring_listen, self.gateway_listen, self.admin_listen);
        [
            ("--scoring-listen", "GRANDSTAND_SCORING_LISTEN", scoring),
            ("--gateway-listen", "GRANDSTAND_GATEWAY_LISTEN", gateway),
            ("--admin-listen", "GRANDSTAND_ADMIN_LISTEN", admin),
        ]
    }

    async fn check_config(&self) -> ExitCode {
        check::dev(DevChecked {
            listeners: &self.listeners(),
            nats_port: self.nats_port,
            nats_url: self.nats_url.as_deref(),
            data: &self.data,
            json: self.json,
        })
        .await
    }
}

/// Runs until a signal.
pub(crate) async fn run(args: DevArgs, mut signals: StopSignals) -> anyhow::Result<ExitCode> {
    // Everything that can be wrong with the command is found before anything is started.
    let playing = Playing::asked(&args.playing, args.seed).await?;
    if args.check_config {
        return unless_stopped(args.check_config(), &mut signals).await;
    }
    let [scoring, gateway, _] = args.listeners();
    let scoring_listener = listen(scoring.0, scoring.1, scoring.2)?;
    let gateway_listener = listen(gateway.0, gateway.1, gateway.2)?;
    let data = DataFolder::open(&args.data)?;
    let token_key = load_or_create(&data.keys)?;
    let keys = Keys::load_or_create(&data.keys)?;
    let sign = FreshSign::new();
    let process = Process::start_with(args.admin_listen, sign.routes())?;

    let stop = CancellationToken::new();
    let work = async {
        let served = Served::start(&data, keys, args.nats_url.as_deref(), args.nats_port).await?;
        let sign_in = |role| Broker::connect(ConnectOptions::new(served.url(), &data.keys, role));
        let running = Roles {
            scoring_broker: sign_in(Role::Scoring).await?,
            gateway_broker: sign_in(Role::Gateway).await?,
            buckets: sign_in(Role::Gateway).await?,
            sign,
            token_key: &token_key,
            args: &args,
            process: &process,
            stop: stop.clone(),
        };
        let ready = Ready {
            scoring_url: http(scoring_listener.local_address()),
            gateway_url: http(gateway_listener.local_address()),
            admin_url: http(process.admin_address),
            nats_url: served.url().to_owned(),
            keys: data.keys.clone(),
            on_now: playing.known().cloned(),
            seed: playing.seed(),
            speed: args.speed,
            tokens: Tokens::mint(&token_key, SystemTime::now())?,
            pad: Pad::make(&token_key, SystemTime::now())?,
        };
        let watch = served.watch(&stop);
        let serve = running.serve(scoring_listener, gateway_listener, ready, playing);
        let (ended, served) = tokio::join!(serve, watch);
        served.stop().await?;
        ended
    };
    let ended = until_stopped(work, signals, stop.clone(), STOP_MAX).await?;
    process.end().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// Both edges, signed in.
struct Roles<'a> {
    scoring_broker: Broker,
    gateway_broker: Broker,
    /// The gateway's own connection for sessions and presence.
    buckets: Broker,
    sign: FreshSign,
    token_key: &'a TokenKey,
    args: &'a DevArgs,
    process: &'a Process,
    stop: CancellationToken,
}

impl Roles<'_> {
    /// Serves until the stop, and plays meanwhile. Whatever ends first ends all.
    async fn serve(
        self,
        scoring_listener: Listener,
        gateway_listener: Listener,
        ready: Ready,
        playing: Playing,
    ) -> anyhow::Result<()> {
        let _stop_all = self.stop.clone().drop_guard();
        let usual = ServeLimits::default();
        let admission = AdmissionArgs::default();
        let polls = AdmissionArgs::POLLS_MAX;
        let limits = ServeLimits {
            stop_wait_max: Duration::from_secs(2),
            connections_max: descriptors::fitting(2, usual.connections_max, polls),
            ..usual
        };
        descriptors::reserve(Wanted {
            connections: 2 * limits.connections_max,
            polls,
        })?;
        let config = ScoringConfig {
            limits,
            ..ScoringConfig::new(self.token_key.clone())
        };
        let readiness = &self.process.readiness;
        let (broker, stop) = (self.scoring_broker.clone(), self.stop.clone());
        let scoring = start(config, scoring_listener, broker, readiness, stop);
        let gateway = Gateway {
            broker: self.gateway_broker.clone(),
            buckets: self.buckets.clone(),
            advertised: PlaceArgs::default()
                .advertised(gateway_listener.local_address(), self.process.admin_address),
            verifier: Verifier::new(self.token_key),
            fans: self.args.fans.clone(),
            drain: DrainArgs::AT_ONCE,
            cors_origins: Vec::new(),
            connections_max: limits.connections_max,
            admission,
            readiness: readiness.check("gateway"),
            peers: readiness.check("peers"),
            staying: readiness.check("staying"),
            sign: self.sign.clone(),
        };
        let show = async {
            readiness.ready().await;
            ready.show(self.args.json);
            let player = Player {
                ready: &ready,
                speed: self.args.speed,
                json: self.args.json,
                is_alone: self.args.nats_url.is_none(),
            };
            player.play(playing).await;
        };
        let gateway = async {
            let ended = gateway.run(gateway_listener, self.stop.clone()).await;
            self.stop.cancel();
            ended
        };
        let scoring = async {
            let ended = scoring.ended().await;
            self.stop.cancel();
            ended
        };
        let shown = self.stop.run_until_cancelled(show);
        let (gateway, scoring, _) = tokio::join!(gateway, scoring, shown);
        self.gateway_broker.close().await;
        self.buckets.close().await;
        self.scoring_broker.close().await;
        gateway.context("the gateway")?;
        scoring.context("scoring")
    }
}
