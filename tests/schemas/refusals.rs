//! Whatever is wrong in the form of a scorer's document is refused by the schemas and by the server
//! alike, and nothing else is by either.

use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::harness::api::Api;
use crate::harness::cluster::Cluster;
use crate::mutations::mutations;
use crate::samples;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// A request, and whether the schemas allow its body.
struct Attempt {
    method: Method,
    path: String,
    body: Value,
    allowed: bool,
}

#[tokio::test]
async fn the_schemas_and_the_server_refuse_the_same_forms() {
    let contract = Contract::published();
    let cluster = Cluster::start(1, 0).await;
    let scorer = cluster.scorer(0).await;
    scorer.create("cricket", &samples::cricket()).await;
    scorer.score("cricket", &samples::bases()).await;
    scorer.create("open", &samples::open()).await;

    let mut attempts = creations(&contract);
    attempts.extend(cricket_events(&contract));
    attempts.extend(open_events(&contract));

    let allowed = attempts.iter().filter(|attempt| attempt.allowed).count();
    let all = attempts.len();
    assert!(allowed > 50 && all - allowed > 1000, "{allowed} of {all}");
    let differences: Vec<String> = stream::iter(attempts)
        .map(|attempt| difference(&scorer, attempt))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |difference| difference)
        .collect()
        .await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn creations(contract: &Contract) -> Vec<Attempt> {
    let samples = [samples::cricket(), samples::open()];
    let bodies = samples.iter().flat_map(|sample| {
        contract.check("match-creation.json", sample);
        mutations(sample)
    });
    let attempts = bodies.enumerate().map(|(number, body)| Attempt {
        method: Method::PUT,
        path: format!("/v1/matches/c-{number}"),
        allowed: contract.holds("match-creation.json", &body),
        body,
    });
    attempts.collect()
}

fn cricket_events(contract: &Contract) -> Vec<Attempt> {
    // The schema knows no match's rules: by those of this one nobody bats alone.
    let has_pair =
        |event: &Value| event["type"] != "delivery" || event["data"].get("non_striker").is_some();
    let whole = |event: &Value| {
        contract.holds("posted-events.json", event)
            && contract.holds("cricket-event.json", event)
            && has_pair(event)
    };
    let facts = samples::facts().into_iter();
    let facts = facts.map(|(kind, data)| json!({"id": "e", "type": kind, "data": data}));
    let samples = facts.chain(samples::envelopes());
    let attempts = samples.enumerate().flat_map(|(sample, event)| {
        assert!(whole(&event), "{event}");
        let changed = mutations(&event).into_iter().chain([event]);
        changed.enumerate().map(move |(number, mut body)| {
            // Of its own: what is stored under one id is no question of form.
            if body["id"] == "e" {
                body["id"] = json!(format!("e{sample}-{number}"));
            }
            body
        })
    });
    attempts
        .map(|body| Attempt {
            method: Method::POST,
            path: "/v1/matches/cricket/events".to_owned(),
            allowed: whole(&body),
            body,
        })
        .collect()
}

fn open_events(contract: &Contract) -> Vec<Attempt> {
    let event = samples::open_event();
    let whole = |body: &Value| {
        let each = body
            .as_array()
            .map_or(std::slice::from_ref(body), Vec::as_slice);
        contract.holds("posted-events.json", body)
            && each
                .iter()
                .all(|event| contract.holds("open-event.json", event))
    };
    assert!(whole(&event), "{event}");
    let bodies = mutations(&event)
        .into_iter()
        .chain([event.clone(), json!([]), json!([event])]);
    let attempts = bodies.enumerate().map(|(number, mut body)| {
        if body["id"] == "e" {
            body["id"] = json!(format!("e{number}"));
        }
        Attempt {
            method: Method::POST,
            path: "/v1/matches/open/events".to_owned(),
            allowed: whole(&body),
            body,
        }
    });
    attempts.collect()
}

/// What the server says otherwise than the schemas.
async fn difference(scorer: &Api, attempt: Attempt) -> Option<String> {
    let Attempt {
        method,
        path,
        body,
        allowed,
    } = attempt;
    let answer = Api::send(scorer.request(method, &path).json(&body)).await;
    // A patch is refused as impossible, since the open sport has no other rules than its form.
    let problem = answer.json();
    let by_form = answer.status == 400
        || ["patch", "data"]
            .iter()
            .any(|rule| problem["rule"] == *rule);
    let verdict = format!("{} {problem}", answer.status);
    (by_form == allowed)
        .then(|| format!("{path} {body}\n  allowed by the schemas: {allowed}, but {verdict}"))
}
