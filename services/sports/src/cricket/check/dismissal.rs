//! Checks of dismissals and retirements.

use super::{Odd, people};
use crate::cricket::Book;
use crate::cricket::book::Innings;
use crate::cricket::delivery::{Delivery, Fielder, Wicket};
use crate::cricket::words::{DismissalKind, PlayerId};
use crate::refusal::Refusal;

/// The wickets of a ball. Two on one are against Law 20.1.1.3 (the ball is dead with the first), but
/// they are in the books.
pub(super) fn on_ball(
    book: &Book,
    innings: &Innings,
    ball: &Delivery,
    odd: &mut Odd,
) -> Result<(), Refusal> {
    for (index, wicket) in ball.wickets.iter().enumerate() {
        let field = format!("data.wickets.{index}");
        check_kind_on_ball(wicket.kind, &format!("{field}.kind"))?;
        check_player_on_ball(wicket, index, ball, &format!("{field}.player_out"))?;
        check_fielders(book, innings, &wicket.fielders, &field, odd)?;
        note_kind_on_ball(wicket.kind, innings, ball, odd);
    }
    note_count(innings, ball.wickets.len() as u32, odd);
    Ok(())
}

fn check_kind_on_ball(kind: DismissalKind, field: &str) -> Result<(), Refusal> {
    use DismissalKind as Kind;
    if kind.is_retirement() {
        let detail = "a retirement is an event of its own: batter_retired";
        return Err(Refusal::impossible("retirement", detail).at(field));
    }
    if kind == Kind::TimedOut {
        let detail = "timed out happens between balls: dismissal";
        return Err(Refusal::impossible("timed_out", detail).at(field));
    }
    Ok(())
}

fn note_kind_on_ball(kind: DismissalKind, innings: &Innings, ball: &Delivery, odd: &mut Odd) {
    use DismissalKind as Kind;
    let not_off_a_wide = matches!(
        kind,
        Kind::Bowled | Kind::Caught | Kind::CaughtAndBowled | Kind::Lbw | Kind::HitTwice
    );
    odd.note_if(
        ball.extras.wides > 0 && not_off_a_wide,
        "wide_dismissal",
        "nobody is out so off a wide (Law 22.9)",
    );
    let not_free = kind.is_bowlers();
    odd.note_if(
        ball.extras.noballs > 0 && not_free,
        "noball_dismissal",
        "nobody is out so off a no-ball (Law 21.18)",
    );
    odd.note_if(
        ball.extras.noballs == 0 && (ball.free_hit || innings.crease.free_hit) && not_free,
        "free_hit_dismissal",
        "nobody is out so off a free hit, be it a wide (ICC playing conditions, 21.19)",
    );
}

fn check_player_on_ball(
    wicket: &Wicket,
    index: usize,
    ball: &Delivery,
    field: &str,
) -> Result<(), Refusal> {
    let player = &wicket.player_out;
    if !ball.batters().any(|batter| batter == player) {
        let detail = format!("{player} is not one of the two at the crease");
        return Err(Refusal::impossible("player_out", detail).at(field));
    }
    if wicket.kind.is_strikers() && *player != ball.batter {
        let detail = format!("only who faces the ball is out {}", wicket.kind.as_str());
        return Err(Refusal::impossible("player_out", detail).at(field));
    }
    if ball
        .wickets
        .iter()
        .take(index)
        .any(|other| other.player_out == *player)
    {
        let detail = format!("{player} is out twice on this ball");
        return Err(Refusal::impossible("player_out_twice", detail).at(field));
    }
    Ok(())
}

fn check_fielders(
    book: &Book,
    innings: &Innings,
    fielders: &[Fielder],
    field: &str,
    odd: &mut Odd,
) -> Result<(), Refusal> {
    for (index, fielder) in fielders.iter().enumerate() {
        let Some(player) = &fielder.player else {
            continue;
        };
        let side = people::known(book, player, &format!("{field}.fielders.{index}.player"))?;
        // Who came as a substitute may be anybody (Law 24.1).
        if side == innings.batting && fielder.substitute != Some(true) {
            odd.note(
                "fielder_side",
                format!("{player} plays for the side that bats"),
            );
        }
    }
    Ok(())
}

/// Who is out and bats on is counted as often as he is. A side with substitutes may lose more wickets than it should have.
fn note_count(innings: &Innings, more: u32, odd: &mut Odd) {
    let is_counted = more > 0 && !innings.league.dismissed_bat_on();
    if is_counted && innings.wickets + more > innings.wickets_max {
        let detail = format!(
            "{} wickets were down already, of {}",
            innings.wickets, innings.wickets_max
        );
        odd.note("wickets_max", detail);
    }
}

/// A batter is out, but not on a ball: he came too late (Law 40), was run out by the bowler before
/// the delivery (Law 38.3), or obstructed the field (Law 37).
pub(super) fn between_balls(book: &Book, wicket: &Wicket, odd: &mut Odd) -> Result<(), Refusal> {
    use DismissalKind as Kind;
    let innings = people::open(book)?;
    let player = &wicket.player_out;
    match wicket.kind {
        Kind::TimedOut | Kind::RunOut | Kind::Obstructing | Kind::HandledTheBall => {}
        Kind::RetiredOut | Kind::RetiredHurt | Kind::RetiredNotOut => {
            let detail = "a retirement is an event of its own: batter_retired";
            return Err(Refusal::impossible("retirement", detail).at("data.kind"));
        }
        Kind::Bowled
        | Kind::Caught
        | Kind::CaughtAndBowled
        | Kind::Lbw
        | Kind::Stumped
        | Kind::HitWicket
        | Kind::HitTwice => {
            let detail = format!("{} happens on a delivery", wicket.kind.as_str());
            return Err(Refusal::impossible("dismissal_kind", detail).at("data.kind"));
        }
    }
    people::batting(book, innings, player, "data.player_out")?;
    people::not_out(innings, player, "data.player_out")?;
    if wicket.kind != Kind::TimedOut && !innings.crease.has(player) {
        odd.note("not_at_crease", format!("{player} is not at the crease"));
    }
    check_fielders(book, innings, &wicket.fielders, "data", odd)?;
    note_count(innings, 1, odd);
    Ok(())
}

/// A batter goes of his own will (Law 25.4).
pub(super) fn retirement(
    book: &Book,
    player: &PlayerId,
    kind: DismissalKind,
    odd: &mut Odd,
) -> Result<(), Refusal> {
    let innings = people::open(book)?;
    if !kind.is_retirement() {
        let detail = "kind is retired hurt, retired not out or retired out";
        return Err(Refusal::impossible("retirement_kind", detail).at("data.kind"));
    }
    people::batting(book, innings, player, "data.player")?;
    people::not_out(innings, player, "data.player")?;
    if !innings.crease.has(player) {
        odd.note("not_at_crease", format!("{player} is not at the crease"));
    }
    note_count(innings, u32::from(kind.is_wicket()), odd);
    Ok(())
}
