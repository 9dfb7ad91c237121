//! Everything that a scorer can get wrong has a clear answer, and changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "bad_input/askers.rs"]
mod askers;
#[path = "bad_input/case.rs"]
mod case;
#[path = "bad_input/documents.rs"]
mod documents;
mod harness;

use case::{Cases, faults_of};
use harness::api::count_event;
use harness::cluster::Cluster;
use harness::replica::Place;
use serde_json::json;

#[tokio::test]
async fn whatever_is_wrong_is_said_clearly_and_changes_nothing() {
    let mut cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open("m").await;
    scorer.score("m", &count_event(1)).await;
    let large = json!({"id": "large", "type": "t", "patch": {"text": "x".repeat(45_000)}});
    let place = Place::of(&scorer.score("m", &large).await);
    let mut cases = Cases {
        scorer: scorer.clone(),
        cases: Vec::new(),
    };
    cases.no_documents();
    cases.no_events();
    cases.impossible();
    cases.not_allowed(&cluster).await;
    cases.misplaced(&place);

    let mut wrong = Vec::new();
    for case in cases.cases {
        let what = case.what.clone();
        let faults = faults_of(case).await;
        wrong.extend(faults.into_iter().map(|fault| format!("{what}: {fault}")));
        let now = Place::of(&scorer.state("m").await);
        assert_eq!(now, place, "{what} changed the match");
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        scorer.score("m", &count_event(2)).await["seq"],
        place.seq + 1
    );
    cluster.ops_well(&["verify"]).await;
    // Nor did anything stay in this instance's memory alone.
    cluster.add_scoring(&[]).await;
    let fresh = cluster.scorer(1).await.state("m").await;
    assert_eq!(fresh, scorer.state("m").await);
}
