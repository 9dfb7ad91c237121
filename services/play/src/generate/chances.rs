//! What a ball brings, as often as it does in real matches.

use crate::generate::chance::Chance;
use crate::generate::phase::Phase;

/// What a ball brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Off the bat, run; none is a dot ball.
    Runs(u32),
    /// 4 or 6 over the rope.
    Boundary(u32),
    /// With what was run on it.
    Wide(u32),
    /// With the runs off the bat.
    NoBall(u32),
    /// Past everybody.
    Byes(u32),
    /// Off the body.
    LegByes(u32),
    /// Somebody is out.
    Wicket,
}

/// What decides how a batter plays the ball.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    pub(crate) phase: Phase,
    /// What the batter is worth, 100 as usual.
    pub(crate) batting_percent: u64,
    /// Balls that he has faced.
    pub(crate) faced: u32,
    /// How much his side has to hurry, 100 as usual.
    pub(crate) urge_percent: u64,
    /// No bowler's wicket on this ball.
    pub(crate) is_free_hit: bool,
}

/// Of about a thousand balls: dot, one, two, three, four, six, wicket.
fn rates(phase: Phase) -> [u64; 7] {
    match phase {
        Phase::Powerplay => [425, 270, 50, 6, 145, 50, 42],
        Phase::Middle => [310, 415, 75, 5, 85, 50, 46],
        Phase::Death => [240, 345, 85, 5, 118, 88, 88],
    }
}

/// A batter who has just come in.
const FACED_NEW: u32 = 6;
/// A batter who sees the ball well.
const FACED_SET: u32 = 20;

/// What the next ball brings.
pub(crate) fn happening(chance: &mut Chance, of: &Situation) -> Happening {
    let [dot, one, two, three, four, six, wicket] = rates(of.phase);
    let eye_percent = match of.faced {
        0..FACED_NEW => 80,
        FACED_NEW..FACED_SET => 100,
        _ => 115,
    };
    let worth = of.batting_percent;
    let hit = |rate: u64| rate * worth * of.urge_percent * eye_percent / 1_000_000;
    let risk = wicket * (200 - worth) * of.urge_percent * of.urge_percent / 1_000_000;
    // Off a free hit somebody can only be run out.
    let risk = if of.is_free_hit { risk / 15 } else { risk };
    let wide = if of.phase == Phase::Death { 45 } else { 30 };
    let weights = [
        (Happening::Runs(0), dot * (250 - worth) / 150),
        (Happening::Runs(1), one),
        (Happening::Runs(2), two * worth / 100),
        (Happening::Runs(3), three),
        (Happening::Boundary(4), hit(four)),
        (Happening::Boundary(6), hit(six)),
        (Happening::Wicket, risk),
        (Happening::Wide(0), wide),
        (Happening::NoBall(0), 6),
        (Happening::Byes(1), 4),
        (Happening::LegByes(1), 13),
    ];
    match chance.weighted(weights) {
        Happening::Wide(_) => Happening::Wide(chance.weighted([(0, 88), (1, 5), (2, 2), (4, 5)])),
        Happening::NoBall(_) => {
            Happening::NoBall(chance.weighted([(0, 45), (1, 30), (2, 5), (4, 12), (6, 8)]))
        }
        Happening::Byes(_) => Happening::Byes(chance.weighted([(1, 70), (2, 10), (4, 20)])),
        Happening::LegByes(_) => Happening::LegByes(chance.weighted([(1, 82), (2, 8), (4, 10)])),
        other => other,
    }
}
