//! Checks of a ball.

use super::{Odd, dismissal, people};
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::delivery::{Delivery, Extras};
use crate::cricket::propose::{Pair, expected};
use crate::cricket::words::PlayerId;
use crate::refusal::Refusal;

/// More than this on one ball, off the bat or as one kind of extra, is a slip of the finger.
const RUNS_MAX: u32 = 20;
/// Seven and more have been run, but seldom.
const RUNS_USUAL_MAX: u32 = 6;
/// Overs of a state are numbered with three digits.
const OVER_MAX: u32 = 998;

pub(super) fn check(book: &Book, ball: &Delivery, odd: &mut Odd) -> Result<(), Refusal> {
    let innings = people::open(book)?;
    check_people(book, innings, ball, odd)?;
    check_over(innings, ball, odd)?;
    check_runs(ball)?;
    check_extras(&ball.extras)?;
    dismissal::on_ball(book, innings, ball, odd)?;
    note_runs(book, ball, odd);
    note_pair(innings, ball, odd);
    note_bowler(innings, ball, odd);
    note_retirement(innings, ball, odd);
    note_super_over(book, innings, ball, odd);
    note_end(book, innings, ball, odd);
    Ok(())
}

fn check_people(
    book: &Book,
    innings: &Innings,
    ball: &Delivery,
    odd: &mut Odd,
) -> Result<(), Refusal> {
    check_alone(innings, ball, odd)?;
    if ball.non_striker.as_ref() == Some(&ball.batter) {
        let detail = format!("{} can't be at both ends", ball.batter);
        return Err(Refusal::impossible("batter_is_non_striker", detail).at("data.non_striker"));
    }
    for (player, field) in ball.batters().zip(["data.batter", "data.non_striker"]) {
        people::batting(book, innings, player, field)?;
        people::not_out(innings, player, field)?;
        people::note_return(innings, player, odd);
        if innings.batter(player).is_some_and(|row| row.out.is_some()) {
            let detail = format!("{player} had retired; batter_returns says that he is back");
            odd.note("batter_retired", detail);
        }
    }
    for player in ball.batters().chain([&ball.bowler]) {
        people::note_replaced(book, player, odd);
    }
    people::fielding(book, innings, &ball.bowler, "data.bowler")?;
    for (index, replacement) in ball.replacements.iter().enumerate() {
        let field = format!("data.replacements.{index}");
        people::known(book, &replacement.player_in, &format!("{field}.in"))?;
        if let Some(player) = &replacement.player_out {
            people::known(book, player, &format!("{field}.out"))?;
        }
    }
    if let Some(batter) = ball
        .review
        .as_ref()
        .and_then(|review| review.batter.as_ref())
    {
        people::known(book, batter, "data.review.batter")?;
    }
    Ok(())
}

fn check_over(innings: &Innings, ball: &Delivery, odd: &mut Odd) -> Result<(), Refusal> {
    let refuse = |detail: String| Err(Refusal::impossible("over", detail).at("data.over"));
    let over = ball.over;
    if over > OVER_MAX {
        return refuse(format!("over {over} is beyond the last, {OVER_MAX}"));
    }
    let due = innings.last_over().map_or(0, |(last, _)| last + 1);
    if over > due {
        // What was not entered can't be: a scorer who comes late begins where the match is.
        odd.note(
            "over_missing",
            format!("over {due} comes before over {over}"),
        );
    }
    let Some((last, open)) = innings.last_over() else {
        return Ok(());
    };
    if over < last {
        return refuse(format!(
            "over {last} has begun; insert puts a ball into over {over}"
        ));
    }
    if over == last && open.is_ended {
        return refuse(format!(
            "over {last} has ended; void its over_end to go on with it"
        ));
    }
    if over == last && open.is_full {
        let detail = format!(
            "over {over} has its {} balls already",
            innings.balls_per_over
        );
        odd.note("over_balls", detail);
    }
    if over > last && !open.is_ended {
        odd.note(
            "over_not_ended",
            format!("over {last} was not ended by over_end"),
        );
    }
    Ok(())
}

