//! HTTP as any client speaks it.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::wait::in_time;

/// A connection that nothing was asked on for so long is not asked on again: servers end it after
/// 10 s, which must not be while a request is on its way.
const IDLE_MAX: Duration = Duration::from_secs(2);

/// How long a server that could not is left alone.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Somebody with a token who asks one server.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) url: String,
    token: Option<String>,
    client: Client,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Api {
    /// With a token, or as nobody.
    pub(crate) fn new(url: impl Into<String>, token: Option<&str>) -> Self {
        Self {
            url: url.into(),
            token: token.map(str::to_owned),
            client: Client::builder()
                .pool_idle_timeout(IDLE_MAX)
                .build()
                .unwrap(),
        }
    }

    /// A request to be changed before it is sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request; an error if the connection did not hold.
    pub(crate) async fn exchange(request: RequestBuilder) -> reqwest::Result<Answer> {
        let exchange = async {
            let response = request.send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.bytes().await?.to_vec();
            Ok(Answer {
                status,
                headers,
                body,
            })
        };
        in_time("an answer", exchange).await
    }

    /// Sends a request; none if the connection did not hold.
    pub(crate) async fn try_send(request: RequestBuilder) -> Option<Answer> {
        Self::exchange(request).await.ok()
    }

    /// Sends a request that must be answered.
    pub(crate) async fn send(request: RequestBuilder) -> Answer {
        let answered = Self::exchange(request).await;
        answered.unwrap_or_else(|e| panic!("the connection should hold: {e:?}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    /// Creates a match.
    pub(crate) async fn create(&self, match_id: &str, body: &Value) -> Answer {
        let path = format!("/v1/matches/{match_id}");
        self.stored_now(Method::PUT, &path, body).await
    }

    /// Creates a match of the open sport.
    pub(crate) async fn create_open(&self, match_id: &str) -> Answer {
        self.create(match_id, &open_match(match_id)).await
    }

    /// Posts an event, or an array of them, that must be stored now.
    pub(crate) async fn score(&self, match_id: &str, events: &Value) -> Value {
        let path = format!("/v1/matches/{match_id}/events");
        self.stored_now(Method::POST, &path, events).await.json()
    }

    /// Asks until it is stored, as a scorer does who is told that his broker did not answer in time;
    /// what he was not sure of may be stored by then.
    async fn stored_now(&self, method: Method, path: &str, body: &Value) -> Answer {
        let asking = async {
            let mut stored = 201..=201;
            loop {
                let answer = Self::send(self.request(method.clone(), path).json(body)).await;
                let status = answer.status.as_u16();
                if status != 503 {
                    assert!(stored.contains(&status), "{status}: {}", answer.text());
                    return answer;
                }
                stored = 200..=201;
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        in_time(path, asking).await
    }

    /// Every event of a match that has at most 500, as scorers read the log.
    pub(crate) async fn log(&self, match_id: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/matches/{match_id}/events")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        assert_eq!(page["more"], false, "{match_id} is too long for this");
        page["events"].as_array().unwrap().clone()
    }

    /// The state document of a match, which must be there.
    pub(crate) async fn state(&self, match_id: &str) -> Value {
        let answer = self.get(&format!("/v1/matches/{match_id}/state")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        self.text()
            .parse()
            .unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The body as MessagePack.
    pub(crate) fn messagepack(&self) -> Value {
        rmp_serde::from_slice(&self.body).unwrap()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The problem of a refusal with this status.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header(CONTENT_TYPE.as_str()),
            "application/problem+json"
        );
        let problem = self.json();
        assert!(problem["type"].is_string(), "{problem}");
        assert!(problem["title"].is_string(), "{problem}");
        problem
    }
}

/// The body that creates a match of the open sport.
pub(crate) fn open_match(title: &str) -> Value {
    serde_json::json!({"sport": "open", "title": title,
        "state": {"strip": {"title": title, "status": "live"}, "count": 0}})
}

/// The `n`th event of an open match that counts.
pub(crate) fn count_event(n: u64) -> Value {
    serde_json::json!({"id": format!("e{n}"), "type": "count", "patch": {"count": n}})
}
