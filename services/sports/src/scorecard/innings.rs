//! The tables of one innings.

use serde::Serialize;
use serde_json::Value;

use super::how_out::how_out;
use super::{Names, count, rate, rows, text};

/// One innings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InningsCard {
    /// Who bats.
    pub team: String,
    /// It stands outside the match total.
    pub super_over: bool,
    /// Runs, and wickets unless all are out: `188/5`.
    pub score: String,
    /// All runs.
    pub runs: u64,
    /// Wickets that fell.
    pub wickets: u64,
    /// Completed overs and the balls of the open one.
    pub overs: String,
    /// Why it ended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Runs to win; absent if nothing is chased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<u64>,
    /// In order of appearance.
    pub batting: Vec<BattingLine>,
    /// Those of the side who did not bat, or not yet; empty unless the side is named and no more
    /// than eleven.
    pub did_not_bat: Vec<String>,
    /// Who was too badly hurt to bat.
    pub absent_hurt: Vec<String>,
    /// Runs by kind, only kinds that occurred.
    pub extras: Vec<Extra>,
    /// Runs of the total that belong to no ball.
    pub penalties: u64,
    /// In order of appearance.
    pub bowling: Vec<BowlingLine>,
    /// In order.
    pub fall_of_wickets: Vec<Fall>,
    /// In order.
    pub partnerships: Vec<Partnership>,
}

/// A batter's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BattingLine {
    /// Who.
    pub player: String,
    /// `c Jurel b Archer`, `not out`.
    pub how_out: String,
    /// Off the bat.
    pub runs: u64,
    /// All but wides.
    pub balls: u64,
    /// Boundaries of 4.
    pub fours: u64,
    /// Boundaries of 6.
    pub sixes: u64,
    /// Runs for 100 balls; absent without a ball.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strike_rate: Option<String>,
}

/// Runs that are not off the bat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extra {
    /// byes, legbyes, wides, noballs, penalty.
    pub kind: &'static str,
    /// How many.
    pub runs: u64,
}

/// A bowler's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BowlingLine {
    /// Who.
    pub player: String,
    /// His balls in overs: `3.4`.
    pub overs: String,
    /// Legal ones.
    pub balls: u64,
    /// Overs without a run of his.
    pub maidens: u64,
    /// Off the bat, wides, no-balls.
    pub runs: u64,
    /// Credited to him.
    pub wickets: u64,
    /// Runs of wides.
    pub wides: u64,
    /// Runs of no-balls.
    pub noballs: u64,
    /// Legal balls without a run of his.
    pub dots: u64,
    /// Runs an over; absent without a ball.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub economy: Option<String>,
}

/// When a wicket fell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fall {
    /// Counted from 1.
    pub wicket: u64,
    /// The total after the ball.
    pub runs: u64,
    /// Whose.
    pub player: String,
    /// Over and ball.
    pub over: String,
}

/// What two batters made together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Partnership {
    /// Both.
    pub batters: Vec<String>,
    /// All runs.
    pub runs: u64,
    /// Legal ones.
    pub balls: u64,
}

/// A side with more players than this has named more than those who play.
const SIDE_PLAYERS: usize = 11;
/// The Law's.
const BALLS_PER_OVER: u64 = 6;

impl InningsCard {
    pub(super) fn of(names: &Names<'_>, innings: &Value) -> Self {
        let (runs, wickets) = (count(&innings["runs"]), count(&innings["wickets"]));
        let end = innings["end"].as_str().map(str::to_owned);
        let side = text(&innings["batting_team"]);
        let absent: Vec<String> = ids(&innings["absent_hurt"]).collect();
        let kinds = ["byes", "legbyes", "wides", "noballs", "penalty"];
        let extras = kinds.map(|kind| Extra {
            kind,
            runs: count(&innings["extras"][kind]),
        });
        let falls = rows(&innings["fall_of_wickets"]).zip(1..);
        Self {
            team: names.team(&side),
            super_over: innings["super_over"] == true,
            score: match end.as_deref() {
                Some("all_out") => runs.to_string(),
                _ => format!("{runs}/{wickets}"),
            },
            runs,
            wickets,
            overs: text(&innings["overs"]),
            target: innings["target"]["runs"].as_u64(),
            batting: rows(&innings["batting"])
                .map(|(_, row)| batting_line(names, row))
                .collect(),
            did_not_bat: did_not_bat(names, &side, innings, &absent),
            absent_hurt: absent.iter().map(|id| names.player(id)).collect(),
            extras: extras.into_iter().filter(|extra| extra.runs > 0).collect(),
            penalties: count(&innings["penalty_pre"]) + count(&innings["penalty_post"]),
            bowling: rows(&innings["bowling"])
                .map(|(_, row)| bowling_line(names, row))
                .collect(),
            fall_of_wickets: falls
                .map(|((_, fall), wicket)| Fall {
                    wicket,
                    runs: count(&fall["runs"]),
                    player: names.player(&text(&fall["player"])),
                    over: text(&fall["over"]),
                })
                .collect(),
            partnerships: rows(&innings["partnerships"])
                .map(|(_, row)| Partnership {
                    batters: ids(&row["batters"]).map(|id| names.player(&id)).collect(),
                    runs: count(&row["runs"]),
                    balls: count(&row["balls"]),
                })
                .collect(),
            end,
        }
    }
}

fn batting_line(names: &Names<'_>, row: &Value) -> BattingLine {
    let (runs, balls) = (count(&row["runs"]), count(&row["balls"]));
    BattingLine {
        player: text(&row["name"]),
        how_out: how_out(names, row.get("out")),
        runs,
        balls,
        fours: count(&row["fours"]),
        sixes: count(&row["sixes"]),
        strike_rate: rate(100 * runs, balls),
    }
}

fn bowling_line(names: &Names<'_>, row: &Value) -> BowlingLine {
    let told = names.state["rules"]["balls_per_over"].as_u64();
    let per_over = told.unwrap_or(BALLS_PER_OVER).max(1);
    let (runs, balls) = (count(&row["runs"]), count(&row["balls"]));
    BowlingLine {
        player: text(&row["name"]),
        overs: match balls % per_over {
            0 => (balls / per_over).to_string(),
            odd => format!("{}.{odd}", balls / per_over),
        },
        balls,
        maidens: count(&row["maidens"]),
        runs,
        wickets: count(&row["wickets"]),
        wides: count(&row["wides"]),
        noballs: count(&row["noballs"]),
        dots: count(&row["dots"]),
        economy: rate(per_over * runs, balls),
    }
}

fn did_not_bat(names: &Names<'_>, side: &str, innings: &Value, absent: &[String]) -> Vec<String> {
    let players = names.state["teams"][side]["players"].as_object();
    let Some(players) = players.filter(|players| players.len() <= SIDE_PLAYERS) else {
        return Vec::new();
    };
    let batted = |id: &String| rows(&innings["batting"]).any(|(_, row)| row["player"] == **id);
    let others = players
        .keys()
        .filter(|id| !batted(id) && !absent.contains(id));
    others.map(|id| names.player(id)).collect()
}

fn ids(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().map(text)
}
