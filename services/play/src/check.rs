//! What must hold in a Cricsheet match before anything is made of it.

use crate::ball::Delivery;
use crate::cricsheet::{Innings, Match};

/// Checks `of`; the error says where the file is wrong, and how.
pub(crate) fn check(of: &Match) -> Result<(), String> {
    let info = &of.info;
    if !of.meta.data_version.starts_with("1.") {
        return Err(format!(
            "meta.data_version is {}; this reads 1.0 to 1.2",
            of.meta.data_version
        ));
    }
    if info.teams.len() != 2 || info.teams[0] == info.teams[1] {
        return Err("info.teams must be two different teams".to_owned());
    }
    if !(1..=20).contains(&info.balls_per_over) {
        return Err(format!("info.balls_per_over is {}", info.balls_per_over));
    }
    let outcome = &info.outcome;
    let named = [
        ("info.toss.winner", &info.toss.winner),
        ("info.outcome.winner", &outcome.winner),
        ("info.outcome.eliminator", &outcome.eliminator),
        ("info.outcome.bowl_out", &outcome.bowl_out),
    ];
    for (place, team) in named {
        if let Some(team) = team {
            check_team(of, place, team)?;
        }
    }
    for (index, innings) in of.innings.iter().enumerate() {
        let place = format!("innings {}", index + 1);
        check_team(of, &format!("{place}, team"), &innings.team)?;
        check_innings(innings, &place)?;
    }
    Ok(())
}

fn check_team(of: &Match, place: &str, team: &str) -> Result<(), String> {
    if of.info.teams.iter().any(|known| known == team) {
        return Ok(());
    }
    Err(format!("{place}: {team:?} is none of the two teams"))
}

fn check_innings(innings: &Innings, place: &str) -> Result<(), String> {
    let mut next = 0;
    for over in &innings.overs {
        // Ids of events are made of over and ball: neither may come twice.
        if over.over < next || over.over > 9_998 {
            return Err(format!(
                "{place}: over {} does not follow {next}",
                over.over
            ));
        }
        next = over.over + 1;
        for (index, ball) in over.deliveries.iter().enumerate() {
            check_ball(ball)
                .map_err(|why| format!("{place}, over {}, ball {}: {why}", over.over, index + 1))?;
        }
    }
    Ok(())
}

fn check_ball(ball: &Delivery) -> Result<(), String> {
    let extras: u64 = ball
        .extras
        .by_kind()
        .iter()
        .map(|(_, runs)| u64::from(*runs))
        .sum();
    let runs = &ball.runs;
    if extras != u64::from(runs.extras) {
        return Err(format!(
            "extras by kind make {extras}, runs.extras is {}",
            runs.extras
        ));
    }
    if u64::from(runs.batter) + extras != u64::from(runs.total) || runs.total > 1000 {
        return Err(format!("runs.total is {}", runs.total));
    }
    if ball.batter == ball.non_striker {
        return Err(format!("{} is at both ends", ball.batter));
    }
    Ok(())
}
