//! A season out of a list, and the scorecard of a match of it at its end.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::cluster::Cluster;
use crate::harness::matches::{self, LIMITED_OVERS};
use crate::harness::process::run;

/// What was said of each match, and the exit code.
async fn make(cluster: &Cluster, files: &[&Path]) -> (Vec<Value>, Option<i32>) {
    let (url, token) = (cluster.scorings[0].url(), cluster.scorer_token().await);
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let mut words = vec!["fixtures", &files[0], "--scoring", &url, "--token", &token];
    if let Some(squads) = files.get(1) {
        words.extend(["--squads", squads]);
    }
    words.push("--json");
    let output = run(&words).await;
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = said.lines().map(|line| line.parse().unwrap());
    (lines.collect(), output.status.code())
}

fn fates(said: &[Value]) -> Vec<&str> {
    said.iter()
        .map(|one| one["fate"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_list_is_made_once_grows_and_says_what_it_could_not_make() {
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../play/examples");
    let season = examples.join("fixtures.csv");

    let (said, code) = make(&cluster, &[&season]).await;
    assert_eq!((fates(&said), code), (vec!["created"; 2], Some(0)));
    let files = [season.as_path(), &examples.join("squads.csv")];
    let (said, code) = make(&cluster, &files).await;
    assert_eq!((fates(&said), code), (vec!["completed"; 2], Some(0)));
    let (said, code) = make(&cluster, &files).await;
    assert_eq!((fates(&said), code), (vec!["unchanged"; 2], Some(0)));
    let state = scorer.state("blues-v-reds-2").await;
    let squads = &state["state"]["teams"];
    assert_eq!(squads["a"]["players"]["gil"], "Gil \"Lefty\" Gray");
    assert_eq!(
        squads["b"]["players"],
        json!({"ann": "Ann Archer", "bea": "Bea Baker"})
    );
    assert_eq!(state["state"]["rules"]["overs"], 20);

    let other = cluster.data_dir().join("other.csv");
    std::fs::write(
        &other,
        "match,a,b\nnew-1,Reds,Blues\nreds-v-blues-1,Reds,Greens\nnew-2,Reds,Blues\n",
    )
    .unwrap();
    let (said, code) = make(&cluster, &[&other]).await;
    assert_eq!(
        (fates(&said), code),
        (vec!["created", "refused", "created"], Some(1))
    );
    let why = said[1]["detail"].as_str().unwrap();
    assert!(why.contains("created with another body"), "{why}");
    std::fs::write(&other, "match,a,b\nnew-3,Reds,Blues\nNEW,Reds,Blues\n").unwrap();
    let (said, code) = make(&cluster, &[&other]).await;
    assert_eq!((said.len(), code), (0, Some(2)), "nothing of it is made");
    assert_eq!(scorer.get("/v1/matches/new-3").await.status, 404);
    cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn the_scorecard_of_a_real_match_adds_up_and_is_the_same_for_operators() {
    if !matches::at_hand() {
        return;
    }
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    for name in &LIMITED_OVERS[..3] {
        cluster.play(&matches::file(name), name, "max").await;
        let state = scorer.state(name).await;
        let path = format!("/v1/matches/{name}/scorecard");
        let card = scorer.get(&path).await.json()["scorecard"].clone();
        let innings = card["innings"].as_array().unwrap();
        assert_eq!(
            innings.len(),
            state["state"]["innings"].as_object().unwrap().len()
        );
        for (number, one) in (1..).zip(innings) {
            adds_up(one, &state["state"]["innings"][format!("i{number}")]);
        }

        let table = scorer
            .request(reqwest::Method::GET, &path)
            .header("accept", "text/csv");
        let table = crate::harness::api::Api::send(table).await.text();
        let printed = ops_text(&cluster, &["scorecard", name]).await;
        assert_eq!(printed, table);
        let page = ops_text(&cluster, &["scorecard", name, "--form", "html"]).await;
        assert!(
            page.starts_with("<!doctype html>") && page.contains("Partnerships"),
            "{page}"
        );
        let line: Value = cluster
            .ops_well(&["scorecard", name])
            .await
            .parse()
            .unwrap();
        assert_eq!(line["scorecard"], card);
    }
}

/// The rows of a card make its total, and are as many as the state's.
fn adds_up(card: &Value, state: &Value) {
    let sum = |rows: &Value, name: &str| -> u64 {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row[name].as_u64().unwrap()).sum()
    };
    let made = sum(&card["batting"], "runs") + sum(&card["extras"], "runs");
    assert_eq!(
        made + card["penalties"].as_u64().unwrap(),
        card["runs"],
        "{card}"
    );
    assert_eq!(card["runs"], state["runs"]);
    let out = card["batting"].as_array().unwrap().iter();
    let out = out.filter(|row| row["how_out"] != "not out" && row["how_out"] != "retired hurt");
    assert_eq!(json!(out.count()), card["wickets"], "{card}");
    for table in ["batting", "bowling", "fall_of_wickets", "partnerships"] {
        let rows = card[table].as_array().unwrap().len();
        assert_eq!(rows, state[table].as_object().unwrap().len(), "{table}");
    }
}

/// What `grandstand ops` prints for people.
async fn ops_text(cluster: &Cluster, words: &[&str]) -> String {
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let place = ["--nats-url", &nats_url, "--keys", &keys];
    let output = run(&[&["ops"], words, &place].concat()).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
