//! One made-up file from its text to the comparison, with everything that must hold on the way.

use std::path::Path;

use grandstand_core::event::{Event, Op, Posted};
use grandstand_core::hash::{self, StateHash};
use grandstand_core::patch;
use grandstand_core::value::{self, STRIP_BYTES_MAX};
use grandstand_play::compare::compare;
use grandstand_play::squads::Squads;
use grandstand_play::{create, events, read, tally};
use grandstand_sports::{Game, Rights, Sport};
use serde_json::{Value, json};

use grandstand_play::generate::chance::Chance;

const RIGHTS: Rights = Rights {
    open: false,
    official: false,
};
/// Events of one post, at most.
const POST_EVENTS_MAX: u64 = 8;

/// Scores `file` and holds the state against play's own count.
pub(crate) fn check(file: &Value, chance: &mut Chance) {
    let of = read::parse(Path::new("made-up.json"), file.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("not read: {error}"));
    let squads = Squads::of(&of);
    let sums = tally::tally(&of);
    let created = json!({"id": "created", "type": "created", "data": create::body(&of, &squads)});
    let all = events::events(&of, &squads, &sums);
    let posts: Vec<Value> = std::iter::once(created)
        .chain(all.iter().map(|event| json!(event)))
        .collect();

    let mut scorer = Scorer::new();
    let mut rest = posts.as_slice();
    while !rest.is_empty() {
        let length = 1 + chance.below(POST_EVENTS_MAX.min(rest.len() as u64)) as usize;
        scorer.post(&rest[..length]);
        rest = &rest[length..];
        if chance.below(40) == 0 {
            scorer.correct(chance);
        }
    }

    scorer.check_log();
    let comparison = compare(&sums, scorer.game.state(), &squads);
    let differences: Vec<String> = comparison
        .differences
        .iter()
        .map(|difference| difference.to_string())
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Posts, and a fan who applies patches.
struct Scorer {
    game: Game,
    log: Vec<Event>,
    fan: Value,
}

impl Scorer {
    fn new() -> Self {
        Self {
            game: Game::new(Sport::Cricket),
            log: Vec::new(),
            fan: json!({}),
        }
    }

    fn post(&mut self, documents: &[Value]) {
        let mut draft = self.game.draft();
        for document in documents {
            let posted = Posted::parse(document.clone(), None)
                .unwrap_or_else(|error| panic!("{document}: {error:?}"));
            let ts = 1_790_000_000_000_000 + self.log.len() as u64;
            let (event, _) = draft
                .decide(&posted, RIGHTS, ts)
                .unwrap_or_else(|refusal| panic!("refused: {document}\n{refusal:?}"));
            patch::apply(&mut self.fan, &event.patch);
            let strip = hash::canonical(&draft.state()["strip"]);
            assert!(strip.len() <= STRIP_BYTES_MAX, "{strip}");
            self.log.push(event);
        }
        assert_eq!(&self.fan, draft.state(), "after {:?}", documents.last());
        let drafted = draft.finish();
        self.game.adopt(drafted);
    }

    /// Takes a ball out and puts it back: nothing has changed.
    fn correct(&mut self, chance: &mut Chance) {
        let balls = self
            .log
            .iter()
            .filter(|event| event.kind == "delivery" && event.op == Op::Add);
        let balls: Vec<String> = balls.map(|event| event.id.to_string()).collect();
        if balls.is_empty() {
            return;
        }
        let ball = chance.one_of(&balls);
        let before = self.game.state().clone();
        let seq = self.log.len();
        self.post(&[json!({"id": format!("void-{seq}"), "op": "void", "ref": ball})]);
        self.check_refold();
        self.post(&[json!({"id": format!("restore-{seq}"), "op": "restore", "ref": ball})]);
        assert_eq!(&before, self.game.state(), "{ball} was void for a moment");
    }

    fn check_refold(&self) {
        assert_eq!(&self.game.refold(), self.game.state());
    }

    /// The log alone gives the same match.
    fn check_log(&self) {
        let mut again = Game::new(Sport::Cricket);
        self.log.iter().for_each(|event| again.apply(event));
        assert_eq!(&again.refold(), self.game.state());
        let hashes = [&self.fan, again.state(), self.game.state()].map(StateHash::of);
        assert_eq!(hashes[0], hashes[1]);
        assert_eq!(hashes[0], hashes[2]);
        value::check_state(&self.fan).unwrap_or_else(|error| panic!("{error}"));
    }
}
