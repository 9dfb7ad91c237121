//! The rules of each sport, and the only place that knows what a ball is.
//!
//! [`Game`] is a match as its log says it; [`Draft`] decides whether a posted event may be so and
//! makes the event with its patch. `decide` may refuse, `apply` cannot fail: what is in the log did
//! happen. Pure: time is an argument.

mod cascade;
mod corrections;
mod created;
mod draft;
mod effective;
mod fold;
mod game;
mod ids;
mod kept;
mod open;
mod reader;
mod refusal;
pub mod scorecard;
mod shown;
mod sport;

mod cricket;

pub use cascade::Cascade;
pub use created::Created;
pub use draft::{Draft, Drafted};
pub use game::Game;
pub use refusal::{Refusal, RefusalKind};
pub use sport::{Rights, Sport};

/// Version of these rules: it rises when they fold an event of old differently.
pub const RULES_VERSION: u32 = 1;
/// From so many events on, a match takes only corrections and its result.
pub const EVENTS_FULL: u64 = 18_000;
/// A match never has more events than this.
pub const EVENTS_MAX: u64 = 20_000;
