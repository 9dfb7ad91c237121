//! What a connection sees: its matches as the gateway has them, and where it finds them.

use crate::connection::standing::Standings;
use crate::follow::Follower;
use crate::ids::MatchId;
use crate::message::Status;
use crate::strips::{StripsBoard, StripsView};

/// What the shell knows of a match that a fan asked for.
#[derive(Debug)]
pub enum MatchView<'a> {
    /// It is being read.
    Loading,
    /// It is not there, or not yet.
    Absent,
    /// This fan may not see it.
    Forbidden,
    /// Here it is.
    Ready(&'a Feed),
}

/// A match as a gateway has it.
#[derive(Debug)]
pub struct Feed {
    /// Its log and place in the stream.
    pub follower: Follower,
    /// How far it can be trusted.
    pub status: Status,
    /// Unix microseconds of what is known for sure.
    pub as_of_us: u64,
    /// How far behind every fan is kept.
    pub delay_s: u32,
    /// How often the leader was asked on behalf of a fan whose cursor is ahead, and answered.
    pub leader_answers: u64,
    /// Where its fans stand, as messages.
    pub standings: Standings,
}

/// Where a connection finds its matches.
pub trait Matches {
    /// Calls `look` with what is known of the match.
    fn look<R>(&self, match_id: &MatchId, look: impl FnOnce(MatchView<'_>) -> R) -> R;

    /// Calls `look` with the strips of all live matches as that view has them now, once they are
    /// known.
    fn strips<R>(
        &self,
        view: StripsView,
        now_us: u64,
        look: impl FnOnce(&mut StripsBoard) -> R,
    ) -> Option<R>;
}
