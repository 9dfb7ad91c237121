//! A platform with a small match on it.

use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::harness::process::run_well;
use crate::harness::wait::found;
use crate::phone::Phone;

/// The match that most tests score.
pub(crate) const MATCH: &str = "small";
/// A scoring instance and somebody who asks it what is in the log.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
}

impl Ground {
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::start(1, 0).await;
        let scorer = cluster.scorer(0).await;
        Self { cluster, scorer }
    }

    /// What `grandstand access` makes for a match, which need not be there: what is behind the `#` of
    /// its link, and the PIN.
    pub(crate) async fn access(&self, match_id: &str) -> (String, String) {
        let keys = self.cluster.keys_dir().display().to_string();
        let url = self.cluster.scorings[0].url();
        let args = [
            "access",
            match_id,
            "--keys",
            &keys,
            "--scoring",
            &url,
            "--json",
        ];
        let made: Value = serde_json::from_str(&run_well(&args).await).unwrap();
        let link = made["link"].as_str().unwrap();
        let fragment = link.split_once('#').unwrap().1.to_owned();
        (fragment, made["pin"].as_str().unwrap().to_owned())
    }

    /// A token of a scorer of this match alone.
    pub(crate) async fn token(&self, match_id: &str) -> String {
        let args = ["--role", "scorer", "--matches", match_id];
        self.cluster.token(&args).await
    }

    /// A token of an official of this match alone, who may sign it off.
    pub(crate) async fn official(&self, match_id: &str) -> String {
        let args = ["--role", "scorer", "--matches", match_id, "--rights"];
        self.cluster
            .token(&[&args[..], &["official"]].concat())
            .await
    }

    /// A phone with the match open; none, after a line that says so, where there is no browser.
    pub(crate) async fn phone(&self) -> Option<Phone> {
        let mut phone = Phone::start(&self.cluster.scorings[0].url()).await?;
        let token = self.token(MATCH).await;
        phone.sign_in(MATCH, &token).await;
        Some(phone)
    }

    /// A phone that has sent a single, the first ball of a match that has just begun.
    pub(crate) async fn phone_after_a_single(&self) -> Option<Phone> {
        self.begin().await;
        let mut phone = self.phone().await?;
        phone.tap_all(&["#bowler", "Cat", "#k1"]).await;
        phone.until_sent().await;
        Some(phone)
    }

    /// The same, with its network cut before these taps.
    pub(crate) async fn phone_cut_before(&self, taps: &[&str]) -> Option<Phone> {
        let mut phone = self.phone_after_a_single().await?;
        phone.cut();
        phone.tap_all(taps).await;
        Some(phone)
    }

    /// The match with its innings begun.
    pub(crate) async fn begin(&self) {
        self.scorer.create(MATCH, &small_match()).await;
        self.scorer.score(MATCH, &innings()).await;
    }

    /// Waits until the state in the log is so; what is asked is a JSON pointer.
    pub(crate) async fn until_state(&self, pointer: &str, value: &Value) {
        let what = format!("{pointer} to be {value}");
        found(&what, async || {
            let state = self.scorer.state(MATCH).await;
            (state["state"].pointer(pointer) == Some(value)).then_some(())
        })
        .await;
    }

    /// The events of the log of these types, each with its `data`, in order.
    pub(crate) async fn entered(&self, kinds: &[&str]) -> Vec<(String, Value)> {
        let log = self.log(MATCH).await;
        let events = log["events"].as_array().unwrap().iter();
        let of_kinds = events.filter(|event| kinds.contains(&event["type"].as_str().unwrap()));
        of_kinds
            .map(|event| {
                let op = event["op"].as_str().unwrap_or("add");
                (op.to_owned(), event["data"].clone())
            })
            .collect()
    }

    /// Every event of the log, read in pages.
    pub(crate) async fn log(&self, match_id: &str) -> Value {
        let mut events = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/matches/{match_id}/events?limit=500{after}");
            let answer = self.scorer.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.json();
            events.extend(page["events"].as_array().unwrap().iter().cloned());
            let epoch = page["epoch"].as_str().unwrap();
            if page["more"] != true {
                return json!({"epoch": epoch, "events": events});
            }
            after = format!("&after={epoch}-{}", events.len());
        }
    }
}

/// A T20 of two small teams.
pub(crate) fn small_match() -> Value {
    let players = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({"id": name.to_lowercase(), "name": name}))
            .collect()
    };
    json!({"sport": "cricket", "title": "Reds v Blues", "rules": {"overs": 20}, "teams": {
        "a": {"name": "Reds", "players": players(&["Ann", "Bea", "Dot", "Fay", "Gia"])},
        "b": {"name": "Blues", "players": players(&["Cat", "Eve", "Hil", "Ida", "Joy"])}}})
}

/// The start of its first innings: Ann faces, Bea is at the other end.
pub(crate) fn innings() -> Value {
    json!([{"id": "start", "type": "innings_start", "data": {"batting": "a"}},
        {"id": "in1", "type": "batter_in", "data": {"player": "ann"}},
        {"id": "in2", "type": "batter_in", "data": {"player": "bea"}}])
}
