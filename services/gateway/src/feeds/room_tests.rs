use std::sync::Arc;

use bytes::Bytes;
use grandstand_core::connection::{Feed, Standings};
use grandstand_core::follow::{Arrival, Follower, Outcome};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::message::Status;
use grandstand_core::record::{Record, RecordParts};
use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::feeds::{Following, NoSlot, Reader, Ready, Share};

const BUDGET_BYTES: u64 = 1 << 20;
/// So many make a log of about a quarter of the budget.
const RECORDS: u64 = 256;

fn open(feeds: &Arc<Feeds>, name: &str) -> Result<Following, NoSlot> {
    let reader = Reader::Task(Arc::new(Notify::new()));
    feeds.open(&MatchId::new(name).unwrap(), reader, Share::Nobodys, 1, 1)
}

/// Somebody reads this match, which has so many records of a kilobyte.
fn read(feeds: &Arc<Feeds>, name: &str, records: u64) -> Following {
    let following = open(feeds, name).unwrap();
    let epoch = Epoch {
        created_us: 1,
        incarnation: 1,
    };
    let match_id = MatchId::new(name).unwrap();
    let mut follower = Follower::new(match_id, epoch, Arc::clone(feeds.budget()));
    for seq in 1..=records {
        assert_eq!(follower.live(arrival(seq), 1), Outcome::Taken);
    }
    let feed = Feed {
        follower,
        status: Status::Live,
        as_of_us: 1,
        delay_s: 0,
        leader_answers: 0,
        standings: Standings::default(),
    };
    *following.slot().write() = Content::Ready(Box::new(Ready {
        feed,
        visibility: Visibility::Public,
        passed_by: 0,
        leader_checked_us: 1,
        leader_has_said: false,
    }));
    following
}

fn arrival(seq: u64) -> Arrival {
    let event = json!({
        "seq": seq, "ts": seq, "id": format!("e{seq}"), "type": "set",
        "data": {"pad": "x".repeat(700)}, "patch": {"n": seq},
    });
    let record = Record {
        events: vec![serde_json::from_value(event).unwrap()],
        hash: StateHash::of(&json!({"n": seq})),
    };
    Arrival {
        stream_sequence: seq,
        last_stream_sequence: None,
        parts: RecordParts::decode(Bytes::from(record.encode())).unwrap(),
    }
}

fn evicted(following: &Following) -> u64 {
    following
        .slot()
        .of_log(|follower| follower.log().evicted())
        .unwrap()
}

#[test]
fn nothing_is_given_while_there_is_room() {
    let feeds = Arc::new(Feeds::new(Arc::default(), BUDGET_BYTES));
    let a = read(&feeds, "a", RECORDS);
    assert_eq!(feeds.make_room(), Given::default());
    assert_eq!(evicted(&a), 0);
}

#[test]
fn what_nobody_reads_goes_before_an_event_of_what_somebody_reads() {
    let feeds = Arc::new(Feeds::new(Arc::default(), BUDGET_BYTES));
    let [a, b] = ["a", "b"].map(|name| read(&feeds, name, RECORDS));
    for name in ["c", "d", "e"] {
        drop(read(&feeds, name, RECORDS));
    }
    assert!(feeds.budget().is_over());

    let given = feeds.make_room();

    assert!(
        (1..=3).contains(&given.logs) && given.events == 0,
        "{given:?}"
    );
    assert!(feeds.budget().bytes() <= BUDGET_BYTES / 8 * 7);
    assert_eq!((evicted(&a), evicted(&b)), (0, 0));
    assert_eq!(feeds.all().len() as u64, 5 - given.logs);
}

#[test]
fn the_largest_logs_give_their_oldest_events_when_all_are_read() {
    let feeds = Arc::new(Feeds::new(Arc::default(), BUDGET_BYTES));
    let large = read(&feeds, "large", 5 * RECORDS);
    let small = read(&feeds, "small", RECORDS / 4);

    let given = feeds.make_room();

    assert!(given.events > 0 && given.logs == 0, "{given:?}");
    assert!(evicted(&large) > 0);
    assert_eq!(evicted(&small), 0);
    assert!(!feeds.is_full());
}

#[test]
fn no_match_is_let_in_until_somebody_can_give_something() {
    let feeds = Arc::new(Feeds::new(Arc::default(), BUDGET_BYTES));
    // None has more events than are always kept.
    let mut all: Vec<Following> = (0..30)
        .map(|number| read(&feeds, &format!("m{number}"), 60))
        .collect();

    feeds.make_room();

    assert!(feeds.is_full());
    assert_eq!(open(&feeds, "another").err(), Some(NoSlot::Full));
    assert!(open(&feeds, "m0").is_ok(), "it is in memory");
    all.truncate(10);
    assert!(feeds.make_room().logs > 0);
    assert!(open(&feeds, "another").is_ok());
}
