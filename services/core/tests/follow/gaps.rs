//! What is asked of whom where something is missing, and when it is damage.

use grandstand_core::follow::{Arrival, Follower, Outcome, Whom};
use grandstand_core::log::LogBudget;

use crate::stage::{START_US, Stream, epoch, match_id, unchained};

#[test]
fn a_record_that_only_the_leader_has_is_asked_of_it_and_a_lost_one_is_damage() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    let mut now_us = START_US;
    follower.tip(5, now_us);
    let mut asked = Vec::new();
    while !follower.is_damaged(now_us) {
        let backfill = follower.backfill().expect("it is still missing");
        now_us = now_us.max(backfill.at_us);
        asked.push(backfill.whom);
        follower.backfilled(Vec::new(), backfill.whom, now_us);
    }
    assert_eq!(
        asked[..4],
        [Whom::Replica, Whom::Replica, Whom::Replica, Whom::Leader]
    );
    assert!(asked.len() < 60, "pauses grow: {} rounds", asked.len());
    assert!(now_us >= START_US + 30_000_000);
    follower.backfilled(Vec::new(), Whom::Leader, now_us);
    let next = follower.backfill().expect("it is still missing");
    assert!(
        next.at_us >= now_us + 30_000_000,
        "what is lost is not asked for all the time"
    );
}

#[test]
fn who_does_not_answer_is_not_the_only_one_asked() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(5, START_US);
    let mut asked = Vec::new();
    for _ in 0..4 {
        let backfill = follower.backfill().expect("it is still missing");
        asked.push(backfill.whom);
        follower.backfill_failed(backfill.whom, backfill.at_us);
        let next = follower.backfill().expect("it is still missing");
        assert!(next.at_us > backfill.at_us, "an outage is not hammered");
    }
    assert_eq!(
        asked,
        [Whom::Replica, Whom::Leader, Whom::Replica, Whom::Leader]
    );
    assert!(
        !follower.is_damaged(START_US + 60_000_000),
        "an outage is no damage"
    );
}

#[test]
fn a_leader_that_gives_a_part_has_not_lost_the_rest() {
    let mut stream = Stream::new();
    (0..100).for_each(|_| drop(stream.publish(1)));
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    let mut now_us = START_US;
    follower.tip(200, now_us);
    for arrival in stream.view(0).iter().take(60).cloned() {
        now_us += 1_000_000;
        follower.backfilled(vec![arrival], Whom::Leader, now_us);
    }
    assert!(follower.has_gap() && !follower.is_damaged(now_us));
}

#[test]
fn a_log_with_a_hole_in_the_stream_is_damaged_and_not_read_for_ever() {
    let mut stream = Stream::new();
    (0..5).for_each(|_| drop(stream.publish(1)));
    let mut records: Vec<Arrival> = stream.view(0).iter().cloned().map(unchained).collect();
    records.remove(2);
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());

    let outcome = follower.refill(epoch(1, 1), records.clone(), 10, START_US);

    assert_eq!((outcome, follower.log().head()), (Outcome::Gap, 2));
    assert!(follower.is_damaged(START_US), "fans are told");
    let backfill = follower.backfill().expect("somebody may mend it");
    assert!(backfill.at_us >= START_US + 30_000_000);
    let rest = records.split_off(2);
    assert_eq!(
        follower.backfilled(rest, Whom::Leader, backfill.at_us),
        Outcome::Gap,
        "the same again is no news"
    );
    let whole: Vec<Arrival> = stream.view(0).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(whole, Whom::Leader, backfill.at_us),
        Outcome::Taken
    );
    assert!(!follower.is_damaged(backfill.at_us) && !follower.has_gap());
}

#[test]
fn a_record_that_follows_an_older_one_than_ours_is_another_log() {
    let mut stream = Stream::new();
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    for _ in 0..3 {
        let outcome = follower.live(stream.publish(1), START_US);
        assert_eq!(outcome, Outcome::Taken);
    }
    let fits_by_seq = Arrival {
        last_stream_sequence: Some(2),
        ..stream.publish(1)
    };
    assert_eq!(follower.live(fits_by_seq, START_US), Outcome::Changed);
}

#[test]
fn a_gap_grows_with_what_is_known() {
    let mut stream = Stream::new();
    (0..4).for_each(|_| drop(stream.publish(1)));
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(4, START_US);
    follower.tip(8, START_US);
    let part = stream.view(2).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(part, Whom::Replica, START_US),
        Outcome::Gap
    );
    let rest = stream.view(0).iter().cloned().map(unchained).collect();
    assert_eq!(
        follower.backfilled(rest, Whom::Replica, START_US),
        Outcome::Taken
    );
}

#[test]
fn damage_counts_only_while_the_leader_answers() {
    let mut follower = Follower::new(match_id(), epoch(1, 1), LogBudget::unbounded());
    follower.tip(5, START_US);
    follower.backfilled(Vec::new(), Whom::Leader, START_US);
    follower.backfill_failed(Whom::Leader, START_US + 20_000_000);
    follower.backfilled(Vec::new(), Whom::Leader, START_US + 35_000_000);
    assert!(!follower.is_damaged(START_US + 35_000_000));
    assert!(follower.is_damaged(START_US + 65_000_000));
}
