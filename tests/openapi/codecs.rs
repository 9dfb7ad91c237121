//! Whatever is read is the same document in both codecs, and what the OpenAPI document says of it.

use std::collections::BTreeSet;

use jsonschema::Validator;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};

use crate::documents::documents;
use crate::harness::api::{Answer, Api};
use crate::harness::cluster::Cluster;
use crate::harness::process::run_well;

const MESSAGE_PACK: &str = "application/msgpack";
/// They are no documents: a WebSocket, and server-sent events, which are JSON.
const OF_MESSAGES: [&str; 2] = ["/v1/ws", "/v1/matches/{match}/stream"];

#[tokio::test]
async fn every_answer_to_a_get_is_as_described_in_both_codecs() {
    let cluster = Cluster::start(1, 1).await;
    let token = cluster.scorer_token().await;
    let url = cluster.scorings[0].url();
    let played = ["play", "--generate", "7", "--speed", "max", "--match", "m"];
    run_well(&[&played[..], &["--scoring", &url, "--token", &token]].concat()).await;
    let scorer = cluster.scorer(0).await;
    let premium = cluster.fan_token("premium").await;
    let viewer = cluster.viewer(0, Some(&premium));
    let state = scorer.state("m").await;
    let epoch = state["epoch"].as_str().unwrap();
    let [gateway, scoring] = documents().map(|(_, document)| document);

    for (api, document) in [(&viewer, gateway), (&scorer, scoring)] {
        let mut asked = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            if item["get"].is_null() || OF_MESSAGES.contains(&path.as_str()) {
                continue;
            }
            asked.insert(path.as_str());
            let of = |name: &str| {
                let path = path.replace("{match}", name).replace("{epoch}", epoch);
                path.replace("{n}", "0")
            };
            for (asked, status) in [
                (of("m"), "200"),
                (of("nobody"), "404"),
                (of("m") + "?no=1", "400"),
            ] {
                if item["get"]["responses"][status].is_null() {
                    continue;
                }
                let answers = in_both(api, &asked).await;
                check(&document, &item["get"]["responses"], &asked, &answers);
            }
        }
        assert!(asked.len() >= 6, "{asked:?}");
    }
}

/// The answers in JSON and in MessagePack; both of one state of things, since nobody scores.
async fn in_both(api: &Api, path: &str) -> [Answer; 2] {
    let request = |accept: &str| api.request(Method::GET, path).header(ACCEPT, accept);
    let json = Api::send(request("application/json")).await;
    let messagepack = Api::send(request(MESSAGE_PACK)).await;
    [json, messagepack]
}

/// That both are of the media type and the schema that `responses` gives their status, and the same.
fn check(document: &Value, responses: &Value, path: &str, [json, messagepack]: &[Answer; 2]) {
    assert_eq!(json.status, messagepack.status, "{path}");
    let content = &responses[json.status.as_str()]["content"];
    let (one, other) = (json.json(), whole(messagepack));
    for (answer, read) in [(json, &one), (messagepack, &other)] {
        let media_type = answer.header("content-type");
        let schema = &content[media_type]["schema"];
        assert!(!schema.is_null(), "{path}: {} {media_type}", answer.status);
        let errors = validator(document, schema);
        let errors: Vec<String> = errors.iter_errors(read).map(|e| e.to_string()).collect();
        assert!(
            errors.is_empty(),
            "{path}, {media_type}: {errors:?}\n{read}"
        );
    }
    assert!(
        messagepack.header("content-type").ends_with("msgpack"),
        "{path}"
    );
    assert_eq!(one, other, "{path}");
}

/// The one MessagePack value that the body is.
fn whole(answer: &Answer) -> Value {
    let mut rest = answer.body.as_slice();
    let value = rmp_serde::from_read(&mut rest).unwrap();
    assert!(rest.is_empty(), "{} bytes are left over", rest.len());
    value
}

/// A schema of the document, with all that it refers to.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::options().offline().build(&root).unwrap()
}

#[test]
fn a_document_of_another_form_is_no_answer() {
    let [_, (_, scoring)] = documents();
    let operation = &scoring["paths"]["/v1/matches/{match}"]["get"];
    let schema = &operation["responses"]["200"]["content"][MESSAGE_PACK]["schema"];
    assert!(!validator(&scoring, schema).is_valid(&json!({ "epoch": 5 })));
}
