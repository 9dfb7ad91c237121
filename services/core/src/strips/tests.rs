//! What a board tells, and what it forgets.

use super::*;
use serde_json::json;

fn message(read: StripsRead) -> (Frame, StripsCursor) {
    match read {
        StripsRead::Message(frame, cursor) => (frame, cursor),
        other => panic!("{other:?}"),
    }
}

fn said(frame: &Frame) -> Value {
    serde_json::from_slice(&frame.bytes()).unwrap()
}

fn board(count: usize) -> StripsBoard {
    let mut board = StripsBoard::default();
    let strip = Arc::new(Strip::new(
        json!({"status": "live", "title": "x".repeat(220)}),
    ));
    for n in 0..count {
        board.show(&MatchId::new(format!("m{n}")).unwrap(), Some(&strip));
    }
    board
}

#[test]
fn all_who_stand_at_one_place_share_one_encoding() {
    let mut board = board(3);
    let (first, cursor) = message(board.read(None, Codec::Json));
    let (again, same) = message(board.read(None, Codec::Json));
    assert_eq!(
        (first.wire().as_ptr(), cursor),
        (again.wire().as_ptr(), same)
    );
    assert_eq!(board.read(Some(cursor), Codec::Json), StripsRead::Nothing);
    message(board.read(None, Codec::MessagePack));
    let encodes = board.take_encodes();
    assert_eq!(encodes, [(Codec::Json, 1), (Codec::MessagePack, 1)]);
}

#[test]
fn who_takes_it_deflated_gets_the_same_in_fewer_bytes_once_for_all() {
    let mut board = board(30);
    let coding = Coding {
        codec: Codec::Json,
        deflates: true,
    };
    let (plain, cursor) = message(board.read(None, Codec::Json));
    let (deflated, same) = message(board.read(None, coding));
    assert_eq!(cursor, same);
    assert!(deflated.wire().len() * 4 < plain.wire().len());
    let (again, _) = message(board.read(None, coding));
    assert_eq!(deflated.wire().as_ptr(), again.wire().as_ptr());
    assert_eq!((board.take_deflates(), board.take_deflates()), (1, 0));
    assert_eq!(board.take_encodes()[0], (Codec::Json, 1));
}

#[test]
fn a_long_list_comes_in_messages_that_fit() {
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut board = board(1000);
        let (mut cursor, mut frames) = (None, Vec::new());
        while let StripsRead::Message(frame, next) = board.read(cursor, codec) {
            frames.push(frame);
            cursor = Some(next);
        }
        assert!((4..8).contains(&frames.len()), "{}", frames.len());
        assert!(frames.iter().all(|frame| frame.wire().len() <= 64 * 1024));
        let back = board.take_back(cursor.unwrap(), codec).unwrap();
        assert!(back.iter().all(|frame| frame.wire().len() <= 64 * 1024));
    }
}

#[test]
fn who_comes_is_not_told_of_what_was_gone() {
    let mut board = board(2);
    board.show(&MatchId::new("m0").unwrap(), None);
    let (frame, cursor) = message(board.read(None, Codec::Json));
    assert_eq!(said(&frame)["strips"].as_object().unwrap().len(), 1);
    board.show(&MatchId::new("m1").unwrap(), None);
    let (frame, _) = message(board.read(Some(cursor), Codec::Json));
    assert_eq!(said(&frame)["strips"], json!({"m1": null}));
}

#[test]
fn what_was_gone_for_long_is_forgotten_and_who_may_have_it_is_known() {
    let mut board = board(3);
    let (_, had_all) = message(board.read(None, Codec::Json));
    board.show(&MatchId::new("m0").unwrap(), None);
    let (_, knows) = message(board.read(Some(had_all), Codec::Json));
    for _ in 0..MARKS_KEPT {
        board.pass_mark();
    }
    assert_eq!(board.matches.len(), 3, "it may still be asked for");
    message(board.read(Some(had_all), Codec::Json));
    board.pass_mark();
    assert_eq!((board.matches.len(), board.by_change.len()), (2, 2));
    let late = board.read(Some(had_all), Codec::Json);
    assert_eq!(late, StripsRead::Forgotten);
    assert_eq!(board.take_back(had_all, Codec::Json), None);
    assert_eq!(board.read(Some(knows), Codec::Json), StripsRead::Nothing);
    assert!(board.take_back(knows, Codec::Json).is_some());
    let (frame, _) = message(board.read(None, Codec::Json));
    assert_eq!(said(&frame)["strips"].as_object().unwrap().len(), 2);
}

#[test]
fn how_far_the_list_can_be_trusted_is_said_once_where_it_changed() {
    let mut board = board(1);
    assert_eq!(board.read_trust(Status::Live, Codec::Json), None);
    board.trust(Status::Stale, 7);
    board.trust(Status::Stale, 8);
    let (frame, told) = board.read_trust(Status::Live, Codec::Json).unwrap();
    let expected = json!({"type": "strips", "strips": {}, "status": "stale", "as_of": 7});
    assert_eq!((said(&frame), told), (expected, Status::Stale));
    let (again, _) = board.read_trust(Status::Delayed, Codec::Json).unwrap();
    assert_eq!(again.wire().as_ptr(), frame.wire().as_ptr());
    assert_eq!(board.read_trust(told, Codec::Json), None);
    board.trust(Status::Live, 9);
    let (frame, told) = board.read_trust(told, Codec::Json).unwrap();
    assert_eq!(
        (&said(&frame)["status"], told),
        (&json!("live"), Status::Live)
    );
}
