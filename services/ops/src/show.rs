//! Lines for people: an event of a log, and what was found about a match.

use grandstand_broker::StoredRecord;
use grandstand_core::headers::Headers;
use grandstand_core::record::{EventPart, RecordParts};
use serde_json::Value;
use time::OffsetDateTime;

use crate::verdict::{Finding, MatchReport};

/// A line for each event of a record that is asked for; the last of the record says where the match
/// stands then.
pub(crate) fn event_lines(
    record: &StoredRecord,
    parts: &RecordParts,
    is_asked_for: impl Fn(&EventPart) -> bool,
) -> Vec<String> {
    let headers = Headers::read(|name| record.headers.get(name).map(String::as_str)).ok();
    let shown = parts.events.iter().filter(|event| is_asked_for(event));
    shown
        .map(|event| {
            let strip = headers
                .as_ref()
                .filter(|_| event.seq == parts.last_seq())
                .map(|headers| strip_text(&headers.strip));
            event_line(record, event, strip)
        })
        .collect()
}

fn event_line(record: &StoredRecord, event: &EventPart, strip: Option<String>) -> String {
    let text = |name: &str| event.document[name].as_str().map(plain);
    let mut line = format!(
        "{}  {}  {:>4}  {}",
        time_text(event.ts),
        record.match_id,
        event.seq,
        text("type").unwrap_or_default()
    );
    if let Some(op) = text("op") {
        line.push_str(&format!("  {op} {}", text("ref").unwrap_or_default()));
    }
    let tags: Vec<String> = event.document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| Some(plain(tag.as_str()?)))
        .collect();
    if !tags.is_empty() {
        line.push_str(&format!("  [{}]", tags.join(" ")));
    }
    if let Some(strip) = strip.filter(|strip| !strip.is_empty()) {
        line.push_str(&format!("  {strip}"));
    }
    line
}

/// The score and the line under it, or the title where a sport has neither.
pub(crate) fn strip_text(strip: &Value) -> String {
    let text = |name: &str| strip[name].as_str().map(plain);
    let parts: Vec<String> = [text("score"), text("line")]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        return text("title").unwrap_or_default();
    }
    parts.join(" · ")
}

/// What was found about a match: one line, and one more for each fault and note.
pub(crate) fn report_lines(report: &MatchReport) -> Vec<String> {
    let verdict = &report.verdict;
    let word = if verdict.is_right() { "ok   " } else { "WRONG" };
    let mut lines = vec![format!(
        "{word}  {}  {}, {}, {} bytes",
        report.match_id,
        count(verdict.events, "event", "events"),
        count(verdict.records, "record", "records"),
        verdict.bytes
    )];
    lines.extend(verdict.faults.iter().map(|fault| finding_line("", fault)));
    if verdict.faults_more > 0 {
        lines.push(format!("       and {} more", verdict.faults_more));
    }
    lines.extend(
        verdict
            .notes
            .iter()
            .map(|note| finding_line("note: ", note)),
    );
    lines
}

fn finding_line(word: &str, finding: &Finding) -> String {
    let place = match finding.seq {
        Some(seq) => format!("seq {seq}, "),
        None => String::new(),
    };
    let check = finding.check.as_str();
    format!("       {word}{place}{check}: {}", plain(&finding.detail))
}

/// `1 record`, `2 records`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How long, in the largest unit that says enough.
pub(crate) fn span_text(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How many bytes, for people.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes as f64 / 1024.0;
    let mut unit = 0;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        (scaled, unit) = (scaled / 1024.0, unit + 1);
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

/// The seq of a record's last event, if it can be read.
pub(crate) fn last_seq(record: &StoredRecord) -> Option<u64> {
    let parts = RecordParts::decode(record.body.clone()).ok()?;
    Some(parts.last_seq())
}

/// A moment, in UTC.
pub(crate) fn time_text(ts_us: u64) -> String {
    let time = i64::try_from(ts_us / 1_000_000)
        .ok()
        .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    match time {
        Some(t) => format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            ts_us / 1_000 % 1_000
        ),
        None => ts_us.to_string(),
    }
}

/// Text from outside, without what would move a terminal's cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn an_event_is_one_line_with_where_the_match_stands() {
        let records = sample::cricket("m-1");
        let parts = |record: &StoredRecord| RecordParts::decode(record.body.clone()).unwrap();

        let first = event_lines(&records[0], &parts(&records[0]), |_| true);
        let over = event_lines(&records[1], &parts(&records[1]), |e| e.seq >= 3);
        let last = records.last().unwrap();
        let correction = event_lines(last, &parts(last), |_| true);

        assert_eq!(first.len(), 1);
        assert!(
            first[0].starts_with("2026-09-21 14:13:20.000  m-1     1  created"),
            "{first:?}"
        );
        assert_eq!(over.len(), 2, "from seq 3 of 2 to 4");
        assert!(
            over[1].contains("delivery") && over[1].contains("4/0"),
            "{over:?}"
        );
        assert!(!over[0].contains("4/0"), "{over:?}");
        assert!(correction[0].contains("  void d1"), "{correction:?}");
    }

    #[test]
    fn spans_and_bytes_are_short() {
        let spans = [90, 600, 7_200, 200_000].map(span_text);
        assert_eq!(spans, ["90 s", "10 min", "2 h", "2 d"]);
        let sizes = [1_000, 1_536, 5 << 20, 1 << 30].map(bytes_text);
        assert_eq!(sizes, ["1000 B", "1.5 KiB", "5.0 MiB", "1.0 GiB"]);
    }

    #[test]
    fn no_text_from_outside_moves_the_cursor() {
        let strip = serde_json::json!({"title": "a\u{1b}[2Jb\n"});
        assert_eq!(strip_text(&strip), "a\u{fffd}[2Jb\u{fffd}");
    }
}
