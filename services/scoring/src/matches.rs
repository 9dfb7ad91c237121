//! The active matches: one task each, reached through a bounded mailbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use grandstand_broker::Broker;
use grandstand_core::ids::{Epoch, MatchId};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::health::Health;
use crate::ledger::Ledger;
use crate::match_task::{Job, MatchTask, Reply, Work};
use crate::refuse::Refused;
use crate::start::Bounds;

/// All active matches of an instance.
pub(crate) struct Matches {
    broker: Broker,
    health: Arc<Health>,
    bounds: Bounds,
    active: Mutex<Active>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Active {
    mailboxes: HashMap<MatchId, Mailbox>,
    /// How many tasks there have been: a task lets go of its own mailbox only.
    started: u64,
}

struct Mailbox {
    jobs: mpsc::Sender<Job>,
    task: u64,
    used: Instant,
}

impl Matches {
    pub(crate) fn new(broker: Broker, health: Arc<Health>, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            broker,
            health,
            bounds,
            active: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Asks the task of a match, which goes on even if the asker does not wait.
    pub(crate) async fn ask<T>(
        self: &Arc<Self>,
        match_id: &MatchId,
        work: impl FnOnce(Reply<T>) -> Work,
    ) -> Result<T, Refused> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            deadline: Instant::now() + self.bounds.request_max,
            work: work(reply),
        };
        self.send(match_id, job)?;
        // Without an answer the task is gone, which is a bug of ours.
        answer.await.unwrap_or(Err(Refused::Fault))
    }

    /// What `read` takes of a match as the leader has it.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        match_id: &MatchId,
        read: impl FnOnce(&Ledger, Epoch) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let asked = self.ask(match_id, |reply| {
            Work::Read(Box::new(move |seen| {
                // Whoever asked may be gone.
                let _ = reply.send(seen.map(|(ledger, epoch)| read(ledger, epoch)));
            }))
        });
        asked.await
    }

    fn send(self: &Arc<Self>, match_id: &MatchId, mut job: Job) -> Result<(), Refused> {
        let mut active = self.lock();
        if let Some(mailbox) = active.mailboxes.get_mut(match_id) {
            mailbox.used = Instant::now();
            match mailbox.jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(Refused::Busy),
                // Its task died; the next one may do better.
                Err(TrySendError::Closed(back)) => job = back,
            }
            active.mailboxes.remove(match_id);
        }
        if active.mailboxes.len() >= self.bounds.matches_max {
            active.make_room()?;
        }
        let mailbox = self.start_task(match_id, &mut active);
        mailbox.try_send(job).map_err(|_| Refused::Busy)
    }

    fn start_task(self: &Arc<Self>, match_id: &MatchId, active: &mut Active) -> mpsc::Sender<Job> {
        let (jobs, mut waiting) = mpsc::channel(self.bounds.mailbox_max.max(1));
        active.started += 1;
        let task = active.started;
        let mailbox = Mailbox {
            jobs: jobs.clone(),
            task,
            used: Instant::now(),
        };
        active.mailboxes.insert(match_id.clone(), mailbox);
        active.count();
        let matches = self.clone();
        let match_id = match_id.clone();
        self.tasks.spawn(async move {
            let running = MatchTask::new(
                match_id.clone(),
                matches.broker.clone(),
                matches.health.clone(),
            );
            let may_leave =
                |waiting: &mpsc::Receiver<Job>| matches.may_leave(&match_id, task, waiting);
            running
                .run(&mut waiting, matches.bounds.idle_max, may_leave)
                .await;
        });
        jobs
    }

    /// Lets a task go if nothing waits for it. Sending happens under the same lock, so nothing can
    /// come in between.
    fn may_leave(&self, match_id: &MatchId, task: u64, waiting: &mpsc::Receiver<Job>) -> bool {
        let mut active = self.lock();
        if !waiting.is_empty() {
            return false;
        }
        if let Some(mailbox) = active.mailboxes.get(match_id)
            && mailbox.task == task
        {
            active.mailboxes.remove(match_id);
            active.count();
        }
        true
    }

    /// Lets every task answer what waits for it, and waits for them.
    pub(crate) async fn close(&self) {
        {
            let mut active = self.lock();
            active.mailboxes.clear();
            active.count();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn lock(&self) -> MutexGuard<'_, Active> {
        // The map is whole between any two statements.
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Active {
    /// Lets go of the match that nobody asked for longest, among those with nothing to do.
    fn make_room(&mut self) -> Result<(), Refused> {
        let idle = self
            .mailboxes
            .iter()
            .filter(|(_, mailbox)| mailbox.jobs.capacity() == mailbox.jobs.max_capacity())
            .min_by_key(|(_, mailbox)| mailbox.used)
            .map(|(match_id, _)| match_id.clone());
        // Its task sees that nothing can come any more, and ends.
        match idle.and_then(|match_id| self.mailboxes.remove(&match_id)) {
            Some(_) => Ok(()),
            None => Err(Refused::Busy),
        }
    }

    fn count(&self) {
        metrics::gauge!("grandstand_scoring_matches_active").set(self.mailboxes.len() as f64);
    }
}
