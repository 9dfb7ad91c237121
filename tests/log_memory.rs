//! What a match log takes of the memory: as much as it says, and little enough that a thousand
//! followed T20s fit in the default budget.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "harness/matches.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod matches;

use std::sync::Arc;

use bytes::Bytes;
use grandstand_core::event::Posted;
use grandstand_core::frame::{Codec, Coding, Reason};
use grandstand_core::hash::StateHash;
use grandstand_core::ids::{Epoch, MatchId};
use grandstand_core::log::{HashCheck, LogBudget, MatchLog, Split};
use grandstand_core::record::{Record, RecordParts};
use grandstand_play::cricsheet::Match;
use grandstand_play::generate::generate;
use grandstand_play::squads::Squads;
use grandstand_play::{create, events, read, tally};
use grandstand_sports::{Game, Rights, Sport};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The default of `--log-bytes-max`.
const BUDGET_BYTES: u64 = 256 << 20;
const MATCHES: u64 = 1000;

/// One test, since what another one allocates meanwhile would count too.
#[test]
fn a_log_takes_what_it_says_and_a_thousand_matches_fit() {
    let mut files: Vec<Match> = (0..3).map(generate).collect();
    if matches::at_hand() {
        files.extend(matches::LIMITED_OVERS.iter().map(|name| {
            let path = matches::file(name);
            read::parse(&path, &std::fs::read(&path).unwrap()).unwrap()
        }));
    }
    let mut t20s = 0;
    for file in &files {
        let bodies = bodies(file);
        let is_t20 = file.info.overs == Some(20);
        let bytes = held_to_the_allocator(&bodies);
        eprintln!("{} events, T20: {is_t20}: {bytes:?}", bodies.len());
        if is_t20 {
            t20s += 1;
            assert!(bytes.kept * MATCHES <= BUDGET_BYTES, "{bytes:?}");
            assert!(bytes.least < bytes.kept && bytes.kept < bytes.followed);
            assert!(bytes.followed < bytes.full);
        }
    }
    assert!(t20s >= 3, "the made-up ones are T20s");
    thousand_fit(&bodies(&files[0]));
}

/// What a log takes, in its own count.
#[derive(Debug)]
struct Taken {
    /// With all that can be made ready of it.
    full: u64,
    /// As it is while it is followed in realtime.
    followed: u64,
    /// Without what can be made again.
    kept: u64,
    /// With as few events as there ever are.
    least: u64,
}

fn held_to_the_allocator(bodies: &[Bytes]) -> Taken {
    let budget = LogBudget::unbounded();
    // What deflates is there once for all logs, and counts in none.
    let deflates = Coding {
        codec: Codec::Json,
        deflates: true,
    };
    drop(filled(&bodies[..1], &budget).frame(deflates, 0, 1, Split::Records));
    let before = ALLOCATED.current_usage() as u64;
    let mut log = Box::new(filled(bodies, &budget));
    let check = |log: &MatchLog, what: &str| {
        let (said, is) = (log.bytes(), ALLOCATED.current_usage() as u64 - before);
        assert_eq!(said, budget.bytes(), "{what}");
        assert!(
            said * 100 >= is * 80 && said * 100 <= is * 120,
            "{what}: {said} of {is}"
        );
        said
    };
    check(&log, "filled");
    let head = log.head();
    for seq in 1..=head {
        log.frame(Codec::Json, seq - 1, seq, Split::Records)
            .unwrap();
        log.frame(Codec::MessagePack, seq - 1, seq, Split::Records)
            .unwrap();
    }
    let followed = check(&log, "followed");
    for codec in [Codec::Json, Codec::MessagePack] {
        for n in 0..head / 64 {
            log.segment(codec, n, head).unwrap();
        }
        for deflates in [false, true] {
            let coding = Coding { codec, deflates };
            for (seq, reason) in [
                (head, Reason::Joined),
                (head, Reason::Behind),
                (head - 9, Reason::Asked),
            ] {
                log.snapshot(coding, seq, reason);
            }
            for seq in 1..=head {
                log.frame(coding, seq - 1, seq, Split::Records).unwrap();
            }
            for after in [head - 6, head - 9, head - 64] {
                log.frame(coding, after, head, Split::Records).unwrap();
            }
        }
    }
    let full = check(&log, "all ready");
    log.evict_caches();
    let kept = check(&log, "caches evicted");
    while log.evict_oldest() {}
    let least = check(&log, "oldest evicted");
    drop(log);
    assert_eq!(budget.bytes(), 0);
    Taken {
        full,
        followed,
        kept,
        least,
    }
}

/// As many logs of the same match as fit at least, none of which has to lose an event; a tenth of
/// them in a tenth of the budget, since a thousand take long to fill.
fn thousand_fit(bodies: &[Bytes]) {
    let (matches, bytes_max) = (MATCHES / 10, BUDGET_BYTES / 10);
    let budget = Arc::new(LogBudget::new(bytes_max));
    let before = ALLOCATED.current_usage() as u64;
    let mut logs: Vec<MatchLog> = Vec::new();
    for _ in 0..matches {
        logs.push(filled(bodies, &budget));
        if budget.is_over() {
            logs.iter_mut().for_each(MatchLog::evict_caches);
        }
        assert!(!budget.is_over(), "after {} matches", logs.len());
    }
    let (said, is) = (budget.bytes(), ALLOCATED.current_usage() as u64 - before);
    eprintln!("{matches} matches: {said} bytes, {is} by the allocator");
    assert!(is <= bytes_max, "{is}");
    assert!(logs.iter().all(|log| log.evicted() == 0));
}

fn filled(bodies: &[Bytes], budget: &Arc<LogBudget>) -> MatchLog {
    let epoch = Epoch {
        created_us: 1_790_000_000_000_000,
        incarnation: 1,
    };
    let mut log = MatchLog::new(
        MatchId::new("a-t20-of-ours").unwrap(),
        epoch,
        Arc::clone(budget),
    );
    for body in bodies {
        let check = log.push(RecordParts::decode(body.clone()).unwrap(), u64::MAX);
        assert_eq!(check, Ok(HashCheck::Right));
    }
    log
}

/// The records of a match as scoring stores them, one event each.
fn bodies(file: &Match) -> Vec<Bytes> {
    let squads = Squads::of(file);
    let created = json!({"id": "created", "type": "created", "data": create::body(file, &squads)});
    let played = events::events(file, &squads, &tally::tally(file));
    let posts = std::iter::once(created).chain(played.iter().map(|event| json!(event)));
    let mut game = Game::new(Sport::Cricket);
    posts.map(|post| body(&mut game, post)).collect()
}

fn body(game: &mut Game, post: Value) -> Bytes {
    let mut draft = game.draft();
    let rights = Rights {
        open: false,
        official: true,
    };
    let at_us = 1_790_000_000_000_000 + game.seq() * 40_000_000;
    let (event, _) = draft
        .decide(&Posted::parse(post, None).unwrap(), rights, at_us)
        .unwrap();
    let hash = StateHash::of(draft.state());
    let drafted = draft.finish();
    game.adopt(drafted);
    Record {
        events: vec![event],
        hash,
    }
    .encode()
    .into()
}
