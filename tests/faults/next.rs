//! How fast the fans of a gateway that goes come to the next one: the story's twenty servers fell
//! one after the other.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::task::JoinHandle;

use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::socket::Heard;
use crate::harness::wait::in_time;
use crate::load::MATCH;

const FANS: usize = 200;
/// Of the gateway that they go to.
const ACCEPT_RATE: usize = 50;
const ACCEPT_BURST: usize = 20;
/// How long the gateway that is told to stop waits, and over how long it sends its fans away.
const DELAY_MS: usize = 500;
/// Each fan's turn of it is 2 ms later than the one before it: no larger window is used for so few.
const TURN_MS: usize = 2;

/// Two gateways, the second of which takes few at once, and a crowd at the first.
async fn crowd() -> (Cluster, Vec<Fan>) {
    let mut cluster = Cluster::start(1, 0).await;
    let (delay, rate) = (DELAY_MS.to_string(), ACCEPT_RATE.to_string());
    let burst = ACCEPT_BURST.to_string();
    // Each event loop sends its own fans away.
    cluster
        .add_gateway(&["--drain-delay-ms", &delay, "--shards", "1"])
        .await;
    cluster
        .add_gateway(&["--accept-rate", &rate, "--accept-burst", &burst])
        .await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let premium = cluster.fan_token("premium").await;
    let mut fans = Vec::with_capacity(FANS);
    for n in 0..FANS {
        let wish = Wish::of(&[MATCH]).token(&premium);
        let mut fan = Fan::connect(&cluster.gateways[0].url(), format!("fan {n}"), wish).await;
        fan.until_seq(1).await;
        fans.push(fan);
    }
    (cluster, fans)
}

/// Goes to the next gateway as soon as it has to, without any pause; when it was told to, and
/// when it had arrived.
fn follow(mut fan: Fan, next: String) -> JoinHandle<(Instant, Instant)> {
    tokio::spawn(async move {
        loop {
            match fan.next().await {
                Heard::Message(message) if message["type"] != "goaway" => {}
                Heard::Message(_) | Heard::Closed(..) | Heard::Gone => break,
            }
        }
        let left = Instant::now();
        fan.resume(&next).await;
        (left, Instant::now())
    })
}

/// When each has left and arrived, in order.
async fn moves(following: Vec<JoinHandle<(Instant, Instant)>>) -> (Vec<Instant>, Vec<Instant>) {
    let mut moves = Vec::with_capacity(following.len());
    for fan in following {
        moves.push(in_time("a fan at the next gateway", fan).await.unwrap());
    }
    let (mut left, mut arrived): (Vec<_>, Vec<_>) = moves.into_iter().unzip();
    left.sort();
    arrived.sort();
    (left, arrived)
}

/// Nobody is earlier than those before let him be. That they are not much later either shows in
/// the rate that is printed.
fn none_is_early(what: &str, began: Instant, moments: &[Instant], due: impl Fn(usize) -> Duration) {
    for (position, moment) in moments.iter().enumerate() {
        let after = moment.duration_since(began);
        assert!(after >= due(position), "{what} {position} after {after:?}");
    }
    let took = moments[moments.len() - 1].duration_since(began);
    let per_s = moments.len() as f64 / took.as_secs_f64();
    println!("{what}: {} in {took:?}, {per_s:.0}/s", moments.len());
}

/// When the accept rate lets the one at `position` in, at the earliest: a new allowance may have
/// begun right before.
fn let_in_after(position: usize) -> Duration {
    let waited = position.saturating_sub(ACCEPT_BURST);
    Duration::from_secs(1) * (waited as u32) / (ACCEPT_RATE as u32)
}

#[tokio::test]
async fn those_of_a_killed_gateway_come_to_the_next_no_faster_than_it_takes_them() {
    let (mut cluster, fans) = crowd().await;
    let next = cluster.gateways[1].url();
    let following = fans.into_iter().map(|fan| follow(fan, next.clone()));
    let following: Vec<_> = following.collect();

    let began = Instant::now();
    cluster.gateways[0].kill().await;

    let (_, arrived) = moves(following).await;
    none_is_early("arrivals", began, &arrived, let_in_after);
}

#[tokio::test]
async fn those_of_a_gateway_that_is_stopped_leave_it_in_turn() {
    let (cluster, fans) = crowd().await;
    let next = cluster.gateways[1].url();
    let following = fans.into_iter().map(|fan| follow(fan, next.clone()));
    let following: Vec<_> = following.collect();

    let began = Instant::now();
    cluster.gateways[0].signal(Signal::TERM);

    let (left, arrived) = moves(following).await;
    let delay = |position| Duration::from_millis((DELAY_MS + TURN_MS * position) as u64);
    none_is_early("goodbyes", began, &left, delay);
    none_is_early("arrivals", began, &arrived, let_in_after);
}
