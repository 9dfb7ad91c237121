//! What the platform says while a match is scored, corrected and followed is what the schemas say,
//! to the last member.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::contract::Contract;
use crate::harness::api::{Api, count_event, open_match};
use crate::harness::cluster::Cluster;
use crate::harness::process::run_well;
use crate::harness::socket::{Codec, Heard, Socket};
use crate::harness::wait::in_time;
use crate::samples;

#[tokio::test]
async fn whatever_is_said_of_a_match_is_what_the_schemas_say() {
    let contract = Contract::strict();
    let cluster = Cluster::start(1, 1).await;
    let token = cluster.scorer_token().await;
    let url = cluster.scorings[0].url();
    run_well(&[
        "play",
        "--generate",
        "7",
        "--scoring",
        &url,
        "--token",
        &token,
        "--match",
        "m",
        "--speed",
        "max",
    ])
    .await;
    let scorer = cluster.scorer(0).await;
    let seq = scorer.state("m").await["seq"].as_u64().unwrap();
    let premium = cluster.fan_token("premium").await;
    let query = "match=m&after=0&snapshot=never";

    for codec in Codec::BOTH {
        let mut events = Vec::new();
        let mut socket = Socket::open(&cluster.gateways[0].url(), query, Some(&premium), codec)
            .await
            .unwrap();
        while (events.len() as u64) < seq {
            let message = socket.message().await;
            contract.check("server-message.json", &message);
            events.extend(message["events"].as_array().cloned().unwrap_or_default());
        }
        for event in &events {
            contract.check("event.json", event);
            contract.check("cricket-event.json", event);
            contract.check("posted-events.json", &as_posted(event));
        }
        let corrected = events.iter().any(|event| event.get("op").is_some());
        assert!(corrected, "a scorer who makes no mistake is no test");
    }
    let file = cluster.data_dir().join("m.ndjson");
    let to_file = ["replay", "m", "--to-file", &file.display().to_string()];
    cluster.ops_well(&to_file).await;
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        contract.check("record-line.json", &line.parse().unwrap());
    }
    for door in [&scorer, &cluster.viewer(0, Some(&premium))] {
        check_doors(&contract, door).await;
    }
}

/// What its scorer must have posted.
fn as_posted(event: &Value) -> Value {
    let mut posted = event.clone();
    let members = posted.as_object_mut().unwrap();
    let corrects = ["void", "restore"].iter().any(|op| event["op"] == *op);
    for made_here in ["seq", "ts", "patch", "tags"] {
        members.remove(made_here);
    }
    if corrects {
        members.remove("type");
        members.remove("data");
    }
    posted
}

async fn check_doors(contract: &Contract, door: &Api) {
    for (path, schema) in [
        ("/v1/matches", "match-list.json"),
        ("/v1/matches/m", "match-head.json"),
        ("/v1/matches/m/state", "match-state.json"),
    ] {
        let answer = door.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        contract.check(schema, &answer.json());
    }
    let refused = door.get("/v1/matches/nobody").await;
    contract.check("problem.json", &refused.problem(404));
}

