//! A leader that lacks what we have: for a moment it may only be behind, for longer it has lost it.
#![allow(clippy::unwrap_used, reason = "clippy knows only #[test] functions")]

use bytes::Bytes;
use grandstand_core::follow::{Arrival, Follower, Outcome};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::log::LogBudget;
use grandstand_core::record::RecordParts;
use serde_json::json;

const S: u64 = 1_000_000;

/// The `seq`th record of a match, at ten times its seq in the stream.
fn arrival(seq: u64) -> Arrival {
    let event = json!({"seq": seq, "ts": seq, "id": format!("e{seq}"), "type": "thing", "patch": {"n": seq}});
    let record = json!({"events": [event], "hash": StateHash::of(&json!({"n": seq}))});
    Arrival {
        stream_sequence: seq * 10,
        last_stream_sequence: Some((seq - 1) * 10),
        parts: RecordParts::decode(Bytes::from(rmp_serde::to_vec_named(&record).unwrap())).unwrap(),
    }
}

fn follower() -> Follower {
    let epoch = Epoch {
        created_us: 1,
        incarnation: 1,
    };
    let mut follower = Follower::new(MatchId::new("m").unwrap(), epoch, LogBudget::unbounded());
    for seq in 1..=3 {
        assert_eq!(follower.live(arrival(seq), seq), Outcome::Taken);
    }
    follower
}

#[test]
fn one_word_of_a_leader_that_lags_is_no_loss() {
    let mut follower = follower();
    follower.leader_tip(20, 10 * S);
    assert!(follower.leader_lacks() && !follower.is_lost());

    follower.leader_tip(30, 11 * S);

    assert!(!follower.leader_lacks() && !follower.is_lost());
}

#[test]
fn what_the_leader_goes_on_lacking_is_lost_and_after_long_damage() {
    let mut follower = follower();
    for (at_us, is_lost, is_damaged) in [
        (10 * S, false, false),
        (10 * S + S / 4, true, false),
        (39 * S, true, false),
        (40 * S, true, true),
    ] {
        follower.leader_tip(0, at_us);
        let found = (follower.is_lost(), follower.is_damaged(at_us));
        assert_eq!(found, (is_lost, is_damaged), "{at_us}");
        assert_eq!(follower.log().head(), 3, "what is here stays");
        assert!(!follower.has_gap());
    }
}

#[test]
fn what_is_read_anew_or_goes_on_is_not_lost_any_more() {
    let lost = || {
        let mut follower = follower();
        follower.leader_tip(0, 10 * S);
        follower.leader_tip(0, 12 * S);
        assert!(follower.is_lost());
        follower
    };
    let (mut refilled, mut gone_on) = (lost(), lost());

    let epoch = Epoch {
        created_us: 2,
        incarnation: 1,
    };
    refilled.refill(epoch, vec![arrival(1)], 10, 13 * S);
    assert_eq!(gone_on.live(arrival(4), 13 * S), Outcome::Taken);

    assert!(!refilled.is_lost() && !gone_on.is_lost());
}
