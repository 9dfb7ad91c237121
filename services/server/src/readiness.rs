//! Whether this process should be sent requests, as named checks that its parts report to.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// What each check says: nothing when all is well, else what is wrong.
type Reports = BTreeMap<&'static str, Option<String>>;

/// All checks of the process. It is ready when no check objects.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<watch::Sender<Reports>>);

/// One part's say in it. Not ready until it says so first; when it is dropped, its part has
/// stopped, and is not ready any more.
#[derive(Debug)]
pub struct Check {
    name: &'static str,
    readiness: Readiness,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl Readiness {
    /// Ready until a check is added.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Reports::new())))
    }

    /// Adds a check, not ready because it is starting. A name belongs to one part.
    pub fn check(&self, name: &'static str) -> Check {
        let check = Check {
            name,
            readiness: self.clone(),
        };
        check.not_ready("starting");
        check
    }

    /// What is wrong, by the name of the check; empty when ready.
    pub fn reasons(&self) -> BTreeMap<&'static str, String> {
        let reports = self.0.borrow();
        reports
            .iter()
            .filter_map(|(name, reason)| Some((*name, reason.clone()?)))
            .collect()
    }

    /// Waits until no check objects.
    pub async fn ready(&self) {
        let mut reports = self.0.subscribe();
        // Fails only when the sender is gone, and `self` holds it.
        let _ = reports
            .wait_for(|reports| reports.values().all(Option::is_none))
            .await;
    }
}

impl Check {
    /// All is well.
    pub fn ready(&self) {
        self.report(None);
    }

    /// Something is wrong; `reason` is for operators.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.report(Some(reason.into()));
    }

    fn report(&self, reason: Option<String>) {
        self.readiness.0.send_if_modified(|reports| {
            let before = reports.insert(self.name, reason.clone());
            before != Some(reason)
        });
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.not_ready("stopped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_ready_when_no_check_objects() {
        let readiness = Readiness::new();
        assert!(readiness.reasons().is_empty());

        let broker = readiness.check("broker");
        let canary = readiness.check("canary");
        broker.ready();
        assert_eq!(
            readiness.reasons(),
            [("canary", "starting".to_owned())].into()
        );

        canary.ready();
        readiness.ready().await;
        broker.not_ready("no leader");
        assert_eq!(
            readiness.reasons(),
            [("broker", "no leader".to_owned())].into()
        );

        broker.ready();
        drop(canary);
        assert_eq!(
            readiness.reasons(),
            [("canary", "stopped".to_owned())].into()
        );
    }
}
