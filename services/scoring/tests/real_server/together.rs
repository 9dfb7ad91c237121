//! Several instances and many requests at once: no owner, and still one order.

use std::collections::BTreeSet;
use std::sync::Arc;

use grandstand_broker::{ReadFrom, Role};
use grandstand_core::ids::MatchId;
use grandstand_core::record::Record;
use grandstand_scoring::Bounds;
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::{Ground, Heard, Instance, hear, patient, set};

async fn all_of(tasks: JoinSet<Heard>) -> Vec<Heard> {
    tasks.join_all().await
}

#[tokio::test]
async fn fifty_posts_of_one_event_are_one_event_and_fifty_equal_answers() {
    let ground = Ground::ready().await;
    let instances = [ground.instance().await, ground.instance().await];
    let instances = instances.map(Arc::new);
    instances[0].create("m").await;

    let mut posts = JoinSet::new();
    for n in 0..50 {
        let instance = instances[n % 2].clone();
        posts.spawn(async move { instance.post("m", &set("a", 1)).await });
    }
    let heard = all_of(posts).await;

    let bodies: BTreeSet<String> = heard.iter().map(|heard| heard.body.to_string()).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let created = heard.iter().filter(|heard| heard.status == 201).count();
    assert_eq!(created, 1);
    assert!(heard.iter().all(|heard| heard.status.is_success()));
    assert_eq!(instances[1].get("/v1/matches/m").await.body["seq"], 2);
    stop(instances, ground).await;
}

#[tokio::test]
async fn two_instances_make_one_dense_order() {
    let ground = Ground::ready().await;
    let instances = [ground.instance().await, ground.instance().await];
    let instances = instances.map(Arc::new);
    instances[0].create("m").await;

    let mut posts = JoinSet::new();
    for n in 0..60 {
        let instance = instances[n % 2].clone();
        posts.spawn(async move { instance.post("m", &set(&format!("e{n}"), n as u64)).await });
    }
    let heard = all_of(posts).await;

    for heard in &heard {
        assert_eq!(heard.status, 201, "{:?}", heard.body);
    }
    let id = MatchId::new("m").unwrap();
    let broker = ground.sign_in(Role::Ops).await;
    let stored = broker.read_after(&id, 0, ReadFrom::Leader).await.unwrap();
    let events: Vec<_> = stored
        .iter()
        .flat_map(|record| Record::decode(&record.body).unwrap().events)
        .collect();
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=61).collect::<Vec<u64>>());
    assert!(events.windows(2).all(|pair| pair[0].ts < pair[1].ts));
    let states: Vec<Value> = [
        instances[0].get("/v1/matches/m/state").await.body,
        instances[1].get("/v1/matches/m/state").await.body,
    ]
    .to_vec();
    assert_eq!(states[0], states[1]);
    stop(instances, ground).await;
}

#[tokio::test]
async fn a_refusal_is_decided_on_what_the_leader_has() {
    let ground = Ground::ready().await;
    let instances = [ground.instance().await, ground.instance().await].map(Arc::new);
    let [here, there] = &instances;
    here.create("m").await;
    assert_eq!(here.post("m", &set("a", 1)).await.status, 201);

    // What is known here of the match is older now.
    let far = there.post("m", &set("b", 2)).await;
    let reused = here.post("m", &set("b", 3)).await;
    let repeat = here.post("m", &set("b", 2)).await;
    let head = there.post("m", &set("c", 3)).await.etag.unwrap();
    let request = here.request(Method::POST, "/v1/matches/m/events");
    let expecting = hear(request.header("if-match", head).json(&set("d", 4))).await;

    assert_eq!(reused.status, 422);
    assert_eq!((repeat.status.as_u16(), &repeat.body), (200, &far.body));
    assert_eq!(expecting.status, 201, "{:?}", expecting.body);
    stop(instances, ground).await;
}

#[tokio::test]
async fn more_matches_than_are_kept_in_memory_are_scored_all_the_same() {
    let ground = Ground::ready().await;
    let bounds = Bounds {
        matches_max: 2,
        ..Bounds::default()
    };
    let scoring = ground.instance_within(bounds).await;

    for name in ["a", "b", "c", "d", "a", "b"] {
        let path = format!("/v1/matches/{name}");
        let body = crate::harness::open_match("public");
        assert!(
            scoring.put(&path, &body).await.status.is_success(),
            "{name}"
        );
    }
    assert_eq!(scoring.post("c", &set("x", 1)).await.body["seq"], 2);
    scoring.stop().await;
    ground.stop().await;
}

#[tokio::test]
async fn a_full_mailbox_says_when_to_come_again() {
    let ground = Ground::ready().await;
    let bounds = Bounds {
        mailbox_max: 1,
        ..patient()
    };
    let scoring = Arc::new(ground.instance_within(bounds).await);
    scoring.create("m").await;

    let mut posts = JoinSet::new();
    for n in 0..40 {
        let scoring = scoring.clone();
        posts.spawn(async move { scoring.post("m", &set(&format!("e{n}"), n)).await });
    }
    let heard = all_of(posts).await;

    let busy: Vec<_> = heard.iter().filter(|heard| heard.status == 503).collect();
    assert!(!busy.is_empty());
    for heard in &busy {
        assert_eq!(heard.retry_after.as_deref(), Some("1"));
        assert_eq!(heard.body["type"], "/problems/busy");
    }
    let stored = heard.iter().filter(|heard| heard.status == 201).count();
    assert_eq!(stored + busy.len(), 40);
    let head = scoring.get("/v1/matches/m").await;
    assert_eq!(head.body["seq"], 1 + stored as u64);
    Arc::into_inner(scoring).unwrap().stop().await;
    ground.stop().await;
}

async fn stop(instances: [Arc<Instance>; 2], ground: Ground) {
    for instance in instances {
        Arc::into_inner(instance).unwrap().stop().await;
    }
    ground.stop().await;
}
