//! Waiting: always for a condition, never longer than a deadline.

use std::future::Future;
use std::time::{Duration, Instant};

/// Nothing takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// How much longer than promised something may take here: a promise is of a machine that has time
/// for it, and a test's may stand still for seconds. What waits for another time-out than that of
/// the promise is still found out.
const SLOWER_MAX: u32 = 5;
/// How often a condition is looked at that nobody tells us of.
const LOOK: Duration = Duration::from_millis(10);

/// The outcome of `work`, which must come within [`PATIENCE`].
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("still waiting for {what} after {PATIENCE:?}"),
    }
}

/// Holds what took from `began` until now against what is `promised`.
pub(crate) fn is_prompt(what: &str, began: Instant, promised: Duration) {
    let took = began.elapsed();
    assert!(
        took <= promised * SLOWER_MAX,
        "{what}: only after {took:?}, and {promised:?} is promised"
    );
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
