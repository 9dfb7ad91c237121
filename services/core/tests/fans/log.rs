//! What a log gives out of itself.

use grandstand_core::frame::Codec;
use grandstand_core::log::{FRAME_BYTES_MAX, FRAME_EVENTS_MAX, Split};
use serde_json::Value;

use crate::world::World;

fn events(bytes: &[u8]) -> usize {
    let message: Value = serde_json::from_slice(bytes).unwrap();
    message["events"].as_array().unwrap().len()
}

#[test]
fn a_frame_of_many_records_is_bounded_in_events_and_bytes() {
    let mut world = World::new();
    (0..200).for_each(|_| world.publish(1, false));
    let feed = world.feed();
    let log = feed.follower.log();
    let (frame, end) = log.frame(Codec::Json, 0, 200, Split::Never).unwrap();
    assert_eq!((end, events(&frame.bytes())), (FRAME_EVENTS_MAX, 64));

    let mut world = World::new();
    world.padding = 2_000;
    (0..60).for_each(|_| world.publish(1, false));
    let feed = world.feed();
    let log = feed.follower.log();
    let (frame, end) = log.frame(Codec::MessagePack, 0, 60, Split::Never).unwrap();
    assert!(
        frame.bytes().len() <= FRAME_BYTES_MAX + 200,
        "{}",
        frame.bytes().len()
    );
    assert!(end > 1);
}

#[test]
fn a_large_record_is_cut_only_for_who_wants_every_event() {
    let mut world = World::new();
    world.publish(100, false);
    world.publish(1, false);
    let feed = world.feed();
    let log = feed.follower.log();
    let end = |after, split| {
        log.frame(Codec::Json, after, 101, split)
            .map(|(_, end)| end)
    };
    assert_eq!(end(0, Split::Never), Some(100));
    assert_eq!(end(0, Split::Records), Some(64));
    assert_eq!(end(64, Split::Records), Some(101));
    assert_eq!(end(101, Split::Never), None);
}

#[test]
fn a_segment_is_there_once_its_last_event_is_released() {
    let mut world = World::new();
    world.publish(70, false);
    world.publish(70, false);
    let feed = world.feed();
    let log = feed.follower.log();
    let segment = |n, released| log.segment(Codec::Json, n, released);
    assert_eq!(segment(0, 70).map(|frame| events(&frame.bytes())), Some(64));
    assert!(segment(0, 63).is_none());
    assert!(segment(1, 127).is_none() && segment(1, 128).is_some());
    assert!(segment(2, u64::MAX).is_none() && segment(u64::MAX, u64::MAX).is_none());
}

#[test]
fn the_times_of_a_log_never_fall_though_a_clock_goes_back() {
    let mut world = World::new();
    world.publish(1, false);
    world.now_us -= 10_000_000;
    world.publish(1, false);
    let feed = world.feed();
    let log = feed.follower.log();
    assert_eq!(log.time_us(2), log.time_us(1));
    assert_eq!(log.seq_at(log.time_us(1).unwrap()), 2);
    assert_eq!(log.seq_at(log.time_us(1).unwrap() - 1), 0);
}
