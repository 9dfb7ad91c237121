//! Devices that say who they are and what they still hold.

use grandstand_broker::{ReadFrom, Role};
use grandstand_core::ids::MatchId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Ground, Heard, Instance, hear, set};

async fn post_as(scoring: &Instance, device: &[(&str, &str)], event: &Value) -> Heard {
    let mut request = scoring.request(Method::POST, "/v1/matches/m/events");
    for (name, value) in device {
        request = request.header(*name, *value);
    }
    hear(request.json(event)).await
}

#[tokio::test]
async fn every_instance_tells_what_each_device_still_holds() {
    let ground = Ground::ready().await;
    let [here, there] = [ground.instance().await, ground.instance().await];
    here.create("m").await;
    let none = there.get("/v1/matches/m/devices").await;
    assert_eq!(none.body["devices"], json!([]), "{:?}", none.body);

    let first = [
        ("grandstand-device", "phone-1"),
        ("grandstand-pending", "2"),
    ];
    post_as(&here, &first, &set("a", 1)).await;
    let silent = [("grandstand-device", "Tablet_2.x")];
    let tablet = post_as(&there, &silent, &set("b", 2)).await;
    let last = [
        ("grandstand-device", "phone-1"),
        ("grandstand-pending", "0"),
    ];
    let phone = post_as(&here, &last, &json!([set("c", 3), set("d", 4)])).await;
    let repeat = post_as(&there, &silent, &set("a", 1)).await;
    post_as(&here, &[], &set("e", 5)).await;

    assert_eq!(repeat.status, 200, "it stores nothing, so it says nothing");
    let ts = |heard: &Heard, index: usize| heard.body["events"][index]["ts"].clone();
    let told = [
        json!({"device": "phone-1", "seq": 5, "ts": ts(&phone, 1), "pending": 0}),
        json!({"device": "Tablet_2.x", "seq": 3, "ts": ts(&tablet, 0)}),
    ];
    for instance in [&here, &there, &ground.instance().await] {
        let heard = instance.get("/v1/matches/m/devices").await;
        assert_eq!(
            (heard.status.as_u16(), &heard.body["seq"]),
            (200, &json!(6))
        );
        assert_eq!(heard.body["devices"], json!(told));
    }
    let id = MatchId::new("m").unwrap();
    let broker = ground.sign_in(Role::Ops).await;
    let stored = broker.read_after(&id, 0, ReadFrom::Leader).await.unwrap();
    let body = String::from_utf8_lossy(&stored[1].body).into_owned();
    assert!(!body.contains("phone-1"), "fans get the body: {body}");
}

#[tokio::test]
async fn a_repeat_says_what_a_device_still_holds_now() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;
    let phone = |pending| {
        [
            ("grandstand-device", "phone"),
            ("grandstand-pending", pending),
        ]
    };
    post_as(&scoring, &phone("3"), &set("a", 1)).await;
    let before = scoring.get("/v1/matches/m/devices").await;
    assert_eq!(before.body["devices"][0]["pending"], 3);

    let repeat = post_as(&scoring, &phone("0"), &set("a", 1)).await;

    assert_eq!(repeat.status, 200);
    let request = scoring.request(Method::GET, "/v1/matches/m/devices");
    let after = hear(request.header("if-none-match", before.etag.unwrap())).await;
    assert_eq!(
        after.status, 200,
        "the answer of this position is another now"
    );
    assert_eq!(after.body["devices"][0]["pending"], 0);
    assert_eq!(
        after.body["devices"][0]["ts"],
        before.body["devices"][0]["ts"]
    );
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_device_that_cannot_be_read_is_named_and_nothing_is_stored() {
    let ground = Ground::ready().await;
    let scoring = ground.instance().await;
    scoring.create("m").await;

    for (headers, field) in [
        (&[("grandstand-device", "a b")][..], "Grandstand-Device"),
        (&[("grandstand-pending", "1")], "Grandstand-Device"),
        (
            &[("grandstand-device", "a"), ("grandstand-pending", "-1")],
            "Grandstand-Pending",
        ),
        (
            &[("grandstand-device", "a"), ("grandstand-pending", "20001")],
            "Grandstand-Pending",
        ),
        (
            &[("grandstand-device", "a"), ("grandstand-device", "b")],
            "Grandstand-Device",
        ),
    ] {
        let heard = post_as(&scoring, headers, &set("a", 1)).await;
        let refused = (heard.status.as_u16(), heard.body["field"].as_str());
        assert_eq!(refused, (400, Some(field)), "{headers:?}");
    }

    let head = scoring.get("/v1/matches/m").await;
    assert_eq!(head.body["seq"], 1);
    let unknown = scoring.get("/v1/matches/nobody/devices").await;
    assert_eq!(unknown.status, 404);
    scoring.stop().await;
    ground.stop().await;
}
