//! Attempts to get one request into the log, each decided anew on what the log says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use grandstand_broker::AppendError;
use grandstand_sports::Sport;
use tokio::time::Instant;

use crate::answer::{Answer, Stored};
use crate::catch_up::News;
use crate::decide::{Decision, Post, decide};
use crate::ledger::{Ledger, Written};
use crate::match_task::MatchTask;
use crate::pauses::Pauses;
use crate::refuse::{Outcome, Refused};

/// How long one append may go without an answer: the next attempt may reach another server.
const APPEND_MAX: Duration = Duration::from_secs(2);

/// How far a request has come.
struct Attempts {
    deadline: Instant,
    pauses: Pauses,
    /// Whether the ledger was read from the leader since the request came in.
    fresh: bool,
    /// The incarnation of the stream at the attempt before.
    incarnation: Option<u64>,
    /// Whether a record may be stored, now or later. A conflict does not say that it is not: it may
    /// be told by a server that leads no more and does not know it, while the leader stores it.
    maybe_stored: bool,
    /// When the first event of each record whose append had no answer was accepted. A record of that
    /// time is ours; after a conflict it is not, as another instance may have stored the same event in
    /// the same microsecond.
    unanswered: Vec<u64>,
}

impl Attempts {
    fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            pauses: Pauses::default(),
            fresh: false,
            incarnation: None,
            maybe_stored: false,
            unanswered: Vec::new(),
        }
    }

    /// Notes that the append of a record, whose first event was accepted at `ts`, failed.
    fn failed(&mut self, error: &AppendError, ts: Option<u64>) {
        match error {
            AppendError::Unknown { .. } => {
                self.maybe_stored = true;
                self.unanswered.extend(ts);
            }
            AppendError::Conflict => self.maybe_stored = true,
            AppendError::MatchFull
            | AppendError::StreamFull
            | AppendError::TooLarge
            | AppendError::BadHeader(_) => {}
        }
    }

    /// Whether one of these attempts stored what the log has, accepted at `ts`.
    fn is_ours(&self, ts: u64) -> bool {
        self.unanswered.contains(&ts)
    }

    fn outcome(&self) -> Outcome {
        if self.maybe_stored {
            Outcome::Unknown
        } else {
            Outcome::NothingStored
        }
    }
}

impl MatchTask {
    /// Gets every event of `post` into the log by `deadline`, or says why not.
    pub(crate) async fn post(
        &mut self,
        post: &Post,
        deadline: Instant,
    ) -> Result<(Answer, Stored), Refused> {
        let mut attempts = Attempts::new(deadline);
        loop {
            let incarnation = self.settle(deadline, attempts.outcome()).await?;
            // A ledger that was let go says nothing about the match.
            attempts.fresh &= attempts.incarnation.replace(incarnation) == Some(incarnation);
            if self.ledger.is_none() && !attempts.fresh {
                self.look(&mut attempts).await?;
            }
            if Instant::now() >= deadline {
                let outcome = attempts.outcome();
                return Err(Refused::NoLeader { outcome });
            }
            match decide(self.ledger.as_ref(), post, incarnation, now_us()) {
                Ok(Decision::Repeat) if attempts.fresh => {
                    if let Some(ledger) = &mut self.ledger {
                        ledger.note_repeat(post);
                    }
                    let stored = self.stored_by(&attempts, post);
                    return self.answer_to(post, incarnation, stored);
                }
                Ok(Decision::Append(written)) => {
                    if self.append(*written, &mut attempts).await? {
                        return self.answer_to(post, incarnation, Stored::Now);
                    }
                }
                Err(refused) if attempts.fresh => return Err(refused),
                // What we remember may have been wiped since, and a refusal be out of date.
                Ok(Decision::Repeat) | Err(_) => {
                    self.look(&mut attempts).await?;
                }
            }
        }
    }

