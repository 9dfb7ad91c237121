//! Made-up T20s, slips of the scorer among them: legal, plausible, and in the end what was played.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use grandstand_core::event::Posted;
use grandstand_core::hash;
use grandstand_core::headers::Warning;
use grandstand_core::value;
use grandstand_play::compare::compare;
use grandstand_play::cricsheet::Match;
use grandstand_play::event::Event;
use grandstand_play::generate::generate;
use grandstand_play::generate::slips::with_slips;
use grandstand_play::squads::Squads;
use grandstand_play::tally::InningsTally;
use grandstand_play::{create, events, tally};
use grandstand_sports::{Game, Rights, Sport};
use serde_json::{Value, json};

/// How many matches are made: the seeds from 0 on.
const MATCHES: u64 = 100;
/// Every so many of them is scored without slips too, to see what the rules find odd in it.
const SCORED_CLEAN_STEP: u64 = 10;
/// How many threads make them.
const THREADS: u64 = 2;
/// Events of one post.
const POST_EVENTS: usize = 6;

/// What one match came to.
struct Scored {
    totals: Vec<u32>,
    wickets: u32,
    corrections: usize,
    kinds: BTreeSet<&'static str>,
}

#[test]
fn every_made_up_match_is_legal_plausible_and_put_right() {
    let scored: Vec<(u64, Option<Scored>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let seeds = (thread..MATCHES).step_by(THREADS as usize);
                scope.spawn(|| seeds.map(scored_if_right).collect::<Vec<_>>())
            })
            .collect();
        let all = threads.into_iter().map(|thread| thread.join().unwrap());
        all.flatten().collect()
    });

    let failed = scored.iter().filter(|(_, scored)| scored.is_none());
    let failed: Vec<u64> = failed.map(|(seed, _)| *seed).collect();
    assert!(failed.is_empty(), "seeds {failed:?}");
    let scored: Vec<Scored> = scored
        .into_iter()
        .filter_map(|(_, scored)| scored)
        .collect();
    check_figures(&scored);
}

fn scored_if_right(seed: u64) -> (u64, Option<Scored>) {
    (seed, catch_unwind(AssertUnwindSafe(|| score(seed))).ok())
}

/// Scores a match with the slips, and some without them too.
fn score(seed: u64) -> Scored {
    let of = generate(seed);
    let (squads, sums) = (Squads::of(&of), tally::tally(&of));
    let clean = events::events(&of, &squads, &sums);
    let told = with_slips(clean.clone(), seed);
    check_people(&of);

    let (mended, _) = post(&of, &squads, &told);

    let comparison = compare(&sums, mended.state(), &squads);
    let differences = comparison.differences.iter().map(ToString::to_string);
    let differences: Vec<String> = differences.collect();
    assert!(differences.is_empty(), "{seed}: {differences:?}");
    value::check_state(mended.state()).unwrap();
    assert_eq!(&mended.refold(), mended.state(), "{seed}");
    if seed.is_multiple_of(SCORED_CLEAN_STEP) {
        let (right, odd) = post(&of, &squads, &clean);
        assert!(odd.is_empty(), "{seed}: {odd:?}");
        assert_eq!(right.state(), mended.state(), "{seed}");
    }
    assert_eq!(mended.state()["strip"]["status"], "ended");
    let proper: Vec<&InningsTally> = sums.iter().filter(|sum| !sum.super_over).collect();
    assert_eq!(proper.len(), 2);
    Scored {
        totals: proper.iter().map(|sum| sum.runs).collect(),
        wickets: proper.iter().map(|sum| sum.wickets).sum(),
        corrections: told.iter().filter(|event| event.is_correction()).count(),
        kinds: kinds(&told),
    }
}

/// Posts everything, which nothing refuses; what the rules find odd.
fn post(of: &Match, squads: &Squads, all: &[Event]) -> (Game, Vec<Warning>) {
    let created = json!({"id": "created", "type": "created", "data": create::body(of, squads)});
    let posts: Vec<Value> = std::iter::once(created)
        .chain(all.iter().map(|event| json!(event)))
        .collect();
    let (mut game, mut odd, mut seq) = (Game::new(Sport::Cricket), Vec::new(), 0);
    for post in posts.chunks(POST_EVENTS) {
        let mut draft = game.draft();
        for document in post {
            seq += 1;
            let posted = Posted::parse(document.clone(), None).unwrap();
            let rights = Rights {
                open: false,
                official: false,
            };
            let (_, warnings) = draft
                .decide(&posted, rights, 1_790_000_000_000_000 + seq)
                .unwrap_or_else(|refusal| panic!("refused: {document}\n{refusal:?}"));
            odd.extend(warnings);
        }
        // Names are short enough for a list: nothing of it is cut.
        let strip = hash::canonical(&draft.state()["strip"]);
        assert!(!strip.contains('…'), "{strip}");
        let drafted = draft.finish();
        game.adopt(drafted);
    }
    (game, odd)
}

/// Two elevens, everybody of his own name.
fn check_people(of: &Match) {
    let names: BTreeSet<&String> = of.info.players.values().flatten().collect();
    assert_eq!(names.len(), 22);
    assert!(of.info.players.values().all(|players| players.len() == 11));
    assert_eq!(of.info.player_of_match.len(), 1);
}

/// In what ways the scorer put something right.
fn kinds(told: &[Event]) -> BTreeSet<&'static str> {
    let kinds = told.iter().filter_map(|event| match event.op {
        grandstand_core::event::Op::Amend if event.data.get("wickets").is_some() => Some("fielder"),
        grandstand_core::event::Op::Amend => Some("runs"),
        grandstand_core::event::Op::Void => Some("void"),
        grandstand_core::event::Op::Insert => Some("insert"),
        _ => None,
    });
    kinds.collect()
}

/// Every match is one that could have been; all of them together are as matches are.
fn check_figures(scored: &[Scored]) {
    let mut totals: Vec<u32> = scored.iter().flat_map(|one| one.totals.clone()).collect();
    totals.sort_unstable();
    let part = |percent: usize| totals[totals.len() * percent / 100];
    let wickets: u32 = scored.iter().map(|one| one.wickets).sum();
    let wickets_of_ten = 10 * wickets / totals.len() as u32;
    let corrected = scored.iter().filter(|one| one.corrections > 0).count();
    let most = scored.iter().map(|one| one.corrections).max().unwrap();
    let chased = scored.iter().filter(|one| one.totals[1] > one.totals[0]);
    let chased_percent = 100 * chased.count() / scored.len();
    eprintln!(
        "totals {} {} {} {} {}, wickets {wickets_of_ten}/10 an innings, {chased_percent} % chased, \
         {corrected} of {} corrected, {most} corrections at most",
        part(0),
        part(10),
        part(50),
        part(90),
        part(99),
        scored.len()
    );
    assert!(totals[0] >= 50 && *totals.last().unwrap() <= 260);
    assert!((145..=175).contains(&part(50)));
    assert!(part(10) >= 115 && part(90) <= 210);
    assert!((50..=80).contains(&wickets_of_ten));
    assert!((35..=65).contains(&chased_percent));
    assert!(corrected * 100 >= scored.len() * 95 && most <= 30);
    let kinds: BTreeSet<&str> = scored.iter().flat_map(|one| one.kinds.clone()).collect();
    assert_eq!(kinds, BTreeSet::from(["fielder", "insert", "runs", "void"]));
}
