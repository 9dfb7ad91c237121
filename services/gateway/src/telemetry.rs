//! What a gateway's metrics mean, as `/metrics` tells it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes every metric of a gateway. Without match or user labels: their number is bounded.
pub(crate) fn describe() {
    describe_gauge!(
        "grandstand_connections",
        "Fans connected, by transport: websocket or sse"
    );
    describe_counter!(
        "grandstand_connects_total",
        "Fans who connected, by whether a cursor was shown"
    );
    describe_counter!(
        "grandstand_disconnects_total",
        "Connections that ended, by reason"
    );
    describe_counter!(
        "grandstand_refusals_total",
        "What was refused to fans, by reason"
    );
    describe_counter!(
        "grandstand_frames_total",
        "Messages written to connected fans"
    );
    describe_gauge!(
        "grandstand_shards",
        "Event loops for fans, by how they began to write: uring in batches, or plain"
    );
    describe_gauge!(
        "grandstand_headroom",
        "What is left of that which is scarcest, places or CPU, from 0 to 1"
    );
    describe_gauge!(
        "grandstand_poll_after_seconds",
        Unit::Seconds,
        "When pollers are told to come again, so that they stay a small share of the CPU"
    );
    describe_histogram!(
        "grandstand_shard_lag_seconds",
        Unit::Seconds,
        "How long a shard's sockets waited for it: from one look at them to the next, the wait itself not counted"
    );
    describe_counter!(
        "grandstand_events_total",
        "Events written to fans, by policy"
    );
    describe_counter!(
        "grandstand_encodes_total",
        "Events, snapshots and messages of strips that were encoded, by codec: of events at most as many as were followed, and none for MessagePack fans, who get the stored bytes"
    );
    describe_counter!(
        "grandstand_deflates_total",
        "Records, snapshots, messages of strips and passages (several records, once a second fan asks for the same) that were deflated for fans whose client takes that: a record and a snapshot at most once for each codec"
    );
    describe_counter!(
        "grandstand_events_followed_total",
        "Events taken into the logs in memory"
    );
    describe_counter!(
        "grandstand_compressions_total",
        "Answers that were compressed, by coding; what was kept of late is not compressed again"
    );
    describe_gauge!(
        "grandstand_log_bytes",
        Unit::Bytes,
        "Memory of all logs, with what is kept ready of them"
    );
    describe_counter!(
        "grandstand_log_evictions_total",
        "Logs that gave memory back, by what: caches, the whole log, or its oldest events"
    );
    describe_counter!("grandstand_fills_total", "Whole logs read from the broker");
    describe_counter!("grandstand_gaps_found_total", "Gaps found in followed logs");
    describe_counter!(
        "grandstand_gaps_filled_total",
        "Gaps filled from the broker"
    );
    describe_counter!(
        "grandstand_logs_changed_total",
        "Logs that changed under us and were read anew"
    );
    describe_counter!(
        "grandstand_logs_lost_total",
        "Logs of which the leader has lost what is in memory here"
    );
    describe_counter!(
        "grandstand_records_unreadable_total",
        "Messages of the stream that are no records"
    );
    describe_counter!(
        "grandstand_hashes_wrong_total",
        "Records whose patches do not lead to their hash"
    );
    describe_counter!(
        "grandstand_resumes_total",
        "Subscriptions that showed a cursor"
    );
    describe_counter!(
        "grandstand_sessions_written_total",
        "Sessions that the bucket took"
    );
    describe_counter!(
        "grandstand_sessions_superseded_total",
        "Sessions that a newer gateway of their fan has"
    );
    describe_counter!(
        "grandstand_sessions_failed_total",
        "Writes of sessions that the bucket did not take, and that are tried again"
    );
    describe_counter!(
        "grandstand_sessions_resumed_total",
        "Sessions that fans brought along, by whether they had their cursors or the bucket was read"
    );
    describe_gauge!(
        "grandstand_bucket_up",
        "1 while a bucket of the broker answers"
    );
    describe_gauge!(
        "grandstand_broker_lag_seconds",
        Unit::Seconds,
        "How late the newest canary came, beyond the quickest of late, or how long the next is overdue"
    );
    describe_gauge!(
        "grandstand_stale",
        "1 while nothing new comes from the broker"
    );
}
