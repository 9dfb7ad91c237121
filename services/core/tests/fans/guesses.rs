//! A cursor is only the fan's word: whoever guesses one learns nothing that his policy does not show.

use grandstand_core::connection::Output;
use grandstand_core::frame::Codec;
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use serde_json::Value;

use crate::fan::{connection, cursor, subscribe};
use crate::world::World;

const S: u64 = 1_000_000;

/// All that a fan who shows `seq` is told within `pass_us`, and whether the leader is asked; the
/// leader's answer comes at once.
fn told(mut world: World, policy: PolicyName, delay_s: u32, seq: u64, pass_us: u64) -> Vec<String> {
    let mut connection = connection(Codec::Json, 0, world.now_us);
    connection.subscribe(subscribe(
        policy,
        SnapshotWish::Auto,
        delay_s,
        Some(cursor(seq)),
    ));
    let until_us = world.now_us + pass_us;
    let mut told = Vec::new();
    while world.now_us < until_us {
        match connection.poll(&world, world.now_us) {
            Output::Answer(frame) | Output::Frame(frame, _) => {
                let message: Value = serde_json::from_slice(&frame.bytes()).unwrap();
                let word = match message["type"].as_str().unwrap() {
                    "snapshot" => message["reason"].as_str().unwrap(),
                    "status" if message["hash"].is_string() => "status with a hash",
                    other => other,
                };
                told.push(word.to_owned());
            }
            Output::AskLeader(_) => {
                told.push("leader".to_owned());
                world.feed.borrow_mut().leader_answers += 1;
            }
            Output::Wait(_) => world.now_us += 100_000,
            Output::Beat(_) | Output::Ping | Output::Close(..) => {
                unreachable!("it is too early for that")
            }
        }
    }
    told
}

/// A match of five events; the last three are newer than any mark.
fn world() -> World {
    let mut world = World::new();
    world.publish(2, false);
    world.now_us += 10 * S + S / 10;
    world.publish(3, false);
    world.now_us += S / 10;
    world
}

#[test]
fn who_guesses_how_far_a_match_has_come_is_told_nothing_before_his_policy_shows_it() {
    for (policy, delay_s, lag_us) in [
        (PolicyName::Digest, 0, 5 * S),
        (PolicyName::Digest, 30, 35 * S),
        (PolicyName::Realtime, 30, 30 * S),
    ] {
        let before_us = lag_us - S / 2;
        let right = told(world(), policy, delay_s, 5, before_us);
        let wrong = told(world(), policy, delay_s, 6, before_us);
        assert_eq!(right, ["welcome", "status"], "{policy:?} {delay_s}");
        assert_eq!(wrong, right, "{policy:?} {delay_s}");
    }
}

#[test]
fn a_cursor_that_can_not_be_is_rolled_back_once_that_is_certain() {
    for (policy, delay_s, lag_us) in [
        (PolicyName::Realtime, 0, 0),
        (PolicyName::Digest, 0, 5 * S),
        (PolicyName::Realtime, 30, 30 * S),
    ] {
        let wrong = told(world(), policy, delay_s, 6, lag_us + 2 * S);
        let end = ["leader", "rolled_back"];
        assert_eq!(wrong[wrong.len() - 2..], end, "{policy:?} {delay_s}");
        let right = told(world(), policy, delay_s, 5, lag_us + 2 * S);
        assert_eq!(right.len(), 2, "a welcome and a status: {right:?}");
    }
}
