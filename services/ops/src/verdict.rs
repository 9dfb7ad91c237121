//! What was found about a match.

use grandstand_core::hash::StateHash;
use grandstand_core::ids::MatchId;
use serde::{Serialize, Serializer};

/// How many faults of a match are told one by one.
const FAULTS_MAX: usize = 20;

/// What a log promises, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// There is such a match.
    Exists,
    /// It can be read.
    Read,
    /// A body is a record.
    Body,
    /// The headers are a record's.
    Headers,
    /// Every record names the same creation and sport.
    Origin,
    /// There is a digest and a list of warnings for each event.
    Digests,
    /// The first event creates the match, and no other does.
    Creation,
    /// Seqs run 1, 2, 3.
    Seq,
    /// Ids are unique.
    Id,
    /// Times rise.
    Ts,
    /// A correction names an event before it.
    Ref,
    /// The state is one that every reader can hold.
    State,
    /// The patches give the state that the record's hash stands for.
    Hash,
    /// The strip beside the record is the state's.
    Strip,
    /// Who may see the match and when, as its creation says.
    Audience,
    /// The rules make the same state of the events.
    Refold,
    /// Every replica has the same.
    Replica,
}

impl Check {
    /// A stable word for scripts.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Read => "read",
            Self::Body => "body",
            Self::Headers => "headers",
            Self::Origin => "origin",
            Self::Digests => "digests",
            Self::Creation => "creation",
            Self::Seq => "seq",
            Self::Id => "id",
            Self::Ts => "ts",
            Self::Ref => "ref",
            Self::State => "state",
            Self::Hash => "hash",
            Self::Strip => "strip",
            Self::Audience => "audience",
            Self::Refold => "refold",
            Self::Replica => "replica",
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The event at which it shows; none for the match as a whole.
    pub(crate) seq: Option<u64>,
    /// The promise that it breaks.
    pub(crate) check: Check,
    /// What is there, and what should be.
    pub(crate) detail: String,
}

/// What the records of a match came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Verdict {
    /// How many events there are.
    pub(crate) events: u64,
    /// How many records hold them.
    pub(crate) records: u64,
    /// The bytes of the records' bodies.
    pub(crate) bytes: u64,
    /// The hash in the last record that could be read.
    pub(crate) hash: Option<StateHash>,
    /// What is wrong, the first of it.
    pub(crate) faults: Vec<Finding>,
    /// How many faults there are beyond those.
    pub(crate) faults_more: u64,
    /// What is worth knowing, but not wrong.
    pub(crate) notes: Vec<Finding>,
}

impl Verdict {
    /// A verdict that knows only one fault, of the match as a whole.
    pub(crate) fn only(check: Check, detail: impl Into<String>) -> Self {
        let mut verdict = Self::default();
        verdict.fault(check, None, detail);
        verdict
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_right(&self) -> bool {
        self.faults.is_empty()
    }

    pub(crate) fn fault(&mut self, check: Check, seq: Option<u64>, detail: impl Into<String>) {
        if self.faults.len() == FAULTS_MAX {
            self.faults_more += 1;
            return;
        }
        let detail = detail.into();
        self.faults.push(Finding { seq, check, detail });
    }

    pub(crate) fn note(&mut self, check: Check, seq: Option<u64>, detail: impl Into<String>) {
        let detail = detail.into();
        self.notes.push(Finding { seq, check, detail });
    }
}

/// A verdict and whose it is.
#[derive(Debug)]
pub(crate) struct MatchReport {
    pub(crate) match_id: MatchId,
    pub(crate) verdict: Verdict,
}
