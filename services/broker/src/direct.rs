//! Batched direct gets, which the client library does not have: one request, many messages, any
//! replica.

use std::time::Duration;

use async_nats::{Message, StatusCode};
use futures_util::StreamExt;
use grandstand_core::ids::MatchId;
use serde::Serialize;

use crate::api::ANSWER_MAX;
use crate::connect::Broker;
use crate::history::ReadError;
use crate::names::{SCORES, scores_subject};
use crate::record::{StoredRecord, number};

/// How many messages one batch may have; fewer than a subscription holds.
const BATCH_MESSAGES_MAX: u32 = 1_000;
/// How many bytes one batch may have; the server ends it with the message that reaches this.
const BATCH_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// What a batch asks for.
#[derive(Serialize)]
pub(crate) struct BatchRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_by_subj: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_last: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_seq: Option<u64>,
    batch: u32,
    max_bytes: u32,
}

impl BatchRequest {
    /// The records of a match from a stream sequence on.
    pub(crate) fn of_match(match_id: &MatchId, from_stream_sequence: u64) -> Self {
        Self {
            seq: Some(from_stream_sequence),
            next_by_subj: Some(scores_subject(match_id)),
            multi_last: None,
            up_to_seq: None,
            batch: BATCH_MESSAGES_MAX,
            max_bytes: BATCH_BYTES_MAX,
        }
    }

    /// The same, but no more than `messages_max` at once.
    pub(crate) fn at_most(self, messages_max: usize) -> Self {
        let batch = u32::try_from(messages_max).unwrap_or(u32::MAX);
        Self {
            batch: batch.clamp(1, BATCH_MESSAGES_MAX),
            ..self
        }
    }

    /// Whatever stands under `subjects` from the stream's beginning on, at most `messages_max`.
    pub(crate) fn of_subjects(subjects: String, messages_max: u32) -> Self {
        Self {
            seq: Some(1),
            next_by_subj: Some(subjects),
            multi_last: None,
            up_to_seq: None,
            batch: messages_max.min(BATCH_MESSAGES_MAX),
            max_bytes: BATCH_BYTES_MAX,
        }
    }

    /// The newest of each subject that `subjects` matches, `messages_max` of them.
    pub(crate) fn newest_under(subjects: &str, messages_max: u32) -> Self {
        Self {
            seq: None,
            next_by_subj: None,
            multi_last: Some(vec![subjects.to_owned()]),
            up_to_seq: None,
            batch: messages_max.min(BATCH_MESSAGES_MAX),
            max_bytes: BATCH_BYTES_MAX,
        }
    }

    /// The newest record of each of these matches.
    pub(crate) fn newest_of(matches: &[MatchId]) -> Self {
        Self {
            seq: None,
            next_by_subj: None,
            multi_last: Some(matches.iter().map(scores_subject).collect()),
            up_to_seq: None,
            batch: BATCH_MESSAGES_MAX,
            max_bytes: BATCH_BYTES_MAX,
        }
    }
}

/// How a batch ended.
struct BatchEnd {
    /// How many messages are left for further batches.
    pending: u64,
    /// At which stream sequence the server looked, where it says so.
    up_to_seq: Option<u64>,
}

impl Broker {
    /// All records that `request` means, in stream order, in as many batches as it takes.
    pub(crate) async fn direct_batches(
        &self,
        request: BatchRequest,
    ) -> Result<Vec<StoredRecord>, ReadError> {
        let messages = self.direct_messages(SCORES, request, usize::MAX).await?;
        records_of(messages)
    }

    /// The first batch of the records that `request` means.
    pub(crate) async fn direct_one_batch(
        &self,
        request: BatchRequest,
    ) -> Result<Vec<StoredRecord>, ReadError> {
        let messages = self.direct_messages(SCORES, request, 1).await?;
        records_of(messages)
    }

