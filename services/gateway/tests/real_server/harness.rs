//! A nats-server with all streams, a gateway, and fans.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use grandstand_broker::{
    Broker, ConnectOptions, FindOptions, Keys, ProvisionOptions, Role, ServerOptions,
    ServerProcess, find_server, run_canary,
};
use grandstand_core::event::{Event, Op};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::{Headers, Visibility};
use grandstand_core::ids::{EventId, MatchId};
use grandstand_core::record::Record;
use grandstand_gateway::{AdmissionArgs, DrainArgs, FanArgs, FreshSign, Gateway, PlaceArgs};
use grandstand_server::grant::{self, Tier};
use grandstand_server::keys::TokenKey;
use grandstand_server::listen::{Listener, SocketOptions};
use grandstand_server::readiness::Readiness;
use grandstand_server::token::{TokenRequest, Verifier, mint};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The server, one gateway, and a scorer's connection.
pub(crate) struct Ground {
    server: ServerProcess,
    pub(crate) scoring: Broker,
    #[allow(dead_code, reason = "the test of idle memory reads the sessions by it")]
    pub(crate) ops: Broker,
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<()>,
    _data: tempfile::TempDir,
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    fans: FanArgs,
}

impl Ground {
    pub(crate) async fn ready() -> Self {
        Self::ready_for(100).await
    }

    /// With a gateway for so many connections.
    pub(crate) async fn ready_for(connections_max: usize) -> Self {
        Self::with(&[], connections_max).await
    }

    /// With a gateway of these options, for so many connections.
    pub(crate) async fn with(options: &[&str], connections_max: usize) -> Self {
        let run = |gateway: Gateway, listener, stop| async move {
            gateway.run(listener, stop).await.unwrap();
        };
        Self::running(options, connections_max, run).await
    }

    /// With such a gateway that is run by `run`.
    pub(crate) async fn running<F: Future<Output = ()> + Send + 'static>(
        options: &[&str],
        connections_max: usize,
        run: impl FnOnce(Gateway, Listener, CancellationToken) -> F,
    ) -> Self {
        let gateway_options = ["gateway"].iter().chain(options);
        let data = tempfile::tempdir().unwrap();
        let keys_dir = data.path().join("keys");
        let keys = Keys::load_or_create(&keys_dir).unwrap();
        let options = ServerOptions {
            program: find_server(&FindOptions::from_environment()).unwrap(),
            data_dir: data.path().to_owned(),
            port: 0,
        };
        let server = ServerProcess::start(&options, &keys).await.unwrap();
        let sign_in = async |role| {
            let options = ConnectOptions::new(server.url(), &keys_dir, role);
            Broker::connect(options).await.unwrap()
        };
        let ops = sign_in(Role::Ops).await;
        ops.provision(&ProvisionOptions::default()).await.unwrap();
        let scoring = sign_in(Role::Scoring).await;
        let stop = CancellationToken::new();
        // Its sender may go: what was said last stays said.
        let (_, takes_scores) = watch::channel(None);
        tokio::spawn(run_canary(scoring.clone(), takes_scores, stop.clone()));

        let readiness = Readiness::new();
        let listener =
            Listener::bind(([127, 0, 0, 1], 0).into(), SocketOptions::default()).unwrap();
        let address = listener.local_address();
        let gateway = Gateway {
            broker: sign_in(Role::Gateway).await,
            buckets: sign_in(Role::Gateway).await,
            advertised: PlaceArgs::default().advertised(address, address),
            verifier: Verifier::new(&token_key()),
            fans: Defaults::parse_from(gateway_options).fans,
            drain: DrainArgs::AT_ONCE,
            cors_origins: vec![],
            connections_max,
            admission: AdmissionArgs::default(),
            readiness: readiness.check("gateway"),
            peers: readiness.check("peers"),
            staying: readiness.check("staying"),
            sign: FreshSign::new(),
        };
        let running = tokio::spawn(run(gateway, listener, stop.clone()));
        in_time(readiness.ready()).await;
        Self {
            server,
            scoring,
            ops,
            address,
            stop,
            running,
            _data: data,
        }
    }

    /// The status, the headers as text, and the body.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> (u16, String, Value) {
        let request = reqwest::Client::new().get(format!("http://{}{path}", self.address));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = in_time(request.send()).await.unwrap();
        let (status, headers) = (
            response.status().as_u16(),
            format!("{:?}", response.headers()),
        );
        let body = response.bytes().await.unwrap();
        (
            status,
            headers,
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    pub(crate) async fn fan(&self, query: &str, token: Option<&str>) -> Fan {
        let mut request =
            tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
                format!("ws://{}/v1/ws?{query}", self.address),
            )
            .unwrap();
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = in_time(client_async(request, stream)).await.unwrap();
        let mut fan = Fan { socket };
        assert_eq!(fan.next().await["type"], "welcome");
        fan
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        in_time(self.running).await.unwrap();
        self.server.stop().await.unwrap();
    }
}

