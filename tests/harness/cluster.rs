//! A platform of its own for one test: nats-server, scoring instances, gateways, in one data folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use grandstand_broker::{Keys, ServerOptions, ServerProcess};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::api::Api;
use super::process::{Running, grandstand, run, run_well, show_log};
use super::wait::{found, in_time};

/// How long a match may take to play.
const PLAY_MAX: std::time::Duration = std::time::Duration::from_secs(150);

/// The processes of a platform; all are ended when it is dropped.
pub(crate) struct Cluster {
    pub(crate) scorings: Vec<Running>,
    pub(crate) gateways: Vec<Running>,
    nats: Option<ServerProcess>,
    nats_options: ServerOptions,
    started: usize,
    data: TempDir,
}

impl Cluster {
    /// A nats-server with its streams, and so many instances of each role.
    pub(crate) async fn start(scorings: usize, gateways: usize) -> Self {
        let mut cluster = Self::bare().await;
        for _ in 0..scorings {
            cluster.add_scoring(&[]).await;
        }
        for _ in 0..gateways {
            cluster.add_gateway(&[]).await;
        }
        cluster
    }

    /// A nats-server with its streams, and nothing else.
    pub(crate) async fn bare() -> Self {
        let data = tempfile::tempdir().unwrap();
        let keys = data.path().join("keys");
        Keys::load_or_create(&keys).unwrap();
        let secret = keys.join("token.key");
        fs::write(&secret, "a secret for one test, gone with its folder").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let found = run_well(&["nats-server", "--print-path"]).await;
        let nats_options = ServerOptions {
            program: PathBuf::from(found.trim()),
            data_dir: data.path().to_owned(),
            port: 0,
        };
        let mut cluster = Self {
            scorings: Vec::new(),
            gateways: Vec::new(),
            nats: None,
            nats_options,
            started: 0,
            data,
        };
        cluster.start_nats().await;
        cluster
    }

    /// Starts the nats-server, after a kill on the port that it had, and makes what it lacks.
    pub(crate) async fn start_nats(&mut self) {
        self.start_nats_as_it_was().await;
        self.ops_well(&["provision"]).await;
    }

    /// Starts the nats-server with what its store holds: what was in memory is gone.
    pub(crate) async fn start_nats_as_it_was(&mut self) {
        let keys = Keys::load_or_create(&self.keys_dir()).unwrap();
        let server = in_time(
            "nats-server",
            ServerProcess::start(&self.nats_options, &keys),
        )
        .await
        .unwrap();
        self.nats_options.port = server.port();
        self.nats = Some(server);
    }

    /// `kill -9` of the nats-server.
    pub(crate) async fn kill_nats(&mut self) {
        let server = self.nats.take().expect("it runs");
        in_time("the end of nats-server", server.kill())
            .await
            .unwrap();
    }

