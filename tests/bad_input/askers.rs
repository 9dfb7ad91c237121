//! Requests of those who may not, to where nothing is, or about another position.

use reqwest::Method;
use serde_json::json;

use super::case::{Cases, EVENTS};
use crate::harness::api::{Api, count_event, open_match};
use crate::harness::cluster::Cluster;
use crate::harness::replica::Place;
use crate::harness::wait::found;

impl Cases {
    /// Requests of those who may not.
    pub(crate) async fn not_allowed(&mut self, cluster: &Cluster) {
        let [scorer, open] = [["--role", "scorer"], ["--rights", "open"]];
        let token = async |more: &[&str]| cluster.token(&[&scorer[..], more].concat()).await;
        let good = token(&["--matches", "m", "--rights", "open"]).await;
        let short = token(&["--matches", "*", "--rights", "open", "--ttl", "1s"]).await;
        let other = token(&[&["--matches", "n,mm,m-*"], &open[..]].concat()).await;
        let none = token(&open).await;
        let no_right = token(&["--matches", "*"]).await;
        let (fan, ops) = (
            cluster.fan_token("premium").await,
            cluster.token(&["--role", "ops"]).await,
        );
        let [head, body, signature]: [&str; 3] =
            good.split('.').collect::<Vec<_>>().try_into().unwrap();
        // Signed for another claim: everything is of the right form, and nothing of it is ours.
        let forged = format!("{head}.{}.{signature}", no_right.split('.').nth(1).unwrap());
        let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
        let cut = format!("{head}.{body}.{}", &signature[1..]);
        // A token is honoured for some seconds more, since clocks differ; then it never is again.
        let expired = Api::new(&self.scorer.url, Some(&short));
        found("the end of a token", async || {
            (expired.get("/v1/matches/m").await.status == 401).then_some(())
        })
        .await;
        for (what, token, said) in [
            ("no token", None, (401, "")),
            ("nonsense", Some("nonsense".to_owned()), (401, "")),
            ("a forged token", Some(forged), (401, "")),
            ("an unsigned token", Some(unsigned), (401, "")),
            ("a cut token", Some(cut), (401, "")),
            ("an expired token", Some(short), (401, "")),
            (
                "a token for other matches",
                Some(other),
                (403, "not-allowed"),
            ),
            ("a token for no match", Some(none), (403, "not-allowed")),
            (
                "a token without the right",
                Some(no_right),
                (403, "not-allowed"),
            ),
            ("a fan's token", Some(fan), (403, "not-allowed")),
            ("an operator's token", Some(ops), (403, "not-allowed")),
        ] {
            let api = Api::new(&self.scorer.url, token.as_deref());
            let request = api.request(Method::POST, EVENTS).json(&count_event(96));
            self.add(what, request, said, json!({}));
        }
    }

    /// Requests that go to the wrong place, or expect another position.
    pub(crate) fn misplaced(&mut self, place: &Place) {
        let scorer = self.scorer.clone();
        let ask = |method: Method, path: &str| scorer.request(method, path);
        let to = |path: &str| ask(Method::POST, path).json(&count_event(95));
        let cases = [
            (
                "an unknown match",
                to("/v1/matches/nobody/events"),
                (404, "unknown-match"),
            ),
            (
                "a match id in capitals",
                to("/v1/matches/M/events"),
                (400, "malformed-match-id"),
            ),
            (
                "a match id with a dot",
                to("/v1/matches/a.b/events"),
                (400, "malformed-match-id"),
            ),
            (
                "a wildcard",
                to("/v1/matches/*/events"),
                (400, "malformed-match-id"),
            ),
            (
                "a path that is none",
                to("/v1/matches/m/scores"),
                (404, "not-found"),
            ),
            (
                "another version",
                to("/v2/matches/m/events"),
                (404, "not-found"),
            ),
            (
                "DELETE",
                ask(Method::DELETE, "/v1/matches/m"),
                (405, "method-not-allowed"),
            ),
            (
                "PATCH",
                ask(Method::PATCH, EVENTS),
                (405, "method-not-allowed"),
            ),
        ];
        for (what, request, said) in cases {
            self.add(what, request, said, json!({}));
        }
        for bad in ["7", "\"7\"", "\"a-b\"", "W/\"1.1-2\"", "\"", ""] {
            let request = self.post_json(&count_event(94)).header("if-match", bad);
            let word = if matches!(bad, "\"7\"" | "\"a-b\"") {
                "malformed-event"
            } else {
                "malformed-if-match"
            };
            let members = json!({"field": "If-Match"});
            self.add(format!("If-Match {bad:?}"), request, (400, word), members);
        }
        let epoch = &place.epoch;
        for (what, cursor) in [
            ("an older position", format!("{epoch}-{}", place.seq - 1)),
            ("a later position", format!("{epoch}-{}", place.seq + 1)),
            ("another epoch", format!("1.1-{}", place.seq)),
        ] {
            let request = self.post_json(&count_event(93));
            let request = request.header("if-match", format!("\"{cursor}\""));
            let members = json!({"epoch": epoch, "seq": place.seq, "events": null});
            self.add(what, request, (409, "stale"), members);
        }
        let again = ask(Method::PUT, "/v1/matches/m").json(&open_match("other"));
        self.add("another creation", again, (409, "match-exists"), json!({}));
    }
}
