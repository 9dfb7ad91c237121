//! A scorecard as one table of comma-separated values (RFC 4180), a line for each row of its tables.

use super::Scorecard;

/// The first line. What a table has no figure for is left empty.
const HEADER: &str = "innings,team,table,number,name,how_out,runs,balls,fours,sixes,overs,maidens,\
                      wickets,wides,noballs,dots,rate\r\n";

impl Scorecard {
    /// The scorecard as comma-separated values: of each innings its batting, extras, total, bowling,
    /// falls of wickets and partnerships.
    pub fn to_csv(&self) -> String {
        let mut lines = HEADER.to_owned();
        for (index, innings) in self.innings.iter().enumerate() {
            let mut put = |table: &'static str, number: usize, row: Row| {
                let place = [(index + 1).to_string(), cell(&innings.team)];
                let place = place.into_iter().chain([table.to_owned()]);
                let cells = place.chain([number.to_string()]).chain(row.cells());
                lines.push_str(&cells.collect::<Vec<_>>().join(","));
                lines.push_str("\r\n");
            };
            for (line, number) in innings.batting.iter().zip(1..) {
                let row = Row {
                    name: line.player.clone(),
                    how_out: line.how_out.clone(),
                    runs: Some(line.runs),
                    balls: Some(line.balls),
                    fours: Some(line.fours),
                    sixes: Some(line.sixes),
                    rate: line.strike_rate.clone().unwrap_or_default(),
                    ..Row::default()
                };
                put("batting", number, row);
            }
            for (extra, number) in innings.extras.iter().zip(1..) {
                let row = Row {
                    name: extra.kind.to_owned(),
                    runs: Some(extra.runs),
                    ..Row::default()
                };
                put("extras", number, row);
            }
            let total = Row {
                name: innings.end.clone().unwrap_or_default(),
                runs: Some(innings.runs),
                overs: innings.overs.clone(),
                wickets: Some(innings.wickets),
                ..Row::default()
            };
            put("total", 1, total);
            for (line, number) in innings.bowling.iter().zip(1..) {
                let row = Row {
                    name: line.player.clone(),
                    runs: Some(line.runs),
                    balls: Some(line.balls),
                    overs: line.overs.clone(),
                    maidens: Some(line.maidens),
                    wickets: Some(line.wickets),
                    wides: Some(line.wides),
                    noballs: Some(line.noballs),
                    dots: Some(line.dots),
                    rate: line.economy.clone().unwrap_or_default(),
                    ..Row::default()
                };
                put("bowling", number, row);
            }
            for (fall, number) in innings.fall_of_wickets.iter().zip(1..) {
                let row = Row {
                    name: fall.player.clone(),
                    runs: Some(fall.runs),
                    overs: fall.over.clone(),
                    ..Row::default()
                };
                put("fall", number, row);
            }
            for (partnership, number) in innings.partnerships.iter().zip(1..) {
                let row = Row {
                    name: partnership.batters.join(" & "),
                    runs: Some(partnership.runs),
                    balls: Some(partnership.balls),
                    ..Row::default()
                };
                put("partnership", number, row);
            }
        }
        lines
    }
}

/// What a line tells after its place.
#[derive(Default)]
struct Row {
    name: String,
    how_out: String,
    runs: Option<u64>,
    balls: Option<u64>,
    fours: Option<u64>,
    sixes: Option<u64>,
    overs: String,
    maidens: Option<u64>,
    wickets: Option<u64>,
    wides: Option<u64>,
    noballs: Option<u64>,
    dots: Option<u64>,
    rate: String,
}

impl Row {
    fn cells(self) -> [String; 13] {
        let number = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
        [
            cell(&self.name),
            cell(&self.how_out),
            number(self.runs),
            number(self.balls),
            number(self.fours),
            number(self.sixes),
            self.overs,
            number(self.maidens),
            number(self.wickets),
            number(self.wides),
            number(self.noballs),
            number(self.dots),
            self.rate,
        ]
    }
}

/// A text as a cell. A spreadsheet would take what begins like a formula for one: an apostrophe
/// before it says that it is text.
fn cell(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text,
    };
    match text.contains(['"', ',']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
