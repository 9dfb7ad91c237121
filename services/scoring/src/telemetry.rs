//! What the metrics of scoring mean, as `/metrics` tells it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes every metric of scoring. Without match or user labels: their number is bounded.
pub(crate) fn describe() {
    describe_counter!(
        "grandstand_scoring_posts_total",
        "Posts and creations that were answered, by outcome"
    );
    describe_counter!("grandstand_scoring_events_total", "Events that were stored");
    describe_counter!(
        "grandstand_scoring_attempts_total",
        "Records that the broker was asked to store; more than there are posts where some had to be decided again"
    );
    describe_histogram!(
        "grandstand_scoring_append_seconds",
        Unit::Seconds,
        "How long the broker took to answer such an attempt, whatever it said"
    );
    describe_counter!(
        "grandstand_scoring_conflicts_total",
        "Attempts that came too late, since the match had gone on"
    );
    describe_gauge!(
        "grandstand_scoring_matches_active",
        "Matches kept in memory"
    );
    describe_counter!(
        "grandstand_scoring_refusals_total",
        "What was refused to scorers, by the word of its problem"
    );
    describe_counter!(
        "grandstand_scoring_accesses_total",
        "Accesses by link and PIN that were made, and tokens that were given for them or renewed, by outcome"
    );
    describe_counter!(
        "grandstand_compressions_total",
        "Answers that were compressed, by coding; what was kept of late is not compressed again"
    );
}
