//! A fan who polls, and believes nothing that it has not checked.

use reqwest::Method;
use reqwest::header::ACCEPT;

use super::api::{Answer, Api};
use super::replica::Replica;
use super::socket::Codec;
use super::wait::in_time;

/// How it asks.
#[derive(Debug, Clone)]
pub(crate) struct Poller {
    pub(crate) api: Api,
    pub(crate) match_id: String,
    pub(crate) codec: Codec,
    /// Seconds that it waits for something new.
    pub(crate) wait_s: u32,
    pub(crate) snapshot: Option<&'static str>,
    pub(crate) replica: Replica,
}

impl Poller {
    /// Who has seen nothing.
    pub(crate) fn new(api: Api, match_id: &str) -> Self {
        Self {
            api,
            match_id: match_id.to_owned(),
            codec: Codec::Json,
            wait_s: 0,
            snapshot: None,
            replica: Replica::default(),
        }
    }

    /// Who waits for something new.
    pub(crate) fn wait_s(self, wait_s: u32) -> Self {
        Self { wait_s, ..self }
    }

    /// Who wants every event, from the first.
    pub(crate) fn every_event(self) -> Self {
        Self {
            snapshot: Some("never"),
            ..self
        }
    }

    pub(crate) fn codec(self, codec: Codec) -> Self {
        Self { codec, ..self }
    }

    /// Asks once, and takes what is said.
    pub(crate) async fn ask(&mut self) -> Answer {
        let mut query = String::new();
        if let Some(after) = self.replica.cursor() {
            query += &format!("after={after}&");
        }
        if let Some(wish) = self.snapshot {
            query += &format!("snapshot={wish}&");
        }
        if self.wait_s > 0 {
            query += &format!("wait={}", self.wait_s);
        }
        let path = format!("/v1/matches/{}/events?{query}", self.match_id);
        let accept = match self.codec {
            Codec::Json => "application/json",
            Codec::MessagePack => "application/msgpack",
        };
        let request = self.api.request(Method::GET, &path);
        let answer = Api::send(request.header(ACCEPT, accept)).await;
        match answer.status.as_u16() {
            204 => assert!(answer.body.is_empty()),
            200 => self.take(&answer),
            _ => panic!("{query}: {} {}", answer.status, answer.text()),
        }
        answer
    }

    fn take(&mut self, answer: &Answer) {
        let message = match self.codec {
            Codec::Json => answer.json(),
            Codec::MessagePack => answer.messagepack(),
        };
        let taken = match message["type"].as_str() {
            Some("events") => self.replica.take_events(&message),
            Some("snapshot") => self.replica.take_snapshot(&message),
            _ => Err("neither events nor a snapshot".to_owned()),
        };
        taken.unwrap_or_else(|fault| panic!("{fault}: {message}"));
        assert_eq!(message["match"], self.match_id.as_str());
    }

    /// Asks as often as it is told to, until it has seen `seq`.
    pub(crate) async fn until_seq(&mut self, seq: u64) {
        let asking = async {
            while self.replica.seq < seq {
                let answer = self.ask().await;
                tokio::time::sleep(poll_after(&answer)).await;
            }
        };
        in_time("the last event for a poller", asking).await;
    }
}

/// When the server says to come again.
pub(crate) fn poll_after(answer: &Answer) -> std::time::Duration {
    let text = answer.header("grandstand-poll-after-ms");
    std::time::Duration::from_millis(text.parse().unwrap_or_else(|_| panic!("{text:?}")))
}
