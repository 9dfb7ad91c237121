//! `GET /v1/live` as answers: built, encoded and hashed once for all who see the same, so that a crowd
//! that polls it costs a look for each.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use grandstand_core::hash::StateHash;
use grandstand_core::policy::{Pace, Policy};
use grandstand_server::codec::{Codec as Form, EncodeError};

use crate::access::Viewer;
use crate::directory::{Directory, Which};

/// Tokens name few delays. Who finds no room has his built for him alone.
const ANSWERS_KEPT_MAX: usize = 32;

/// The answers of this second.
#[derive(Default)]
pub(crate) struct LiveLists(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Marks and delays are whole seconds: what is shown as of a mark stays for one.
    second: u64,
    answers: Vec<(Key, Arc<LiveList>)>,
}

/// Who is shown the same within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    policy: Policy,
    form: Form,
    /// What the directory counted, for those who see it as it is.
    changes: Option<u64>,
}

/// An answer.
pub(crate) struct LiveList {
    /// Of the list, whatever its form.
    pub(crate) hash: StateHash,
    /// The list in its form.
    pub(crate) body: Bytes,
}

impl LiveLists {
    /// What `viewer` is shown now.
    pub(crate) fn of(
        &self,
        directory: &Directory,
        viewer: &Viewer,
        form: Form,
        now_us: u64,
    ) -> Result<Arc<LiveList>, EncodeError> {
        let policy = viewer.policy(0);
        let sees_the_head = policy.pace == Pace::Realtime && policy.delay_us == 0;
        let key = Key {
            policy,
            form,
            changes: sees_the_head.then(|| directory.changes()),
        };
        let second = now_us / 1_000_000;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.second != second {
            kept.second = second;
            kept.answers.clear();
        }
        if let Some((_, answer)) = kept.answers.iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(answer));
        }
        let list = directory.list(viewer, Which::Live, now_us);
        let answer = Arc::new(LiveList {
            hash: StateHash::of(&list),
            body: form.encode(&list)?.into(),
        });
        // An older head is asked for by nobody any more.
        let is_older = |other: &Key| other.changes.is_some() && other.changes != key.changes;
        kept.answers.retain(|(other, _)| !is_older(other));
        if kept.answers.len() < ANSWERS_KEPT_MAX {
            kept.answers.push((key, Arc::clone(&answer)));
        }
        Ok(answer)
    }
}
