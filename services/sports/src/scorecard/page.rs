//! A scorecard as a page to print: one document without script, picture or link.

use std::fmt::{self, Display, Write};

use super::{InningsCard, Scorecard};

/// Black on white, an innings never cut where it fits a sheet.
const STYLE: &str = "\
:root{color-scheme:light}body{font:14px/1.35 system-ui,sans-serif;color:#111;background:#fff;\
max-width:52rem;margin:1.5rem auto;padding:0 1rem}h1{font-size:1.5rem;margin:0}\
h2{font-size:1.15rem;margin:1.4rem 0 .3rem;border-bottom:2px solid #111}p{margin:.2rem 0}\
table{border-collapse:collapse;width:100%;margin:.4rem 0 .8rem}\
caption{text-align:left;font-weight:600;padding:.2rem 0}\
th,td{padding:.12rem .4rem;text-align:right;border-bottom:1px solid #ccc;\
font-variant-numeric:tabular-nums}th{font-weight:600}\
.text{text-align:left;font-weight:400;width:40%;overflow-wrap:anywhere}.how{color:#444}\
tfoot td,tfoot th{border-top:1px solid #111}\
@media print{body{margin:0;max-width:none;font-size:10pt}\
h2{break-after:avoid}table{break-inside:avoid}@page{margin:14mm}}";

impl Scorecard {
    /// The scorecard as a document of HTML that needs nothing else.
    pub fn to_page(&self) -> String {
        let mut page = String::new();
        self.write(&mut page).expect("a text takes all");
        page
    }

    fn write(&self, page: &mut String) -> fmt::Result {
        let title = Text(&self.title);
        write!(
            page,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{STYLE}</style></head><body>\
             <h1><bdi>{title}</bdi></h1><p><bdi>{}</bdi></p>",
            Text(&self.line)
        )?;
        if let Some(toss) = &self.toss {
            write!(page, "<p>Toss: <bdi>{}</bdi></p>", Text(toss))?;
        }
        write_names(page, "Player of the match", &self.player_of_match)?;
        for innings in &self.innings {
            write_innings(page, innings)?;
        }
        page.push_str("</body></html>\n");
        Ok(())
    }
}

fn write_innings(page: &mut String, innings: &InningsCard) -> fmt::Result {
    let kind = if innings.super_over {
        " super over"
    } else {
        ""
    };
    let end = innings.end.as_deref().unwrap_or("in progress");
    write!(
        page,
        "<h2><bdi>{}</bdi>{kind} {} ({} overs, {})</h2>",
        Text(&innings.team),
        Text(&innings.score),
        Text(&innings.overs),
        Text(&end.replace('_', " ")),
    )?;
    if let Some(target) = innings.target {
        write!(page, "<p>Target {target}</p>")?;
    }
    write_batting(page, innings)?;
    write_names(page, "Did not bat", &innings.did_not_bat)?;
    write_names(page, "Absent hurt", &innings.absent_hurt)?;
    write_bowling(page, innings)?;
    write_falls(page, innings)?;
    write_partnerships(page, innings)
}

fn write_batting(page: &mut String, innings: &InningsCard) -> fmt::Result {
    head(page, "Batting", &["Batter", "", "R", "B", "4s", "6s", "SR"])?;
    for line in &innings.batting {
        let rate = line.strike_rate.as_deref().unwrap_or("-");
        write!(
            page,
            "<tr><th class=\"text\" scope=\"row\"><bdi>{}</bdi></th><td class=\"text how\"><bdi>{}</bdi></td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{rate}</td></tr>",
            Text(&line.player),
            Text(&line.how_out),
            line.runs,
            line.balls,
            line.fours,
            line.sixes,
        )?;
    }
    let extras: u64 = innings.extras.iter().map(|extra| extra.runs).sum();
    let kinds = innings.extras.iter();
    let kinds: Vec<String> = kinds
        .map(|extra| format!("{} {}", extra.kind, extra.runs))
        .collect();
    page.push_str("</tbody><tfoot>");
    write_sum(page, "Extras", &kinds.join(", "), extras)?;
    if innings.penalties > 0 {
        write_sum(page, "Penalty runs", "", innings.penalties)?;
    }
    let wickets = format!("{} wickets, {} overs", innings.wickets, innings.overs);
    write_sum(page, "Total", &wickets, innings.runs)?;
    page.push_str("</tfoot></table>");
    Ok(())
}

fn write_sum(page: &mut String, name: &str, how: &str, runs: u64) -> fmt::Result {
    let how = Text(how);
    write!(
        page,
        "<tr><th class=\"text\" scope=\"row\">{name}</th><td class=\"text how\">{how}</td>\
         <td>{runs}</td><td colspan=\"4\"></td></tr>"
    )
}

fn write_bowling(page: &mut String, innings: &InningsCard) -> fmt::Result {
    let columns = ["Bowler", "O", "M", "R", "W", "Wd", "Nb", "Dots", "Econ"];
    head(page, "Bowling", &columns)?;
    for line in &innings.bowling {
        write!(
            page,
            "<tr><th class=\"text\" scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            Text(&line.player),
            line.overs,
            line.maidens,
            line.runs,
            line.wickets,
            line.wides,
            line.noballs,
            line.dots,
            line.economy.as_deref().unwrap_or("-"),
        )?;
    }
    page.push_str("</tbody></table>");
    Ok(())
}

fn write_falls(page: &mut String, innings: &InningsCard) -> fmt::Result {
    if innings.fall_of_wickets.is_empty() {
        return Ok(());
    }
    head(
        page,
        "Fall of wickets",
        &["Batter", "Wicket", "Score", "Over"],
    )?;
    for fall in &innings.fall_of_wickets {
        write!(
            page,
            "<tr><th class=\"text\" scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{}</td><td>{}</td></tr>",
            Text(&fall.player),
            fall.wicket,
            fall.runs,
            Text(&fall.over),
        )?;
    }
    page.push_str("</tbody></table>");
    Ok(())
}

fn write_partnerships(page: &mut String, innings: &InningsCard) -> fmt::Result {
    if innings.partnerships.is_empty() {
        return Ok(());
    }
    head(page, "Partnerships", &["Batters", "Runs", "Balls"])?;
    for partnership in &innings.partnerships {
        write!(
            page,
            "<tr><th class=\"text\" scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{}</td></tr>",
            Text(&partnership.batters.join(" & ")),
            partnership.runs,
            partnership.balls,
        )?;
    }
    page.push_str("</tbody></table>");
    Ok(())
}

/// Opens a table; the first of its columns holds a name.
fn head(page: &mut String, caption: &str, columns: &[&str]) -> fmt::Result {
    write!(page, "<table><caption>{caption}</caption><thead><tr>")?;
    for (index, column) in columns.iter().enumerate() {
        let class = if index == 0 { " class=\"text\"" } else { "" };
        write!(page, "<th scope=\"col\"{class}>{column}</th>")?;
    }
    page.push_str("</tr></thead><tbody>");
    Ok(())
}

fn write_names(page: &mut String, what: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    let names = names
        .iter()
        .map(|name| format!("<bdi>{}</bdi>", Text(name)));
    let names: Vec<String> = names.collect();
    write!(page, "<p>{what}: {}</p>", names.join(", "))
}

/// Text from outside, which is text in the page and nothing else.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
