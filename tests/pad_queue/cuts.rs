//! One device whose network, server, broker and power fail while it scores.

use serde_json::{Value, json};

use crate::device::{Device, ids};
use crate::harness::api::count_event;
use crate::harness::cluster::Cluster;
use crate::harness::seed::seed;
use grandstand_play::generate::chance::Chance;

const MATCH: &str = "pad";
const EVENTS: u64 = 120;

#[tokio::test]
async fn what_a_device_adds_is_in_the_log_once_and_in_order_whatever_is_cut_or_killed() {
    let mut chance = Chance::new(seed("pad_queue"), 0);
    let mut cluster = Cluster::start(2, 0).await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let Some(mut device) = Device::start(&cluster, MATCH, "phone").await else {
        return;
    };

    for n in 1..=EVENTS {
        match n {
            30 => {
                cluster.scorings[0].kill().await;
                device.proxy.point_at(&cluster.scorings[1].url());
            }
            60 => cluster.kill_nats().await,
            65 => cluster.start_nats().await,
            80 => device.go_offline(),
            95 => device.go_online(&cluster.scorings[1].url()).await,
            _ => fault(&mut device, n, &mut chance).await,
        }
        device.ask(json!(["add", count_event(n)])).await;
        if chance.below(3) == 0 && !(60..65).contains(&n) && !(80..95).contains(&n) {
            device.until_confirmed().await;
        }
    }
    device.until_confirmed().await;

    assert_eq!(device.shown["confirmed"], EVENTS);
    assert_eq!(ids(&cluster, MATCH).await, expected());
    cluster.ops_well(&["verify"]).await;
}

/// Something that goes wrong with the next event, or nothing.
async fn fault(device: &mut Device, n: u64, chance: &mut Chance) {
    match chance.below(8) {
        0 => device.proxy.cut_request_at("POST "),
        // It is stored, and nobody says so.
        1 => device.proxy.cut_at("HTTP/1.1 201"),
        2 => device.proxy.cut(),
        3 => {
            // In the middle of adding it: the scorer adds it again, and it is the same.
            device.tell(json!(["add", count_event(n)])).await;
            device.restart().await;
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_match_that_is_brought_back_from_an_old_file_gets_what_it_lost() {
    let cluster = Cluster::start(1, 0).await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let Some(mut device) = Device::start(&cluster, MATCH, "phone").await else {
        return;
    };
    let file = cluster.data_dir().join("saved.ndjson");
    let file = file.to_str().unwrap();
    let (saved, lost) = (EVENTS / 3, EVENTS * 2 / 3);
    let add = async |device: &mut Device, first: u64, last: u64| {
        let events: Vec<Value> = (first..=last).map(count_event).collect();
        device.ask(json!(["add", events])).await;
    };

    add(&mut device, 1, saved).await;
    device.until_confirmed().await;
    cluster
        .ops_well(&["replay", MATCH, "--to-file", file])
        .await;
    add(&mut device, saved + 1, lost).await;
    device.until_confirmed().await;
    cluster.ops_well(&["purge", MATCH, "--yes"]).await;
    add(&mut device, lost + 1, EVENTS).await;
    device
        .until("word that there is no match", |shown| {
            shown["waiting"]["reason"] == "no_match"
        })
        .await;
    cluster.ops_well(&["import", file]).await;
    device.until_confirmed().await;

    assert_eq!(device.shown["confirmed"], EVENTS);
    assert_eq!(ids(&cluster, MATCH).await, expected());
    cluster.ops_well(&["verify"]).await;
}

fn expected() -> Vec<String> {
    (1..=EVENTS).map(|n| format!("e{n}")).collect()
}
