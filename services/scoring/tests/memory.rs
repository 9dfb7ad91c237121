//! What an active match takes of an instance's memory: its task, its mailbox, its ledger, after
//! every ball of a real T20 was posted by itself.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "tests; the harness and the reader of matches have more than is used here"
)]

#[path = "../../sports/tests/cricsheet/mod.rs"]
mod cricsheet;
#[path = "real_server/harness.rs"]
mod harness;

use std::time::{Duration, Instant};

use cricsheet::Converter;
use harness::{Ground, Instance, PATIENCE};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The most that a T20 may take.
const MATCH_BYTES_MAX: usize = 100 * 1024;
/// So many T20s are played, those with the most events.
const MATCHES: usize = 3;

/// What a match leaves behind is gone by then, mostly.
const A_WHILE: Duration = Duration::from_secs(1);

/// One test, since what another one allocates meanwhile would count too.
#[tokio::test]
async fn an_active_t20_takes_no_more_than_100_kib() {
    let files = cricsheet::files().into_iter();
    let files = files.map(|(name, path)| (name, cricsheet::read(&path)));
    let t20s = files.filter(|(_, file)| file["info"]["overs"] == 20);
    let mut matches: Vec<(String, Vec<Value>)> =
        t20s.map(|(name, file)| (name, posts(&file))).collect();
    matches.sort_by_key(|(_, posts)| std::cmp::Reverse(posts.len()));
    let Some((_, longest)) = matches.first() else {
        return;
    };
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    // What the first match brings with it stays for all.
    play(&scoring, "warm", longest).await;

    for (name, posts) in matches.iter().take(MATCHES) {
        let before = settled(|_| false, A_WHILE).await;
        play(&scoring, &format!("m{name}"), posts).await;
        let taken = |now: usize| now.saturating_sub(before);
        let is_enough = |now| taken(now) <= MATCH_BYTES_MAX;
        let bytes = taken(settled(is_enough, PATIENCE).await);
        eprintln!("{name}: {} events, {bytes} bytes", posts.len());
        assert!(bytes <= MATCH_BYTES_MAX, "{name}: {bytes}");
    }
    scoring.stop().await;
    ground.stop().await;
}

/// What is in use, once that is little enough, or after so long: a task tidies up after it answered.
async fn settled(is_enough: impl Fn(usize) -> bool, time_max: Duration) -> usize {
    let began = Instant::now();
    loop {
        let now = ALLOCATED.current_usage();
        if is_enough(now) || began.elapsed() > time_max {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

/// As a scorer's device posts it, which makes ids of 20 letters.
fn posts(file: &Value) -> Vec<Value> {
    let mut posts = Converter::convert(file);
    for post in posts.iter_mut().skip(1) {
        let id = format!("{:->20}", post["id"].as_str().unwrap());
        post["id"] = json!(id);
    }
    posts
}

async fn play(scoring: &Instance, match_id: &str, posts: &[Value]) {
    let path = format!("/v1/matches/{match_id}");
    let created = scoring.put(&path, &posts[0]["data"]).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    for post in &posts[1..] {
        let stored = scoring.post(match_id, post).await;
        assert_eq!(stored.status, 201, "{:?}", stored.body);
    }
}
