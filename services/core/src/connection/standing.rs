//! Where fans stand in a match, as messages: encoded once for all who stand at the same place, so that
//! neither a heartbeat nor a change of status costs an encoding for each of them.

use std::sync::{Mutex, PoisonError};

use crate::connection::Feed;
use crate::frame::{Codec, Frame};
use crate::hash::StateHash;
use crate::ids::Epoch;
use crate::message::{ServerMessage, Status};

/// A match is live as of the last whole second, so that those who are told within it are told the
/// same.
const AS_OF_STEP_US: u64 = 1_000_000;
/// So many are kept, 5 KB at most: of one moment fans stand at the head, or at one of the few marks
/// before it. Who finds no room has it encoded for him alone.
const STANDINGS_KEPT_MAX: usize = 16;

/// What was encoded of the newest moment.
#[derive(Debug, Default)]
pub struct Standings(Mutex<Vec<(Standing, Frame)>>);

/// A place in a match, and how far that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    codec: Codec,
    epoch: Epoch,
    seq: u64,
    hash: Option<StateHash>,
    status: Status,
    as_of_us: u64,
}

impl Feed {
    /// The heartbeat of a fan who stands there, a `status` behind a protocol ping; `hash` where it
    /// was shown what is there.
    pub(super) fn beat(
        &self,
        codec: Codec,
        (epoch, seq): (Epoch, u64),
        hash: Option<StateHash>,
        now_us: u64,
    ) -> Frame {
        let standing = Standing {
            codec,
            epoch,
            seq,
            hash,
            status: self.status,
            as_of_us: match self.status {
                Status::Live => now_us - now_us % AS_OF_STEP_US,
                Status::Delayed | Status::Stale | Status::Damaged => self.as_of_us,
            },
        };
        let mut kept = (self.standings.0.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = kept.iter().find(|(other, _)| *other == standing) {
            return frame.clone();
        }
        let frame = self.encode(&standing);
        kept.retain(|(other, _)| other.moment() == standing.moment());
        // Where nothing was shown, the place is only the fan's word.
        if hash.is_some() && kept.len() < STANDINGS_KEPT_MAX {
            kept.push((standing, frame.clone()));
        }
        frame
    }

    fn encode(&self, standing: &Standing) -> Frame {
        let message = ServerMessage::Status {
            match_id: self.follower.log().match_id(),
            status: standing.status,
            as_of: standing.as_of_us,
            epoch: standing.epoch,
            seq: standing.seq,
            hash: standing.hash,
        };
        Frame::of(standing.codec, &message).with_ping()
    }
}

impl Standing {
    fn moment(&self) -> (Status, u64) {
        (self.status, self.as_of_us)
    }
}
