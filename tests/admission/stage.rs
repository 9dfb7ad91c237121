//! A platform with one gateway of given bounds, a match, and guests from anywhere.

use std::io::Write;
use std::net::SocketAddr;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::wait::in_time;

pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) premium: String,
}

impl Stage {
    /// With a match `m` that has counted to 1.
    pub(crate) async fn new(gateway: &[&str]) -> Self {
        let mut cluster = Cluster::start(1, 0).await;
        cluster.add_gateway(gateway).await;
        let scorer = cluster.scorer(0).await;
        scorer.create_open("m").await;
        scorer.score("m", &count_event(1)).await;
        let premium = cluster.fan_token("premium").await;
        cluster.until_live(0, "m", &premium).await;
        Self { cluster, premium }
    }

    pub(crate) async fn token_of(&self, sub: &str) -> String {
        self.cluster
            .token(&["--role", "fan", "--tier", "premium", "--sub", sub])
            .await
    }

    pub(crate) fn url(&self) -> String {
        self.cluster.gateways[0].url()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Whoever has this token.
    pub(crate) fn viewer(&self) -> Api {
        self.cluster.viewer(0, Some(&self.premium))
    }

    /// Knocks, from an address that a proxy names, if it does.
    pub(crate) async fn knock(&self, from: Option<&str>, token: Option<&str>) -> Knocked {
        knock(self.address(), "match=m", from, token).await
    }

    /// The value of a metric, by the beginning of its line.
    pub(crate) async fn metric(&self, line: &str) -> Option<f64> {
        let admin = self.cluster.gateways[0].said("admin_url");
        let text = Api::new(admin, None).get("/metrics").await.text();
        let found = text.lines().find_map(|l| l.strip_prefix(line))?;
        found.trim().parse().ok()
    }
}

/// An answer to a knock: the head with the socket, or a whole refusal.
pub(crate) struct Knocked {
    pub(crate) status: u16,
    /// Head and, of a refusal, body.
    pub(crate) text: String,
    /// Held for as long as the guest stays.
    pub(crate) socket: TcpStream,
}

impl Knocked {
    pub(crate) fn came_in(&self) -> bool {
        self.status == 101
    }

    pub(crate) fn problem(&self) -> serde_json::Value {
        let body = self.text.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The seconds of `Retry-After`; 0 without.
    pub(crate) fn retry_after_s(&self) -> u64 {
        let lines = self.text.to_ascii_lowercase();
        let value = lines.lines().find_map(|l| l.strip_prefix("retry-after: "));
        value.map_or(0, |value| value.trim().parse().unwrap())
    }
}

/// Asks for a WebSocket, byte by byte as any client would.
pub(crate) async fn knock(
    address: SocketAddr,
    query: &str,
    from: Option<&str>,
    token: Option<&str>,
) -> Knocked {
    let request = request(query, from, token);
    let asking = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket
    };
    let socket = in_time("room to knock", asking).await;
    answer(socket).await
}

/// So many who ask at once, each in one go with connecting: one task of many would be slow with its
/// head, and hold a place for it.
pub(crate) async fn crowd(
    count: usize,
    address: SocketAddr,
    query: &str,
    token: &str,
) -> Vec<Knocked> {
    let request = request(query, None, Some(token));
    let asking = tokio::task::spawn_blocking(move || {
        let ask = |_| {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            socket.write_all(request.as_bytes()).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        (0..count).map(ask).collect::<Vec<_>>()
    });
    let sockets = in_time("room to knock", asking).await.unwrap().into_iter();
    let answers = sockets.map(|socket| answer(TcpStream::from_std(socket).unwrap()));
    join_all(answers).await
}

fn request(query: &str, from: Option<&str>, token: Option<&str>) -> String {
    let mut request = format!(
        "GET /v1/ws?{query} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    );
    if let Some(from) = from {
        request += &format!("x-forwarded-for: {from}\r\n");
    }
    if let Some(token) = token {
        request += &format!("authorization: Bearer {token}\r\n");
    }
    request + "\r\n"
}

async fn answer(mut socket: TcpStream) -> Knocked {
    in_time("an answer to a knock", async {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(socket.read_u8().await.unwrap());
        }
        let mut text = String::from_utf8(bytes).unwrap();
        let status = text[9..12].parse().unwrap();
        let lines = text.to_ascii_lowercase();
        let length = lines
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        if let Some(length) = length {
            let mut body = vec![0; length.trim().parse().unwrap()];
            socket.read_exact(&mut body).await.unwrap();
            text += &String::from_utf8(body).unwrap();
        }
        Knocked {
            status,
            text,
            socket,
        }
    })
    .await
}
