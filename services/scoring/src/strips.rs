//! The strip after each record, in little memory: where it is like one that is kept whole, only what
//! stands between their common beginning and end.

use grandstand_core::hash;
use serde_json::Value;

/// The strips of a match.
#[derive(Debug, Default)]
pub(crate) struct Strips {
    /// What is kept of each, one behind the other.
    text: Vec<u8>,
    rows: Vec<Row>,
}

/// A strip, which is JSON.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Where what is kept of it ends.
    end: u32,
    /// The whole one that it is like; its own place if it is kept whole.
    whole: u32,
    /// So many bytes it has in common with that one at its beginning,
    prefix: u16,
    /// and at its end.
    suffix: u16,
}

impl Strips {
    /// Keeps the next strip.
    pub(crate) fn push(&mut self, strip: &Value) {
        let json = hash::canonical(strip).into_bytes();
        let place = self.rows.len();
        let mut row = Row {
            end: 0,
            whole: place as u32,
            prefix: 0,
            suffix: 0,
        };
        if let Some(newest) = self.rows.last() {
            let whole = self.kept(newest.whole as usize);
            let (prefix, suffix) = in_common(whole, &json);
            // One that is like it by less than half begins anew.
            if usize::from(prefix + suffix) * 2 >= json.len() {
                row.whole = newest.whole;
                (row.prefix, row.suffix) = (prefix, suffix);
            }
        }
        let own = usize::from(row.prefix)..json.len() - usize::from(row.suffix);
        self.text.extend_from_slice(&json[own]);
        row.end = self.text.len() as u32;
        self.rows.push(row);
    }

    /// The strip at a place.
    pub(crate) fn get(&self, place: usize) -> Value {
        let row = self.rows[place];
        let whole = self.kept(row.whole as usize);
        let (prefix, suffix) = (usize::from(row.prefix), usize::from(row.suffix));
        let end = &whole[whole.len() - suffix..];
        let json = [&whole[..prefix], self.kept(place), end].concat();
        serde_json::from_slice(&json).expect("it was a value when it was kept")
    }

    /// Takes no more memory than it needs, and some to grow.
    pub(crate) fn rest(&mut self) {
        self.text.shrink_to(with_room(self.text.len()));
        self.rows.shrink_to(with_room(self.rows.len()));
    }

    fn kept(&self, place: usize) -> &[u8] {
        let before = place.checked_sub(1).map(|before| self.rows[before].end);
        &self.text[before.unwrap_or(0) as usize..self.rows[place].end as usize]
    }
}

/// How many bytes two texts have in common at their beginnings, and then at their ends.
fn in_common(one: &[u8], other: &[u8]) -> (u16, u16) {
    let equal = |(a, b): &(&u8, &u8)| a == b;
    let most = one.len().min(other.len()).min(usize::from(u16::MAX) / 2);
    let prefix = one.iter().zip(other).take(most).take_while(equal).count();
    let ends = one.iter().rev().zip(other.iter().rev());
    let suffix = ends.take(most - prefix).take_while(equal).count();
    (prefix as u16, suffix as u16)
}

/// So much that who grows by little each time, and then rests, seldom moves.
pub(crate) fn with_room(len: usize) -> usize {
    len + len / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_strip_is_told_as_it_was() {
        let strip = |score: &str| {
            json!({"title": "Reds v Blues", "sides": {"a": "Reds", "b": "Blues"},
                "status": "live", "score": score})
        };
        let all = [
            strip("Reds 0/0 (0.1)"),
            strip("Reds 4/0 (0.2)"),
            strip("Reds 4/0 (0.2)"),
            json!({"title": "Another match", "status": "ended"}),
            strip("Blues 1/0 (0.1)"),
            strip("Blues 2/0 (0.2)"),
            // As only a log that others made may have them.
            json!({"title": "Reds v Blues", "sides": null, "status": "live", "score": "-"}),
            Value::Null,
            json!({}),
            json!({"title": "Ł".repeat(70_000), "status": "live"}),
            json!({"title": "Ĺ".repeat(70_000), "status": "live"}),
            strip("Blues 3/0 (0.3)"),
        ];
        let mut strips = Strips::default();
        for strip in &all {
            strips.push(strip);
            strips.rest();
        }
        for (place, strip) in all.iter().enumerate() {
            assert_eq!(strips.get(place), *strip, "{place}");
        }
    }

    #[test]
    fn of_a_strip_little_more_than_the_score_is_kept_while_nothing_else_changes() {
        let mut strips = Strips::default();
        let strip = |runs: u32| {
            json!({"title": "Reds v Blues", "sides": {"a": "Reds", "b": "Blues"},
                "status": "live", "score": format!("Reds {runs}/0 (0.1)")})
        };
        for runs in 0..300 {
            strips.push(&strip(runs));
        }
        assert!(strips.text.len() < 300 * 8, "{}", strips.text.len());
    }
}
