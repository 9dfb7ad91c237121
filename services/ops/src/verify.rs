//! Checks the records of one match against all that a log promises, without IO.

use std::collections::{BTreeMap, BTreeSet};

use grandstand_broker::StoredRecord;
use grandstand_core::event::{Event, Op};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Headers;
use grandstand_core::ids::EventId;
use grandstand_core::patch;
use grandstand_core::record::{Record, RecordParts};
use grandstand_core::value::check_state;
use grandstand_sports::{Game, RULES_VERSION, Sport};
use serde_json::{Map, Value};

use crate::verdict::{Check, Verdict};

/// A re-fold goes through all events so far. Only every second, third … record of a log that is
/// longer than any real match is followed by one, so that 20,000 events take no hour.
const REFOLDS_MAX: usize = 3_000;
/// The id and type of the event that creates a match.
const CREATED: &str = "created";

/// Checks all records of a match, in the order of the stream.
///
/// What is wrong with every record from one on, such as the state after a patch went missing, is
/// told once, where it begins.
pub(crate) fn verify(records: &[StoredRecord]) -> Verdict {
    let mut log = Log {
        verdict: Verdict::default(),
        next_seq: Some(1),
        ids: BTreeMap::new(),
        last_ts: 0,
        origin: None,
        state: Some(Value::Object(Map::new())),
        rules: Rules::Unknown,
        failing: BTreeSet::new(),
    };
    let stride = records.len().div_ceil(REFOLDS_MAX).max(1);
    for (record, left) in records.iter().zip((0..records.len()).rev()) {
        log.take(record);
        if left % stride == 0 {
            log.check_refold();
        }
    }
    log.verdict
}

/// What the records so far have come to.
struct Log {
    verdict: Verdict,
    /// The seq that comes next; none after a record that can't be read.
    next_seq: Option<u64>,
    ids: BTreeMap<EventId, u64>,
    last_ts: u64,
    /// Creation and sport that every record has to name.
    origin: Option<(u64, String)>,
    /// The state as the patches say it; none once a patch can't be read.
    state: Option<Value>,
    rules: Rules,
    /// What is wrong since an earlier record, and told.
    failing: BTreeSet<Check>,
}

/// What the rules of this build can say about the events so far.
enum Rules {
    /// No record has told the sport yet.
    Unknown,
    /// All of it, though earlier rules may have made other patches if `older` has their version.
    Fold { game: Box<Game>, older: Option<u32> },
    /// Nothing.
    Silent,
}

impl Log {
    fn take(&mut self, stored: &StoredRecord) {
        self.verdict.records += 1;
        self.verdict.bytes += stored.body.len() as u64;
        let seq = self.next_seq;
        let headers = Headers::read(|name| stored.headers.get(name).map(String::as_str));
        let record = match Record::decode(&stored.body) {
            Ok(record) => record,
            Err(error) => {
                let place = format!("stream sequence {}: {error}", stored.stream_sequence);
                self.verdict.fault(Check::Body, seq, place);
                (self.next_seq, self.state, self.rules) = (None, None, Rules::Silent);
                return;
            }
        };
        match &headers {
            Ok(headers) => self.check_headers(headers, &record),
            Err(error) => self.verdict.fault(Check::Headers, seq, error.to_string()),
        }
        let faults_before = self.verdict.faults.len();
        for event in &record.events {
            self.take_event(event);
        }
        if self.verdict.faults.len() == faults_before
            && let Err(error) = RecordParts::decode(stored.body.clone())
        {
            self.verdict.fault(Check::Body, seq, error.to_string());
        }
        self.verdict.hash = Some(record.hash);
        self.check_state(&record, headers.ok().as_ref());
    }

    fn check_headers(&mut self, headers: &Headers, record: &Record) {
        let seq = record.events.first().map(|event| event.seq);
        let origin = (headers.created_us, headers.sport.clone());
        let first = self.origin.get_or_insert_with(|| origin.clone());
        let other_origin = (*first != origin).then(|| {
            format!(
                "the record is of a match of {} created at {}, those before it of one of {} created at {}",
                origin.1, origin.0, first.1, first.0
            )
        });
        self.judge(Check::Origin, seq, other_origin);
        let (digests, warnings) = (headers.digests.len(), headers.warnings.len());
        let events = record.events.len();
        let miscounted = (digests != events || warnings != events).then(|| {
            format!("{digests} digests and {warnings} lists of warnings for {events} events")
        });
        self.judge(Check::Digests, seq, miscounted);
        self.choose_rules(headers, seq);
    }

    fn choose_rules(&mut self, headers: &Headers, seq: Option<u64>) {
        let version = headers.rules_version;
        if matches!(self.rules, Rules::Unknown) {
            self.rules = match Sport::parse(&headers.sport) {
                Some(sport) => Rules::Fold {
                    game: Box::new(Game::new(sport)),
                    older: None,
                },
                None => {
                    let why = format!("the sport {} is not known here", headers.sport);
                    self.verdict.note(Check::Refold, seq, why);
                    Rules::Silent
                }
            };
        }
        let Rules::Fold { older, .. } = &mut self.rules else {
            return;
        };
        if version > RULES_VERSION {
            let why = format!(
                "made by rules {version}, this build knows {RULES_VERSION}: not re-folded from here on"
            );
            self.verdict.note(Check::Refold, seq, why);
            self.rules = Rules::Silent;
        } else if version < RULES_VERSION {
            older.get_or_insert(version);
        }
    }

