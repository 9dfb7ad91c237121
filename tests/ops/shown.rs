//! What operators see: the one screen, the lists of matches, gateways and sessions.

use serde_json::{Value, json};

use crate::harness::api::count_event;
use crate::harness::cluster::Cluster;
use crate::harness::fan::{Fan, Wish};
use crate::harness::process::run;
use crate::harness::wait::found;

/// The JSON that a command prints, and its exit code.
async fn ops(cluster: &Cluster, words: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = cluster.ops(words).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines = stdout.lines().map(|line| line.parse().unwrap());
    (output.status.code(), lines.collect())
}

fn troubles(status: &Value) -> Vec<&str> {
    let troubles = status["troubles"].as_array().unwrap().iter();
    troubles.map(|one| one["about"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_one_screen_says_that_all_is_right_and_what_is_not() {
    let mut cluster = Cluster::bare().await;
    let (code, bare) = ops(&cluster, &["status"]).await;
    assert_eq!(
        (code, troubles(&bare[0])),
        (Some(1), vec!["canary", "gateways"])
    );

    cluster.add_scoring(&[]).await;
    cluster.add_gateway(&[]).await;
    let scorer = cluster.scorer(0).await;
    scorer.create_open("m").await;
    let status = found("a status that is all right", async || {
        let (code, status) = ops(&cluster, &["status"]).await;
        (code == Some(0)).then(|| status[0].clone())
    })
    .await;

    assert_eq!(status["ok"], true);
    assert_eq!(
        status["nats"]["version"]
            .as_str()
            .unwrap()
            .split('.')
            .count(),
        3
    );
    assert_eq!(status["scoring"].as_array().unwrap().len(), 1);
    assert_eq!(status["matches"]["by_status"], json!({"live": 1}));
    assert_eq!(status["matches"]["newest"]["match"], "m");
    assert_eq!(status["gateways"].as_array().unwrap().len(), 1);
    let screen = human(&cluster, &["status"]).await;
    assert!(
        screen.lines().count() <= 24 && screen.ends_with("all right\n"),
        "{screen}"
    );

    cluster.scorings[0].kill().await;
    let status = found("the end of canaries", async || {
        let (_, status) = ops(&cluster, &["status"]).await;
        troubles(&status[0])
            .contains(&"canary")
            .then(|| status[0].clone())
    })
    .await;
    let what = status["troubles"][0]["what"].as_str().unwrap();
    assert!(what.contains("scores are not accepted"), "{what}");
    cluster.kill_nats().await;
    let (code, away) = ops(&cluster, &["status"]).await;
    assert_eq!((code, troubles(&away[0])), (Some(1), vec!["nats"]));
}

async fn human(cluster: &Cluster, words: &[&str]) -> String {
    let (nats_url, keys) = (cluster.nats_url(), cluster.keys_dir().display().to_string());
    let place = ["--nats-url", &nats_url, "--keys", &keys];
    let output = run(&[&["ops"], words, &place].concat()).await;
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn gateways_and_sessions_show_who_follows_what() {
    let cluster = Cluster::start(1, 2).await;
    let scorer = cluster.scorer(0).await;
    for name in ["a", "b"] {
        scorer.create_open(name).await;
        scorer.score(name, &count_event(1)).await;
    }
    let token = cluster
        .token(&["--role", "fan", "--tier", "premium", "--sub", "ann"])
        .await;
    let mut fans = Vec::new();
    for (gateway, matches) in cluster.gateways.iter().zip([&["a", "b"][..], &["a"]]) {
        let wish = Wish::of(matches).token(&token).policy("batch");
        let mut fan = Fan::connect(&gateway.url(), "ann", wish).await;
        fan.until("a state of each match", |fan| {
            fan.replicas.values().all(|replica| replica.seq == 2)
        })
        .await;
        fans.push(fan);
    }

    let counts = found("both sessions", async || {
        let (code, counts) = ops(&cluster, &["sessions"]).await;
        assert_eq!(code, Some(0));
        (counts
            .iter()
            .map(|one| one["connected"].as_u64().unwrap())
            .sum::<u64>()
            == 3)
            .then_some(counts)
    })
    .await;
    assert_eq!(
        counts,
        [
            json!({"match": "a", "connected": 2, "left": 0}),
            json!({"match": "b", "connected": 1, "left": 0})
        ]
    );
    let (_, of_b) = ops(&cluster, &["sessions", "--match", "b"]).await;
    assert_eq!(of_b.len(), 1);
    assert_eq!(of_b[0]["sub"], "ann");
    assert_eq!(of_b[0]["subscriptions"]["a"]["policy"], "batch");
    let gateways = found("both gateways with their fans", async || {
        let (_, gateways) = ops(&cluster, &["gateways"]).await;
        let readers = gateways.iter().map(|one| one["fans"]["a"].as_u64());
        (readers.collect::<Vec<_>>() == [Some(1), Some(1)]).then_some(gateways)
    })
    .await;
    let mut urls: Vec<_> = gateways
        .iter()
        .map(|one| one["url"].as_str().unwrap())
        .collect();
    let mut expected: Vec<_> = cluster.gateways.iter().map(|one| one.url()).collect();
    urls.sort();
    expected.sort();
    assert_eq!(urls, expected);
    let (_, live) = ops(&cluster, &["matches", "--live"]).await;
    assert_eq!(live.len(), 2);
}

#[tokio::test]
async fn a_wiped_match_leaves_the_list_though_nobody_follows_it() {
    let cluster = Cluster::start(1, 1).await;
    let scorer = cluster.scorer(0).await;
    let listed = async || {
        let list = cluster.viewer(0, None).get("/v1/matches").await.json();
        let matches = list["matches"].as_array().unwrap().iter();
        let names = matches.map(|one| one["match"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    scorer.create_open("a-mistake").await;
    scorer.create_open("m").await;
    found("both in the list", async || {
        (listed().await.len() == 2).then_some(())
    })
    .await;

    cluster.ops_well(&["purge", "a-mistake", "--yes"]).await;

    found("the list without it", async || {
        (listed().await == ["m"]).then_some(())
    })
    .await;
}
