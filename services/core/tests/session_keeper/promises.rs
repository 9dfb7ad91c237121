//! When a session is written, and whose write stays.

use grandstand_core::session_keeper::{Origin, Verdict, Written};

use crate::stage::{Bucket, Gateway, S};

#[test]
fn a_first_subscribe_and_what_follows_within_a_second_are_one_write() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let holder = a.open(1, "one", Origin::New, 10 * S);
    a.change(&holder, "two", 10 * S + S / 2);
    a.pass(&mut bucket, 10 * S, 11 * S - 1);
    assert_eq!(bucket.says(1), "");
    a.pass(&mut bucket, 11 * S, 60 * S);
    assert_eq!(bucket.says(1), "a two");
    let probes = a.writes.len();
    assert!(
        (20..30).contains(&probes),
        "{probes}: one every 2 s to see whether it is there"
    );
}

#[test]
fn a_late_close_never_overwrites_the_newer_gateway() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    let at_a = a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    b.open(1, "two", Origin::TakenOver, 2 * S);
    b.pass(&mut bucket, 2 * S, 4 * S);
    a.close(&at_a, 4 * S);
    a.pass(&mut bucket, 4 * S, 6 * S);
    assert_eq!(bucket.says(1), "b two");
    assert!(a.keeper.is_empty());
}

#[test]
fn a_close_that_comes_first_is_overwritten_by_the_newer_gateway() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    let at_a = a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    b.open(1, "two", Origin::TakenOver, 2 * S);
    a.close(&at_a, 2 * S);
    a.pass(&mut bucket, 2 * S, 2 * S + S / 2);
    assert_eq!(bucket.says(1), "a closed");
    b.pass(&mut bucket, 2 * S, 4 * S);
    assert_eq!(bucket.says(1), "b two");
}

#[test]
fn who_takes_a_session_over_and_leaves_at_once_leaves_it_as_it_was() {
    let (mut bucket, mut a, mut b) = (Bucket::default(), Gateway::new("a"), Gateway::new("b"));
    a.open(1, "one", Origin::New, 0);
    a.pass(&mut bucket, 0, 2 * S);
    let at_b = b.open(1, "none", Origin::TakenOver, 2 * S);
    b.close(&at_b, 2 * S + 1);
    b.pass(&mut bucket, 2 * S, 4 * S);
    assert_eq!(bucket.says(1), "a one");
    assert!(b.keeper.is_empty());
}

#[test]
fn a_newer_connection_of_the_same_gateway_alone_has_a_say() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let old = a.open(1, "one", Origin::New, 0);
    a.send(&mut bucket, S);
    a.open(1, "two", Origin::TakenOver, S);
    a.answer(S);
    a.close(&old, S + 1);
    a.pass(&mut bucket, S, 4 * S);
    assert_eq!(bucket.says(1), "a two");
}

#[test]
fn a_bucket_that_was_made_anew_has_every_session_again_within_seconds() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..1_000 {
        a.open(n, "x", Origin::New, 0);
    }
    a.pass(&mut bucket, 0, 4 * S);
    assert_eq!(bucket.stored.len(), 1_000);
    bucket.away = true;
    a.pass(&mut bucket, 10 * S, 20 * S);
    assert!(!a.keeper.bucket_is_up());
    bucket.away = false;
    bucket.make_anew();
    a.pass(&mut bucket, 20 * S, 27 * S);
    assert!(a.keeper.bucket_is_up());
    assert_eq!(bucket.stored.len(), 1_000);
    let again = a.writes.iter().filter(|at_us| **at_us >= 20 * S).count();
    assert!(again < 1_010, "{again} writes for 1,000 sessions");
}

#[test]
fn a_write_whose_outcome_was_unknown_is_recognised() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    let holder = a.open(1, "one", Origin::New, 0);
    a.send(&mut bucket, S);
    for (_, written) in &mut a.open {
        *written = Written::Unknown;
    }
    assert_eq!(a.answer(S), [Verdict::Failed]);
    a.change(&holder, "two", 2 * S);
    a.pass(&mut bucket, 2 * S, 5 * S);
    assert_eq!(bucket.says(1), "a two");
}

#[test]
fn the_pace_is_500_a_second() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..3_000 {
        a.open(n, "x", Origin::New, 0);
    }
    for now_us in (0..5 * S).step_by(1_000) {
        a.send(&mut bucket, now_us);
        a.answer(now_us);
    }
    for second in 1..4 {
        let within = |at_us: &&u64| (second * S..(second + 1) * S).contains(*at_us);
        let count = a.writes.iter().filter(within).count();
        assert!((490..=512).contains(&count), "{count} in second {second}");
    }
    a.writes.clear();
    // Without an answer no more than 256 are under way.
    let mut b = Gateway::new("b");
    for n in 0..1_000 {
        b.open(n, "x", Origin::TakenOver, 0);
    }
    for now_us in (0..10 * S).step_by(1_000) {
        b.send(&mut bucket, now_us);
    }
    assert_eq!(b.open.len(), 256);
}

#[test]
fn a_session_is_kept_alive_while_the_fan_is_there() {
    let (mut bucket, mut a) = (Bucket::default(), Gateway::new("a"));
    for n in 0..50 {
        a.open(n, "x", Origin::New, 0);
    }
    a.pass(&mut bucket, 0, 2 * S);
    let before = bucket.sequence;
    for now_us in (2 * S..302 * S).step_by(50_000) {
        a.send(&mut bucket, now_us);
        a.answer(now_us);
    }
    let newest = bucket.stored.values().map(|(revision, _)| *revision).min();
    assert!(newest.unwrap() > before, "each was written again");
}

#[test]
fn who_comes_later_makes_nothing_due_sooner_and_who_leaves_does() {
    let mut a = Gateway::new("a");
    assert_eq!(a.keeper.first_due_us(), None);
    let first = a.open(1, "one", Origin::New, 10 * S);
    let due_us = a.keeper.first_due_us();
    assert_eq!(due_us, Some(11 * S));
    let second = a.open(2, "one", Origin::New, 10 * S + 1);
    a.change(&second, "two", 10 * S + 2);
    assert_eq!(a.keeper.first_due_us(), due_us);
    a.close(&first, 10 * S + 3);
    assert_eq!(a.keeper.first_due_us(), Some(10 * S + 3));
}
