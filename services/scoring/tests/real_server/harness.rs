//! A nats-server with all streams, and instances of the API beside it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use grandstand_broker::{
    Broker, ConnectOptions, FindOptions, Keys, ProvisionOptions, Role, ServerOptions,
    ServerProcess, find_server,
};
use grandstand_scoring::{Bounds, Running, ScoringConfig, start};
use grandstand_server::grant::{self, Right};
use grandstand_server::keys::TokenKey;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::readiness::Readiness;
use grandstand_server::token::{TokenRequest, mint};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The bounds of an instance whose broker may be slow: what most tests test is no deadline.
pub(crate) fn patient() -> Bounds {
    Bounds {
        request_max: PATIENCE,
        ..Bounds::default()
    }
}

/// The server and whatever runs beside it.
pub(crate) struct Ground {
    data: tempfile::TempDir,
    server: ServerProcess,
}

impl Ground {
    pub(crate) async fn ready() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = start_server(data.path().to_owned(), 0).await;
        let ground = Self { data, server };
        let ops = ground.sign_in(Role::Ops).await;
        ops.provision(&ProvisionOptions::default()).await.unwrap();
        ground
    }

    pub(crate) async fn sign_in(&self, role: Role) -> Broker {
        let keys_dir = self.data.path().join("keys");
        let options = ConnectOptions::new(self.server.url(), keys_dir, role);
        Broker::connect(options).await.unwrap()
    }

    pub(crate) async fn instance(&self) -> Instance {
        self.instance_within(patient()).await
    }

    pub(crate) async fn instance_within(&self, bounds: Bounds) -> Instance {
        let config = ScoringConfig {
            bounds,
            ..ScoringConfig::new(token_key())
        };
        self.instance_of(config).await
    }

    pub(crate) async fn instance_of(&self, config: ScoringConfig) -> Instance {
        let readiness = Readiness::new();
        let listener = Listener::bind(any_port(), SocketOptions::default()).unwrap();
        let stop = CancellationToken::new();
        let broker = self.sign_in(Role::Scoring).await;
        let running = start(config, listener, broker, &readiness, stop.clone());
        in_time(readiness.ready()).await;
        Instance {
            url: format!("http://{}", running.address),
            client: Client::new(),
            token: Some(scorer_token()),
            readiness,
            running,
            stop,
        }
    }

    /// Freezes the server. The signal is with one of its threads first; the others go on until that
    /// one has the processor.
    pub(crate) async fn freeze(&self) {
        self.signal("-STOP");
        let threads = PathBuf::from(format!("/proc/{}/task", self.server.pid()));
        in_time(async {
            while any_runs(&threads) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    /// Lets a frozen server go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.server.pid().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args([name, &pid]).status().unwrap().success());
    }

    /// Kills the server; what is left can start it again.
    pub(crate) async fn kill(self) -> Away {
        let port = self.server.port();
        self.server.kill().await.unwrap();
        Away {
            data: self.data,
            port,
        }
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await.unwrap();
    }
}

/// A ground without its server.
pub(crate) struct Away {
    data: tempfile::TempDir,
    port: u16,
}

impl Away {
    pub(crate) async fn back(self) -> Ground {
        let server = start_server(self.data.path().to_owned(), self.port).await;
        Ground {
            data: self.data,
            server,
        }
    }
}

/// One instance, and a scorer who may do everything.
pub(crate) struct Instance {
    pub(crate) url: String,
    client: Client,
    pub(crate) token: Option<String>,
    pub(crate) readiness: Readiness,
    running: Running,
    stop: CancellationToken,
}

impl Instance {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Heard {
        hear(self.request(Method::GET, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Heard {
        hear(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn post(&self, match_id: &str, body: &Value) -> Heard {
        let path = format!("/v1/matches/{match_id}/events");
        hear(self.request(Method::POST, &path).json(body)).await
    }

    /// Creates an open match.
    pub(crate) async fn create(&self, match_id: &str) -> Heard {
        let heard = self
            .put(&format!("/v1/matches/{match_id}"), &open_match("public"))
            .await;
        assert_eq!(heard.status, 201, "{:?}", heard.body);
        heard
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        in_time(self.running.ended()).await.unwrap();
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
    /// As JSON, where it is.
    pub(crate) body: Value,
}

pub(crate) async fn hear(request: RequestBuilder) -> Heard {
    let response = in_time(request.send()).await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (etag, retry_after) = (header("etag"), header("retry-after"));
    let location = header("location");
    let media_type = header("content-type").unwrap_or_default();
    let status = response.status();
    let bytes = response.bytes().await.unwrap().to_vec();
    Heard {
        status,
        etag,
        retry_after,
        location,
        media_type,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        bytes,
    }
}

/// Whether one of these threads is not stopped, where the system says so.
fn any_runs(threads: &Path) -> bool {
    let states = fs::read_dir(threads).into_iter().flatten().flatten();
    let states = states.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    // Behind the name, which may hold anything, in brackets.
    let mut states =
        states.filter_map(|stat| stat.rsplit_once(") ").map(|(_, state)| state.to_owned()));
    states.any(|state| !state.starts_with('T'))
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it hangs")
}

pub(crate) fn open_match(visibility: &str) -> Value {
    json!({
        "sport": "open",
        "title": "A v B",
        "visibility": visibility,
        "state": {"strip": {"title": "A v B", "status": "live"}},
    })
}

pub(crate) fn set(id: &str, value: u64) -> Value {
    json!({"id": id, "type": "set", "patch": {"value": value}})
}

/// A token that names `matches`, one of which may be `*`.
pub(crate) fn token_for(role: grant::Role, matches: &[&str], rights: &[Right]) -> String {
    let patterns = matches.iter().map(|text| text.parse().unwrap());
    let request = TokenRequest {
        matches: Some(patterns.collect()),
        rights: rights.to_vec(),
        ..TokenRequest::new("ann", role)
    };
    mint(&token_key(), &request, SystemTime::now()).unwrap()
}

fn scorer_token() -> String {
    token_for(grant::Role::Scorer, &["*"], &[Right::Open, Right::Official])
}

pub(crate) fn token_key() -> TokenKey {
    TokenKey::new("a secret that is long enough for the tests").unwrap()
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start_server(data_dir: PathBuf, port: u16) -> ServerProcess {
    let program = find_server(&FindOptions::from_environment()).unwrap();
    let keys = Keys::load_or_create(&data_dir.join("keys")).unwrap();
    let options = ServerOptions {
        program,
        data_dir,
        port,
    };
    ServerProcess::start(&options, &keys).await.unwrap()
}
