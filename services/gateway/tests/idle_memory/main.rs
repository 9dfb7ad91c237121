//! What an idle fan takes of a gateway's heap. In a program of its own, since all of its memory is
//! counted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only #[test] functions as tests"
)]

mod counted;
#[path = "../real_server/harness.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod harness;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use grandstand_server::grant::Tier;

use crate::harness::{Ground, PATIENCE, Scored, token};

/// As many as fit under a descriptor limit of 1,024 with both ends.
const FANS: usize = 384;
/// Bytes of each that were asked for: 272 its place, 120 what it follows, 120 its session with 30
/// for the ways there, 60 its name and permit; and room for lists that grow by doubling.
const BYTES_MAX: usize = 800;
/// How often the heap is looked at, and how often in a row it must not have shrunk.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 20;

/// A fan without any memory but its socket: who measures is in the same program.
fn connect(address: SocketAddr, query: &str, token: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET /v1/ws?{query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while !heard.windows(10).any(|part| part == b"\"snapshot\"") {
        let count = socket.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&buffer[..count]);
    }
    socket
}

/// The bytes in use once the sessions of so many fans are in the bucket, and what it took to bring
/// them there is given back: the least of many looks in a row.
async fn settled(ground: &Ground, fans: usize) -> usize {
    let sessions = ground.ops.sessions();
    while sessions.list(fans + 1).await.unwrap().len() < fans {
        tokio::time::sleep(LOOK).await;
    }
    let (mut least, mut looks) = (counted::in_use(), 0);
    while looks < LOOKS {
        tokio::time::sleep(LOOK).await;
        looks = if counted::in_use() < least {
            0
        } else {
            looks + 1
        };
        least = least.min(counted::in_use());
    }
    least
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_fan_takes_few_bytes() {
    let ground = Ground::ready_for(2 * FANS).await;
    let mut scored = Scored::new("m");
    scored.score(&ground.scoring, 1).await;
    let address = ground.address;
    let premium = token(Tier::Premium, &[], 0);
    let all_connect = move |count: usize| {
        let fans = (0..count).map(|_| connect(address, "match=m", &premium));
        fans.collect::<Vec<_>>()
    };
    let warm = all_connect.clone();
    let warm = tokio::task::spawn_blocking(move || warm(32)).await.unwrap();
    let before = tokio::time::timeout(PATIENCE, settled(&ground, 32));
    let before = before.await.expect("it settles");
    let fans = tokio::task::spawn_blocking(move || all_connect(FANS));
    let fans = fans.await.unwrap();

    // Sessions are on their way to the bucket for a while.
    let until = Instant::now() + PATIENCE;
    let each = loop {
        let each = counted::in_use().saturating_sub(before) / FANS;
        if each <= BYTES_MAX || Instant::now() > until {
            break each;
        }
        tokio::time::sleep(LOOK).await;
    };

    assert!(each <= BYTES_MAX, "{each} bytes a fan");
    assert!(each >= 272, "{each} bytes a fan: it is not counted");
    println!("{each} bytes a fan");
    drop((warm, fans));
    ground.end().await;
}