/// A fan's socket.
pub(crate) struct Fan {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Fan {
    pub(crate) async fn next(&mut self) -> Value {
        match in_time(self.socket.next()).await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The next message that is no status.
    pub(crate) async fn next_news(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] != "status" {
                return message;
            }
        }
    }

    pub(crate) async fn say(&mut self, message: Value) {
        let text = Message::text(message.to_string());
        in_time(self.socket.send(text)).await.unwrap();
    }
}

/// A match that a scorer's instance writes, record by record.
pub(crate) struct Scored {
    pub(crate) id: MatchId,
    pub(crate) visibility: Visibility,
    pub(crate) delay_s: u32,
    pub(crate) created_us: u64,
    /// How many bytes each event has beside what it needs.
    pub(crate) padding: usize,
    stream_sequence: u64,
    seq: u64,
}

impl Scored {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: MatchId::new(id).unwrap(),
            visibility: Visibility::Public,
            delay_s: 0,
            created_us: now_us(),
            padding: 0,
            stream_sequence: 0,
            seq: 0,
        }
    }

    /// One record of `count` events, accepted now.
    pub(crate) async fn score(&mut self, broker: &Broker, count: u64) {
        let events = (self.seq + 1..=self.seq + count).map(|seq| Event {
            seq,
            ts: now_us(),
            id: EventId::new(format!("e{seq}")).unwrap(),
            kind: "set".to_owned(),
            data: (self.padding > 0).then(|| json!({"pad": "x".repeat(self.padding)})),
            patch: json!({"n": seq, "strip": {"title": "A v B", "status": "live"}}),
            op: Op::Add,
            reference: None,
            at: None,
            tags: vec![],
        });
        let events: Vec<Event> = events.collect();
        self.seq += count;
        let state = json!({"n": self.seq, "strip": {"title": "A v B", "status": "live"}});
        let record = Record {
            events,
            hash: StateHash::of(&state),
        };
        self.append(broker, record.encode()).await;
    }

    /// The newest seq.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Leaves a hole in the log, as nobody but a bug would.
    pub(crate) fn skip(&mut self, count: u64) {
        self.seq += count;
    }

    /// Any bytes for a record.
    pub(crate) async fn append(&mut self, broker: &Broker, body: Vec<u8>) {
        let headers = Headers {
            created_us: self.created_us,
            sport: "open".to_owned(),
            rules_version: 1,
            visibility: self.visibility,
            delay_s: self.delay_s,
            scorer: "ann".to_owned(),
            digests: vec!["aa".to_owned()],
            warnings: vec![vec![]],
            strip: json!({"title": "A v B", "n": self.seq}),
            traceparent: None,
            device: None,
        };
        let pairs = headers.to_pairs();
        let appended = broker.append(
            &self.id,
            self.stream_sequence,
            &pairs,
            Bytes::from(body),
            PATIENCE,
        );
        self.stream_sequence = appended.await.unwrap();
    }

    pub(crate) fn epoch(&self) -> String {
        format!("{}.1", self.created_us)
    }
}

/// A fan's token that names `matches`.
pub(crate) fn token(tier: Tier, matches: &[&str], delay_s: u32) -> String {
    let patterns = matches.iter().map(|text| text.parse().unwrap());
    let request = TokenRequest {
        tier: Some(tier),
        matches: Some(patterns.collect()),
        delay_s,
        ..TokenRequest::new("ann", grant::Role::Fan)
    };
    mint(&token_key(), &request, SystemTime::now()).unwrap()
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it hangs")
}

pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_micros() as u64
}

fn token_key() -> TokenKey {
    TokenKey::new("a secret that is long enough for the tests").unwrap()
}
