//! Fans who are gone without a word: nothing says so but that no pong comes.

use serde_json::json;

use crate::deaf::{shows, stage};
use crate::harness::api::{Api, count_event};
use crate::harness::fan::{Fan, Wish};
use crate::harness::proxy::Proxy;
use crate::harness::wait::found;
use crate::load::MATCH;
use crate::raw::{Raw, TEXT};

/// The shortest heartbeat there is.
const QUERY: &str = "heartbeat_s=15";

/// Waits until one fan was given up for its silence, which is told by 4408, and nothing is left of
/// it; those who are there are still served.
async fn is_given_up(admin: &Api, scorer: &Api, witness: &mut Fan) {
    for wanted in [
        "grandstand_disconnects_total{reason=\"no answer to a ping\"} 1",
        "grandstand_connections{transport=\"websocket\"} 1",
    ] {
        found(wanted, async || shows(admin, wanted).await.then_some(())).await;
    }
    scorer.score(MATCH, &count_event(1)).await;
    witness.until_seq(2).await;
    assert_eq!(witness.connects, 1);
}

#[tokio::test]
async fn who_is_no_longer_reached_by_any_packet_is_given_up() {
    let (cluster, scorer, premium) = stage().await;
    let url = cluster.gateways[0].url();
    let admin = Api::new(cluster.gateways[0].said("admin_url"), None);
    let wish = Wish::of(&[MATCH]).token(&premium);
    let mut witness = Fan::connect(&url, "witness", wish).await;
    let query = format!("match={MATCH}&{QUERY}");
    let mut gone = Raw::open(&url, &query, &premium, 65_536).await;
    gone.next_of(TEXT).await;

    gone.vanish();

    is_given_up(&admin, &scorer, &mut witness).await;
}

#[tokio::test]
async fn who_is_behind_a_proxy_that_stands_still_is_given_up() {
    let (cluster, scorer, premium) = stage().await;
    let url = cluster.gateways[0].url();
    let admin = Api::new(cluster.gateways[0].said("admin_url"), None);
    let proxy = Proxy::start(&url).await;
    let wish = Wish::of(&[MATCH]).token(&premium);
    let mut witness = Fan::connect(&url, "witness", wish.clone()).await;
    let mut gone = Fan::connect(&proxy.url(), "gone", wish.by_message()).await;
    gone.say(&json!({"type": "hello", "heartbeat_s": 15, "subscriptions": [{"match": MATCH}]}))
        .await;
    gone.until_seq(1).await;
    // Its heartbeat came through the proxy, too, once what it says after it is answered.
    gone.say(&json!({"type": "ping"})).await;
    gone.until("a pong", |fan| fan.other_kinds().contains(&"pong"))
        .await;

    proxy.fall_silent();

    is_given_up(&admin, &scorer, &mut witness).await;
}