fn check_runs(ball: &Delivery) -> Result<(), Refusal> {
    let extras = ball.extras.each().into_iter();
    let extras = extras.map(|(name, _, runs)| (format!("data.extras.{name}"), runs));
    for (field, runs) in extras.chain([("data.runs".to_owned(), ball.runs)]) {
        if runs > RUNS_MAX {
            let detail = format!("{runs} runs on one ball; {RUNS_MAX} at most");
            return Err(Refusal::impossible("runs", detail).at(&field));
        }
    }
    Ok(())
}

fn check_extras(extras: &Extras) -> Result<(), Refusal> {
    if extras.wides > 0 && extras.noballs > 0 {
        let detail = "a no-ball is no wide (Law 21.13); enter it as noballs alone";
        return Err(Refusal::impossible("extras", detail).at("data.extras.wides"));
    }
    Ok(())
}

fn note_runs(book: &Book, ball: &Delivery, odd: &mut Odd) {
    let Delivery { extras, runs, .. } = ball;
    odd.note_if(
        ball.total() - extras.penalty > RUNS_USUAL_MAX + u32::from(!ball.is_legal()),
        "runs_unusual",
        "seven or more runs on one ball",
    );
    odd.note_if(
        extras.wides > 0 && extras.byes + extras.legbyes > 0,
        "wides_and_byes",
        "what is run on a wide usually counts in wides",
    );
    // It is on record all the same: a super over of 2010 has a run off the bat on a wide.
    odd.note_if(
        extras.wides > 0 && *runs > 0,
        "runs_and_wides",
        "a wide was not hit (Law 22.4); what was run counts in wides",
    );
    odd.note_if(
        *runs > 0 && extras.byes + extras.legbyes > 0,
        "runs_and_byes",
        "runs off the bat and byes on one ball",
    );
    odd.note_if(
        extras.byes > 0 && extras.legbyes > 0,
        "byes_and_legbyes",
        "byes and leg-byes on one ball",
    );
    odd.note_if(
        extras.wides > 0 && extras.wides < book.rules.wide_runs,
        "wide_runs",
        "fewer runs than a wide gives by the rules of this match",
    );
    odd.note_if(
        extras.noballs > 0 && extras.noballs < book.rules.noball_runs,
        "noball_runs",
        "fewer runs than a no-ball gives by the rules of this match",
    );
    odd.note_if(
        ball.boundary
            .is_some_and(|boundary| ball.total() < boundary),
        "boundary",
        "a boundary gives more runs than this ball has",
    );
}

/// Nobody at the other end: only where the last batter bats on alone.
fn check_alone(innings: &Innings, ball: &Delivery, odd: &mut Odd) -> Result<(), Refusal> {
    if ball.non_striker.is_some() {
        return Ok(());
    }
    let field = "data.non_striker";
    if !innings.league.last_batter_stands() {
        return Err(Refusal::malformed(field, format!("{field} is missing")));
    }
    odd.note_if(
        !innings.is_last_batter(),
        "batter_alone",
        "others are left to bat with him",
    );
    odd.note_if(
        !ball.runs.is_multiple_of(2),
        "runs_alone",
        "who bats alone makes an even number of runs",
    );
    Ok(())
}

/// Who is at the crease is entered; here is only said that it is not what was expected.
fn note_pair(innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    let Pair {
        striker,
        non_striker,
    } = expected(innings, ball.over);
    let in_pair = |player: &PlayerId| {
        let mut gone = ball.replacements.iter();
        ball.batters().any(|batter| batter == player)
            || gone.any(|one| one.player_out.as_ref() == Some(player))
    };
    for player in [&striker, &non_striker].into_iter().flatten() {
        if !in_pair(player) {
            odd.note(
                "batter_left",
                format!("{player} was in, and nothing said that he left"),
            );
            return;
        }
    }
    if let (Some(striker), Some(_)) = (striker, non_striker)
        && ball.non_striker.as_ref() == Some(&striker)
    {
        odd.note("striker", format!("{striker} was expected to face"));
    }
}

