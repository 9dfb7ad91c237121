//! Who counts as whom at the entrance, and what those without room are told.

use axum::response::IntoResponse;
use grandstand_core::message::StripsWish;
use grandstand_core::policy::PolicyName;

use super::*;

#[test]
fn a_place_takes_few_bytes() {
    assert_eq!(size_of::<Place>(), 16);
}

#[test]
fn the_headroom_is_that_of_what_is_scarcest() {
    let bounds = Bounds {
        connections_max: 4,
        user_max: 0,
        address_max: 0,
        anonymous_max: 0,
    };
    let entrance = Entrance::new(bounds, 10, 2);
    assert_eq!(entrance.headroom(0.25), 0.75);
    for left in [0.75, 0.5, 0.25, 0.0] {
        lock(&entrance.admission).enter(Who::default()).unwrap();
        assert_eq!(entrance.headroom(0.1), f64::min(left, 0.9));
    }
    assert!(entrance.look(Sought::Any).is_err());
    assert_eq!(entrance.headroom(1.7), 0.0);
}

#[test]
fn waiting_takes_half_of_the_places_for_a_moment() {
    let entrance = entrance();
    let mut waits: Vec<_> = (0..5).map(|_| entrance.wait().unwrap()).collect();
    assert!(entrance.wait().is_none());
    waits.pop();
    assert!(entrance.wait().is_some());
}

fn entrance() -> Entrance {
    let bounds = Bounds {
        connections_max: 1,
        user_max: 0,
        address_max: 0,
        anonymous_max: 0,
    };
    Entrance::new(bounds, 10, 2)
}

#[test]
fn a_user_counts_wherever_he_is_an_address_by_its_network_and_this_machine_for_nobody() {
    let entrance = entrance();
    let who = |sub: Option<&str>, address: &str| {
        let viewer = Viewer::with(sub, PolicyName::Realtime);
        entrance.who(&viewer, Some(address.parse().unwrap()))
    };
    for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(who(Some("ann"), here), Who::default(), "{here}");
    }
    let viewer = Viewer::with(Some("ann"), PolicyName::Realtime);
    assert_eq!(entrance.who(&viewer, None), Who::default());

    let [anonymous, ann] = [None, Some("ann")].map(|sub| who(sub, "203.0.113.1"));
    assert_eq!((anonymous.user, anonymous.address), (0, ann.address));
    assert!(ann.user != 0 && ann.address != 0);
    let elsewhere = who(Some("ann"), "203.0.113.2");
    assert_eq!(elsewhere.user, ann.user);
    assert_ne!(elsewhere.address, ann.address);
    assert_ne!(who(Some("bob"), "203.0.113.1").user, ann.user);
    let line = who(None, "2001:db8:1:2::1");
    assert_eq!(who(None, "2001:db8:1:2:3::3"), line);
    assert_ne!(who(None, "2001:db8:1:3::1"), line);
    assert_eq!(who(None, "::ffff:203.0.113.1"), anonymous);
}

#[test]
fn who_finds_no_room_is_told_what_to_poll_and_when_and_counts_as_one_who_will() {
    let entrance = entrance();
    let match_id = MatchId::new("m").unwrap();
    let sought = [
        (Sought::Match(&match_id), "/v1/matches/m/events"),
        (Sought::Live, "/v1/live"),
        (Sought::Any, "/v1/matches"),
    ];
    let refusals = [
        (Refusal::OverCapacity, 503),
        (Refusal::TooManyOfUser, 429),
        (Refusal::TooManyOfAddress, 429),
    ];
    for (sought, poll_url) in sought {
        for (refusal, status) in refusals {
            let problem = entrance.problem(refusal, sought);
            assert_eq!(problem.status().as_u16(), status);
            let document = problem.document();
            assert_eq!(document["poll_url"], poll_url);
            let after_ms = document["poll_after_ms"].as_u64().unwrap();
            let response = problem.into_response();
            let retry_after = response.headers()["retry-after"].to_str().unwrap();
            let retry_after_ms = 1_000 * retry_after.parse::<u64>().unwrap();
            // In whole seconds, and not before.
            assert!((after_ms..after_ms + 1_000).contains(&retry_after_ms));
        }
    }
    assert_eq!(entrance.sent_away.load(Ordering::Relaxed), 9);
}

#[test]
fn what_a_query_wishes_first_is_what_is_sought() {
    let strips = Wish::Strips(StripsWish::default());
    assert_eq!(Sought::of(&[strips]).poll_url(), "/v1/live");
    assert_eq!(Sought::of(&[]).poll_url(), "/v1/matches");
}

#[test]
fn unknown_matches_are_of_the_users_share_and_without_a_token_of_the_addresses() {
    let entrance = Arc::new(entrance());
    for (user, address, share) in [
        (0, 0, Share::Nobodys),
        (0, 7, Share::Of(7)),
        (5, 7, Share::Of(5)),
    ] {
        let place = Place {
            entrance: Arc::clone(&entrance),
            who: Who { user, address },
        };
        assert_eq!(place.share(), share);
    }
}
