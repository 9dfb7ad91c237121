//! Fans whose connections are cut at random, and who come back with their cursor wherever they like.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

use std::collections::BTreeMap;
use std::time::Duration;

use grandstand_play::generate::chance::Chance;
use harness::cluster::Cluster;
use harness::fan::{Ends, Fan, Wish};
use harness::matches::{self, LIMITED_OVERS};
use harness::replica::Place;
use harness::seed::seed;
use harness::socket::{Codec, Heard};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many fans are cut, again and again.
const FANS: u64 = 120;
/// A fan is cut after it has come at most so many events further.
const EVENTS_BETWEEN_CUTS_MAX: u64 = 24;
/// How long all of it may take.
const FOLLOW_MAX: Duration = Duration::from_secs(100);

#[tokio::test]
async fn a_fan_who_is_cut_and_comes_back_anywhere_misses_nothing_and_sees_nothing_twice() {
    if !matches::at_hand() {
        return;
    }
    let seed = seed("cuts");
    // One gateway writes one by one, the other in batches where the kernel lets it.
    let mut cluster = Cluster::start(2, 0).await;
    for writes in ["plain", "auto"] {
        cluster.add_gateway(&["--writes", writes]).await;
    }
    let urls: [String; 2] = [0, 1].map(|index| cluster.gateways[index].url());
    let mut tokens = Vec::new();
    for tier in ["free", "plus", "premium", "premium", "premium"] {
        tokens.push(cluster.fan_token(tier).await);
    }
    let played = &LIMITED_OVERS[..2];
    let (say_ends, ends) = watch::channel(None);
    let mut following = JoinSet::new();
    for number in 0..FANS {
        let mut chance = Chance::new(seed, number);
        let matches = match number % 4 {
            0 => played,
            odd => &played[odd as usize % 2..][..1],
        };
        let wish = Wish::of(matches)
            .token(&chance.one_of(&tokens))
            .codec(chance.one_of(&Codec::BOTH));
        let wish = match number % 3 {
            0 => wish,
            _ => wish.no_snapshot(),
        };
        let wish = match chance.below(2) {
            0 => wish,
            _ => wish.by_message(),
        };
        let fan = Fan::new(format!("fan {number}"), wish);
        following.spawn(follow_through_cuts(fan, chance, urls.clone(), ends.clone()));
    }

    let files = [matches::file(played[0]), matches::file(played[1])];
    tokio::join!(
        cluster.play(&files[0], played[0], "20000"),
        cluster.play(&files[1], played[1], "max"),
    );
    let scorer = cluster.scorer(0).await;
    let mut places = BTreeMap::new();
    for name in played {
        places.insert((*name).to_owned(), Place::of(&scorer.state(name).await));
    }
    say_ends.send_replace(Some(places));

    let fans = tokio::time::timeout(FOLLOW_MAX, following.join_all()).await;
    let fans = fans.unwrap_or_else(|_| panic!("not everybody is at the end after {FOLLOW_MAX:?}"));
    let connects: u64 = fans.iter().map(|fan| fan.connects).sum();
    eprintln!("{FANS} fans connected {connects} times");
    assert!(connects > 5 * FANS, "hardly anybody was cut: {connects}");
    check_events(&fans);
    cluster.ops_well(&["verify"]).await;
}

/// Follows to the end, cut again and again; back at a random gateway with the cursors so far.
async fn follow_through_cuts(
    mut fan: Fan,
    mut chance: Chance,
    urls: [String; 2],
    mut ends: watch::Receiver<Ends>,
) -> Fan {
    loop {
        fan.resume(&chance.one_of(&urls)).await;
        let cut_at = *fan.progress.borrow() + chance.below(EVENTS_BETWEEN_CUTS_MAX);
        loop {
            if let Some(places) = &*ends.borrow()
                && fan.has_reached(places)
            {
                fan.check_ends(places);
                return fan;
            }
            if *fan.progress.borrow() >= cut_at {
                break;
            }
            tokio::select! {
                heard = fan.next() => assert!(matches!(heard, Heard::Message(_)), "{}: {heard:?}", fan.name),
                changed = ends.changed() => changed.unwrap(),
            }
        }
        fan.cut();
    }
}

/// Nobody was told anything but the log, and who wants no snapshot has all of it.
fn check_events(fans: &[Fan]) {
    let whole = |name: &str| {
        let complete = fans.iter().find(|fan| {
            fan.wish.snapshot == Some("never") && fan.wish.matches.iter().any(|m| m == name)
        });
        complete.unwrap().of(name).events.clone()
    };
    let wholes: BTreeMap<&str, _> = LIMITED_OVERS[..2]
        .iter()
        .map(|name| (*name, whole(name)))
        .collect();
    for fan in fans {
        for (name, replica) in &fan.replicas {
            let whole = &wholes[name.as_str()];
            assert!(replica.hashes > 0 && !replica.inside_record, "{}", fan.name);
            for event in &replica.events {
                let seq = event["seq"].as_u64().unwrap();
                assert_eq!(*event, whole[seq as usize - 1], "{}", fan.name);
            }
            if fan.wish.snapshot == Some("never") {
                assert!(replica.snapshots.is_empty(), "{}", fan.name);
                assert_eq!(replica.events.len() as u64, replica.seq, "{}", fan.name);
            }
            for (seq, reason) in &replica.snapshots {
                let right = matches!(reason.as_str(), "joined" | "behind");
                assert!(right, "{}: a snapshot ({reason}) at {seq}", fan.name);
            }
        }
    }
}
