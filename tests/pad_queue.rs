//! The pad's offline queue against the real platform, in Node and in Chromium.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "pad_queue/browser.rs"]
mod browser;
#[path = "pad_queue/cuts.rs"]
mod cuts;
#[path = "pad_queue/device.rs"]
mod device;
mod harness;
#[path = "pad_queue/page.rs"]
mod page;
#[path = "pad_queue/two_phones.rs"]
mod two_phones;
