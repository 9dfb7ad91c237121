//! File descriptors: how many sockets one process may hold.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process needs for other things than fans.
const OTHERS: u64 = 64;
/// What one loop serves in time; with other cores there are other processes.
const FANS_MAX: u64 = 18_000;

/// How many fans a process can hold.
pub(crate) fn fans_per_process() -> u32 {
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let fans = most.saturating_sub(OTHERS).clamp(1, FANS_MAX);
    u32::try_from(fans).unwrap_or(u32::MAX)
}

/// Lets this process have as many as the system allows. Where it may not, opening will say so.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of file descriptors stays");
    }
}