    /// Whether what was decided is in the log by this append; if not, the ledger is as the leader
    /// has it, and everything is to be decided again.
    async fn append(&mut self, written: Written, attempts: &mut Attempts) -> Result<bool, Refused> {
        let expected = self.ledger.as_ref().map_or(0, Ledger::tip);
        let left = attempts.deadline.saturating_duration_since(Instant::now());
        let began = Instant::now();
        metrics::counter!("grandstand_scoring_attempts_total").increment(1);
        let result = self
            .broker
            .append(
                &self.match_id,
                expected,
                &written.headers.to_pairs(),
                written.body.clone(),
                left.min(APPEND_MAX),
            )
            .await;
        metrics::histogram!("grandstand_scoring_append_seconds").record(began.elapsed());
        self.health.appended(&result, &self.broker).await;
        let error = match result {
            Ok(stream_sequence) => {
                let events = written.record.events.len() as u64;
                metrics::counter!("grandstand_scoring_events_total").increment(events);
                let sport = Sport::parse(&written.headers.sport).ok_or(Refused::Fault)?;
                self.ledger
                    .get_or_insert_with(|| Ledger::new(sport))
                    .adopt(stream_sequence, written);
                return Ok(true);
            }
            Err(error) => error,
        };
        let ts = written.record.events.first().map(|event| event.ts);
        attempts.failed(&error, ts);
        let news = self.look(attempts).await?;
        self.after_failure(error, news, attempts).await?;
        Ok(false)
    }

    /// What to do about an append that failed, before the next one.
    async fn after_failure(
        &mut self,
        error: AppendError,
        news: News,
        attempts: &mut Attempts,
    ) -> Result<(), Refused> {
        match (error, news) {
            (AppendError::Conflict, News::Less) => {
                tracing::warn!(match_id = %self.match_id, "the log was rolled back; reading it anew");
                self.ledger = None;
                self.look(attempts).await?;
                attempts.pauses.pause(attempts.deadline).await;
            }
            (AppendError::Conflict, _) => {
                metrics::counter!("grandstand_scoring_conflicts_total").increment(1);
                attempts.pauses.pause(attempts.deadline).await;
            }
            (AppendError::Unknown { .. }, _) => attempts.pauses.pause(attempts.deadline).await,
            // The log went on meanwhile: on top of it, it may fit or be there.
            (_, News::Something) => attempts.pauses.pause(attempts.deadline).await,
            (AppendError::TooLarge, _) => return Err(Refused::RecordTooLarge),
            (AppendError::MatchFull, _) => return Err(Refused::MatchFull),
            (AppendError::StreamFull, _) => return Err(Refused::StreamFull),
            (AppendError::BadHeader(name), _) => {
                tracing::error!(name, "a header of ours can't be written");
                return Err(Refused::Fault);
            }
        }
        Ok(())
    }

    async fn look(&mut self, attempts: &mut Attempts) -> Result<News, Refused> {
        let outcome = attempts.outcome();
        let news = self
            .refresh(attempts.deadline, &mut attempts.pauses, outcome)
            .await?;
        attempts.fresh = true;
        Ok(news)
    }

    /// Whether an earlier attempt of this request stored what is there: its time tells.
    fn stored_by(&self, attempts: &Attempts, post: &Post) -> Stored {
        let ledger = self.ledger.as_ref();
        let ours = post
            .events
            .iter()
            .filter_map(|posted| ledger?.event(&posted.id))
            .any(|facts| attempts.is_ours(facts.ts));
        if ours { Stored::Now } else { Stored::Before }
    }

    fn answer_to(
        &self,
        post: &Post,
        incarnation: u64,
        stored: Stored,
    ) -> Result<(Answer, Stored), Refused> {
        let ledger = self.ledger.as_ref().ok_or(Refused::Fault)?;
        let answer = Answer::of(&self.match_id, incarnation, ledger, &post.events);
        Ok((answer.ok_or(Refused::Fault)?, stored))
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_ours_only_if_its_append_had_no_answer() {
        let after = |error: AppendError| {
            let mut attempts = Attempts::new(Instant::now());
            attempts.failed(&error, Some(7));
            (attempts.is_ours(7), attempts.is_ours(8), attempts.outcome())
        };
        let unknown = AppendError::Unknown {
            reason: "timed out".to_owned(),
        };
        assert_eq!(after(unknown), (true, false, Outcome::Unknown));
        assert_eq!(
            after(AppendError::Conflict),
            (false, false, Outcome::Unknown)
        );
        for refused in [
            AppendError::MatchFull,
            AppendError::StreamFull,
            AppendError::TooLarge,
            AppendError::BadHeader("Strip"),
        ] {
            let word = format!("{refused:?}");
            assert_eq!(
                after(refused),
                (false, false, Outcome::NothingStored),
                "{word}"
            );
        }
    }
}
