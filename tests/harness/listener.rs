//! A fan who listens to server-sent events, and believes nothing that it has not checked.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde_json::Value;

use super::api::Api;
use super::replica::Replica;
use super::wait::in_time;

/// A fan, listening or between two connections.
pub(crate) struct Listener {
    api: Api,
    match_id: String,
    /// What it asks for at every connect, such as `after=0&snapshot=never`.
    query: String,
    response: Option<Response>,
    /// What came and is no whole message yet.
    text: Vec<u8>,
    /// The id of the last message that had one.
    pub(crate) last_id: Option<String>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) replica: Replica,
    /// Everything else that it was told: status, error, goaway.
    pub(crate) other: Vec<Value>,
}

impl Listener {
    /// Who listens.
    pub(crate) async fn connect(api: Api, match_id: &str, query: &str) -> Self {
        let mut listener = Self {
            api,
            match_id: match_id.to_owned(),
            query: query.to_owned(),
            response: None,
            text: Vec::new(),
            last_id: None,
            retry_ms: None,
            replica: Replica::default(),
            other: Vec::new(),
        };
        listener.resume().await;
        listener
    }

    /// Connects anew, as an EventSource does.
    pub(crate) async fn resume(&mut self) {
        self.text.clear();
        let path = format!("/v1/matches/{}/stream?{}", self.match_id, self.query);
        let mut request = self.api.request(Method::GET, &path);
        if let Some(id) = &self.last_id {
            request = request.header("last-event-id", id);
        }
        let response = in_time("the head of a stream", request.send())
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        self.response = Some(response);
    }

    /// Drops the connection where it stands.
    pub(crate) fn cut(&mut self) {
        self.response = None;
    }

    /// Listens for the next message, as long as it takes, and checks it; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        // As for a `Fan`: what came at once is not checked at once.
        tokio::task::yield_now().await;
        loop {
            while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                if let Some(message) = self.take(&String::from_utf8(block).unwrap()) {
                    return Some(message);
                }
            }
            match self.response.as_mut().expect("connected").chunk().await {
                Ok(Some(bytes)) => self.text.extend(bytes),
                Ok(None) | Err(_) => {
                    self.cut();
                    return None;
                }
            }
        }
    }

    fn take(&mut self, block: &str) -> Option<Value> {
        let (mut event, mut id, mut data) = (None, None, None);
        for line in block.lines().filter(|line| !line.is_empty()) {
            match line.split_once(": ").expect("a field and its value") {
                ("event", text) => event = Some(text.to_owned()),
                ("id", text) => id = Some(text.to_owned()),
                ("data", text) if data.is_none() => data = Some(text.parse::<Value>().unwrap()),
                ("retry", text) => self.retry_ms = Some(text.parse().unwrap()),
                _ => panic!("{line:?} in {block:?}"),
            }
        }
        let message = data?;
        assert_eq!(message["type"].as_str(), event.as_deref(), "{block}");
        let taken = match event.as_deref() {
            Some("events") => self.replica.take_events(&message),
            Some("snapshot") => self.replica.take_snapshot(&message),
            Some("status") => {
                self.other.push(message.clone());
                self.replica.take_status(&message)
            }
            _ => {
                self.other.push(message.clone());
                Ok(())
            }
        };
        taken.unwrap_or_else(|fault| panic!("{}: {fault}: {message}", self.query));
        if matches!(event.as_deref(), Some("events" | "snapshot")) {
            assert_eq!(id, self.replica.cursor(), "{message}");
        }
        self.last_id = id.or(self.last_id.take());
        Some(message)
    }

    /// Listens until it has seen `seq`; the connection must hold.
    pub(crate) async fn until_seq(&mut self, seq: u64) {
        let listening = async {
            while self.replica.seq < seq {
                let heard = self.next().await;
                assert!(
                    heard.is_some(),
                    "{}: it ended; {:?}",
                    self.query,
                    self.other
                );
            }
        };
        in_time("the last event for a listener", listening).await;
    }

    /// Listens until the stream ends, which it must.
    pub(crate) async fn until_end(&mut self) {
        in_time("the end of a stream", async {
            while self.next().await.is_some() {}
        })
        .await;
    }
}
