//! `grandstand dev`: everything in one process plus its own nats-server.

mod broker;
mod data;
mod show;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::Args;
use clap::builder::BoolishValueParser;
use grandstand_broker::{Broker, ConnectOptions, Keys, Role};
use grandstand_core::ids::MatchId;
use grandstand_gateway::{FanArgs, Gateway};
use grandstand_play::{PlayArgs, Progress, Speed};
use grandstand_scoring::{ScoringConfig, start};
use grandstand_server::keys::{TokenKey, load_or_create};
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::serve::ServeLimits;
use grandstand_server::token::Verifier;
use tokio_util::sync::CancellationToken;

use crate::dev::broker::Served;
use crate::dev::data::DataFolder;
use crate::dev::show::{Ready, Tokens};
use crate::process::{Process, http, until_stopped};

/// Everything in one process
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: grandstand dev --match final.json --speed 20")]
pub(crate) struct DevArgs {
    /// Folder of the store and the keys; made if it is not there
    #[arg(
        long,
        value_name = "DIR",
        env = "GRANDSTAND_DATA",
        default_value = "grandstand-data"
    )]
    data: PathBuf,
    /// A match in Cricsheet's JSON format to play, or none
    #[arg(
        long = "match",
        value_name = "FILE|none",
        env = "GRANDSTAND_DEV_MATCH",
        default_value = "none"
    )]
    match_file: String,
    /// How much faster than life the match is played, where a ball takes 40 s; or max
    #[arg(
        long,
        value_name = "N|max",
        env = "GRANDSTAND_SPEED",
        default_value = "20"
    )]
    speed: Speed,
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
    /// How fans are served.
    #[command(flatten)]
    fans: FanArgs,
}

/// Runs until a signal.
pub(crate) async fn run(args: DevArgs) -> anyhow::Result<ExitCode> {
    // Everything that can be wrong with the command is found before anything is started.
    let file = match args.match_file.as_str() {
        "none" => None,
        file => Some(checked_match(PathBuf::from(file)).await?),
    };
    let scoring_listener = Listener::bind(args.scoring_listen, SocketOptions::default())
        .context("--scoring-listen")?;
    let gateway_listener = Listener::bind(args.gateway_listen, SocketOptions::default())
        .context("--gateway-listen")?;
    let data = DataFolder::open(&args.data)?;
    let token_key = load_or_create(&data.keys)?;
    let keys = Keys::load_or_create(&data.keys)?;
    let process = Process::start(args.admin_listen)?;

    let stop = CancellationToken::new();
    let work = async {
        let served = Served::start(&data, keys, args.nats_url.as_deref(), args.nats_port).await?;
        let sign_in = |role| Broker::connect(ConnectOptions::new(served.url(), &data.keys, role));
        let running = Roles {
            scoring_broker: sign_in(Role::Scoring).await?,
            gateway_broker: sign_in(Role::Gateway).await?,
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
            match_id: file.as_ref().map(|(_, match_id)| match_id.clone()),
            tokens: Tokens::mint(&token_key, SystemTime::now())?,
        };
        let watch = served.watch(&stop);
        let serve = running.serve(scoring_listener, gateway_listener, ready, file);
        let (ended, served) = tokio::join!(serve, watch);
        served.stop().await?;
        ended
    };
    let ended = until_stopped(work, stop.clone()).await?;
    process.end().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// The file is read now, so that a wrong one is said before anything runs.
async fn checked_match(file: PathBuf) -> anyhow::Result<(PathBuf, MatchId)> {
    grandstand_play::read::read(&file).await?;
    let match_id = grandstand_play::match_id_of(&file).with_context(|| {
        format!(
            "the name of {} makes no match id; rename it",
            file.display()
        )
    })?;
    Ok((file, match_id))
}

/// Both edges, signed in.
struct Roles<'a> {
    scoring_broker: Broker,
    gateway_broker: Broker,
    token_key: &'a TokenKey,
    args: &'a DevArgs,
    process: &'a Process,
    stop: CancellationToken,
}

impl Roles<'_> {
    /// Serves until the stop, and plays the match meanwhile. Whatever ends first ends all.
    async fn serve(
        self,
        scoring_listener: Listener,
        gateway_listener: Listener,
        ready: Ready,
        file: Option<(PathBuf, MatchId)>,
    ) -> anyhow::Result<()> {
        let _stop_all = self.stop.clone().drop_guard();
        let limits = ServeLimits {
            stop_wait_max: Duration::from_secs(2),
            ..ServeLimits::default()
        };
        let config = ScoringConfig {
            limits,
            ..ScoringConfig::new(Verifier::new(self.token_key))
        };
        let readiness = &self.process.readiness;
        let (broker, stop) = (self.scoring_broker.clone(), self.stop.clone());
        let scoring = start(config, scoring_listener, broker, readiness, stop);
        let gateway = Gateway {
            broker: self.gateway_broker.clone(),
            verifier: Verifier::new(self.token_key),
            fans: self.args.fans.clone(),
            cors_origins: Vec::new(),
            connections_max: limits.connections_max,
            readiness: readiness.check("gateway"),
        };
        let show = async {
            readiness.ready().await;
            ready.show(self.args.json);
            if let Some((file, match_id)) = file {
                play(file, match_id, &ready, self.args).await;
            }
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
        self.scoring_broker.close().await;
        gateway.context("the gateway")?;
        scoring.context("scoring")
    }
}

/// Plays the match against our own API, as anybody could. A match that can't be played is said;
/// the platform goes on.
async fn play(file: PathBuf, match_id: MatchId, ready: &Ready, args: &DevArgs) {
    let play = PlayArgs {
        file,
        scoring: vec![ready.scoring_url.clone()],
        token: ready.tokens.scorer.clone().into(),
        speed: args.speed,
        match_id: Some(match_id.clone()),
    };
    let progress = if args.json {
        Progress::Quiet
    } else {
        Progress::Bar
    };
    match grandstand_play::run(play, progress).await {
        Ok(outcome) => show::played(args.json, &match_id, &outcome),
        Err(error) => tracing::error!(%match_id, %error, "the match can't be played"),
    }
}
