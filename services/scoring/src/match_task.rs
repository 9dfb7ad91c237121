//! The task of one active match: takes requests one after another and holds the fold, which is a
//! cache and never an owner.

use std::sync::Arc;
use std::time::Duration;

use grandstand_broker::Broker;
use grandstand_core::ids::{Epoch, MatchId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::answer::{Answer, Stored};
use crate::catch_up::{CatchUpError, News, catch_up};
use crate::decide::Post;
use crate::health::Health;
use crate::ledger::Ledger;
use crate::pauses::Pauses;
use crate::refuse::{Outcome, Refused};

/// Where the outcome of a request is sent; nobody may be there any more, and the work is done all
/// the same.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refused>>;

/// A request, to be answered by its deadline.
pub(crate) struct Job {
    pub(crate) deadline: Instant,
    pub(crate) work: Work,
}

/// What is asked for.
pub(crate) enum Work {
    Post(Box<Post>, Reply<(Answer, Stored)>),
    Read(Reader),
}

/// Takes what it wants of a ledger that is as the leader has it, or hears why there is none.
pub(crate) type Reader = Box<dyn FnOnce(Result<(&Ledger, Epoch), Refused>) + Send>;

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
                    // On the heap only while it lasts: a task waits most of the time.
                    Box::pin(self.answer(job)).await;
                    if let Some(ledger) = &mut self.ledger {
                        ledger.rest();
                    }
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
            Work::Read(reader) => reader(self.read(job.deadline).await),
        }
    }

    async fn read(&mut self, deadline: Instant) -> Result<(&Ledger, Epoch), Refused> {
        let incarnation = self.settle(deadline, Outcome::NothingStored).await?;
        let mut pauses = Pauses::default();
        self.refresh(deadline, &mut pauses, Outcome::NothingStored)
            .await?;
        let ledger = self.ledger.as_ref().ok_or(Refused::UnknownMatch)?;
        Ok((ledger, ledger.epoch(incarnation)))
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
