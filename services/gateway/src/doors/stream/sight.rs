//! What somebody listens to, seen through his eyes: a match, or the strips of all live ones.

use std::sync::Arc;

use grandstand_core::connection::{MatchView, Matches};
use grandstand_core::ids::MatchId;
use grandstand_core::strips::{StripsBoard, StripsView};
use tokio::sync::Notify;

use super::Shown;
use crate::access::Viewer;
use crate::feeds::{Content, Reader};
use crate::strips::{Strips, Watching};

pub(super) enum Sight {
    Match(Shown),
    Strips {
        viewer: Viewer,
        strips: Arc<Strips>,
        changed: Arc<Notify>,
        /// For who sees the head: the others look at each mark by themselves.
        watching: Option<Watching>,
    },
}

impl Sight {
    /// The strips, for a viewer.
    pub(super) fn of_strips(viewer: Viewer, strips: &Arc<Strips>) -> Self {
        Self::Strips {
            viewer,
            strips: Arc::clone(strips),
            changed: Arc::new(Notify::new()),
            watching: None,
        }
    }

    /// Is told of what changes, where the strips are seen by that view.
    pub(super) fn watch(&mut self, view: Option<StripsView>) {
        if let Self::Strips {
            strips,
            changed,
            watching,
            ..
        } = self
            && view == Some(StripsView::Head)
        {
            *watching = Some(strips.watch(Reader::Task(Arc::clone(changed))));
        }
    }

    pub(super) fn viewer(&self) -> &Viewer {
        match self {
            Self::Match(shown) => &shown.viewer,
            Self::Strips { viewer, .. } => viewer,
        }
    }

    /// The match, if it is one.
    pub(super) fn match_id(&self) -> Option<&MatchId> {
        match self {
            Self::Match(shown) => Some(shown.match_id()),
            Self::Strips { .. } => None,
        }
    }

    /// Waits until something may be otherwise than at the last look.
    pub(super) async fn changed(&self) {
        match self {
            Self::Match(shown) => shown.changed().await,
            Self::Strips { changed, .. } => changed.notified().await,
        }
    }
}

impl Matches for Sight {
    fn look<R>(&self, _only: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R {
        let Self::Match(shown) = self else {
            return look(MatchView::Absent);
        };
        shown.glance(|content| match content {
            Content::Loading { .. } => look(MatchView::Loading),
            Content::Absent { .. } => look(MatchView::Absent),
            Content::Ready(ready) if !shown.may_read(ready) => look(MatchView::Forbidden),
            Content::Ready(ready) => look(MatchView::Ready(&ready.feed)),
        })
    }

    fn strips<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R> {
        match self {
            Self::Match(_) => None,
            Self::Strips { strips, .. } => strips.look(view, now_us, look),
        }
    }
}
