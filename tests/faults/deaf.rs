//! Fans who read too slowly, or not at all, or never answer; and a gateway that stood still itself.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::api::{Api, count_event};
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::wait::{found, in_time};
use crate::load::MATCH;
use crate::raw::{PING, PONG, Raw, TEXT, frame};

/// What the kernel may hold for a client that does not read: by itself it goes to 2.7 MiB.
const HELD_BYTES_MAX: u64 = 256 * 1024;

pub(crate) async fn stage() -> (Cluster, Api, String) {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    (cluster, scorer, premium)
}

/// An event of 30 KB: a few of them are more than the kernel keeps for a client that does not read.
pub(crate) fn large_event(n: u64) -> Value {
    let text = format!("{n:05}").repeat(6_000);
    json!({"id": format!("t{n}"), "type": "t", "patch": {"text": text}})
}

/// Bytes that the kernel holds for the client at this port: what was sent or is to be sent, and not
/// acknowledged (`tx_queue` of /proc/net/tcp).
fn held_bytes(client_port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let to_client = format!(":{client_port:04X}");
    let held = table.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let queue = columns.get(4)?.split(':').next()?;
        columns.get(2)?.ends_with(&to_client).then_some(())?;
        u64::from_str_radix(queue, 16).ok()
    });
    held.sum()
}

/// Whether `/metrics` has this line.
pub(crate) async fn shows(admin: &Api, wanted: &str) -> bool {
    let metrics = admin.get("/metrics").await;
    metrics.text().lines().any(|line| line == wanted)
}

#[tokio::test]
async fn who_reads_a_byte_a_second_costs_bounded_bytes_and_is_cut() {
    let (cluster, scorer, premium) = stage().await;
    let url = cluster.gateways[0].url();
    let admin = Api::new(cluster.gateways[0].said("admin_url"), None);
    let wish = Wish::of(&[MATCH]).token(&premium);
    let mut reading = Fan::connect(&url, "reading", wish).await;
    let query = format!("match={MATCH}&after=0&snapshot=never");
    let mut slow = Raw::open(&url, &query, &premium, 4096).await;

    // Well before it is cut, which is 30 s after it took something last.
    for n in 0..30 {
        scorer.score(MATCH, &large_event(n)).await;
    }

    reading.until_seq(31).await;
    let held = held_bytes(slow.local_port());
    assert!(0 < held && held <= HELD_BYTES_MAX, "{held} of 900 KB");
    let reader = tokio::spawn(async move {
        while slow.byte().await.is_some() {
            // As slowly as that it reads.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let wanted = "grandstand_disconnects_total{reason=\"too_slow\"} 1";
    found("a cut", async || shows(&admin, wanted).await.then_some(())).await;
    scorer.score(MATCH, &count_event(1)).await;
    reading.until_seq(32).await;
    reader.abort();
}

/// A reader who takes a message in this time is always behind, and needs longer for all of them
/// than a socket may take nothing.
const READ_PAUSE: Duration = Duration::from_millis(250);
const MESSAGES: u64 = 140;

#[tokio::test]
async fn who_reads_slowly_but_reads_stays_and_gets_everything() {
    let (cluster, scorer, premium) = stage().await;
    let admin = Api::new(cluster.gateways[0].said("admin_url"), None);
    let query = format!("match={MATCH}&after=0&snapshot=never");
    let mut slow = Raw::open(&cluster.gateways[0].url(), &query, &premium, 4096).await;
    let posting = tokio::spawn(async move {
        for n in 0..MESSAGES {
            scorer.score(MATCH, &large_event(n)).await;
        }
    });

    // Where the machine is slower than that, there is no pause.
    let mut pace = tokio::time::interval(READ_PAUSE);
    let (began, mut seq) = (Instant::now(), 0);
    while seq < MESSAGES + 1 {
        let message: Value = serde_json::from_slice(&slow.next_of(TEXT).await).unwrap();
        for event in message["events"].as_array().into_iter().flatten() {
            seq += 1;
            assert_eq!(event["seq"], seq, "no hole and no repeat");
        }
        // As slowly as that it reads.
        pace.tick().await;
    }
    assert!(
        began.elapsed() > Duration::from_secs(30),
        "it was behind for long"
    );
    in_time("the last post", posting).await.unwrap();
    let metrics = admin.get("/metrics").await.text();
    assert!(!metrics.contains("grandstand_disconnects_total{reason=\"too_slow"));
}

#[tokio::test]
async fn who_never_answers_a_ping_is_closed_with_4408() {
    let (cluster, _scorer, premium) = stage().await;
    let query = format!("match={MATCH}&heartbeat_s=15");
    let mut silent = Raw::open(&cluster.gateways[0].url(), &query, &premium, 65_536).await;
    silent.next_of(PING).await;
    assert_eq!(silent.close_code().await, Some(4408));
}

#[tokio::test]
async fn a_gateway_that_stood_still_30_s_drops_nobody_who_is_alive() {
    let (cluster, scorer, premium) = stage().await;
    let gateway = &cluster.gateways[0];
    let wish = Wish::of(&[MATCH]).token(&premium);
    let mut fan = Fan::connect(&gateway.url(), "fan", wish).await;
    fan.until_seq(1).await;
    let query = format!("match={MATCH}&heartbeat_s=15");
    let mut pinged = Raw::open(&gateway.url(), &query, &premium, 65_536).await;
    pinged.next_of(PING).await;

    gateway.signal(Signal::STOP);
    // How long it stands still is what is tested: three times what a pong may take.
    tokio::time::sleep(Duration::from_secs(30)).await;
    gateway.signal(Signal::CONT);

    // Its pong comes once the gateway goes on.
    scorer.score(MATCH, &count_event(1)).await;
    until_seq(&mut pinged, 2).await;
    pinged.send(&frame(PONG, b"")).await;
    scorer.score(MATCH, &count_event(2)).await;
    until_seq(&mut pinged, 3).await;
    fan.until_seq(3).await;
    assert_eq!(fan.connects, 1);
}

async fn until_seq(raw: &mut Raw, seq: u64) {
    loop {
        let message: Value = serde_json::from_slice(&raw.next_of(TEXT).await).unwrap();
        let events = message["events"].as_array();
        if events.is_some_and(|events| events.iter().any(|event| event["seq"] == seq)) {
            return;
        }
    }
}