#[tokio::test]
async fn answers_refusals_and_small_messages_are_what_the_schemas_say() {
    let contract = Contract::strict();
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    let created = scorer.create("m", &open_match("A v B")).await;
    contract.check("post-answer.json", &created.json());
    contract.check(
        "post-answer.json",
        &scorer
            .score("m", &json!([count_event(1), count_event(2)]))
            .await,
    );
    scorer.create("c", &samples::cricket()).await;
    let start = json!({"id": "s", "type": "innings_start", "data": {"batting": "a"}});
    contract.check("post-answer.json", &scorer.score("c", &start).await);
    let ball = |id: &str, over: u32| {
        json!({"id": id, "type": "delivery",
        "data": {"over": over, "batter": "ann", "non_striker": "bea", "bowler": "dot", "runs": 1}})
    };
    let odd = scorer
        .score("c", &json!([ball("b1", 0), ball("b2", 0)]))
        .await;
    contract.check("post-answer.json", &odd);
    assert!(
        odd["events"][1]["warnings"][0]["rule"].is_string(),
        "not the striker: {odd}"
    );

    for (body, status) in [
        (json!({"id": "x"}), 400),
        (
            json!([ball("b3", 0), {"id": "x", "type": "delivery", "data": {}}]),
            400,
        ),
        (json!({"id": "x", "op": "void", "ref": "nobody"}), 409),
        (ball("b1", 1), 422),
        (json!((0..101).map(count_event).collect::<Vec<_>>()), 413),
    ] {
        let refused = scorer.post("/v1/matches/c/events", &body).await;
        contract.check("problem.json", &refused.problem(status));
    }
    let named = scorer.request(reqwest::Method::POST, "/v1/matches/m/events");
    let named = named
        .header("grandstand-device", "phone-1")
        .header("grandstand-pending", "3")
        .json(&count_event(9));
    assert_eq!(Api::send(named).await.status, 201);
    let devices = scorer.get("/v1/matches/m/devices").await.json();
    assert_eq!(devices["devices"][0]["pending"], 3, "{devices}");
    contract.check("devices.json", &devices);
    let scorecard = scorer.get("/v1/matches/c/scorecard").await.json();
    assert_eq!(
        scorecard["scorecard"]["innings"][0]["runs"], 2,
        "{scorecard}"
    );
    contract.check("scorecard.json", &scorecard);
    let stale = scorer
        .request(reqwest::Method::POST, "/v1/matches/m/events")
        .json(&count_event(3));
    let stale = Api::send(stale.header("if-match", "\"1.1-1\""))
        .await
        .problem(409);
    contract.check("problem.json", &stale);

    let page = scorer.get("/v1/matches/c/events?limit=2").await.json();
    assert_eq!(
        (page["more"].as_bool(), page["events"][1]["seq"].as_u64()),
        (Some(true), Some(2))
    );
    contract.check("event-page.json", &page);
    let other_epoch = scorer.get("/v1/matches/c/events?after=1.1-1").await;
    contract.check("problem.json", &other_epoch.problem(409));
    let wish = json!({"valid_s": 60});
    contract.check("access-wish.json", &wish);
    let access = scorer.post("/v1/matches/c/access", &wish).await.json();
    contract.check("access.json", &access);
    let shown = json!({"key": access["key"], "pin": access["pin"]});
    contract.check("token-wish.json", &shown);
    let token = Api::new(&scorer.url, None)
        .post("/v1/matches/c/token", &shown)
        .await;
    contract.check("token.json", &token.json());

    let nobody = cluster.viewer(0, None).get("/v1/ws?match=m").await;
    contract.check("problem.json", &nobody.json());
    let premium = cluster.fan_token("premium").await;
    let live = cluster.viewer(0, Some(&premium)).get("/v1/live").await;
    contract.check("match-list.json", &live.json());
    let free = cluster.fan_token("free").await;
    let asks = [
        json!({"type": "ping"}),
        json!({"type": "subscribe", "match": "nobody"}),
        json!({"type": "subscribe", "match": "*"}),
        json!({"type": "subscribe", "match": "m", "snapshot": "always", "policy": "realtime"}),
        json!({"type": "hello", "session": "00112233445566778899aabbccddeeff", "heartbeat_s": 20}),
        json!({"type": "ping"}),
        json!({"type": "shout"}),
    ];
    let mut kinds = BTreeSet::new();
    for token in [&premium, &free] {
        let mut socket = Socket::open(
            &cluster.gateways[0].url(),
            "match=m",
            Some(token),
            Codec::Json,
        )
        .await
        .unwrap();
        // Who pays sees the match at once; the others only after the next mark.
        while token == &premium && !kinds.contains("snapshot") {
            hear(&contract, &socket.message().await, &mut kinds);
        }
        for ask in &asks {
            socket.say(ask).await;
        }
        while let Heard::Message(message) = in_time("a message", socket.hear()).await {
            hear(&contract, &message, &mut kinds);
        }
    }
    for kind in ["welcome", "snapshot", "strips", "pong", "error"] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
}

fn hear(contract: &Contract, message: &Value, kinds: &mut BTreeSet<String>) {
    contract.check("server-message.json", message);
    kinds.insert(message["type"].as_str().unwrap().to_owned());
}
