//! Matches as scoring would have stored them, for the tests of this crate.

use std::collections::BTreeMap;

use bytes::Bytes;
use grandstand_broker::StoredRecord;
use grandstand_core::event::{Event, Posted};
use grandstand_core::hash::StateHash;
use grandstand_core::headers::Headers;
use grandstand_core::ids::MatchId;
use grandstand_core::record::Record;
use grandstand_sports::{Game, RULES_VERSION, Rights, Sport};
use serde_json::{Value, json};

const CREATED_US: u64 = 1_790_000_000_000_000;

/// Scores a match, post by post.
pub(crate) struct Scorer {
    match_id: MatchId,
    game: Game,
}

impl Scorer {
    pub(crate) fn new(match_id: &str, sport: Sport) -> Self {
        Self {
            match_id: MatchId::new(match_id).unwrap(),
            game: Game::new(sport),
        }
    }

    /// The record of one post.
    pub(crate) fn post(&mut self, documents: &[Value]) -> StoredRecord {
        let rights = Rights {
            open: true,
            official: true,
        };
        let mut draft = self.game.draft();
        let (mut events, mut digests): (Vec<Event>, Vec<String>) = (Vec::new(), Vec::new());
        for document in documents {
            let posted = Posted::parse(document.clone(), None).unwrap();
            let ts = CREATED_US + draft.seq() * 1_000;
            events.push(draft.decide(&posted, rights, ts).unwrap().0);
            digests.push(posted.digest);
        }
        let drafted = draft.finish();
        self.game.adopt(drafted);
        let headers = Headers {
            created_us: CREATED_US,
            sport: self.game.sport().as_str().to_owned(),
            rules_version: RULES_VERSION,
            visibility: Default::default(),
            delay_s: 0,
            scorer: "tester".to_owned(),
            warnings: vec![Vec::new(); events.len()],
            digests,
            strip: self.game.state()["strip"].clone(),
            traceparent: None,
            device: None,
        };
        let hash = StateHash::of(self.game.state());
        let pairs = headers.to_pairs().into_iter();
        StoredRecord {
            match_id: self.match_id.clone(),
            stream_sequence: self.game.seq() * 10,
            last_stream_sequence: None,
            stored_at_us: 0,
            headers: pairs
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<BTreeMap<_, _>>(),
            body: Bytes::from(Record { events, hash }.encode()),
        }
    }
}

/// A short match of cricket: 1 created; 2 to 4 start and a four; single balls; the four is void.
pub(crate) fn cricket(match_id: &str) -> Vec<StoredRecord> {
    let mut scorer = Scorer::new(match_id, Sport::Cricket);
    let player = |id: &str| json!({"id": id, "name": id.to_uppercase()});
    let created = json!({"id": "created", "type": "created", "data": {
        "sport": "cricket", "title": "A v B",
        "teams": {
            "a": {"name": "A", "players": [player("a1"), player("a2"), player("a3")]},
            "b": {"name": "B", "players": [player("b1"), player("b2")]},
        },
    }});
    let mut records = vec![scorer.post(&[created])];
    records.push(scorer.post(&[
        json!({"id": "toss", "type": "toss", "data": {"winner": "a", "decision": "bat"}}),
        json!({"id": "i1", "type": "innings_start", "data": {"batting": "a"}}),
        ball("d1", 4),
    ]));
    for n in 2..=5 {
        records.push(scorer.post(&[ball(&format!("d{n}"), n % 2 * 2)]));
    }
    records.push(scorer.post(&[json!({"id": "v1", "op": "void", "ref": "d1"})]));
    records
}

/// A match of the open sport with `records` records, whose strip counts them.
pub(crate) fn open(match_id: &str, records: u64) -> Vec<StoredRecord> {
    let mut scorer = Scorer::new(match_id, Sport::Open);
    let state = json!({"strip": {"title": "Sale", "status": "live", "line": "lot 1"}});
    let data = json!({"sport": "open", "title": "Sale", "state": state});
    let mut log = vec![scorer.post(&[json!({"id": "created", "type": "created", "data": data})])];
    for lot in 2..=records {
        let change = json!({"strip": {"line": format!("lot {lot}")}});
        log.push(
            scorer.post(&[json!({"id": format!("lot-{lot}"), "type": "lot", "patch": change})]),
        );
    }
    log
}

fn ball(id: &str, runs: u64) -> Value {
    json!({"id": id, "type": "delivery", "data": {
        "over": 0, "batter": "a1", "non_striker": "a2", "bowler": "b1", "runs": runs,
    }})
}
