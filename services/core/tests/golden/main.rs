//! Golden vectors: every message of the fans' protocol in both codecs, what is refused, a stored
//! record, patches with their hashes, in `schemas/vectors/`. Run with GRANDSTAND_UPDATE=1 to write
//! what is new, and read what changed: the contract only ever grows.
#![allow(
    clippy::unwrap_used,
    reason = "vectors are made of what is known to be whole"
)]

mod buckets;
mod client_messages;
mod hold;
mod patches;
mod sample;
mod server_messages;
mod stored;
