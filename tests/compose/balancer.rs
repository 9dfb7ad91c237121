//! The real HAProxy with the shipped configuration, in front of plain processes.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};

use crate::harness::cluster::Cluster;
use crate::harness::process::{Running, show_log};
use crate::harness::wait::{found, in_time};

/// How often a port is sought: somebody may take it before HAProxy does.
const PORT_TRIES: u32 = 5;

/// Whether HAProxy is installed. Where every test must run it has to be.
pub(crate) fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let is_there = places.map(|dir| dir.join("haproxy")).any(|p| p.is_file());
    assert!(
        is_there || std::env::var("CI").as_deref() != Ok("true"),
        "haproxy is not installed"
    );
    if !is_there {
        eprintln!("skipped: haproxy is not installed");
    }
    is_there
}

/// The shipped configuration.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops/deploy/haproxy.cfg")
}

/// HAProxy with the shipped configuration and these variables.
pub(crate) fn haproxy(variables: &[(String, String)]) -> Command {
    let program = match Path::new("/usr/sbin/haproxy").is_file() {
        true => "/usr/sbin/haproxy",
        false => "haproxy",
    };
    let mut command = Command::new(program);
    command.arg("-f").arg(shipped()).kill_on_drop(true);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}

/// Runs it until it ends by itself.
pub(crate) async fn refused(variables: &[(String, String)]) -> Output {
    in_time("haproxy", haproxy(variables).output())
        .await
        .unwrap()
}

/// What the configuration is told of the servers of a platform; those it lacks are nobody's.
pub(crate) fn servers(cluster: &Cluster) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for (role, instances) in [
        ("SCORING", &cluster.scorings),
        ("GATEWAY", &cluster.gateways),
    ] {
        for n in 0..2 {
            let (address, admin_port) = match instances.get(n) {
                Some(running) => (host(&running.url()), port(running)),
                None => ("127.0.0.1:9".to_owned(), "9".to_owned()),
            };
            variables.push((format!("{role}_{}", n + 1), address));
            variables.push((format!("{role}_{}_ADMIN_PORT", n + 1), admin_port));
        }
    }
    variables
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

fn port(running: &Running) -> String {
    let admin_url = running.said("admin_url");
    admin_url.rsplit(':').next().unwrap().to_owned()
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A running balancer.
pub(crate) struct Balancer {
    /// Where fans connect, `host:port`.
    pub(crate) fans: String,
    /// Where scorers post, `host:port`.
    pub(crate) scorers: String,
    /// Where fans connect with TLS, if it was given a certificate.
    pub(crate) fans_tls: String,
    child: Child,
    folder: TempDir,
}

impl Balancer {
    /// In front of a platform, with more variables.
    pub(crate) async fn start(servers: &[(String, String)], more: &[(&str, &str)]) -> Self {
        for _ in 0..PORT_TRIES {
            let mut balancer = Self::spawn(servers, more);
            let answers = found("the balancer", async || {
                if balancer.child.try_wait().unwrap().is_some() {
                    return Some(false);
                }
                TcpStream::connect(&balancer.fans).await.ok().map(|_| true)
            });
            if answers.await {
                return balancer;
            }
        }
        panic!("haproxy does not start");
    }

    fn spawn(servers: &[(String, String)], more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("stats.sock");
        let ours = folder.path().join("stats.cfg");
        let stats = format!("global\n    stats socket {} mode 600\n", socket.display());
        std::fs::write(&ours, stats).unwrap();
        let [fans, scorers, fans_tls, scorers_tls] = [(); 4].map(|()| free_address());
        let mut variables = servers.to_vec();
        for (name, value) in [
            ("FANS_BIND", &fans),
            ("SCORERS_BIND", &scorers),
            ("FANS_TLS_BIND", &fans_tls),
            ("SCORERS_TLS_BIND", &scorers_tls),
        ] {
            variables.push((name.to_owned(), value.clone()));
        }
        let more = more
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        variables.extend(more);
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = haproxy(&variables);
        command
            .arg("-f")
            .arg(&ours)
            .stderr(log)
            .stdout(Stdio::null());
        Self {
            fans,
            scorers,
            fans_tls,
            child: command.spawn().unwrap(),
            folder,
        }
    }

    pub(crate) fn fans_url(&self) -> String {
        format!("http://{}", self.fans)
    }

    pub(crate) fn scorers_url(&self) -> String {
        format!("http://{}", self.scorers)
    }

    /// How many connections each server of a backend was given so far.
    pub(crate) async fn given(&self, backend: &str) -> BTreeMap<String, u64> {
        let mut socket = UnixStream::connect(self.folder.path().join("stats.sock"))
            .await
            .unwrap();
        socket.write_all(b"show stat\n").await.unwrap();
        let mut text = String::new();
        in_time("statistics", socket.read_to_string(&mut text))
            .await
            .unwrap();
        let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = rows.next().unwrap();
        let total = names.iter().position(|name| *name == "stot").unwrap();
        rows.filter(|row| row[0] == backend && row[1] != "BACKEND")
            .map(|row| (row[1].to_owned(), row[total].parse().unwrap()))
            .collect()
    }
}

impl Drop for Balancer {
    /// The child itself is killed as its handle is dropped.
    fn drop(&mut self) {
        if std::thread::panicking() {
            show_log("haproxy", &self.folder.path().join("log"));
        }
    }
}
