//! `provision --every`: stays, and makes anew the buckets that a NATS server lost with its memory.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use grandstand_broker::{Broker, ProvisionMode, Provisioned, StreamReport};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::args::ProvisionArgs;
use crate::provision::{options, say};

/// Looks every so often, and at once where the connection was lost and came back, until `stop`. The
/// first look does all that `provision` does. Says only what changes.
pub(crate) async fn run(
    broker: &Broker,
    args: &ProvisionArgs,
    every: Duration,
    out: &mut (impl Write + Send),
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    tokio::pin!(stop);
    let (first, again) = (
        options(args, ProvisionMode::Apply),
        options(args, ProvisionMode::Heal),
    );
    let mut counts = broker.counts();
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = Kept::default();
    tokio::select! {
        () = &mut stop => return Ok(ExitCode::SUCCESS),
        reports = broker.provision(&first) => kept.look(args, reports?, out)?,
    }
    loop {
        tokio::select! {
            () = &mut stop => return Ok(ExitCode::SUCCESS),
            _ = ticks.tick() => {}
            Ok(()) = counts.changed() => {}
        }
        let looked = tokio::select! {
            () = &mut stop => return Ok(ExitCode::SUCCESS),
            looked = broker.provision(&again) => looked,
        };
        match looked {
            Ok(reports) => kept.look(args, reports, out)?,
            Err(error) if !std::mem::replace(&mut kept.away, true) => {
                tracing::warn!(%error, "the streams can't be looked at; trying again");
            }
            Err(_) => {}
        }
    }
}

/// What was seen last.
#[derive(Default)]
struct Kept {
    drift: BTreeMap<String, Provisioned>,
    away: bool,
}

impl Kept {
    fn look(
        &mut self,
        args: &ProvisionArgs,
        reports: Vec<StreamReport>,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        self.away = false;
        for report in reports {
            if self.is_news(&report) {
                say(args, &report, out)?;
            }
        }
        Ok(out.flush()?)
    }

    /// Whether something was done, or drift came or went.
    fn is_news(&mut self, report: &StreamReport) -> bool {
        let StreamReport { stream, outcome } = report;
        match outcome {
            Provisioned::Created | Provisioned::Updated { .. } => {
                self.drift.remove(stream);
                true
            }
            Provisioned::Unchanged => self.drift.remove(stream).is_some(),
            Provisioned::Drift { .. } => {
                self.drift.insert(stream.clone(), outcome.clone()).as_ref() != Some(outcome)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_news() {
        let mut kept = Kept::default();
        let drift = |field: &str| Provisioned::Drift {
            fields: vec![field.to_owned()],
            why: String::new(),
        };
        let told = [
            Provisioned::Unchanged,
            Provisioned::Created,
            Provisioned::Unchanged,
            drift("storage"),
            drift("storage"),
            drift("subjects"),
            Provisioned::Unchanged,
            Provisioned::Unchanged,
        ]
        .map(|outcome| {
            kept.is_news(&StreamReport {
                stream: "SCORES".to_owned(),
                outcome,
            })
        });
        assert_eq!(told, [false, true, false, true, false, true, true, false]);
    }
}
