//! The matches that a fan follows, as its connection looks at them.

use std::collections::BTreeMap;
use std::sync::Arc;

use grandstand_core::connection::{Connection, MatchView, Matches};
use grandstand_core::ids::MatchId;
use tokio::sync::Notify;

use crate::access::Viewer;
use crate::feeds::{Content, Feeds, FeedsFull, Following};
use crate::follow::ABSENT_US;

/// What one fan follows.
pub(crate) struct Followed {
    viewer: Viewer,
    notify: Arc<Notify>,
    by_id: BTreeMap<MatchId, Following>,
}

impl Followed {
    /// Nothing yet.
    pub(crate) fn new(viewer: Viewer) -> Self {
        Self {
            viewer,
            notify: Arc::new(Notify::new()),
            by_id: BTreeMap::new(),
        }
    }

    /// From now on with these rights.
    pub(crate) fn see_as(&mut self, viewer: Viewer) {
        self.viewer = viewer;
    }

    /// Waits until one of the matches changes. May be dropped at any time.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// Opens the matches that were asked for since the last look, and lets go of the others.
    pub(crate) fn follow(
        &mut self,
        connection: &Connection,
        feeds: &Arc<Feeds>,
        now_us: u64,
    ) -> Result<(), FeedsFull> {
        if connection.matches().eq(self.by_id.keys()) {
            return Ok(());
        }
        self.by_id
            .retain(|match_id, _| connection.follows(match_id));
        for match_id in connection.matches() {
            if !self.by_id.contains_key(match_id) {
                let notify = Arc::clone(&self.notify);
                let following = feeds.open(match_id, notify, now_us, ABSENT_US)?;
                self.by_id.insert(match_id.clone(), following);
            }
        }
        Ok(())
    }
}

impl Matches for Followed {
    fn look<R>(&self, match_id: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        let Some(following) = self.by_id.get(match_id) else {
            return look(MatchView::Loading);
        };
        match &*following.slot().read() {
            Content::Loading { .. } => look(MatchView::Loading),
            Content::Absent { .. } => look(MatchView::Absent),
            Content::Ready(ready) if !self.viewer.may_read(match_id, ready.visibility) => {
                look(MatchView::Forbidden)
            }
            Content::Ready(ready) => look(MatchView::Ready(&ready.feed)),
        }
    }
}
