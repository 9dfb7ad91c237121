//! Logs to stderr, and metrics that are rendered by our own route.

use std::sync::OnceLock;
use std::time::Duration;

use clap::ValueEnum;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::tally;

/// Upper bounds of histograms of seconds: half a millisecond to a minute.
pub(crate) const SECONDS_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];
/// Upper bounds of all other histograms, bytes and counts. Without any they would be summaries,
/// which cannot be added up over processes.
const OTHER_BUCKETS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0,
];
/// Samples wait for a scrape or for this; nobody scraping must not cost memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();

/// The metrics of this process, whichever roles it runs.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Why telemetry could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// Another recorder is there, or the buckets are wrong.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(String),
    /// The filter cannot be read.
    #[error("'{filter}' is not a log filter such as 'info' or 'info,hyper=debug': {reason}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another logger is there.
    #[error("logs cannot be written: {0}")]
    Logs(String),
}

impl Metrics {
    /// Installs the recorder of this process, or finds the one that is there.
    pub fn install() -> Result<Self, TelemetryError> {
        RECORDER
            .get_or_init(|| install_recorder().map_err(|error| error.to_string()))
            .clone()
            .map(Self)
            .map_err(TelemetryError::Metrics)
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut text = self.0.render();
        tally::render(&mut text);
        text
    }

    /// Keeps memory bounded while nobody scrapes. Run it once a process, until `stop`.
    pub async fn upkeep(self, stop: CancellationToken) {
        while stop
            .run_until_cancelled(tokio::time::sleep(UPKEEP_INTERVAL))
            .await
            .is_some()
        {
            self.0.run_upkeep();
        }
    }
}

fn install_recorder() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(OTHER_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)?
        .install_recorder()
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends the logs of this process to stderr, those that `filter` lets through.
pub fn install_logs(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let parsed = EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| TelemetryError::Logs(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_histogram_has_buckets_and_installing_twice_is_one() {
        let metrics = Metrics::install().unwrap();
        metrics::histogram!("grandstand_test_seconds").record(0.02);
        metrics::histogram!("grandstand_test_bytes").record(500.0);

        let text = Metrics::install().unwrap().render();

        assert!(
            text.contains(r#"grandstand_test_seconds_bucket{le="0.025"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"grandstand_test_bytes_bucket{le="1024"} 1"#),
            "{text}"
        );
        assert!(!text.contains("quantile"), "{text}");
        drop(metrics);
    }

    #[test]
    fn a_wrong_filter_is_named() {
        let error = install_logs(LogFormat::Text, "grandstand=loud").unwrap_err();
        assert!(error.to_string().contains("grandstand=loud"), "{error}");
    }
}
