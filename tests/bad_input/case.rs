//! One wrong request, and what is wrong with the answer to it.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::harness::api::Api;

pub(crate) const EVENTS: &str = "/v1/matches/m/events";
pub(crate) const JSON: &str = "application/json";
pub(crate) const MESSAGE_PACK: &str = "application/msgpack";

/// A request that is wrong, and what is said to it.
pub(crate) struct Case {
    pub(crate) what: String,
    pub(crate) request: RequestBuilder,
    pub(crate) status: u16,
    /// How the problem's type ends.
    pub(crate) word: &'static str,
    /// Members that the problem has beside RFC 9457's; null: any value.
    pub(crate) members: Value,
}

/// The cases, each a request of the scorer who may do everything unless it says otherwise.
pub(crate) struct Cases {
    pub(crate) scorer: Api,
    pub(crate) cases: Vec<Case>,
}

impl Cases {
    pub(crate) fn add(
        &mut self,
        what: impl Into<String>,
        request: RequestBuilder,
        (status, word): (u16, &'static str),
        members: Value,
    ) {
        let what = what.into();
        self.cases.push(Case {
            what,
            request,
            status,
            word,
            members,
        });
    }

    pub(crate) fn post(&self, media_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.scorer.request(Method::POST, EVENTS);
        request.header("content-type", media_type).body(body)
    }

    pub(crate) fn post_json(&self, body: &Value) -> RequestBuilder {
        self.post(JSON, body.to_string())
    }
}

/// What is wrong with the answer to a case.
pub(crate) async fn faults_of(case: Case) -> Vec<String> {
    let Some(answer) = Api::try_send(case.request).await else {
        return vec!["the connection broke instead of an answer".to_owned()];
    };
    let (status, text) = (answer.status.as_u16(), answer.text());
    if status != case.status {
        return vec![format!("{status} instead of {}: {text}", case.status)];
    }
    let media_type = answer.header("content-type");
    let messagepack = media_type == "application/problem+msgpack";
    if media_type != "application/problem+json" && !messagepack {
        return vec![format!("the answer is {media_type:?}: {text}")];
    }
    // A client of MessagePack is answered in it.
    let problem = match messagepack {
        true => answer.messagepack(),
        false => answer.json(),
    };
    let mut faults = Vec::new();
    let kind = problem["type"].as_str().unwrap_or_default();
    if !kind.starts_with("/problems/") || !kind.ends_with(case.word) {
        faults.push(format!("of type {kind:?} instead of {:?}", case.word));
    }
    for (name, said) in [
        ("a title", problem["title"].is_string()),
        ("its status", problem["status"] == case.status),
        ("a detail", problem["detail"].is_string()),
        (
            "WWW-Authenticate",
            status != 401 || answer.headers.contains_key("www-authenticate"),
        ),
        (
            "Allow",
            status != 405 || answer.headers.contains_key("allow"),
        ),
    ] {
        if !said {
            faults.push(format!("without {name}: {problem}"));
        }
    }
    for (name, value) in case.members.as_object().unwrap() {
        let said = &problem[name];
        if said.is_null() || (!value.is_null() && said != value) {
            faults.push(format!("{name} is {said} instead of {value}: {problem}"));
        }
    }
    faults
}
