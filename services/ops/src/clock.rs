//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in Unix microseconds.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
