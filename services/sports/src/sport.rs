//! The closed set of sports, and what a poster may do in them.

/// A sport whose matches are scored here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sport {
    /// The poster sends the patches himself.
    Open,
    /// Cricket of every format.
    Cricket,
}

impl Sport {
    /// The sport of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Open, Self::Cricket]
            .into_iter()
            .find(|sport| sport.as_str() == name)
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Cricket => "cricket",
        }
    }
}

/// What a poster's token allows beyond scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// May post patches of his own to matches of the `open` sport.
    pub open: bool,
    /// May lock and unlock a match, and correct a locked one.
    pub official: bool,
}
