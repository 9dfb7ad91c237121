//! Events that are posted again, whatever happened in between.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::api::{Answer, Api, count_event};
use crate::harness::cluster::Cluster;

const EVENTS: &str = "/v1/matches/m/events";

/// Ids and seqs in the order of the answer.
fn places(answer: &Value) -> Vec<(String, u64)> {
    let events = answer["events"].as_array().unwrap().iter();
    let place = |event: &Value| {
        let id = event["id"].as_str().unwrap().to_owned();
        (id, event["seq"].as_u64().unwrap())
    };
    events.map(place).collect()
}

/// What is known is recognised, what is new is stored, and what is another event is refused.
async fn recognises(scorer: &Api, known: &[(u64, u64)], new: u64) {
    for (n, seq) in known {
        let repeat = scorer.post(EVENTS, &count_event(*n)).await;
        assert_eq!(repeat.status, 200, "{}", repeat.text());
        assert_eq!(places(&repeat.json()), [(format!("e{n}"), *seq)]);
    }
    let mut other = count_event(known[0].0);
    other["patch"]["count"] = json!(999);
    let reused = scorer.post(EVENTS, &json!([count_event(new), other])).await;
    assert_eq!(reused.problem(422)["type"], "/problems/id-reused");

    let [(first, first_seq), .., (last, last_seq)] = known else {
        panic!("two at least");
    };
    let head = scorer.state("m").await["seq"].as_u64().unwrap();
    let mixed = json!([count_event(*last), count_event(new), count_event(*first)]);
    let stored = scorer.post(EVENTS, &mixed).await;
    assert_eq!(stored.status, 201, "{}", stored.text());
    let expected = [(last, *last_seq), (&new, head + 1), (first, *first_seq)];
    let expected = expected.map(|(n, seq)| (format!("e{n}"), seq));
    assert_eq!(places(&stored.json()), expected, "in the order of the post");
    let again = scorer.post(EVENTS, &mixed).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, stored.json()));
}

#[tokio::test]
async fn a_repeat_is_recognised_after_every_restart() {
    let mut cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open("m").await;
    let all = scorer
        .score("m", &json!([count_event(1), count_event(2)]))
        .await;
    recognises(&scorer, &[(1, 2), (2, 3)], 3).await;

    cluster.scorings[0].kill().await;
    cluster.scorings.clear();
    cluster.add_scoring(&[]).await;
    let scorer = cluster.scorer(0).await;
    let again = scorer
        .post(EVENTS, &json!([count_event(1), count_event(2)]))
        .await;
    assert_eq!((again.status.as_u16(), again.json()), (200, all));
    recognises(&scorer, &[(1, 2), (3, 4)], 4).await;

    cluster.kill_nats().await;
    cluster.start_nats_as_it_was().await;
    cluster.scorings.clear();
    cluster.add_scoring(&[]).await;
    recognises(&cluster.scorer(0).await, &[(2, 3), (4, 5)], 5).await;
    cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn a_repeat_is_recognised_in_a_match_that_was_lost_and_brought_back() {
    let cluster = Cluster::start(2, 0).await;
    let scorers = [cluster.scorer(0).await, cluster.scorer(1).await];
    let created = scorers[0].create_open("m").await.json();
    scorers[0]
        .score("m", &json!([count_event(1), count_event(2)]))
        .await;
    scorers[1].score("m", &count_event(3)).await;
    let file = cluster.data_dir().join("m.ndjson").display().to_string();
    cluster.ops_well(&["replay", "m", "--to-file", &file]).await;
    // One that the file lacks is lost with the match, and its device posts it again.
    let lost = scorers[0].score("m", &count_event(4)).await;

    cluster.ops_well(&["purge", "m", "--yes"]).await;
    cluster.ops_well(&["import", &file]).await;

    let head = scorers[1].get("/v1/matches/m").await.json();
    assert_ne!(head["epoch"], created["epoch"], "another life of the match");
    let stale = stale_post(&scorers[0], &lost, &count_event(4)).await;
    let problem = stale.problem(409);
    assert_eq!(
        (&problem["epoch"], &problem["seq"]),
        (&head["epoch"], &json!(4))
    );
    let held: Vec<Value> = (1..=4).map(count_event).collect();
    let again = scorers[0].post(EVENTS, &json!(held)).await;
    assert_eq!(again.status, 201, "{}", again.text());
    let expected = (1..=4).map(|n| (format!("e{n}"), n + 1));
    assert_eq!(places(&again.json()), expected.collect::<Vec<_>>());
    for scorer in &scorers {
        let repeat = scorer.post(EVENTS, &json!(held)).await;
        assert_eq!((repeat.status.as_u16(), repeat.json()), (200, again.json()));
    }
    recognises(&scorers[1], &[(1, 2), (4, 5)], 5).await;
    cluster.ops_well(&["verify"]).await;
}

/// A post by who knows the match as it was when `answer` was given.
async fn stale_post(scorer: &Api, answer: &Value, event: &Value) -> Answer {
    let head = format!(
        "\"{}-{}\"",
        answer["epoch"].as_str().unwrap(),
        answer["seq"]
    );
    let post = scorer
        .request(Method::POST, EVENTS)
        .header("if-match", head);
    Api::send(post.json(event)).await
}
