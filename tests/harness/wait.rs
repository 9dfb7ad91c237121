//! Waiting: always for a condition, never longer than a deadline.

use std::future::Future;
use std::time::Duration;

/// Nothing takes longer unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
/// How often a condition is looked at that nobody tells us of.
const LOOK: Duration = Duration::from_millis(10);

/// The outcome of `work`, which must come within [`PATIENCE`].
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("still waiting for {what} after {PATIENCE:?}"),
    }
}

/// What `look` finds, once it finds something.
pub(crate) async fn found<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let searching = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    in_time(what, searching).await
}
