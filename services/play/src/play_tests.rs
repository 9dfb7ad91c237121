//! Plays matches against a small scoring server, as a scorer would.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::args::{PlayArgs, Speed};
use crate::play::{Outcome, PlayError, Progress, run};
use crate::problem::PostError;
use crate::sample_server::{Server, Shared, listen};
use crate::sample_state::state_of;
use crate::squads::Squads;
use crate::{events, sample, tally};

/// A folder of this test's own with the file of the made-up match.
fn sample_file() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = sample::tiny_json().to_string();
    std::fs::write(folder.path().join("Tiny.json"), text).expect("written");
    folder
}

async fn play(file: &TempDir, urls: &[&str], speed: Speed) -> Result<Outcome, PlayError> {
    let scoring = urls.iter().map(|url| (*url).to_owned()).collect();
    let args = PlayArgs {
        file: Some(file.path().join("Tiny.json")),
        generate: None,
        scoring,
        token: "secret".to_owned().into(),
        speed,
        match_id: None,
    };
    run(args, Progress::Quiet).await
}

/// A server that will hold the right state, and the ids that it should come to know.
fn server() -> (Shared, Vec<String>) {
    let file = sample::tiny();
    let (sums, squads) = (tally::tally(&file), Squads::of(&file));
    let ids = events::events(&file, &squads, &sums)
        .into_iter()
        .map(|event| event.id)
        .collect();
    let server = Server {
        state: state_of(&sums, &squads),
        ..Server::default()
    };
    (Arc::new(Mutex::new(server)), ids)
}

#[tokio::test]
async fn a_match_is_posted_in_order_and_compared() {
    let (server, ids) = server();
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let outcome = play(&file, &[&listening.url], Speed::Max)
        .await
        .expect("played");
    assert!(outcome.is_equal(), "{outcome}");
    assert!(
        outcome
            .to_string()
            .contains("compared 2 innings, 7 batting and 3 bowling rows"),
        "{outcome}"
    );
    let server = server.lock().expect("no panic");
    assert_eq!(server.stored, ids);
    assert_eq!(server.posts, [ids.len()], "at max, one post holds many");
}

#[tokio::test]
async fn at_a_pace_each_event_is_a_post_of_its_own() {
    let (server, ids) = server();
    let listening = listen(server.clone()).await;
    let file = sample_file();
    play(&file, &[&listening.url], Speed::Times(100_000.0))
        .await
        .expect("played");
    assert_eq!(server.lock().expect("no panic").posts, vec![1; ids.len()]);
}

#[tokio::test]
async fn a_second_run_catches_up_quickly_and_goes_on() {
    let (server, ids) = server();
    let file = sample::tiny();
    let squads = Squads::of(&file);
    {
        let mut server = server.lock().expect("no panic");
        server.created = Some(crate::create::body(&file, &squads));
        server.stored = ids[..10].to_vec();
    }
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let outcome = play(&file, &[&listening.url], Speed::Times(100_000.0))
        .await
        .expect("played");
    assert!(outcome.is_equal());
    let server = server.lock().expect("no panic");
    assert_eq!(server.stored, ids);
    assert_eq!(
        server.posts[..2],
        [10, 1],
        "ten repeats at once, then at the pace"
    );
}

#[tokio::test]
async fn the_next_url_gets_the_same_ids_when_one_fails() {
    let (server, ids) = server();
    server.lock().expect("no panic").faults = [
        (503, r#"{"title":"No leader"}"#),
        (0, ""),
        (200, "<html>"),
        (500, ""),
    ]
    .into();
    let (first, second) = (listen(server.clone()).await, listen(server.clone()).await);
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/", listener.local_addr().expect("an address"))
    };
    let file = sample_file();
    let outcome = play(&file, &[&dead, &first.url, &second.url], Speed::Max)
        .await
        .expect("played");
    assert!(outcome.is_equal());
    assert_eq!(server.lock().expect("no panic").stored, ids);
}

#[tokio::test]
async fn a_refusal_ends_it_and_shows_what_the_platform_said() {
    let (server, _) = server();
    server.lock().expect("no panic").faults =
        [(422, r#"{"title":"Cannot be","detail":"no such batter","field":"batter","rule":"at_crease","id":"i1.o001.d1"}"#)].into();
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let error = play(&file, &[&listening.url], Speed::Max)
        .await
        .expect_err("refused")
        .to_string();
    assert_eq!(
        error,
        "POST /v1/matches/tiny/events was refused: 422, title: Cannot be, detail: no such batter, field: batter, rule: at_crease, id: i1.o001.d1"
    );
}

#[tokio::test]
async fn another_match_of_that_name_is_left_alone() {
    let (server, _) = server();
    server.lock().expect("no panic").created = Some(json!({"title": "Another"}));
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let error = play(&file, &[&listening.url], Speed::Max)
        .await
        .expect_err("refused");
    assert!(
        error.to_string().contains("409, title: Another match"),
        "{error}"
    );
    assert!(server.lock().expect("no panic").stored.is_empty());
}

#[tokio::test]
async fn a_wrong_figure_is_no_success() {
    let (server, _) = server();
    server.lock().expect("no panic").state["innings"]["i1"]["runs"] = json!(1);
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let outcome = play(&file, &[&listening.url], Speed::Max)
        .await
        .expect("played");
    assert!(!outcome.is_equal());
    assert!(
        outcome
            .to_string()
            .ends_with("1 differ\n  i1 runs: file 27, platform 1"),
        "{outcome}"
    );
}

#[tokio::test]
async fn a_success_that_names_other_events_is_no_success() {
    let (server, _) = server();
    server.lock().expect("no panic").faults =
        [(201, r#"{"seq": 2, "events": [{"id": "toss"}]}"#)].into();
    let listening = listen(server.clone()).await;
    let file = sample_file();
    let error = play(&file, &[&listening.url], Speed::Max)
        .await
        .expect_err("refused");
    assert!(
        matches!(error, PlayError::Post(PostError::Answer { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_named_at_once() {
    let file = sample_file();
    for (url, why) in [
        ("https://x", "only http"),
        ("x y", "relative URL"),
        ("ftp://x", "not ftp"),
    ] {
        let error = play(&file, &[url], Speed::Max)
            .await
            .expect_err("refused")
            .to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(play(&file, &[], Speed::Max).await.is_err());
}
