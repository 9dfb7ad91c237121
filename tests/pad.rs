//! The scorer's pad in a real browser, on the real platform: what is tapped is in the log, once,
//! whatever the network does. Skipped with a line on stderr where there is no Chromium.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "pad/ahead.rs"]
mod ahead;
#[path = "pad/amending.rs"]
mod amending;
#[path = "pad/chance.rs"]
mod chance;
#[path = "pad/corrections.rs"]
mod corrections;
#[path = "pad/entering.rs"]
mod entering;
#[path = "pad/for_everybody.rs"]
mod for_everybody;
#[path = "pad/ground.rs"]
mod ground;
mod harness;
#[path = "pad/leagues.rs"]
mod leagues;
#[path = "pad/network.rs"]
mod network;
#[path = "pad/phone.rs"]
mod phone;
#[path = "pad/refused.rs"]
mod refused;
#[path = "pad/setting_up.rs"]
mod setting_up;
#[path = "pad/taps.rs"]
mod taps;
#[path = "pad/two_phones.rs"]
mod two_phones;
#[path = "pad/update.rs"]
mod update;
#[path = "pad/updated.rs"]
mod updated;
#[path = "pad/whole_match.rs"]
mod whole_match;
