//! Heartbeats, deadlines and the end of a connection.

use std::num::NonZero;

use grandstand_core::connection::{FanRights, Output};
use grandstand_core::frame::{Codec, PING};
use grandstand_core::ids::MatchId;
use grandstand_core::message::{ClientMessage, CloseCode, Named, Status, Subscribe};
use grandstand_core::policy::PolicyName;
use grandstand_core::subscription::SnapshotWish;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fan::{Fan, cursor, subscribe, world_and_fan};
use crate::world::{START_US, World, match_id};

#[test]
fn a_fan_that_never_answers_a_ping_is_given_up() {
    let (world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let heard_us = START_US;
    let mut now_us = world.now_us;
    let closed = loop {
        match fan.connection.poll(&world, now_us) {
            Output::Ping | Output::Beat(_) | Output::Answer(_) | Output::Frame(..) => {}
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
                    Output::Beat(_) => {
                        heard += 1;
                        fan.connection.heard(world.now_us);
                    }
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
fn a_ping_that_is_nearly_due_goes_along_with_an_event() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let mut next_is_pinged = |world: &mut World, heard_s: u64| {
        world.now_us = START_US + heard_s * 1_000_000;
        world.publish(1, false);
        match fan.connection.poll(world, world.now_us) {
            Output::Frame(frame, _) => frame.wire().starts_with(&PING),
            other => panic!("{other:?}"),
        }
    };
    assert!(!next_is_pinged(&mut world, 45));
    assert!(next_is_pinged(&mut world, 50));
    assert!(!next_is_pinged(&mut world, 51), "one is enough");

    let late_us = world.now_us + 9_000_000;
    let closed = fan.connection.poll(&world, late_us);
    assert!(
        matches!(closed, Output::Close(CloseCode::TooSlow, _)),
        "{closed:?}"
    );
}

#[test]
fn a_heartbeat_of_a_live_match_is_as_of_this_second() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.now_us += 55_999_999;
    fan.take(&world, 10);
    assert_eq!(fan.status["as_of"], world.now_us - 999_999);
}

#[test]
fn all_who_stand_at_one_place_are_told_so_by_the_same_bytes() {
    let (mut world, mut first) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let other = |codec, wish| Fan::new(&world, codec, PolicyName::Realtime, wish, 0, 3);
    let mut second = other(Codec::Json, SnapshotWish::Never);
    let mut packed = other(Codec::MessagePack, SnapshotWish::Auto);
    let mut elsewhere = other(Codec::Json, SnapshotWish::Auto);
    elsewhere.come_back(&world, cursor(1), PolicyName::Digest);
    for fan in [&mut second, &mut packed, &mut elsewhere] {
        assert!(fan.take(&world, 100));
    }
    world.publish(1, false);
    for fan in [&mut first, &mut second, &mut packed] {
        assert!(fan.take(&world, 100));
    }

    world.now_us += 55_000_000;
    let beat = |fan: &mut Fan| match fan.connection.poll(&world, world.now_us) {
        Output::Beat(frame) => frame,
        other => panic!("{other:?}"),
    };
    let told = beat(&mut first);
    assert!(told.wire().starts_with(&[0x89, 0, 0x81]));
    assert_eq!(beat(&mut second).wire().as_ptr(), told.wire().as_ptr());
    assert_ne!(beat(&mut packed).wire().as_ptr(), told.wire().as_ptr());

    // A change of status is told at once, out of the same bytes for all.
    world.feed.borrow_mut().status = Status::Stale;
    are_told_by_the_same_bytes(&world, &mut first, &mut second);
}

fn are_told_by_the_same_bytes(world: &World, first: &mut Fan, second: &mut Fan) {
    let [told, again] = [first, second].map(|fan| match fan.connection.poll(world, world.now_us) {
        Output::Answer(frame) => frame,
        other => panic!("{other:?}"),
    });
    assert_eq!(told.wire().as_ptr(), again.wire().as_ptr());
}

#[test]
fn places_that_were_never_shown_take_no_room() {
    let (world, mut first) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    let comes = |after| {
        let mut fan = Fan::new(
            &world,
            Codec::Json,
            PolicyName::Realtime,
            SnapshotWish::Auto,
            0,
            0,
        );
        fan.come_back(&world, after, PolicyName::Realtime);
        fan
    };
    let mut second = comes(cursor(1));
    assert!(second.take(&world, 100));
    world.feed.borrow_mut().status = Status::Stale;
    for seq in 1_000..1_100 {
        comes(cursor(seq)).take(&world, 2);
    }
    are_told_by_the_same_bytes(&world, &mut first, &mut second);
}

#[test]
fn of_several_matches_the_first_brings_the_ping() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    fan.connection.subscribe(Subscribe {
        match_id: MatchId::new("n").unwrap(),
        ..subscribe(PolicyName::Realtime, SnapshotWish::Auto, 0, None)
    });
    let snapshot = fan.connection.poll(&world, world.now_us);
    assert!(matches!(snapshot, Output::Frame(..)), "{snapshot:?}");
    world.now_us += 55_000_000;
    let outputs = [(); 3].map(|()| fan.connection.poll(&world, world.now_us));
    assert!(
        matches!(
            outputs,
            [Output::Beat(_), Output::Answer(_), Output::Wait(_)]
        ),
        "{outputs:?}"
    );
}

#[derive(Debug, Clone, Copy)]
enum Happens {
    Nothing,
    Event,
    ClientSpeaks,
}

proptest! {
    /// Whatever else goes on: nobody hears nothing for longer than a heartbeat, nobody is unheard
    /// for longer without being asked, and whoever only answers pings is written to once a
    /// heartbeat where nothing happens.
    #[test]
    fn a_heartbeat_is_one_piece_and_never_late(
        moves in prop::collection::vec(
            (
                1_u64..40_000_000,
                prop_oneof![
                    Just(Happens::Nothing),
                    Just(Happens::Event),
                    Just(Happens::ClientSpeaks)
                ],
            ),
            1..30,
        ),
    ) {
        const BEAT_US: u64 = 55_000_000;
        let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
        let (mut heard_us, mut told_us) = (START_US, world.now_us);
        let quiet = std::iter::repeat_n((BEAT_US, Happens::Nothing), 6);
        let quiet_from = moves.len() + 2;
        let mut writes_while_quiet = 0;
        for (index, (pass_us, happens)) in moves.into_iter().chain(quiet).enumerate() {
            match happens {
                Happens::Nothing => {}
                Happens::Event => world.publish(1, false),
                Happens::ClientSpeaks => {
                    fan.connection.heard(world.now_us);
                    heard_us = world.now_us;
                }
            }
            let until_us = world.now_us + pass_us;
            loop {
                let output = fan.connection.poll(&world, world.now_us);
                if index >= quiet_from && !matches!(output, Output::Wait(_)) {
                    writes_while_quiet += 1;
                }
                match output {
                    Output::Wait(at_us) => {
                        let at_us = at_us.expect("there is a heartbeat at least");
                        prop_assert!(at_us > world.now_us);
                        world.now_us = at_us.min(until_us);
                        if world.now_us == until_us {
                            break;
                        }
                    }
                    Output::Frame(frame, _) if frame.wire().starts_with(&PING) => {
                        (told_us, heard_us) = (world.now_us, world.now_us);
                    }
                    Output::Answer(_) | Output::Frame(..) => told_us = world.now_us,
                    Output::Ping => heard_us = world.now_us,
                    Output::Beat(_) => (told_us, heard_us) = (world.now_us, world.now_us),
                    other => panic!("{other:?}"),
                }
                // The pong comes at once.
                if heard_us == world.now_us {
                    fan.connection.heard(world.now_us);
                }
                prop_assert!(world.now_us <= told_us + BEAT_US, "it hears nothing");
                prop_assert!(world.now_us <= heard_us + BEAT_US, "it is not asked");
            }
        }
        prop_assert!(writes_while_quiet <= 4, "{writes_while_quiet}");
    }
}

#[test]
fn a_slow_write_does_not_count_as_silence() {
    let (mut world, mut fan) = world_and_fan(PolicyName::Realtime, SnapshotWish::Auto);
    world.now_us += 55_000_000;
    assert!(matches!(
        fan.connection.poll(&world, world.now_us),
        Output::Beat(_)
    ));
    world.publish(1, false);
    assert!(matches!(
        fan.connection.poll(&world, world.now_us),
        Output::Frame(..)
    ));
    fan.connection.held_up(world.now_us);
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
    assert!(matches!(
        fan.connection.poll(&world, world.now_us),
        Output::Beat(_)
    ));
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