fn note_bowler(innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    let row = innings
        .bowlers
        .iter()
        .position(|row| row.player == ball.bowler);
    if let Some((last, over)) = innings.last_over() {
        let same = row == Some(over.bowler);
        if last == ball.over && !same {
            odd.note(
                "bowler_changed",
                "another bowler than that of the over so far",
            );
        }
        if last < ball.over && same && has_had_his_end(innings, last, over.bowler) {
            odd.note(
                "bowler_consecutive",
                format!("{} bowled the last over too (Law 17.6)", ball.bowler),
            );
        }
    }
    let bowled = row
        .and_then(|row| innings.bowlers.get(row))
        .map_or(0, |row| row.balls);
    if let Some(overs_max) = innings.bowler_overs_max
        && bowled >= overs_max * innings.balls_per_over
    {
        let detail = format!("{} has bowled his {overs_max} overs", ball.bowler);
        odd.note("bowler_overs_max", detail);
    }
}

/// Whether a bowler has bowled as many overs in a row as are bowled from one end.
fn has_had_his_end(innings: &Innings, last: u32, bowler: usize) -> bool {
    let in_a_row = innings.league.overs_per_end(innings.balls_per_over);
    (0..in_a_row).all(|back| {
        let over = last.checked_sub(back).and_then(|n| innings.overs.get(&n));
        over.is_some_and(|over| over.bowler == bowler)
    })
}

/// A batter who should have retired by the rules of his league.
fn note_retirement(innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    for player in ball.batters() {
        if innings
            .batter(player)
            .is_some_and(|row| innings.retires(row))
        {
            let detail = format!("{player} has had what a batter may have, and retires");
            odd.note("retirement_due", detail);
        }
    }
}

/// Who was out in a super over bats in no other, and who bowled one not the next one (ICC T20I
/// playing conditions, super over procedure).
fn note_super_over(book: &Book, innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    if !innings.super_over {
        return;
    }
    let supers = book.innings.iter().filter(|one| one.super_over);
    let mine = supers.filter(|one| one.batting == innings.batting);
    let earlier: Vec<&Innings> = mine
        .map(AsRef::as_ref)
        .filter(|one| one.end.is_some())
        .collect();
    for player in ball.batters() {
        let was_out = |one: &&Innings| {
            let out = one.batter(player).and_then(|row| row.out.as_ref());
            out.is_some_and(|out| out.kind.is_wicket())
        };
        if earlier.iter().any(was_out) {
            let detail = format!("{player} was out in an earlier super over");
            odd.note("super_over_batter", detail);
        }
    }
    let mut last = earlier.last().into_iter().flat_map(|one| &one.bowlers);
    if last.any(|row| row.player == ball.bowler) {
        let detail = format!("{} bowled the super over before", ball.bowler);
        odd.note("super_over_bowler", detail);
    }
}

/// A ball after the innings should be over.
fn note_end(book: &Book, innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    let target = innings.target.as_ref();
    odd.note_if(
        target.is_some_and(|target| innings.runs >= i64::from(target.runs)),
        "target_reached",
        "the target is reached already",
    );
    odd.note_if(
        innings.is_all_out(),
        "all_out",
        "the side is all out already",
    );
    let overs_max = innings.overs_max.filter(|overs| overs.balls == 0);
    odd.note_if(
        overs_max.is_some_and(|overs| ball.over >= overs.overs),
        "overs_max",
        "all overs of the innings are bowled",
    );
    odd.note_if(
        book.result.is_some(),
        "result_entered",
        "the match has its result already",
    );
}
