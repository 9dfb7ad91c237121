//! Who is expected at the crease for a ball of an over.

use crate::cricket::book::Innings;
use crate::cricket::words::PlayerId;

/// The two ends, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) striker: Option<PlayerId>,
    pub(crate) non_striker: Option<PlayerId>,
}

impl Pair {
    /// Whether these two, in this order, are what is known here; of nobody nothing is known.
    pub(crate) fn says(&self, striker: &PlayerId, non_striker: &PlayerId) -> bool {
        let fits = |known: &Option<PlayerId>, there: &PlayerId| match known {
            Some(known) => known == there,
            None => true,
        };
        (self.striker.is_some() || self.non_striker.is_some())
            && fits(&self.striker, striker)
            && fits(&self.non_striker, non_striker)
    }
}

/// The pair for the next ball, if that is one of `over`: an over that nobody ended changes the ends
/// all the same (Law 17.1: overs are bowled from each end in turn).
pub(crate) fn expected(innings: &Innings, over: u32) -> Pair {
    let crease = &innings.crease;
    let unended = innings
        .last_over()
        .filter(|(last, open)| *last < over && !open.is_ended);
    let (striker, non_striker) = match unended {
        Some((last, _)) if innings.league.pair_changes_after(last) => (None, None),
        Some((last, _)) if innings.ends_change_after(last) && !crease.is_alone => {
            (crease.non_striker.clone(), crease.striker.clone())
        }
        Some(_) | None => (crease.striker.clone(), crease.non_striker.clone()),
    };
    if innings.is_last_batter() {
        return Pair {
            striker: striker.or(non_striker),
            non_striker: None,
        };
    }
    Pair {
        striker,
        non_striker,
    }
}

/// The over of the next ball.
pub(super) fn next_over(innings: &Innings) -> u32 {
    innings
        .last_over()
        .map_or(0, |(number, over)| number + u32::from(over.is_ended))
}

/// A batter who has faced or made what he may by the rules of his league, and has not retired yet.
pub(super) fn retires(innings: &Innings) -> Option<&PlayerId> {
    let crease = &innings.crease;
    let mut batters = [&crease.striker, &crease.non_striker].into_iter().flatten();
    batters.find(|player| {
        let row = innings.batter(player);
        row.is_some_and(|row| innings.retires(row))
    })
}
