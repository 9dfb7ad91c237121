//! What a shard may not do itself, since everybody on it would wait: tokens are verified and
//! sessions read here, and the answer goes back to who asked.

use std::sync::Arc;

use grandstand_core::session::SessionId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::inbox::{Answer, FanKey, Inbox};
use crate::Edge;

/// How many errands wait; who asks for more is refused.
const WAITING_MAX: usize = 1024;

/// Something to be done for a fan.
pub(super) struct Errand {
    pub(super) inbox: Arc<Inbox>,
    pub(super) key: FanKey,
    pub(super) task: Task,
}

pub(super) enum Task {
    /// Verify this token.
    Verify(String),
    /// Read this session of this user.
    Find {
        number: u32,
        id: SessionId,
        sub: Option<Arc<str>>,
    },
}

/// The errands of all shards.
pub(crate) struct Errands(mpsc::Receiver<Errand>);

pub(super) fn errands() -> (mpsc::Sender<Errand>, Errands) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (sender, Errands(receiver))
}

impl Errands {
    /// Does them until the last shard has ended. Reading is bounded by the sessions themselves: who
    /// finds no turn there is answered at once.
    pub(crate) async fn run(mut self, edge: Arc<Edge>) {
        let mut reads = JoinSet::new();
        loop {
            tokio::select! {
                errand = self.0.recv() => match errand {
                    Some(errand) => begin(errand, &edge, &mut reads),
                    None => break,
                },
                Some(read) = reads.join_next() => {
                    if let Err(error) = read {
                        tracing::error!(%error, "reading a session ended abnormally");
                    }
                }
            }
        }
        reads.shutdown().await;
    }
}

fn begin(errand: Errand, edge: &Arc<Edge>, reads: &mut JoinSet<()>) {
    let Errand { inbox, key, task } = errand;
    match task {
        Task::Verify(token) => {
            inbox.answer(key, Answer::Viewer(edge.access.viewer_of_token(&token)));
        }
        Task::Find { number, id, sub } => {
            let sessions = Arc::clone(&edge.sessions);
            reads.spawn(async move {
                let found = sessions.find(id, sub).await;
                inbox.answer(key, Answer::Session(number, id, found));
            });
        }
    }
}
