//! The parts of a T20 innings, each played in its own way.

/// Overs of an innings.
pub(crate) const OVERS: u32 = 20;
/// Overs with fielding restrictions.
pub(crate) const POWERPLAY_OVERS: u32 = 6;
/// The first of the last overs.
const DEATH_FROM: u32 = 16;

/// A part of an innings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Few fielders are out.
    Powerplay,
    /// Ones and twos.
    Middle,
    /// All or nothing; a super over too.
    Death,
}

impl Phase {
    /// The part that an over is of.
    pub(crate) fn of(over: u32) -> Self {
        match over {
            0..POWERPLAY_OVERS => Self::Powerplay,
            POWERPLAY_OVERS..DEATH_FROM => Self::Middle,
            _ => Self::Death,
        }
    }
}
