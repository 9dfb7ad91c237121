//! A match that was lost comes back out of its file while its fans stay connected.

use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::Place;
use crate::harness::socket::Codec;
use crate::harness::wait::found;
use crate::scored::{creation, events, score};

const MATCH: &str = "reds-v-blues";

/// Two scoring instances and two gateways with fans of every policy and codec.
struct Ground {
    cluster: Cluster,
    scorers: Vec<Api>,
    fans: Vec<Fan>,
    file: String,
}

impl Ground {
    async fn ready() -> Self {
        let cluster = Cluster::start(2, 2).await;
        let scorers = vec![cluster.scorer(0).await, cluster.scorer(1).await];
        scorers[0].create(MATCH, &creation()).await;
        let mut fans = Vec::new();
        for gateway in &cluster.gateways {
            for tier in ["premium", "plus", "free"] {
                let token = cluster.fan_token(tier).await;
                for codec in Codec::BOTH {
                    let wish = Wish::of(&[MATCH]).token(&token).codec(codec);
                    let wish = match codec {
                        Codec::Json => wish.every_event(),
                        Codec::MessagePack => wish.by_message(),
                    };
                    let name = format!("{tier} {codec:?} at {}", gateway.name);
                    fans.push(Fan::connect(&gateway.url(), name, wish).await);
                }
            }
        }
        let file = cluster.data_dir().join("saved.ndjson");
        Self {
            file: file.display().to_string(),
            cluster,
            scorers,
            fans,
        }
    }

    async fn save(&self) {
        let replay = ["replay", MATCH, "--to-file", &self.file];
        self.cluster.ops_well(&replay).await;
    }

    async fn state(&self) -> Value {
        self.scorers[0].state(MATCH).await
    }

    /// Every fan is at this place of the match.
    async fn fans_reach(&mut self, place: &Place) {
        for fan in &mut self.fans {
            reach(fan, place).await;
        }
    }

    /// Wipes the match: every fan is told that it is not live any more, and keeps what it has.
    async fn wipe(&mut self) {
        self.cluster.ops_well(&["purge", MATCH, "--yes"]).await;
        for fan in &mut self.fans {
            let had = fan.only().place();
            fan.until("word that the match is stale", |fan| {
                fan.only()
                    .statuses
                    .last()
                    .is_some_and(|word| word == "stale")
            })
            .await;
            assert_eq!(fan.only().place(), had, "{}", fan.name);
        }
    }

    async fn bring_back(&self) -> Value {
        let said = self.cluster.ops_well(&["import", &self.file]).await;
        said.parse().unwrap()
    }
}

async fn reach(fan: &mut Fan, place: &Place) {
    let what = format!("{place:?}");
    fan.until(&what, |fan| fan.only().place().as_ref() == Some(place))
        .await;
}

/// Each fan was told of the other epoch by a snapshot that says why.
fn told_why(fan: &Fan, reason: &str) {
    let told = fan.only().snapshots.last();
    assert_eq!(
        told.map(|(_, why)| why.as_str()),
        Some(reason),
        "{}",
        fan.name
    );
}

#[tokio::test]
async fn a_match_that_was_wiped_is_back_for_every_fan_and_scored_on() {
    let mut ground = Ground::ready().await;
    score(&ground.scorers, MATCH, &events()).await;
    let before = ground.state().await;
    ground.fans_reach(&Place::of(&before)).await;
    let mut away = ground.fans.pop().unwrap();
    away.cut();
    ground.save().await;

    ground.wipe().await;
    let nobody = ground.scorers[1]
        .post(&format!("/v1/matches/{MATCH}/events"), &next_ball())
        .await;
    nobody.problem(404);
    ground.cluster.add_gateway(&[]).await;
    let token = ground.cluster.fan_token("premium").await;
    let wish = Wish::of(&[MATCH]).token(&token);
    let third = ground.cluster.gateways[2].url();
    let mut early = Fan::connect(&third, "a fan in between", wish).await;
    early
        .until("word that there is no match", |fan| {
            fan.other.iter().any(|told| told["code"] == "unknown_match")
        })
        .await;
    assert_eq!(
        listed(&ground.cluster, &token).await,
        0,
        "what is wiped is not listed"
    );
    let imported = ground.bring_back().await;

    let after = ground.state().await;
    let place = Place::of(&after);
    assert_eq!(
        (&after["state"], &after["hash"]),
        (&before["state"], &before["hash"])
    );
    assert_eq!(after["seq"], before["seq"]);
    assert_ne!(after["epoch"], before["epoch"]);
    assert_eq!(imported["epoch"], after["epoch"]);
    ground.fans_reach(&place).await;
    for fan in &ground.fans {
        told_why(fan, "rolled_back");
        assert_eq!(fan.connects, 1, "{} stayed connected", fan.name);
    }
    found("the match in every list", async || {
        (listed(&ground.cluster, &token).await == 3).then_some(())
    })
    .await;
    away.resume(&third).await;
    reach(&mut away, &place).await;
    told_why(&away, "other_epoch");
    reach(&mut early, &place).await;

    let again = ground.scorers[0]
        .post(&format!("/v1/matches/{MATCH}/events"), &events()[3])
        .await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["epoch"]),
        (200, &after["epoch"])
    );
    score(&ground.scorers, MATCH, &[next_ball()]).await;
    let scored_on = Place::of(&ground.state().await);
    assert_eq!(scored_on.seq, place.seq + 1);
    assert_eq!(scored_on.epoch, place.epoch);
    ground.fans.extend([away, early]);
    ground.fans_reach(&scored_on).await;
    ground.cluster.ops_well(&["verify"]).await;
}

/// The file knows less than fans have seen, and a scorer who tries again gets it all in.
#[tokio::test]
async fn a_file_that_is_shorter_than_what_fans_saw_takes_them_back_and_what_is_missing_in_again() {
    let mut ground = Ground::ready().await;
    let all = events();
    let (saved, lost) = all.split_at(20);
    score(&ground.scorers, MATCH, saved).await;
    ground.save().await;
    let saved = Place::of(&ground.state().await);
    score(&ground.scorers, MATCH, lost).await;
    let before = ground.state().await;
    ground.fans_reach(&Place::of(&before)).await;

    ground.wipe().await;
    ground.bring_back().await;

    let after = Place::of(&ground.state().await);
    assert_eq!((after.seq, &after.hash), (saved.seq, &saved.hash));
    ground.fans_reach(&after).await;
    for fan in &ground.fans {
        told_why(fan, "rolled_back");
    }
    // Both instances remember these: what they remember is gone, and they must see that it is.
    score(&ground.scorers, MATCH, lost).await;
    let again = ground.state().await;
    assert_eq!(
        (&again["seq"], &again["hash"]),
        (&before["seq"], &before["hash"])
    );
    ground.fans_reach(&Place::of(&again)).await;
    ground.cluster.ops_well(&["verify"]).await;
}

/// How many gateways list the match.
async fn listed(cluster: &Cluster, token: &str) -> usize {
    let mut gateways = 0;
    for index in 0..cluster.gateways.len() {
        let list = cluster.viewer(index, Some(token)).get("/v1/matches").await;
        gateways += list.json()["matches"].as_array().unwrap().len();
    }
    gateways
}

fn next_ball() -> Value {
    json!({"id": "more", "type": "delivery", "data": {
        "over": 3, "batter": "ann", "non_striker": "bea", "bowler": "fay", "runs": 1}})
}
