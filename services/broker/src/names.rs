//! The names and bounds that this crate, the stream definitions and the server's permissions share.

use grandstand_core::ids::MatchId;

/// The stream of all records.
pub(crate) const SCORES: &str = "SCORES";
/// The stream of canaries.
pub(crate) const CANARY: &str = "CANARY";
/// The stream of replays.
pub(crate) const REPLAYS: &str = "REPLAYS";
/// The stream of what is published only to measure it.
pub(crate) const TRIAL: &str = "BENCH";
/// All subjects of the stream of records.
pub(crate) const SCORES_ALL: &str = "scores.*";
/// Where the server republishes committed records.
pub(crate) const LIVE_ALL: &str = "live.*";
/// Where the server republishes committed canaries.
pub(crate) const LIVE_CANARY_ALL: &str = "livecanary.*";

/// The largest message that the stream of records takes: headers and body.
pub const RECORD_BYTES_MAX: usize = 128 * 1024;
/// How many matches one request asks the tips of; the server answers more than 1,024 with nothing.
pub const TIPS_MAX: usize = 500;

/// The subject that a match's records are stored under.
pub(crate) fn scores_subject(match_id: &MatchId) -> String {
    format!("scores.{match_id}")
}

/// The match whose record or canary stands under `subject`, its second and last token.
pub(crate) fn match_of(subject: &str) -> Option<MatchId> {
    let (_, token) = subject.split_once('.')?;
    MatchId::new(token).ok()
}

/// Something that no other process chooses, for the names of drafts and instances.
pub(crate) fn random_suffix() -> String {
    let number = getrandom::u64().expect("the system's randomness is there once the system is up");
    format!("{number:016x}")
}
