//! Two phones that score the same match offline for an hour, and come back in turn.

use serde_json::{Value, json};

use crate::device::Device;
use crate::harness::api::Api;
use crate::harness::cluster::Cluster;

const MATCH: &str = "hour";

/// The phone scores overs 0 to 9, the tablet takes over from over 9, which both have: 60 and 66 balls.
#[tokio::test]
async fn two_phones_that_were_offline_for_an_overlapping_hour_lose_and_double_nothing() {
    let cluster = Cluster::start(1, 0).await;
    let url = cluster.scorings[0].url();
    let scorer = cluster.scorer(0).await;
    begin(&scorer, MATCH).await;
    let Some(mut phone) = Device::start(&cluster, MATCH, "phone").await else {
        return;
    };
    let mut tablet = Device::start(&cluster, MATCH, "tablet").await.unwrap();
    phone.go_offline();
    tablet.go_offline();
    let (mine, others) = (overs("phone", 0..10), overs("tablet", 9..20));
    add(&mut phone, &mine).await;
    add(&mut tablet, &others).await;
    phone.restart().await;
    tablet.restart().await;
    assert_eq!(pending(&phone), mine.len());
    assert_eq!(pending(&tablet), others.len());

    phone.go_online(&url).await;
    phone.until_confirmed().await;
    assert_eq!(phone.shown["refused"], json!([]));
    assert_eq!(phone.shown["warnings"], json!([]));

    tablet.go_online(&url).await;
    tablet
        .until("what the phone scored", |shown| {
            shown["waiting"]["reason"] == "missed"
        })
        .await;
    let missed = &tablet.shown["missed"];
    assert_eq!(missed["isComplete"], true);
    let balls = missed["events"].as_array().unwrap().iter();
    assert_eq!(balls.filter(|one| one["type"] == "delivery").count(), 60);
    assert_eq!(pending(&tablet), others.len(), "nothing was sent");

    // The scorer has looked: the rest of the tablet's goes on top of it. Over 9 is there already.
    tablet.ask(json!(["rebase"])).await;
    for twice in &others[..7] {
        tablet
            .until("a refusal", |shown| shown["refused"] != json!([]))
            .await;
        let refused = &tablet.shown["refused"][0];
        assert_eq!(refused["id"], twice["id"]);
        assert_eq!(refused["problem"]["rule"], "over", "{refused}");
        assert_eq!(tablet.ask(json!(["drop", twice["id"]])).await, true);
        let id = twice["id"].clone();
        tablet
            .until("the next", |shown| {
                shown["refused"][0]["id"] != id
                    && (shown["pending"] == json!([]) || shown["refused"] != json!([]))
            })
            .await;
    }
    tablet.until_confirmed().await;
    // The tablet had another bowler in over 9: one of them bowled two overs in a row.
    assert_eq!(tablet.shown["warnings"][0]["id"], others[7]["id"]);
    assert_eq!(tablet.shown["warnings"][0]["rule"], "bowler_consecutive");

    // And each knows that the other has nothing left.
    for (one, other) in [(&mut phone, "tablet"), (&mut tablet, "phone")] {
        one.ask(json!(["kick"])).await;
        one.until("what the other holds", |shown| {
            shown["others"][0]["device"] == other && shown["others"][0]["pending"] == 0
        })
        .await;
    }

    let right = [&mine[..], &others[7..]].concat();
    check(&cluster, &scorer, &right).await;
}

