//! Whether this gateway hears that scores are taken, for whoever asks: its peers, above all.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use grandstand_server::codec::Codec;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What the follower knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hearing {
    /// Whether nothing came for too long.
    pub(crate) stale: bool,
    /// When the newest canary came, Unix microseconds; none before the first.
    pub(crate) heard_us: Option<u64>,
}

/// What `/fresh` of the admin port says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fresh {
    /// Whether a canary came of late.
    pub(crate) fresh: bool,
}

/// The sign that the follower puts up; clones share it.
#[derive(Debug, Clone)]
pub struct FreshSign(Arc<watch::Sender<Hearing>>);

impl Default for FreshSign {
    fn default() -> Self {
        Self::new()
    }
}

impl FreshSign {
    /// Nothing was heard yet, and nothing is overdue.
    pub fn new() -> Self {
        let nothing = Hearing {
            stale: false,
            heard_us: None,
        };
        Self(Arc::new(watch::Sender::new(nothing)))
    }

    /// The route of the admin port that shows it.
    pub fn routes(&self) -> Router {
        let sign = self.clone();
        let show = || async move {
            let fresh = sign.now().is_fresh();
            Codec::Json.answer(StatusCode::OK, &Fresh { fresh })
        };
        Router::new().route("/fresh", get(show))
    }

    pub(crate) fn now(&self) -> Hearing {
        *self.0.borrow()
    }

    /// Wakes when it becomes stale, and when it is not any more.
    pub(crate) fn watch(&self) -> watch::Receiver<Hearing> {
        self.0.subscribe()
    }

    pub(crate) fn tell(&self, hearing: Hearing) {
        self.0.send_if_modified(|told| {
            let before = std::mem::replace(told, hearing);
            before.stale != hearing.stale
        });
    }
}

impl Hearing {
    /// A gateway that has just started hears nothing yet, and is no better than others.
    pub(crate) fn is_fresh(self) -> bool {
        !self.stale && self.heard_us.is_some()
    }
}
