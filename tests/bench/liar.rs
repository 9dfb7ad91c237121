//! A proxy that lies to fans, as a broken gateway would: the bench must say so.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::fans::bench;
use crate::harness::cluster::Cluster;

/// What is done to a message with one event, from the third on, of each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    LeftOut,
    Twice,
    OtherEpoch,
}

#[tokio::test]
async fn a_gateway_that_lies_is_found_out() {
    let cluster = Cluster::start(1, 1).await;
    for (lie, told) in [
        (Lie::LeftOut, "2 events missing"),
        (Lie::Twice, "2 events repeated"),
        (Lie::OtherEpoch, "2 messages of another match or epoch"),
    ] {
        let (url, serving) = liar(&cluster.gateways[0].url(), lie).await;
        // Not so fast that a fan on a slow machine gets many events in a message, or a state.
        let slowly = ["--rate", "3", "--idle-s", "0", "--policy", "realtime"];
        let two = ["--gateway", &url, "--count", "2"];
        let output = bench(&cluster, "fans", &[&two[..], &slowly].concat()).await;
        serving.abort();

        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{lie:?}: {report}");
        let wrong = report["wrong"].as_array().unwrap();
        assert!(wrong.iter().any(|why| why == told), "{lie:?}: {wrong:?}");
    }
}

async fn liar(url: &str, lie: Lie) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = url.strip_prefix("http://").unwrap().to_owned();
    let serving = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(pass(client, server, lie));
        }
    });
    (format!("http://{address}"), serving)
}

/// Passes everything on, but for the lie, until either side ends.
async fn pass(client: TcpStream, server: TcpStream, lie: Lie) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::io::copy(&mut from_client, &mut to_server);
    let answering = async {
        let (mut heard, mut told, mut has_lied) = (Vec::new(), 0, false);
        let (mut is_upgraded, mut buffer) = (false, vec![0; 64 * 1_024]);
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            heard.extend_from_slice(&buffer[..length]);
            while let Some(length) = whole(&heard, is_upgraded) {
                let mut part: Vec<u8> = heard.drain(..length).collect();
                let has_events = is_upgraded && place(&part, r#""type":"events""#).is_some();
                (is_upgraded, told) = (true, told + u32::from(has_events));
                // On a slow machine a fan may get two events in one, which would be another lie.
                let lies = has_events && told >= 3 && !has_lied && is_of_one(&part);
                has_lied |= lies;
                let times = match lie {
                    _ if !lies => 1,
                    Lie::LeftOut => 0,
                    Lie::Twice => 2,
                    Lie::OtherEpoch => {
                        let at = place(&part, r#""epoch":""#).unwrap() + r#""epoch":""#.len();
                        // As long as it was, and another.
                        part[at] = if part[at] == b'9' { b'8' } else { b'9' };
                        1
                    }
                };
                for _ in 0..times {
                    // A fan who has seen enough is gone.
                    let _ = to_client.write_all(&part).await;
                }
            }
        }
    };
    tokio::select! {
        _ = asking => {}
        () = answering => {}
    }
}

/// Whether a message has a single event.
fn is_of_one(frame: &[u8]) -> bool {
    let seq = r#""seq":"#.as_bytes();
    frame
        .windows(seq.len())
        .filter(|window| *window == seq)
        .count()
        == 1
}

/// Where a text begins in a frame.
fn place(frame: &[u8], text: &str) -> Option<usize> {
    let mut windows = frame.windows(text.len());
    windows.position(|window| window == text.as_bytes())
}

/// How long the first whole part is: the head of the answer, or a frame.
fn whole(heard: &[u8], is_upgraded: bool) -> Option<usize> {
    if !is_upgraded {
        return Some(place(heard, "\r\n\r\n")? + 4);
    }
    let length = match *heard.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes(heard.get(2..4)?.try_into().unwrap())),
        127 => 10 + u64::from_be_bytes(heard.get(2..10)?.try_into().unwrap()) as usize,
        short => 2 + usize::from(short),
    };
    (heard.len() >= length).then_some(length)
}
