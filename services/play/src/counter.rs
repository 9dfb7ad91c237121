//! Counts an innings ball by ball, straight from the file.

use crate::ball::{Delivery, Fielder, Over, Wicket};
use crate::cricsheet::Innings;
use crate::dismissal::Kind;
use crate::tally::{BattingRow, BowlingRow, Fall, InningsTally, Out, OverTally, Partnership};

/// The figures of `innings`.
pub(crate) fn count(innings: &Innings, balls_per_over: u32) -> InningsTally {
    let mut counter = Counter {
        sum: InningsTally {
            team: innings.team.clone(),
            super_over: innings.super_over,
            runs: innings.penalty_runs.pre,
            penalty_pre: innings.penalty_runs.pre,
            penalty_post: innings.penalty_runs.post,
            absent_hurt: innings.absent_hurt.clone(),
            ..InningsTally::default()
        },
        balls_per_over,
        at_crease: Vec::new(),
    };
    let mut open_balls = 0;
    for (index, over) in innings.overs.iter().enumerate() {
        let completed = innings.is_completed(index, balls_per_over);
        counter.over(over);
        if completed {
            counter.sum.completed_overs += 1;
            counter.maiden(over);
        } else {
            open_balls = over.legal_balls();
        }
    }
    let mut sum = counter.sum;
    sum.runs += innings.penalty_runs.post;
    sum.overs = match open_balls {
        0 => sum.completed_overs.to_string(),
        balls => format!("{}.{balls}", sum.completed_overs),
    };
    sum
}

/// Counts an innings ball by ball.
struct Counter {
    sum: InningsTally,
    balls_per_over: u32,
    /// Who stood at the crease after the last ball.
    at_crease: Vec<String>,
}

impl Counter {
    fn over(&mut self, over: &Over) {
        self.sum.per_over.push(OverTally {
            over: over.over,
            runs: 0,
            wickets: 0,
        });
        let mut legal_balls = 0;
        for ball in &over.deliveries {
            legal_balls += u32::from(ball.is_legal());
            self.arrivals(ball);
            self.runs(ball);
            self.partnership(ball);
            for wicket in ball.wickets_in_order() {
                let counted = legal_balls.min(self.balls_per_over);
                self.wicket(ball, wicket, format!("{}.{counted}", over.over));
            }
        }
    }

    /// Who is there now, who has gone without a word, and who is back.
    fn arrivals(&mut self, ball: &Delivery) {
        let pair = [ball.batter.clone(), ball.non_striker.clone()];
        let gone: Vec<String> = self
            .at_crease
            .drain(..)
            .filter(|batter| !pair.contains(batter))
            .collect();
        for batter in gone {
            self.batter(&batter).out = Some(Out {
                kind: Kind::RetiredHurt,
                bowler: None,
                fielders: Vec::new(),
            });
        }
        for batter in &pair {
            self.batter(batter).out = None;
        }
        self.at_crease = pair.to_vec();
    }

    fn runs(&mut self, ball: &Delivery) {
        let extras = &ball.extras;
        let batter = self.batter(&ball.batter);
        batter.runs += ball.runs.batter;
        batter.balls += u32::from(extras.wides == 0);
        batter.fours += u32::from(ball.boundary() == Some(4));
        batter.sixes += u32::from(ball.boundary() == Some(6));

        let legal = u32::from(ball.is_legal());
        let conceded = bowlers_runs(ball);
        let bowler = self.bowler(&ball.bowler);
        bowler.balls += legal;
        bowler.runs += conceded;
        bowler.wides += extras.wides;
        bowler.noballs += extras.noballs;
        bowler.dots += u32::from(conceded == 0) * legal;

        self.sum.runs += ball.runs.total;
        self.sum.legal_balls += legal;
        for (kind, runs) in extras.by_kind().into_iter().filter(|(_, runs)| *runs > 0) {
            *self.sum.extras.entry(kind).or_default() += runs;
        }
        if let Some(over) = self.sum.per_over.last_mut() {
            over.runs += ball.runs.total;
        }
    }

    fn partnership(&mut self, ball: &Delivery) {
        let mut batters = [ball.batter.clone(), ball.non_striker.clone()];
        batters.sort();
        let same = self
            .sum
            .partnerships
            .last()
            .is_some_and(|last| last.batters == batters);
        if !same {
            self.sum.partnerships.push(Partnership {
                batters,
                runs: 0,
                balls: 0,
            });
        }
        if let Some(partnership) = self.sum.partnerships.last_mut() {
            partnership.runs += ball.runs.total;
            partnership.balls += u32::from(ball.is_legal());
        }
    }

    fn wicket(&mut self, ball: &Delivery, wicket: &Wicket, over: String) {
        let bowler = wicket.kind.is_bowlers().then(|| ball.bowler.clone());
        if let Some(bowler) = &bowler {
            self.bowler(bowler).wickets += 1;
        }
        let fielders = wicket.fielders.iter().map(fielder).collect();
        self.batter(&wicket.player_out).out = Some(Out {
            kind: wicket.kind,
            bowler,
            fielders,
        });
        self.at_crease.retain(|batter| *batter != wicket.player_out);
        if wicket.kind.is_wicket() {
            self.sum.wickets += 1;
            if let Some(over) = self.sum.per_over.last_mut() {
                over.wickets += 1;
            }
            let (player, runs) = (wicket.player_out.clone(), self.sum.runs);
            self.sum.fall_of_wickets.push(Fall { player, runs, over });
        }
    }

    /// Credits a completed over of one bowler, without a run of his.
    fn maiden(&mut self, over: &Over) {
        let Some(first) = over.deliveries.first() else {
            return;
        };
        let alone = over
            .deliveries
            .iter()
            .all(|ball| ball.bowler == first.bowler);
        let conceded: u32 = over.deliveries.iter().map(bowlers_runs).sum();
        if alone && conceded == 0 && over.legal_balls() >= self.balls_per_over.min(5) {
            self.bowler(&first.bowler).maidens += 1;
        }
    }

    fn batter(&mut self, name: &str) -> &mut BattingRow {
        let rows = &mut self.sum.batting;
        let index = rows
            .iter()
            .position(|row| row.player == name)
            .unwrap_or(rows.len());
        if index == rows.len() {
            let player = name.to_owned();
            rows.push(BattingRow {
                player,
                runs: 0,
                balls: 0,
                fours: 0,
                sixes: 0,
                out: None,
            });
        }
        &mut rows[index]
    }

    fn bowler(&mut self, name: &str) -> &mut BowlingRow {
        let rows = &mut self.sum.bowling;
        let index = rows
            .iter()
            .position(|row| row.player == name)
            .unwrap_or(rows.len());
        if index == rows.len() {
            rows.push(BowlingRow {
                player: name.to_owned(),
                ..BowlingRow::default()
            });
        }
        &mut rows[index]
    }
}

/// Runs of a ball that count against the bowler.
fn bowlers_runs(ball: &Delivery) -> u32 {
    ball.runs.batter + ball.extras.wides + ball.extras.noballs
}

fn fielder(fielder: &Fielder) -> String {
    fielder.name.clone().unwrap_or_else(|| "sub".to_owned())
}
