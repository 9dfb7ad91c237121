//! What a tier grants, what a match demands, and matches that are not there.

use grandstand_core::connection::{FanRights, MatchView, Matches, Output};
use grandstand_core::frame::Codec;
use grandstand_core::ids::{Cursor, MatchId};
use grandstand_core::message::{ClientMessage, Status, Subscribe};
use grandstand_core::policy::PolicyName;
use grandstand_core::strips::{StripsBoard, StripsView};
use grandstand_core::subscription::SnapshotWish;
use serde_json::Value;

use crate::fan::{connection, subscribe, world_and_fan};
use crate::world::{START_US, World, match_id};

pub(crate) fn rights(policy_max: PolicyName) -> FanRights {
    FanRights {
        tier: "some",
        policy_max,
        delay_s: 0,
        expires_us: None,
    }
}

struct Nowhere;

impl Matches for Nowhere {
    fn look<R>(&self, _: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        look(MatchView::Absent)
    }

    fn strips<R>(&self, _: StripsView, _: u64, _: impl FnOnce(&mut StripsBoard) -> R) -> Option<R> {
        None
    }
}

/// All that is written until there is nothing more, as JSON.
fn said(
    connection: &mut grandstand_core::connection::Connection,
    matches: &impl Matches,
) -> Vec<Value> {
    let mut said = Vec::new();
    loop {
        match connection.poll(matches, START_US) {
            Output::Answer(frame) | Output::Frame(frame, _) => {
                said.push(serde_json::from_slice(&frame.bytes()).unwrap());
            }
            _ => return said,
        }
    }
}

#[test]
fn more_than_the_tier_grants_is_refused_and_the_best_it_grants_given() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    fan.connection.refreshed(rights(PolicyName::Digest));
    assert_eq!(fan.connection.policy(&match_id()), Some(PolicyName::Digest));
    let answers = said(&mut fan.connection, &world);
    assert_eq!(answers[0]["code"], "policy_not_granted");
    fan.connection.refreshed(rights(PolicyName::Realtime));
    assert_eq!(
        fan.connection.policy(&match_id()),
        Some(PolicyName::Realtime)
    );
}

#[test]
fn a_newer_token_is_no_wish_for_another_snapshot() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Always);
    fan.connection.refreshed(rights(PolicyName::Realtime));
    assert!(fan.take(&world, 10));
    assert_eq!(fan.snapshots.get("asked"), Some(&1));
}

#[test]
fn a_match_keeps_everybody_as_far_behind_as_it_says() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.feed.borrow_mut().delay_s = 20;
    world.publish(1, false);
    world.now_us += 19_999_999;
    assert!(fan.take(&world, 10));
    assert_eq!(fan.seq, 1);
    world.now_us += 1;
    fan.take(&world, 10);
    assert_eq!(fan.seq, 2);
}

#[test]
fn a_fan_is_told_first_that_a_match_is_not_live() {
    let mut world = World::new();
    world.publish(1, false);
    world.feed.borrow_mut().status = Status::Stale;
    let mut connection = connection(Codec::Json, 0, START_US);
    connection.subscribe(subscribe(PolicyName::Realtime, SnapshotWish::Auto, 0, None));
    let told = said(&mut connection, &world);
    let types: Vec<_> = told.iter().map(|message| &message["type"]).collect();
    assert_eq!(types, ["welcome", "status", "snapshot"]);
    assert_eq!(told[1]["status"], "stale");
}

#[test]
fn a_match_that_is_not_there_is_said_to_be_so_once() {
    let mut connection = connection(Codec::Json, 0, START_US);
    connection.subscribe(subscribe(PolicyName::Realtime, SnapshotWish::Auto, 0, None));
    let told = said(&mut connection, &Nowhere);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1]["code"], "unknown_match");
}

#[test]
fn each_match_has_its_turn() {
    let mut world = World::new();
    (0..500).for_each(|_| world.publish(1, false));
    let mut connection = connection(Codec::Json, 0, START_US);
    for name in ["a", "b"] {
        connection.subscribe(Subscribe {
            match_id: MatchId::new(name).unwrap(),
            ..subscribe(
                PolicyName::Realtime,
                SnapshotWish::Never,
                0,
                Some(Cursor::START),
            )
        });
    }
    // A welcome, and two frames.
    (0..3).for_each(|_| drop(connection.poll(&world, START_US)));
    connection.said(ClientMessage::Ping);
    let Output::Answer(pong) = connection.poll(&world, START_US) else {
        panic!("a pong")
    };
    let pong: Value = serde_json::from_slice(&pong.bytes()).unwrap();
    let seqs: Vec<_> = pong["heads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|head| &head["seq"])
        .collect();
    assert_eq!(seqs, [64, 64]);
}
