//! How many matches may be in memory: those that are known to be there, and beside them names that
//! somebody asks for, each of which counts for whoever brought it in.

use std::collections::HashMap;

use thiserror::Error;

/// How many matches may be in memory that are known to be there.
const KNOWN_MAX: usize = 10_000;
/// And how many that are not: whoever makes up names takes no slot of a match that somebody scores.
const UNKNOWN_MAX: usize = 4_000;
/// How many of these one asker may have brought in; two connections that follow nothing else.
const UNKNOWN_SHARE_MAX: usize = 64;
/// And all GETs together, whoever asks: they wait for nothing, and leave in a moment.
const UNKNOWN_GETS_MAX: usize = 1_000;

/// Whom an unknown match counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Share {
    /// The user or address with this key.
    Of(u32),
    /// All who only GET.
    OfGets,
    /// Somebody who is not counted.
    Nobodys,
}

/// Why a match is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NoSlot {
    /// There are as many matches in memory as there may be, or as fit.
    #[error("too many matches are read at once here")]
    Full,
    /// It is not known to be there, and there are enough of those, of this asker or in all.
    #[error("too many matches that are not there are asked for")]
    TooManyUnknown,
}

/// What there is, as of the last look at what each slot has come to, and what was opened since.
#[derive(Debug, Default)]
pub(super) struct Shares {
    known: usize,
    unknown: usize,
    unknown_by: HashMap<Share, usize>,
}

impl Shares {
    /// All are counted again from here.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A match is there: known, or brought in by somebody.
    pub(super) fn count(&mut self, brought_by: Option<Share>) {
        match brought_by {
            None => self.known += 1,
            Some(share) => {
                self.unknown += 1;
                *self.unknown_by.entry(share).or_default() += 1;
            }
        }
    }

    /// One more, if it is among those that there may be.
    pub(super) fn one_more(&mut self, brought_by: Option<Share>) -> Result<(), NoSlot> {
        match brought_by {
            None if self.known >= KNOWN_MAX => return Err(NoSlot::Full),
            None => {}
            Some(share) => {
                let share_max = match share {
                    Share::Of(_) => UNKNOWN_SHARE_MAX,
                    Share::OfGets => UNKNOWN_GETS_MAX,
                    Share::Nobodys => UNKNOWN_MAX,
                };
                let of_share = self.unknown_by.get(&share).copied().unwrap_or(0);
                if self.unknown >= UNKNOWN_MAX || of_share >= share_max {
                    return Err(NoSlot::TooManyUnknown);
                }
            }
        }
        self.count(brought_by);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_brings_in_more_unknown_matches_than_his_share() {
        for (share, max) in [
            (Share::Of(7), UNKNOWN_SHARE_MAX),
            (Share::OfGets, UNKNOWN_GETS_MAX),
            (Share::Nobodys, UNKNOWN_MAX),
        ] {
            let mut shares = Shares::default();
            assert!((0..max).all(|_| shares.one_more(Some(share)).is_ok()));
            assert_eq!(shares.one_more(Some(share)), Err(NoSlot::TooManyUnknown));
            let other = shares.one_more(Some(Share::Of(8)));
            assert_eq!(other.is_ok(), max < UNKNOWN_MAX);
        }
    }

    #[test]
    fn unknown_matches_take_no_slot_of_a_known_one_nor_the_other_way_round() {
        let mut shares = Shares::default();
        while shares.one_more(Some(Share::Nobodys)).is_ok() {}
        assert!((0..KNOWN_MAX).all(|_| shares.one_more(None).is_ok()));
        assert_eq!(shares.one_more(None), Err(NoSlot::Full));
        let mut shares = Shares::default();
        while shares.one_more(None).is_ok() {}
        assert_eq!(shares.one_more(Some(Share::OfGets)), Ok(()));
    }
}
