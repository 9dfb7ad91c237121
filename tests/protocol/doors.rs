//! The doors for who only reads: list, head, state, segments.

use std::io::Read;

use reqwest::Method;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, IF_NONE_MATCH};
use serde_json::json;

use crate::harness::api::Api;
use crate::harness::fan::{Fan, Wish};
use crate::harness::replica::{Place, hash};
use crate::stage::Stage;

#[tokio::test]
async fn list_and_head_show_the_strip_of_each_match() {
    let stage = Stage::with_match(3).await;
    let viewer = stage.viewer(Some(&stage.premium));
    stage.fan(&["m"]).await.until_seq(4).await;

    let head = viewer.get("/v1/matches/m").await.json();
    let place = stage.place("m").await;
    assert_eq!(head["epoch"], place.epoch);
    assert_eq!(head["seq"], 4);
    assert_eq!(head["sport"], "open");
    assert_eq!(head["visibility"], "public");
    assert_eq!(head["strip"]["title"], "m");
    let list = viewer.get("/v1/matches").await.json();
    let matches = list["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 1, "{list}");
    for member in [
        "match",
        "epoch",
        "seq",
        "ts",
        "sport",
        "visibility",
        "strip",
    ] {
        assert_eq!(matches[0][member], head[member], "{member}");
    }
    let unlisted = viewer.get("/v1/matches/in-no-list").await.json();
    assert_eq!(unlisted["seq"], 1, "whoever knows its name sees it");
}

#[tokio::test]
async fn a_state_is_the_same_in_both_codecs_and_is_not_sent_twice() {
    let stage = Stage::with_match(3).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let path = "/v1/matches/m/state";
    let get = |accept: &str, known: &str| {
        let request = viewer.request(Method::GET, path).header(ACCEPT, accept);
        Api::send(request.header(IF_NONE_MATCH, known.to_owned()))
    };
    let place = stage.place("m").await;
    stage.until_shown("m", &place).await;

    let json = get("application/json", "\"x\"").await;
    assert_eq!(Place::of(&json.json()), place);
    assert_eq!(hash(&json.json()["state"]), place.hash);
    let packed = get("application/msgpack", "\"x\"").await;
    assert_eq!(packed.messagepack(), json.json());
    assert_ne!(packed.header("etag"), json.header("etag"));
    for (accept, answer) in [
        ("application/json", &json),
        ("application/msgpack", &packed),
    ] {
        assert!(answer.header("vary").contains("Accept"));
        let again = get(accept, answer.header("etag")).await;
        assert_eq!(again.status, 304);
        assert!(again.body.is_empty());
    }

    let place = stage.count("m", 4..=4).await;
    stage.until_shown("m", &place).await;
    let newer = get("application/json", json.header("etag")).await;
    assert_eq!(newer.status, 200);
    assert_eq!(Place::of(&newer.json()), place);
}

#[tokio::test]
async fn what_a_client_takes_compressed_is_the_same_document() {
    let stage = Stage::with_match(1).await;
    let padding = json!({"id": "long", "type": "note", "patch": {"note": "word ".repeat(500)}});
    let place = Place::of(&stage.scorer.score("m", &padding).await);
    stage.until_shown("m", &place).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let get = |path: &str, coding: &str, known: &str| {
        let request = viewer.request(Method::GET, path);
        let request = request.header(ACCEPT_ENCODING, coding.to_owned());
        Api::send(request.header(IF_NONE_MATCH, known.to_owned()))
    };
    for path in ["/v1/matches/m/state", "/", "/sdk/grandstand.js"] {
        let plain = get(path, "identity", "\"x\"").await;
        assert_eq!(plain.header("content-encoding"), "");
        for coding in ["br", "gzip"] {
            let packed = get(path, coding, "\"x\"").await;
            assert_eq!(packed.header("content-encoding"), coding, "{path}");
            assert!(packed.body.len() < plain.body.len(), "{path}");
            assert_eq!(unpacked(coding, &packed.body), plain.body, "{path}");
            assert_eq!(
                packed.header("etag"),
                format!("W/{}", plain.header("etag")),
                "other bytes of the same document"
            );
            for known in [packed.header("etag"), plain.header("etag")] {
                let again = get(path, coding, known).await;
                assert_eq!(
                    (again.status.as_u16(), again.body.len()),
                    (304, 0),
                    "{path}"
                );
            }
        }
    }
    let small = get("/v1/matches", "br, gzip", "\"x\"").await;
    assert_eq!(small.header("content-encoding"), "", "not worth it");
}

fn unpacked(coding: &str, packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match coding {
        "br" => brotli::Decompressor::new(packed, 4096).read_to_end(&mut plain),
        _ => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain),
    };
    read.unwrap();
    plain
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again() {
    let stage = Stage::with_match(3).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let place = stage.place("m").await;
    stage.until_shown("m", &place).await;
    let get = |known: &str| {
        let request = viewer.request(Method::GET, "/v1/matches");
        Api::send(request.header(IF_NONE_MATCH, known.to_owned()))
    };

    let list = get("\"x\"").await;
    assert_eq!(list.status, 200);
    let again = get(list.header("etag")).await;
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());

    let place = stage.count("m", 4..=4).await;
    stage.until_shown("m", &place).await;
    let newer = get(list.header("etag")).await;
    assert_eq!(newer.json()["matches"][0]["seq"], place.seq);
}

#[tokio::test]
async fn a_segment_is_there_once_its_events_are_and_holds_what_fans_saw() {
    let stage = Stage::with_match(126).await;
    let viewer = stage.viewer(Some(&stage.premium));
    let wish = Wish::of(&["m"]).token(&stage.premium).every_event();
    let mut fan = Fan::connect(&stage.gateway(), "fan", wish).await;
    fan.until_seq(127).await;
    let epoch = fan.only().epoch.clone().unwrap();
    let segment = |n: u64| format!("/v1/matches/m/log/{epoch}/{n}");

    let first = viewer.get(&segment(0)).await;
    assert_eq!(first.status, 200);
    assert!(first.header("cache-control").contains("immutable"));
    let events = &fan.only().events;
    assert_eq!(first.json()["events"].as_array().unwrap()[..], events[..64]);
    viewer.get(&segment(1)).await.problem(404);
    viewer
        .get("/v1/matches/m/log/1790000000000000.1/0")
        .await
        .problem(404);

    stage.count("m", 127..=127).await;
    fan.until_seq(128).await;
    let packed = viewer
        .request(Method::GET, &segment(1))
        .header(ACCEPT, "application/msgpack");
    let second = Api::send(packed).await.messagepack();
    let events = &fan.only().events;
    assert_eq!(second["events"].as_array().unwrap()[..], events[64..]);
    assert_eq!(
        second["hash"].as_str(),
        Some(hash(&fan.only().state).as_str())
    );
    assert_eq!(viewer.get(&segment(0)).await.body, first.body);
}
