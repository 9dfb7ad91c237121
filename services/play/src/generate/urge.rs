//! How much a side has to hurry: 100 is as usual, more brings more boundaries and more wickets.

use crate::generate::phase::Phase;

/// Of a side that bats first: wickets in hand are there to be spent, and few are to be kept.
pub(crate) fn of_first(phase: Phase, balls_left: u32, wickets: u32) -> u64 {
    match phase {
        Phase::Powerplay | Phase::Middle if wickets >= 4 && balls_left > 48 => 75,
        Phase::Powerplay | Phase::Middle if wickets <= 1 && balls_left < 66 => 112,
        Phase::Death if wickets <= 4 => 112,
        Phase::Powerplay | Phase::Middle | Phase::Death => 100,
    }
}

/// Of a side that chases `needed` runs.
pub(crate) fn of_chase(needed: u32, balls_left: u32, wickets: u32) -> u64 {
    let rate_percent = u64::from(needed * 100 * 6 / balls_left.max(1));
    // Eight an over is what usual batting brings.
    let due = (rate_percent / 8).clamp(82, 145);
    match wickets {
        // Nobody throws the last ones away while there is time.
        4.. if balls_left > 48 => due.min(90),
        7.. => due.min(110),
        _ => due,
    }
}
