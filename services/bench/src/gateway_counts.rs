//! What the gateways say of themselves on their admin ports.

use reqwest::Client;
use serde::Serialize;

use crate::BenchError;

/// Counts of all gateways together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct GatewayCounts {
    /// Encodings of events, frames, snapshots and strips.
    pub(crate) encodes: u64,
    /// Whole logs that were read from the broker.
    pub(crate) fills: u64,
    /// Gaps that were filled from the broker.
    pub(crate) gaps_filled: u64,
    /// Shards that write through io_uring.
    pub(crate) uring_shards: u64,
}

impl GatewayCounts {
    /// Asks every admin port; none if there is none to ask.
    pub(crate) async fn ask(admin: &[String]) -> Result<Option<Self>, BenchError> {
        let (mut all, client) = (Self::default(), Client::new());
        for url in admin {
            let url = format!("{}/metrics", url.trim_end_matches('/'));
            let asked = async {
                client
                    .get(&url)
                    .send()
                    .await?
                    .error_for_status()?
                    .text()
                    .await
            };
            let text = asked.await.map_err(|source| BenchError::Admin {
                url: url.clone(),
                source,
            })?;
            all.encodes += sum(&text, "grandstand_encodes_total");
            all.fills += sum(&text, "grandstand_fills_total");
            all.gaps_filled += sum(&text, "grandstand_gaps_filled_total");
            all.uring_shards += sum(&text, r#"grandstand_shards{writes="uring"}"#);
        }
        Ok((!admin.is_empty()).then_some(all))
    }

    /// What was counted since then.
    pub(crate) fn since(self, then: Self) -> Self {
        Self {
            encodes: self.encodes.saturating_sub(then.encodes),
            fills: self.fills.saturating_sub(then.fills),
            gaps_filled: self.gaps_filled.saturating_sub(then.gaps_filled),
            uring_shards: self.uring_shards,
        }
    }
}

/// The sum of a counter over all its labels.
fn sum(text: &str, name: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '{']).then_some(())?;
        rest.rsplit(' ').next()?.parse::<u64>().ok()
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels_and_no_others() {
        let text = "# TYPE a_total counter\na_total 3\na_total{codec=\"json\"} 4\na_totals 100\n";
        assert_eq!(sum(text, "a_total"), 7);
        assert_eq!(sum(text, "b_total"), 0);
        let text = "a_shards{writes=\"plain\"} 3\na_shards{writes=\"uring\"} 2\n";
        assert_eq!(sum(text, r#"a_shards{writes="uring"}"#), 2);
    }
}
