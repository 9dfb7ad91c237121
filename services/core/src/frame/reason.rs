//! Why a fan gets a state instead of events: a word on the wire.

/// Why a fan gets a state instead of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
pub enum Reason {
    /// It has just come.
    Joined,
    /// It is more than 16 events behind.
    Behind,
    /// What it missed is no longer kept.
    Evicted,
    /// Its cursor counts in another epoch.
    OtherEpoch,
    /// The log changed under us, or the cursor was ahead of the leader's.
    RolledBack,
    /// The match was lost and brought back.
    Restored,
    /// It asked for one.
    Asked,
}

impl Reason {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Behind => "behind",
            Self::Evicted => "evicted",
            Self::OtherEpoch => "other_epoch",
            Self::RolledBack => "rolled_back",
            Self::Restored => "restored",
            Self::Asked => "asked",
        }
    }
}
