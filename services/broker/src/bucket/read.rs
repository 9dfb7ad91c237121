//! Reading a bucket: one key, from whoever is near or the leader, or all of them.

use std::collections::BTreeMap;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessage;
use async_nats::{Message, Request, RequestErrorKind, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{Bucket, BucketError, StoredValue};
use crate::api::{ANSWER_MAX, ApiError};
use crate::direct::BatchRequest;
use crate::history::NO_MESSAGE;
use crate::record::{number, stored_at_us, text};

#[derive(Deserialize)]
struct LeaderAnswer {
    message: RawMessage,
}

impl Bucket {
    /// What stands under `key`: by whoever is near, and by the leader if they have nothing, since a
    /// replica may be a moment behind.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<StoredValue>, BucketError> {
        match self.read_near(key).await? {
            Some(stored) => Ok(Some(stored)),
            None => self.read_leader(key).await,
        }
    }

    /// Up to `keys_max` keys with what stands under them, by the key.
    pub(crate) async fn list(
        &self,
        keys_max: usize,
    ) -> Result<BTreeMap<String, StoredValue>, BucketError> {
        self.connected().map_err(BucketError::Away)?;
        let batch = u32::try_from(keys_max).unwrap_or(u32::MAX);
        let request = BatchRequest::of_subjects(self.subject("*"), batch);
        let messages = self
            .broker
            .direct_messages(&self.stream(), request, keys_max)
            .await?;
        let mut listed = BTreeMap::new();
        for message in messages {
            let (key, stored) = self
                .stored(message)
                .ok_or(BucketError::Malformed("a stored value"))?;
            // A key that was written while we read comes twice: the later one stands.
            if listed.len() < keys_max || listed.contains_key(&key) {
                listed.insert(key, stored);
            }
        }
        Ok(listed)
    }

    async fn read_near(&self, key: &str) -> Result<Option<StoredValue>, BucketError> {
        self.connected().map_err(BucketError::Away)?;
        let subject = format!("$JS.API.DIRECT.GET.{}.{}", self.stream(), self.subject(key));
        let request = Request::new().timeout(Some(ANSWER_MAX));
        let asked = self.broker.client.send_request(subject, request);
        let message = match tokio::time::timeout(ANSWER_MAX, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(ApiError::NobodyThere.into());
            }
            Ok(Err(error)) => return Err(BucketError::Away(error.to_string())),
            Err(_) => return Err(BucketError::Away("timed out".to_owned())),
        };
        match message.status {
            Some(StatusCode::NOT_FOUND) => return Ok(None),
            Some(status) => return Err(BucketError::Away(format!("status {status}"))),
            None => {}
        }
        match self.stored(message) {
            Some((found, stored)) if found == key => Ok(Some(stored)),
            _ => Err(BucketError::Malformed("somebody else's value")),
        }
    }

    async fn read_leader(&self, key: &str) -> Result<Option<StoredValue>, BucketError> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{}", self.stream());
        let question = json!({ "last_by_subj": self.subject(key) }).to_string();
        let answer = self
            .broker
            .ask(subject, None, question.into(), ANSWER_MAX)
            .await;
        let answer: LeaderAnswer = match answer {
            Err(ApiError::Refused {
                code: NO_MESSAGE, ..
            }) => return Ok(None),
            answer => answer?,
        };
        let message = StreamMessage::try_from(answer.message)
            .map_err(|_| BucketError::Malformed("a stored value"))?;
        if message.subject.as_str() != self.subject(key) {
            return Err(BucketError::Malformed("somebody else's value"));
        }
        let stored_at_us = message.time.unix_timestamp_nanos() / 1_000;
        Ok(Some(StoredValue {
            revision: message.sequence,
            stored_at_us: i64::try_from(stored_at_us).unwrap_or_default(),
            body: message.payload,
        }))
    }

    /// A key and its value out of the answer to a direct get.
    fn stored(&self, message: Message) -> Option<(String, StoredValue)> {
        let headers = message.headers.as_ref()?;
        let key = text(headers, "Nats-Subject")?.strip_prefix(&self.subject(""))?;
        let stored = StoredValue {
            revision: number(headers, "Nats-Sequence")?,
            stored_at_us: stored_at_us(headers)?,
            body: message.payload,
        };
        Some((key.to_owned(), stored))
    }
}