    fn take_event(&mut self, event: &Event) {
        let seq = Some(event.seq);
        self.verdict.events += 1;
        if let Some(expected) = self.next_seq.filter(|expected| *expected != event.seq) {
            let detail = format!("{} where {expected} belongs", event.seq);
            self.verdict.fault(Check::Seq, seq, detail);
        }
        self.next_seq = Some(event.seq + 1);
        self.check_creation(event);
        if event.ts <= self.last_ts {
            let detail = format!("{} is not after {}", event.ts, self.last_ts);
            self.verdict.fault(Check::Ts, seq, detail);
        }
        self.last_ts = self.last_ts.max(event.ts);
        self.check_reference(event);
        match self.ids.get(&event.id) {
            Some(earlier) => {
                let detail = format!("{} is event {earlier} already", event.id);
                self.verdict.fault(Check::Id, seq, detail);
            }
            None => {
                self.ids.insert(event.id.clone(), event.seq);
            }
        }
        if let Some(state) = &mut self.state {
            patch::apply(state, &event.patch);
        }
        if let Rules::Fold { game, .. } = &mut self.rules {
            game.apply(event);
        }
    }

    fn check_creation(&mut self, event: &Event) {
        let names_it = event.kind == CREATED && event.id.as_str() == CREATED;
        let creates = event.kind == CREATED && matches!(event.op, Op::Add | Op::Insert);
        let is_first = self.verdict.events == 1;
        if is_first && !(creates && names_it) {
            let detail = format!("the log begins with {} of type {}", event.id, event.kind);
            self.verdict.fault(Check::Creation, Some(event.seq), detail);
        } else if !is_first && creates {
            let detail = "the match is created again";
            self.verdict.fault(Check::Creation, Some(event.seq), detail);
        }
    }

    /// After a record that can't be read nobody knows what there is to name.
    fn check_reference(&mut self, event: &Event) {
        let fault = match (&event.reference, event.op) {
            (Some(id), _) if self.state.is_some() && !self.ids.contains_key(id) => {
                format!("{id} is no event before this one")
            }
            (None, Op::Insert | Op::Amend | Op::Void | Op::Restore) => {
                "a correction names no event".to_owned()
            }
            (Some(_), _) | (None, Op::Add) => return,
        };
        self.verdict.fault(Check::Ref, Some(event.seq), fault);
    }

    /// The state after a record, its hash and its strip.
    fn check_state(&mut self, record: &Record, headers: Option<&Headers>) {
        let Some(state) = &self.state else { return };
        let seq = record.events.last().map(|event| event.seq);
        let not_a_state = check_state(state).err().map(|error| error.to_string());
        let hash = StateHash::of(state);
        let other_hash = (hash != record.hash)
            .then(|| format!("the record says {}, its patches give {hash}", record.hash));
        let strip = state.get("strip").unwrap_or(&Value::Null);
        let other_strip = headers
            .filter(|headers| headers.strip != *strip)
            .map(|headers| format!("beside the record {}, in the state {strip}", headers.strip));
        self.judge(Check::State, seq, not_a_state);
        self.judge(Check::Hash, seq, other_hash);
        self.judge(Check::Strip, seq, other_strip);
        self.check_audience(seq, headers);
    }

    /// Gateways let people see a match by its headers: a private one shown as public is a leak.
    fn check_audience(&mut self, seq: Option<u64>, headers: Option<&Headers>) {
        let (Rules::Fold { game, .. }, Some(headers)) = (&self.rules, headers) else {
            return;
        };
        let Some(created) = game.created() else {
            return;
        };
        let (said, meant) = (
            (headers.visibility, headers.delay_s),
            (created.visibility, created.delay_s),
        );
        let other = (said != meant).then(|| {
            format!("the record says {said:?} (visibility, delay), the creation {meant:?}")
        });
        self.judge(Check::Audience, seq, other);
    }

    /// The state as the rules say it. Rules that changed since may fold it otherwise.
    fn check_refold(&mut self) {
        let (Some(state), Rules::Fold { game, older }) = (&self.state, &self.rules) else {
            return;
        };
        let seq = Some(game.seq());
        let refolded = game.refold();
        let difference = (*state != refolded).then(|| first_difference(state, &refolded));
        match (older, difference) {
            (Some(version), Some(difference)) => {
                if self.failing.insert(Check::Refold) {
                    let why = format!(
                        "rules {version} made it, rules {RULES_VERSION} fold it otherwise: {difference}"
                    );
                    self.verdict.note(Check::Refold, seq, why);
                }
            }
            (_, difference) => self.judge(Check::Refold, seq, difference),
        }
    }

    /// Tells a fault that lasts where it begins.
    fn judge(&mut self, check: Check, seq: Option<u64>, fault: Option<String>) {
        match fault {
            None => {
                self.failing.remove(&check);
            }
            Some(detail) => {
                if self.failing.insert(check) {
                    self.verdict.fault(check, seq, detail);
                }
            }
        }
    }
}

/// The first member in which two states differ.
fn first_difference(state: &Value, refolded: &Value) -> String {
    const CHARS_MAX: usize = 80;
    let short = |value: Option<&Value>| match value {
        Some(value) => value.to_string().chars().take(CHARS_MAX).collect(),
        None => "absent".to_owned(),
    };
    let mut path: Vec<String> = Vec::new();
    let mut pair = (Some(state), Some(refolded));
    while let (Some(Value::Object(ours)), Some(Value::Object(rules))) = pair {
        let keys: BTreeSet<&String> = ours.keys().chain(rules.keys()).collect();
        let Some(key) = keys
            .into_iter()
            .find(|key| ours.get(*key) != rules.get(*key))
        else {
            break;
        };
        path.push(key.clone());
        pair = (ours.get(key), rules.get(key));
    }
    let path = path.join(".");
    format!(
        "{path} is {}, by the rules {}",
        short(pair.0),
        short(pair.1)
    )
}