    /// Sends the nats-server a signal.
    pub(crate) fn signal_nats(&self, signal: Signal) {
        let pid = self.nats.as_ref().expect("it runs").pid();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Where the nats-server is, running or not.
    pub(crate) fn nats_url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.nats_options.port)
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.data.path().join("keys")
    }

    /// One more scoring instance, with more arguments.
    pub(crate) async fn add_scoring(&mut self, more: &[&str]) {
        let instance = self.start_role("scoring", more).await;
        self.scorings.push(instance);
    }

    /// One more gateway, with more arguments.
    pub(crate) async fn add_gateway(&mut self, more: &[&str]) {
        let gateway = self.start_role("gateway", more).await;
        self.gateways.push(gateway);
    }

    async fn start_role(&mut self, role: &str, more: &[&str]) -> Running {
        self.started += 1;
        let (nats_url, keys) = (self.nats_url(), self.keys_dir().display().to_string());
        let mut args = vec![role, "--json", "--keys", &keys, "--listen", "127.0.0.1:0"];
        args.extend(["--admin-listen", "127.0.0.1:0"]);
        if !more.contains(&"--nats-url") {
            args.extend(["--nats-url", &nats_url]);
        }
        args.extend(more);
        let name = format!("{role}-{}", self.started);
        Running::start(&name, &args, self.data.path()).await
    }

    /// A token, as `grandstand token` makes it of these arguments.
    pub(crate) async fn token(&self, args: &[&str]) -> String {
        let keys = self.keys_dir().display().to_string();
        let command = [&["token", "--keys", &keys], args].concat();
        run_well(&command).await.trim().to_owned()
    }

    /// A fan's token of a tier.
    pub(crate) async fn fan_token(&self, tier: &str) -> String {
        self.token(&["--role", "fan", "--tier", tier]).await
    }

    /// A token that writes every match, with both rights.
    pub(crate) async fn scorer_token(&self) -> String {
        let rights = ["--matches", "*", "--rights", "open,official"];
        self.token(&[&["--role", "scorer"], &rights[..]].concat())
            .await
    }

    /// The scorer who may do everything, at the `index`th scoring instance.
    pub(crate) async fn scorer(&self, index: usize) -> Api {
        Api::new(self.scorings[index].url(), Some(&self.scorer_token().await))
    }

    /// A viewer at the `index`th gateway.
    pub(crate) fn viewer(&self, index: usize, token: Option<&str>) -> Api {
        Api::new(self.gateways[index].url(), token)
    }

    /// Waits until the `index`th gateway says of a match that it is live: one that has just started
    /// says `stale` until it hears that scores are taken.
    pub(crate) async fn until_live(&self, index: usize, match_id: &str, token: &str) {
        let viewer = self.viewer(index, Some(token));
        found("a live match", async || {
            let head = viewer.get(&format!("/v1/matches/{match_id}")).await;
            (head.status == 200 && head.json()["status"] == "live").then_some(())
        })
        .await;
    }

    /// Runs `grandstand ops` against this platform.
    pub(crate) async fn ops(&self, args: &[&str]) -> Output {
        let (nats_url, keys) = (self.nats_url(), self.keys_dir().display().to_string());
        let place = ["--nats-url", &nats_url, "--keys", &keys, "--json"];
        run(&[&["ops"], args, &place].concat()).await
    }

    /// Runs `grandstand ops`, which must exit with 0.
    pub(crate) async fn ops_well(&self, args: &[&str]) -> String {
        let output = self.ops(args).await;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ops {args:?}: {stdout}{stderr}");
        stdout
    }

    /// Plays a Cricsheet file through every scoring instance; it must exit with 0, which it does
    /// only if every figure is the file's.
    pub(crate) async fn play(&self, file: &Path, match_id: &str, speed: &str) {
        let urls: Vec<String> = self.scorings.iter().map(Running::url).collect();
        self.play_at(&urls, file, match_id, speed).await;
    }

    /// As [`Cluster::play`], with the scoring URLs in this order.
    pub(crate) async fn play_at(&self, urls: &[String], file: &Path, match_id: &str, speed: &str) {
        let token = self.scorer_token().await;
        let (file, urls) = (file.display().to_string(), urls.join(","));
        let place = ["--scoring", &urls, "--token", &token, "--match", match_id];
        let args = [&["play", &file], &place[..], &["--speed", speed]].concat();
        let output = tokio::time::timeout(PLAY_MAX, grandstand(&args).output()).await;
        let output = output
            .unwrap_or_else(|_| panic!("{match_id} is not played after {PLAY_MAX:?}"))
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "play {match_id}: {}\n{stdout}{stderr}",
            output.status
        );
    }
}

impl Drop for Cluster {
    /// Each process is killed by its own handle.
    fn drop(&mut self) {
        if std::thread::panicking() {
            show_log(
                "nats-server",
                &self.data.path().join("nats/nats-server.log"),
            );
        }
    }
}
