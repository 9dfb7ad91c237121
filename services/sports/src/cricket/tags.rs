//! The words by which filters and notifications find an event: wicket, boundary, milestone.

use super::book::{BatterRow, Innings};
use super::delivery::Delivery;
use super::facts::Fact;
use super::{Book, words::PlayerId};

/// A batter's runs are celebrated at each of these.
const MILESTONE_RUNS: u32 = 50;
/// And a bowler's wickets at these.
const MILESTONE_WICKETS: u32 = 5;

/// The tags of `fact`, which made `after` of `before`.
pub(crate) fn tags(before: &Book, after: &Book, fact: &Fact) -> Vec<String> {
    let mut tags: Vec<&str> = Vec::new();
    match fact {
        Fact::Delivery(ball) => delivery_tags(before, after, ball, &mut tags),
        Fact::Dismissal(_) => tags.push("wicket"),
        Fact::BatterRetired { kind, .. } if kind.is_wicket() => tags.push("wicket"),
        Fact::BatterRetired { .. } => tags.push("retired"),
        Fact::Toss(_) => tags.push("toss"),
        Fact::InningsStart(_) | Fact::InningsEnd { .. } => tags.push("innings"),
        Fact::OverEnd { .. } => tags.push("over"),
        Fact::Penalty { .. } => tags.push("penalty"),
        Fact::TargetRevised(_) | Fact::OversRevised { .. } => tags.push("target"),
        Fact::Review(_) => tags.push("review"),
        Fact::Status { .. } => tags.push("status"),
        Fact::Result(_) => tags.push("result"),
        Fact::Lineup { .. } => tags.push("lineup"),
        Fact::Created(_)
        | Fact::BatterIn { .. }
        | Fact::BatterReturns { .. }
        | Fact::Powerplay(_)
        | Fact::Comment
        | Fact::Lock
        | Fact::Unlock
        | Fact::Unknown { .. } => {}
    }
    tags.into_iter().map(str::to_owned).collect()
}

fn delivery_tags(before: &Book, after: &Book, ball: &Delivery, tags: &mut Vec<&str>) {
    if !ball.wickets.is_empty() {
        tags.push("wicket");
    }
    if ball.boundary.is_some() {
        tags.push("boundary");
    }
    match (ball.runs, ball.boundary) {
        (4, Some(_)) => tags.push("four"),
        (6, Some(_)) => tags.push("six"),
        _ => {}
    }
    if let (Some(before), Some(after)) = (before.open(), after.open())
        && is_milestone(before, after, ball)
    {
        tags.push("milestone");
    }
    if ball.review.is_some() {
        tags.push("review");
    }
}

fn is_milestone(before: &Innings, after: &Innings, ball: &Delivery) -> bool {
    let runs = |innings: &Innings, player: &PlayerId| {
        innings.batter(player).map_or(0, |row: &BatterRow| row.runs)
    };
    let wickets = |innings: &Innings| {
        let mut rows = innings.bowlers.iter();
        rows.find(|row| row.player == ball.bowler)
            .map_or(0, |row| row.wickets)
    };
    let hundred =
        runs(before, &ball.batter) / MILESTONE_RUNS < runs(after, &ball.batter) / MILESTONE_RUNS;
    hundred || wickets(before) / MILESTONE_WICKETS < wickets(after) / MILESTONE_WICKETS
}
