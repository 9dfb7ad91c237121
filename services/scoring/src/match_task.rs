//! The task of one active match: takes requests one after another and holds the fold, which is a
//! cache and never an owner.

use std::sync::Arc;
use std::time::Duration;

use grandstand_broker::Broker;
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Visibility;
use grandstand_core::ids::{Epoch, MatchId};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::answer::{Answer, Stored};
use crate::catch_up::{CatchUpError, News, catch_up};
use crate::decide::Post;
use crate::health::Health;
use crate::ledger::Ledger;
use crate::pauses::Pauses;
use crate::propose::{CascadeView, ProposalsView};
use crate::refuse::{Outcome, Refused};

/// Where the outcome of a request is sent; nobody may be there any more, and the work is done all
/// the same.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refused>>;

/// A request, to be answered by its deadline.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) deadline: Instant,
    pub(crate) work: Work,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Work {
    Post(Box<Post>, Reply<(Answer, Stored)>),
    State(Reply<StateView>),
    /// Where in the stream the event after this seq is.
    Place(u64, Reply<Place>),
    Proposals(Reply<ProposalsView>),
    Cascade(Box<Post>, Reply<CascadeView>),
}

/// Where a match stands, and where one of its events is in the stream.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) visibility: Visibility,
    /// The stream sequence of the record before the event's, or 0; none without such an event.
    pub(crate) before_stream_sequence: Option<u64>,
}

/// The state of a match as the leader has it.
#[derive(Debug)]
pub(crate) struct StateView {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) hash: StateHash,
    pub(crate) state: Value,
    pub(crate) visibility: Visibility,
}

/// One active match.
pub(crate) struct MatchTask {
    pub(crate) match_id: MatchId,
    pub(crate) broker: Broker,
    pub(crate) health: Arc<Health>,
    pub(crate) ledger: Option<Ledger>,
    /// The incarnation of the stream that the ledger was read from.
    incarnation: u64,
}

impl MatchTask {
    pub(crate) fn new(match_id: MatchId, broker: Broker, health: Arc<Health>) -> Self {
        Self {
            match_id,
            broker,
            health,
            ledger: None,
            incarnation: 0,
        }
    }

    /// Answers requests until there are none for `idle_max`, none can come any more, or there is
    /// no such match; `may_leave` has the last word, as one may just have come.
    pub(crate) async fn run(
        mut self,
        jobs: &mut mpsc::Receiver<Job>,
        idle_max: Duration,
        may_leave: impl Fn(&mpsc::Receiver<Job>) -> bool,
    ) {
        loop {
            match tokio::time::timeout(idle_max, jobs.recv()).await {
                Ok(Some(job)) => {
                    self.answer(job).await;
                    if self.ledger.is_none() && may_leave(jobs) {
                        return;
                    }
                }
                Ok(None) => return,
                Err(_) if may_leave(jobs) => return,
                Err(_) => {}
            }
        }
    }

    async fn answer(&mut self, job: Job) {
        match job.work {
            Work::Post(post, reply) => {
                let done = self.post(&post, job.deadline).await;
                // Whoever asked may be gone.
                let _ = reply.send(done);
            }
            Work::State(reply) => {
                let state = self.state(job.deadline).await;
                let _ = reply.send(state);
            }
            Work::Place(after, reply) => {
                let place = self.place(after, job.deadline).await;
                let _ = reply.send(place);
            }
            Work::Proposals(reply) => {
                let current = self.as_the_leader_has_it(job.deadline).await;
                let _ = reply.send(current.map(|(at, ledger)| ProposalsView::of(ledger, at)));
            }
            Work::Cascade(post, reply) => {
                let current = self.as_the_leader_has_it(job.deadline).await;
                let view = current.and_then(|(at, ledger)| CascadeView::of(ledger, &post, at));
                let _ = reply.send(view);
            }
        }
    }

    async fn state(&mut self, deadline: Instant) -> Result<StateView, Refused> {
        let (incarnation, ledger) = self.as_the_leader_has_it(deadline).await?;
        let newest = ledger.newest().ok_or(Refused::UnknownMatch)?;
        Ok(StateView {
            epoch: ledger.epoch(incarnation),
            seq: newest.last_seq,
            hash: newest.hash,
            state: ledger.game().state().clone(),
            visibility: ledger.visibility(),
        })
    }

    async fn place(&mut self, after: u64, deadline: Instant) -> Result<Place, Refused> {
        let (incarnation, ledger) = self.as_the_leader_has_it(deadline).await?;
        Ok(Place {
            epoch: ledger.epoch(incarnation),
            seq: ledger.seq(),
            visibility: ledger.visibility(),
            before_stream_sequence: ledger.before_event_after(after),
        })
    }

    /// The ledger, read up to what the leader has, and the stream's incarnation.
    async fn as_the_leader_has_it(&mut self, deadline: Instant) -> Result<(u64, &Ledger), Refused> {
        let incarnation = self.settle(deadline, Outcome::NothingStored).await?;
        let mut pauses = Pauses::default();
        self.refresh(deadline, &mut pauses, Outcome::NothingStored)
            .await?;
        let ledger = self.ledger.as_ref().ok_or(Refused::UnknownMatch)?;
        Ok((incarnation, ledger))
    }

    /// The stream's incarnation; a ledger of another one is let go.
    pub(crate) async fn settle(
        &mut self,
        deadline: Instant,
        outcome: Outcome,
    ) -> Result<u64, Refused> {
        let known = self.health.incarnation(deadline).await;
        let incarnation = known.ok_or(Refused::NoLeader { outcome })?;
        if incarnation != self.incarnation {
            self.ledger = None;
            self.incarnation = incarnation;
        }
        Ok(incarnation)
    }

    /// Reads what the leader has, trying until `deadline`.
    pub(crate) async fn refresh(
        &mut self,
        deadline: Instant,
        pauses: &mut Pauses,
        outcome: Outcome,
    ) -> Result<News, Refused> {
        while Instant::now() < deadline {
            let reading = catch_up(&self.broker, &self.match_id, &mut self.ledger);
            match tokio::time::timeout_at(deadline, reading).await {
                Ok(Ok(news)) => return Ok(news),
                Ok(Err(CatchUpError::Log(error))) => {
                    tracing::warn!(match_id = %self.match_id, %error, "the log can't be folded");
                    return Err(Refused::Log(error));
                }
                Ok(Err(CatchUpError::Read(error))) => {
                    tracing::debug!(%error, "the leader did not answer");
                    pauses.pause(deadline).await;
                }
                Err(_) => break,
            }
        }
        Err(Refused::NoLeader { outcome })
    }
}
