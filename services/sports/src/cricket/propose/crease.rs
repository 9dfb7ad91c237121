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
    let unended = innings.last_over().is_some_and(|(last, open)| {
        last < over && !open.is_ended && innings.ends_change_after(last)
    });
    let (striker, non_striker) = if unended {
        (&crease.non_striker, &crease.striker)
    } else {
        (&crease.striker, &crease.non_striker)
    };
    Pair {
        striker: striker.clone(),
        non_striker: non_striker.clone(),
    }
}

/// The over of the next ball.
pub(super) fn next_over(innings: &Innings) -> u32 {
    innings
        .last_over()
        .map_or(0, |(number, over)| number + u32::from(over.is_ended))
}
