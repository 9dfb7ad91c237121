//! Heartbeats, deadlines and the end of a connection.

use std::num::NonZero;

use grandstand_core::connection::{FanRights, Output};
use grandstand_core::message::{ClientMessage, CloseCode, Named};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use serde_json::{Value, json};

use crate::fan::world_and_fan;
use crate::world::{START_US, match_id};

#[test]
fn a_fan_that_never_answers_a_ping_is_given_up() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let heard_us = START_US;
    let mut now_us = world.now_us;
    let closed = loop {
        match fan.connection.poll(&world, now_us) {
            Output::Ping | Output::Answer(_) | Output::Frame(..) => {}
            Output::Wait(Some(at_us)) => now_us = at_us,
            output => break output,
        }
    };
    assert!(matches!(closed, Output::Close(CloseCode::TooSlow, _)));
    assert_eq!(now_us, heard_us + 65_000_000);
}

#[test]
fn a_page_hears_something_every_heartbeat_though_it_never_sees_a_ping() {
    for known in [true, false] {
        let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
        if !known {
            fan.connection
                .said(ClientMessage::Unsubscribe(Named::Match(match_id())));
        }
        for _ in 0..3 {
            world.now_us += 55_000_000;
            let mut heard = 0;
            loop {
                match fan.connection.poll(&world, world.now_us) {
                    Output::Answer(_) => heard += 1,
                    Output::Ping => fan.connection.heard(world.now_us),
                    Output::Wait(at_us) => {
                        break assert_eq!(at_us, Some(world.now_us + 55_000_000));
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(heard, 1, "known: {known}");
        }
    }
}

#[test]
fn a_heartbeat_of_a_live_match_is_as_of_now() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.now_us += 55_000_000;
    fan.take(&world, 10);
    assert_eq!(fan.status["as_of"], world.now_us);
}

#[test]
fn a_slow_write_does_not_count_as_silence() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.now_us += 55_000_000;
    assert_eq!(fan.connection.poll(&world, world.now_us), Output::Ping);
    world.publish(1, false);
    assert!(matches!(
        fan.connection.poll(&world, world.now_us),
        Output::Frame(..)
    ));
    world.now_us += 20_000_000;
    let output = fan.connection.poll(&world, world.now_us);
    assert!(
        !matches!(output, Output::Close(..)),
        "its pong may wait in our buffer: {output:?}"
    );
}

#[test]
fn a_token_that_ends_is_told_and_closes() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let expires_us = world.now_us + 5_000_000;
    fan.connection.refreshed(FanRights {
        tier: "premium",
        policy_max: PolicyName::Realtime,
        delay_s: 0,
        expires_us: NonZero::new(expires_us),
    });
    assert_eq!(fan.wake_us(&world), expires_us);
    assert!(matches!(
        fan.connection.poll(&world, expires_us),
        Output::Answer(_)
    ));
    let closes = Output::Close(CloseCode::Token, "token expired");
    assert_eq!(fan.connection.poll(&world, expires_us), closes);
}

#[test]
fn a_gateway_that_stood_still_gives_nobody_up_for_it() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.now_us += 55_000_000;
    assert_eq!(fan.connection.poll(&world, world.now_us), Output::Ping);
    world.now_us += 30_000_000;
    fan.connection.paused(30_000_000);
    let mut output = fan.connection.poll(&world, world.now_us);
    while let Output::Answer(_) = output {
        output = fan.connection.poll(&world, world.now_us);
    }
    assert_eq!(output, Output::Wait(Some(world.now_us + 10_000_000)));
}

#[test]
fn a_fan_is_told_in_its_turn_that_the_gateway_goes_and_served_until_it_leaves() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let turn_us = world.now_us + 3_000_000;
    fan.connection.go_away(turn_us, 1_000);
    assert_eq!(fan.wake_us(&world), turn_us);

    world.now_us = turn_us;
    let Output::Answer(frame) = fan.connection.poll(&world, turn_us) else {
        panic!("it is its turn");
    };
    let told: Value = serde_json::from_slice(&frame.bytes()).unwrap();
    let expected =
        json!({"type": "goaway", "reason": "drain", "reconnect_in_ms": 0, "window_ms": 1_000});
    assert_eq!(told, expected);

    world.publish(1, false);
    assert!(fan.take(&world, 10));
    assert_eq!(fan.seq, world.head, "it is served until it leaves");
    let closed_us = fan.wake_us(&world);
    assert_eq!(closed_us, turn_us + 1_500_000);
    let closes = Output::Close(CloseCode::Drain, "this gateway goes");
    assert_eq!(fan.connection.poll(&world, closed_us), closes);
}

#[test]
fn what_a_client_did_wrong_is_told_though_the_gateway_goes() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    fan.connection.go_away(world.now_us, 1_000);
    fan.connection.close(CloseCode::TooMany, "too much");
    fan.connection.close(CloseCode::Drain, "later");
    let closes = Output::Close(CloseCode::TooMany, "too much");
    assert_eq!(fan.connection.poll(&world, world.now_us), closes);
}