    /// What `request` means in `stream`, in stream order, in batches until at least `enough` are there.
    pub(crate) async fn direct_messages(
        &self,
        stream: &str,
        mut request: BatchRequest,
        enough: usize,
    ) -> Result<Vec<Message>, ReadError> {
        let mut messages = Vec::new();
        loop {
            let taken_before = messages.len();
            let end = self.direct_batch(stream, &request, &mut messages).await?;
            if end.pending == 0 || messages.len() >= enough {
                return Ok(messages);
            }
            // A batch that brings nothing but promises more would go on for ever.
            match messages.last().and_then(sequence) {
                Some(last) if messages.len() > taken_before => {
                    request.seq = Some(last + 1);
                    request.up_to_seq = request.up_to_seq.or(end.up_to_seq);
                }
                _ => return Err(ReadError::Malformed("an empty batch with more behind it")),
            }
        }
    }

    async fn direct_batch(
        &self,
        stream: &str,
        request: &BatchRequest,
        messages: &mut Vec<Message>,
    ) -> Result<BatchEnd, ReadError> {
        let question =
            serde_json::to_vec(request).map_err(|_| ReadError::Malformed("the request"))?;
        let inbox = self.client.new_inbox();
        let mut answers = within(ANSWER_MAX, self.client.subscribe(inbox.clone())).await?;
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        let ask = self
            .client
            .publish_with_reply(subject, inbox, question.into());
        within(ANSWER_MAX, ask).await?;
        let mut previous = 0;
        loop {
            let message = tokio::time::timeout(ANSWER_MAX, answers.next())
                .await
                .map_err(|_| ReadError::Unavailable("timed out".to_owned()))?
                .ok_or_else(|| ReadError::Unavailable("the connection closed".to_owned()))?;
            // Each answer names the one before: one that was lost on the way would be a hole.
            let follows = message
                .headers
                .as_ref()
                .and_then(|headers| number(headers, "Nats-Last-Sequence"));
            if let Some(end) = batch_end(&message)? {
                return match follows {
                    Some(last) if last != previous => Err(lost()),
                    _ => Ok(end),
                };
            }
            if follows != Some(previous) {
                return Err(lost());
            }
            previous = sequence(&message).ok_or(ReadError::Malformed("a stored message"))?;
            messages.push(message);
        }
    }
}

fn sequence(message: &Message) -> Option<u64> {
    number(message.headers.as_ref()?, "Nats-Sequence")
}

fn batch_end(message: &Message) -> Result<Option<BatchEnd>, ReadError> {
    const NO_CONTENT: u16 = 204;
    const TOO_MANY: u16 = 413;
    let Some(status) = message.status else {
        return Ok(None);
    };
    let header = |name| {
        message
            .headers
            .as_ref()
            .and_then(|headers| number(headers, name))
    };
    match status.as_u16() {
        NO_CONTENT => Ok(Some(BatchEnd {
            pending: header("Nats-Num-Pending")
                .ok_or(ReadError::Malformed("the end of a batch"))?,
            up_to_seq: header("Nats-UpTo-Sequence"),
        })),
        _ if status == StatusCode::NOT_FOUND => Ok(Some(BatchEnd {
            pending: 0,
            up_to_seq: None,
        })),
        _ if status == StatusCode::NO_RESPONDERS => Err(ReadError::Unavailable(
            "no server holds the stream".to_owned(),
        )),
        TOO_MANY => Err(ReadError::Malformed(
            "more matches at once than the server answers",
        )),
        other => Err(ReadError::Unavailable(format!("status {other}"))),
    }
}

fn lost() -> ReadError {
    ReadError::Unavailable("an answer was lost".to_owned())
}

fn records_of(messages: Vec<Message>) -> Result<Vec<StoredRecord>, ReadError> {
    let records = messages.into_iter().map(StoredRecord::from_message);
    records
        .collect::<Option<_>>()
        .ok_or(ReadError::Malformed("a stored record"))
}

async fn within<T, E: std::fmt::Display>(
    deadline: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, ReadError> {
    match tokio::time::timeout(deadline, call).await {
        Ok(done) => done.map_err(|error| ReadError::Unavailable(error.to_string())),
        Err(_) => Err(ReadError::Unavailable("timed out".to_owned())),
    }
}