/// The tablet comes back first: what it scored stands, and the phone's earlier overs are put in by
/// hand, for nobody but the scorer can know.
#[tokio::test]
async fn a_phone_that_comes_back_out_of_turn_is_told_and_keeps_what_it_has() {
    let cluster = Cluster::start(1, 0).await;
    let url = cluster.scorings[0].url();
    let scorer = cluster.scorer(0).await;
    begin(&scorer, MATCH).await;
    let Some(mut phone) = Device::start(&cluster, MATCH, "phone").await else {
        return;
    };
    let mut tablet = Device::start(&cluster, MATCH, "tablet").await.unwrap();
    phone.go_offline();
    tablet.go_offline();
    let (mine, others) = (overs("phone", 0..1), overs("tablet", 1..2));
    add(&mut phone, &mine).await;
    add(&mut tablet, &others).await;

    tablet.go_online(&url).await;
    tablet.until_confirmed().await;
    assert_eq!(tablet.shown["warnings"][0]["rule"], "over_missing");
    phone.go_online(&url).await;
    phone
        .until("what the tablet scored", |shown| {
            shown["waiting"]["reason"] == "missed"
        })
        .await;
    phone.ask(json!(["rebase"])).await;
    phone
        .until("the refusal of an over that is past", |shown| {
            shown["waiting"]["reason"] == "refused"
        })
        .await;
    assert_eq!(phone.shown["refused"][0]["problem"]["rule"], "over");
    assert_eq!(pending(&phone) + 1, mine.len(), "all of it is kept");

    // Each goes in after the one before it, under its own id.
    let mut after = json!("start");
    for ball in &mine {
        let inserted =
            json!({"op": "insert", "ref": after, "type": ball["type"], "data": ball["data"]});
        after = ball["id"].clone();
        let id = after.clone();
        phone
            .until("its refusal", |shown| shown["refused"][0]["id"] == id)
            .await;
        assert_eq!(phone.ask(json!(["replace", id, inserted])).await, after);
    }
    phone.until_confirmed().await;

    let right = [&mine[..], &others[..]].concat();
    check(&cluster, &scorer, &right).await;
}

async fn begin(scorer: &Api, match_id: &str) {
    let squad = |prefix: &str| -> Vec<Value> {
        let players = (1..=11)
            .map(|n| json!({"id": format!("{prefix}{n}"), "name": format!("{prefix} {n}")}));
        players.collect()
    };
    let body = json!({"sport": "cricket", "title": "Reds v Blues", "rules": {"overs": 20}, "teams": {
        "a": {"name": "Reds", "players": squad("r")}, "b": {"name": "Blues", "players": squad("b")}}});
    scorer.create(match_id, &body).await;
    let start = json!({"id": "start", "type": "innings_start", "data": {"batting": "a"}});
    scorer.score(match_id, &start).await;
}

/// Some overs as a device scores them, with their ends.
fn overs(device: &str, overs: std::ops::Range<u64>) -> Vec<Value> {
    let mut events = Vec::new();
    for over in overs {
        // The same two batters from end to end: only even runs are scored.
        let (striker, other) = [("r1", "r2"), ("r2", "r1")][over as usize % 2];
        // Over 9 has another bowler at the tablet, who goes on with over 10.
        let bowler = match (device, over) {
            ("phone", 9) => "b3".to_owned(),
            ("tablet", 10) => "b3".to_owned(),
            (_, over) => format!("b{}", over % 2 + 1),
        };
        for n in 1..=6 {
            events.push(
                json!({"id": format!("{device}-{over}-{n}"), "type": "delivery", "data": {
                "over": over, "batter": striker, "non_striker": other, "bowler": bowler,
                "runs": (over + n) % 3 * 2}}),
            );
        }
        events.push(json!({"id": format!("{device}-end-{over}"), "type": "over_end", "data": {"over": over}}));
    }
    events
}

/// As a scorer does: one after the other, each on top of what the page shows.
async fn add(device: &mut Device, events: &[Value]) {
    for event in events {
        device.ask(json!(["add", event, "seen"])).await;
    }
}

fn pending(device: &Device) -> usize {
    device.shown["pending"].as_array().unwrap().len()
}

/// The match is what it would be if one scorer had entered these events.
async fn check(cluster: &Cluster, scorer: &Api, events: &[Value]) {
    begin(scorer, "right").await;
    for some in events.chunks(50) {
        scorer.score("right", &json!(some)).await;
    }
    let (both, one) = (scorer.state(MATCH).await, scorer.state("right").await);
    assert_eq!(both["state"], one["state"]);
    assert_eq!(both["hash"], one["hash"]);
    cluster.ops_well(&["verify"]).await;
}
