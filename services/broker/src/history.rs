//! Reading what is stored: a match's records, tips, the directory, the stream's incarnation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessage;
use grandstand_core::ids::MatchId;
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

use crate::api::{ANSWER_MAX, ApiError};
use crate::connect::Broker;
use crate::direct::BatchRequest;
use crate::names::{SCORES, SCORES_ALL, TIPS_MAX, match_of, scores_subject};
use crate::record::StoredRecord;

/// How long a list of up to 100,000 matches may take.
const LIST_ANSWER_MAX: Duration = Duration::from_secs(10);
pub(crate) const NO_STREAM: u64 = 10059;
pub(crate) const NO_MESSAGE: u64 = 10037;

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// Whoever is near: fast, many records a request, and sometimes a moment behind.
    AnyReplica,
    /// The leader: what it does not have was not acknowledged (for a moment after it was frozen or
    /// cut off it may still be wrong). One request a record.
    Leader,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// Nobody answered, or not completely: ask again.
    #[error("the broker did not answer: {0}")]
    Unavailable(String),
    /// There is no stream of scores: an operator must provision.
    #[error("there is no stream of scores; run `grandstand ops provision`")]
    NoStream,
    /// An answer that makes no sense, by what it was about: asking again won't help.
    #[error("the broker's answer is not understood: {0}")]
    Malformed(&'static str),
}

impl From<ApiError> for ReadError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused {
                code: NO_STREAM, ..
            } => Self::NoStream,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

#[derive(Deserialize)]
struct StreamInfo {
    #[serde(default)]
    total: u64,
    config: StreamInfoConfig,
    state: StreamInfoState,
}

#[derive(Deserialize)]
struct StreamInfoConfig {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct StreamInfoState {
    #[serde(default)]
    subjects: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct LeaderAnswer {
    message: RawMessage,
}

impl Broker {
    /// All records of a match after a stream sequence, in order, up to the end as the one who is
    /// asked knows it. A replica that has nothing may only be behind.
    pub async fn read_after(
        &self,
        match_id: &MatchId,
        after_stream_sequence: u64,
        from: ReadFrom,
    ) -> Result<Vec<StoredRecord>, ReadError> {
        let next = after_stream_sequence.saturating_add(1);
        match from {
            ReadFrom::AnyReplica => {
                let request = BatchRequest::of_match(match_id, next);
                self.direct_batches(request).await
            }
            ReadFrom::Leader => self.leader_from(match_id, next, usize::MAX).await,
        }
    }

    /// The next `records_max` records of a match after a stream sequence, or fewer: no more than a
    /// batch holds, 1,000 or 4 MiB. None only if there are none as the one who is asked knows it.
    pub async fn read_some_after(
        &self,
        match_id: &MatchId,
        after_stream_sequence: u64,
        records_max: usize,
        from: ReadFrom,
    ) -> Result<Vec<StoredRecord>, ReadError> {
        let next = after_stream_sequence.saturating_add(1);
        match from {
            ReadFrom::AnyReplica => {
                let request = BatchRequest::of_match(match_id, next).at_most(records_max);
                self.direct_one_batch(request).await
            }
            ReadFrom::Leader => self.leader_from(match_id, next, records_max).await,
        }
    }

    /// The newest record of a match.
    pub async fn newest(
        &self,
        match_id: &MatchId,
        from: ReadFrom,
    ) -> Result<Option<StoredRecord>, ReadError> {
        match from {
            ReadFrom::AnyReplica => {
                let request = BatchRequest::newest_of(std::slice::from_ref(match_id));
                Ok(self.direct_batches(request).await?.pop())
            }
            ReadFrom::Leader => {
                self.leader_get(json!({ "last_by_subj": scores_subject(match_id) }))
                    .await
            }
        }
    }

    /// The stream sequence of the newest record of each match that has one, from any replica, in
    /// chunks of [`TIPS_MAX`].
    pub async fn tips(&self, matches: &[MatchId]) -> Result<Vec<(MatchId, u64)>, ReadError> {
        let newest = self.newest_of_each(matches).await?;
        Ok(newest
            .into_iter()
            .map(|record| (record.match_id, record.stream_sequence))
            .collect())
    }

    /// The newest record of every match, however many there are.
    pub async fn directory(&self) -> Result<Vec<StoredRecord>, ReadError> {
        let mut matches = BTreeSet::new();
        let mut seen = 0;
        loop {
            let question = json!({ "subjects_filter": SCORES_ALL, "offset": seen });
            let page = self.stream_info(&question, LIST_ANSWER_MAX).await?;
            seen += page.state.subjects.len() as u64;
            let last_page = page.state.subjects.is_empty() || seen >= page.total;
            matches.extend(
                page.state
                    .subjects
                    .keys()
                    .filter_map(|subject| match_of(subject)),
            );
            if last_page {
                break;
            }
        }
        let matches: Vec<MatchId> = matches.into_iter().collect();
        self.newest_of_each(&matches).await
    }

    /// Which life of the stream this is; a restore raises it.
    pub async fn incarnation(&self) -> Result<u64, ReadError> {
        let info = self.stream_info(&json!({}), ANSWER_MAX).await?;
        let text = info.config.metadata.get(crate::definitions::INCARNATION);
        text.and_then(|text| text.parse().ok())
            .ok_or(ReadError::Malformed("the stream's incarnation"))
    }

    /// A round trip that ends well only if the stream of scores is there.
    pub(crate) async fn stream_is_there(&self) -> Result<(), ReadError> {
        self.stream_info(&json!({}), ANSWER_MAX).await.map(|_| ())
    }

    async fn newest_of_each(&self, matches: &[MatchId]) -> Result<Vec<StoredRecord>, ReadError> {
        let mut records = Vec::with_capacity(matches.len());
        for chunk in matches.chunks(TIPS_MAX) {
            records.extend(self.direct_batches(BatchRequest::newest_of(chunk)).await?);
        }
        Ok(records)
    }

    async fn leader_from(
        &self,
        match_id: &MatchId,
        mut next: u64,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, ReadError> {
        let mut records = Vec::new();
        while records.len() < records_max
            && let Some(record) = self.leader_next(match_id, next).await?
        {
            next = record.stream_sequence + 1;
            records.push(record);
        }
        Ok(records)
    }

    async fn leader_next(
        &self,
        match_id: &MatchId,
        from: u64,
    ) -> Result<Option<StoredRecord>, ReadError> {
        self.leader_get(json!({ "seq": from, "next_by_subj": scores_subject(match_id) }))
            .await
    }

    async fn leader_get(
        &self,
        question: serde_json::Value,
    ) -> Result<Option<StoredRecord>, ReadError> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{SCORES}");
        let body = question.to_string().into();
        let answer: LeaderAnswer = match self.ask(subject, None, body, ANSWER_MAX).await {
            Err(ApiError::Refused {
                code: NO_MESSAGE, ..
            }) => return Ok(None),
            answer => answer?,
        };
        let message = StreamMessage::try_from(answer.message).ok();
        message
            .and_then(StoredRecord::from_leader)
            .map(Some)
            .ok_or(ReadError::Malformed("a stored record"))
    }

    async fn stream_info(
        &self,
        question: &serde_json::Value,
        deadline: Duration,
    ) -> Result<StreamInfo, ReadError> {
        let subject = format!("$JS.API.STREAM.INFO.{SCORES}");
        Ok(self
            .ask(subject, None, question.to_string().into(), deadline)
            .await?)
    }
}
