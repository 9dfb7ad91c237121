//! The whole thread: real matches from a scorer's hand to every kind of fan.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

use std::collections::BTreeMap;

use grandstand_play::generate::chance::Chance;
use harness::api::Api;
use harness::cluster::Cluster;
use harness::fan::{Ends, Fan, Wish};
use harness::matches::{self, LIMITED_OVERS, TESTS};
use harness::replica::Place;
use harness::seed::seed;
use harness::socket::Codec;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How many matches are played at once.
const PLAYED_AT_ONCE: usize = 3;
/// The tiers, each with its policy.
const TIERS: [&str; 3] = ["free", "plus", "premium"];

#[tokio::test]
async fn ten_real_matches_reach_every_kind_of_fan_whole() {
    if !matches::at_hand() {
        return;
    }
    let ground = Ground::new(seed("ten_real_matches")).await;

    let (say_ends, ends) = watch::channel(None);
    let mut everything = JoinSet::new();
    for fan in ground.everything_on_one_connection().await {
        everything.spawn(follow(fan, ends.clone()));
    }
    let ends: Vec<_> = LIMITED_OVERS
        .iter()
        .enumerate()
        .map(|(index, name)| ground.follow_match(index as u64, name))
        .collect();
    let ends: BTreeMap<_, _> = futures_util::future::join_all(ends)
        .await
        .into_iter()
        .collect();

    say_ends.send_replace(Some(ends));
    for fan in everything.join_all().await {
        for (name, replica) in &fan.replicas {
            assert!(replica.snapshots.is_empty(), "{} {name}", fan.name);
        }
    }
    ground.cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn matches_of_days_and_thousands_of_events_are_matches_like_any() {
    if !matches::at_hand() {
        return;
    }
    let ground = Ground::new(seed("matches_of_days")).await;

    // Odd numbers: as fast as the platform takes it.
    let played = TESTS.iter().zip([1, 3, 5]);
    let ends = played.map(|(name, number)| ground.follow_match(number, name));
    futures_util::future::join_all(ends).await;

    ground.cluster.ops_well(&["verify"]).await;
}

/// A platform of two instances of each role, and a token of each tier.
struct Ground {
    cluster: Cluster,
    seed: u64,
    tokens: BTreeMap<&'static str, String>,
    scorer: Api,
    playing: Semaphore,
}

impl Ground {
    async fn new(seed: u64) -> Self {
        let cluster = Cluster::start(2, 2).await;
        let mut tokens = BTreeMap::new();
        for tier in TIERS {
            tokens.insert(tier, cluster.fan_token(tier).await);
        }
        Self {
            scorer: cluster.scorer(0).await,
            cluster,
            seed,
            tokens,
            playing: Semaphore::new(PLAYED_AT_ONCE),
        }
    }

    fn gateway(&self, index: usize) -> String {
        self.cluster.gateways[index % 2].url()
    }

    /// At each gateway a fan who follows all matches before the first of them is created.
    async fn everything_on_one_connection(&self) -> Vec<Fan> {
        let mut fans = Vec::new();
        for (index, codec) in Codec::BOTH.into_iter().enumerate() {
            let wish = Wish::of(&LIMITED_OVERS)
                .token(&self.tokens["premium"])
                .codec(codec)
                .every_event();
            fans.push(
                Fan::connect(&self.gateway(index), format!("everything-{codec:?}"), wish).await,
            );
        }
        fans
    }

    /// Plays a match with fans of every kind around it, and holds each of them against what scoring
    /// has in the end.
    async fn follow_match(&self, number: u64, name: &str) -> (String, Place) {
        let permit = self.playing.acquire().await.unwrap();
        let (say_ends, ends) = watch::channel(None);
        let mut fans = self.early_fans(name).await;
        let progress = fans[0].progress.subscribe();
        let mut late = self.late_fans(name, number);
        let mut following = JoinSet::new();
        for fan in fans.drain(..) {
            following.spawn(follow(fan, ends.clone()));
        }
        for (index, (fan, from_seq)) in late.drain(..).enumerate() {
            let (url, ends, mut progress) = (self.gateway(index), ends.clone(), progress.clone());
            following.spawn(async move {
                let mut fan = fan;
                // Where the match ends earlier, the fan comes after it.
                let mut known = ends.clone();
                tokio::select! {
                    _ = progress.wait_for(|seq| *seq >= from_seq) => {}
                    _ = known.wait_for(Option::is_some) => {}
                }
                fan.resume(&url).await;
                follow(fan, ends).await
            });
        }

        // A stored record may hold up to fifty events, or a single one.
        let speed = if number.is_multiple_of(2) {
            "100000"
        } else {
            "max"
        };
        self.cluster.play(&matches::file(name), name, speed).await;
        drop(permit);
        let document = self.scorer.state(name).await;
        let place = Place::of(&document);
        say_ends.send_replace(Some(BTreeMap::from([(name.to_owned(), place.clone())])));

        let fans = following.join_all().await;
        check_events(&fans, place.seq);
        for fan in &fans {
            assert_eq!(fan.only().state, document["state"], "{}", fan.name);
        }
        for gateway in 0..2 {
            let viewer = self.cluster.viewer(gateway, Some(&self.tokens["premium"]));
            let seen = viewer.state(name).await;
            assert_eq!(Place::of(&seen), place);
            assert_eq!(seen["state"], document["state"]);
        }
        (name.to_owned(), place)
    }

    /// Fans who are there before the match is.
    async fn early_fans(&self, name: &str) -> Vec<Fan> {
        let premium = &self.tokens["premium"];
        let mut wishes = Vec::new();
        for codec in Codec::BOTH {
            for gateway in 0..2 {
                let wish = Wish::of(&[name]).token(premium).codec(codec);
                wishes.push((gateway, wish.every_event()));
            }
            for (index, tier) in TIERS.into_iter().enumerate() {
                let wish = Wish::of(&[name]).token(&self.tokens[tier]).codec(codec);
                wishes.push((index, wish));
            }
        }
        let mut fans = Vec::new();
        for (index, (gateway, wish)) in wishes.into_iter().enumerate() {
            let url = self.gateway(gateway);
            fans.push(Fan::connect(&url, format!("{name} early {index}"), wish).await);
        }
        fans
    }

    /// Fans who come while the match is on, each with the seq that it comes at.
    fn late_fans(&self, name: &str, number: u64) -> Vec<(Fan, u64)> {
        let mut chance = Chance::new(self.seed, number);
        let fans = (0..10).map(|index| {
            let tier = chance.one_of(&TIERS);
            let codec = chance.one_of(&Codec::BOTH);
            let wish = Wish::of(&[name]).token(&self.tokens[tier]).codec(codec);
            let wish = if index < 4 { wish.every_event() } else { wish };
            let fan = Fan::new(format!("{name} late {index}"), wish);
            (fan, 1 + chance.below(150))
        });
        fans.collect()
    }
}

async fn follow(mut fan: Fan, mut ends: watch::Receiver<Ends>) -> Fan {
    fan.until_ends(&mut ends).await;
    fan
}

/// Who asked for every event has every event, and all have been told the same ones.
fn check_events(fans: &[Fan], end: u64) {
    let whole: &[Value] = &fans
        .iter()
        .find(|fan| fan.wish.from_first)
        .unwrap()
        .only()
        .events;
    assert_eq!(whole.len() as u64, end);
    for fan in fans {
        let replica = fan.only();
        assert!(replica.hashes > 0 && !replica.inside_record, "{}", fan.name);
        for event in &replica.events {
            let seq = event["seq"].as_u64().unwrap();
            assert_eq!(*event, whole[seq as usize - 1], "{}", fan.name);
        }
        if fan.wish.from_first {
            assert!(replica.snapshots.is_empty(), "{}", fan.name);
            assert_eq!(replica.events.len() as u64, end, "{}", fan.name);
        }
        for (seq, reason) in &replica.snapshots {
            let right = matches!(reason.as_str(), "joined" | "behind");
            assert!(right, "{}: a snapshot ({reason}) at {seq}", fan.name);
        }
    }
}
