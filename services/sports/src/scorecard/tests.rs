//! A scorecard out of a state with everything that one can hold.

use serde_json::{Value, json};

use super::*;

fn state() -> Value {
    let players = json!({"ann": "Ann <b>", "bea": "=Bea, \"B\"", "cat": "Cat", "dot": "Dot", "eve": "Eve", "fay": "Fay"});
    let row = |player: &str, runs: u64, balls: u64| json!({"player": player, "name": players[player], "runs": runs, "balls": balls, "fours": 1, "sixes": 0});
    let mut batting =
        json!({"b01": row("ann", 2, 3), "b02": row("bea", 0, 0), "b03": row("cat", 7, 5)});
    batting["b01"]["out"] = json!({"kind": "caught", "bowler": "dot", "fielders": ["sub"]});
    batting["b02"]["out"] = json!({"kind": "run out", "fielders": ["dot", "Guest"]});
    json!({
        "sport": "cricket",
        "strip": {"title": "A & B", "line": "A won by 1 run", "status": "ended"},
        "rules": {"balls_per_over": 5},
        "teams": {
            "a": {"name": "Team A", "players": {"ann": "Ann <b>", "bea": "=Bea, \"B\"", "cat": "Cat", "eve": "Eve", "fay": "Fay"}},
            "b": {"name": "Team B", "players": {"dot": "Dot"}},
        },
        "toss": {"winner": "b", "decision": "field"},
        "player_of_match": ["cat"],
        "innings": {
            "i1": {
                "batting_team": "a", "runs": 18, "wickets": 2, "legal_balls": 8, "overs": "1.3",
                "extras": {"wides": 4}, "batting": batting, "absent_hurt": ["eve"], "penalty_post": 5,
                "bowling": {"w01": {"player": "dot", "name": "Dot", "balls": 8, "maidens": 1, "runs": 13, "wickets": 1, "wides": 4, "noballs": 0, "dots": 4}},
                "fall_of_wickets": {"f01": {"player": "ann", "runs": 4, "over": "0.3"}},
                "partnerships": {"p01": {"batters": ["ann", "bea"], "runs": 4, "balls": 3}},
                "end": "declared",
            },
            "i10": {"batting_team": "b", "runs": 9, "wickets": 0, "overs": "1", "super_over": true},
            "i2": {"batting_team": "b", "runs": 17, "wickets": 10, "overs": "2", "target": {"runs": 19}, "end": "all_out"},
        },
    })
}

#[test]
fn a_state_is_a_scorecard_in_words_and_figures() {
    let card = Scorecard::of(&state()).unwrap();
    assert_eq!(card.toss.as_deref(), Some("Team B chose to field"));
    assert_eq!(card.player_of_match, ["Cat"]);
    let scores = card.innings.iter().map(|innings| innings.score.as_str());
    assert_eq!(scores.collect::<Vec<_>>(), ["18/2", "17", "9/0"]);
    let innings = &card.innings[0];
    let how: Vec<_> = innings
        .batting
        .iter()
        .map(|line| line.how_out.as_str())
        .collect();
    assert_eq!(how, ["c sub b Dot", "run out (Dot/Guest)", "not out"]);
    let rates = innings
        .batting
        .iter()
        .map(|line| line.strike_rate.as_deref());
    assert_eq!(
        rates.collect::<Vec<_>>(),
        [Some("66.67"), None, Some("140.00")]
    );
    assert_eq!(
        (&*innings.did_not_bat, &*innings.absent_hurt),
        (&["Fay".to_owned()][..], &["Eve".to_owned()][..])
    );
    let bowling = &innings.bowling[0];
    assert_eq!(
        (bowling.overs.as_str(), bowling.economy.as_deref()),
        ("1.3", Some("8.13"))
    );
    let made: u64 = innings.batting.iter().map(|line| line.runs).sum();
    let extras: u64 = innings.extras.iter().map(|extra| extra.runs).sum();
    assert_eq!(made + extras + innings.penalties, innings.runs);
    assert_eq!(card.innings[1].target, Some(19));
    assert!(card.innings[2].super_over);
    assert_eq!(Scorecard::of(&json!({"strip": {}})), None, "another sport");
}

#[test]
fn whoever_went_however_is_told_in_words() {
    let state = state();
    let names = Names { state: &state };
    let told = |out: Value| how_out::how_out(&names, Some(&out));
    for (kind, fielders, words) in [
        ("bowled", json!([]), "b Dot"),
        ("caught", json!(["cat"]), "c Cat b Dot"),
        ("caught", json!([]), "c b Dot"),
        ("caught and bowled", json!(["dot"]), "c & b Dot"),
        ("stumped", json!(["cat"]), "st Cat b Dot"),
        ("lbw", json!([]), "lbw b Dot"),
        ("hit wicket", json!([]), "hit wicket b Dot"),
        ("obstructing the field", json!([]), "obstructing the field"),
        ("retired hurt", json!([]), "retired hurt"),
        ("timed out", json!([]), "timed out"),
    ] {
        let out = json!({"kind": kind, "bowler": "dot", "fielders": fielders});
        assert_eq!(told(out), words, "{kind}");
    }
}

#[test]
fn the_table_has_as_many_cells_in_every_line_and_holds_no_formula() {
    let csv = Scorecard::of(&state()).unwrap().to_csv();
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines[0].split(',').count(), 17);
    assert_eq!(
        lines[1],
        "1,Team A,batting,1,Ann <b>,c sub b Dot,2,3,1,0,,,,,,,66.67"
    );
    assert!(
        lines[2].contains(",\"'=Bea, \"\"B\"\"\",run out (Dot/Guest),0,0,"),
        "{}",
        lines[2]
    );
    for line in lines.iter().filter(|line| !line.contains('"')) {
        assert_eq!(line.split(',').count(), 17, "{line}");
    }
    assert!(
        lines.contains(&"1,Team A,total,1,declared,,18,,,,1.3,,2,,,,"),
        "{csv}"
    );
    assert!(
        lines.contains(&"1,Team A,bowling,1,Dot,,13,8,,,1.3,1,1,4,0,4,8.13"),
        "{csv}"
    );
}

#[test]
fn no_name_is_more_than_text_in_the_page() {
    let mut state = state();
    state["strip"]["title"] = json!("</title><script>alert(1)</script>");
    state["innings"]["i1"]["end"] = json!("<i>");
    let page = Scorecard::of(&state).unwrap().to_page();
    for tag in ["<script", "<b>", "<i>", "=\"B"] {
        assert!(!page.contains(tag), "{tag}: {page}");
    }
    assert!(page.contains("Ann &lt;b&gt;"), "{page}");
    assert!(page.contains("Total</th><td class=\"text how\">2 wickets, 1.3 overs</td><td>18</td>"));
    for needed in ["src=", "href=", "url("] {
        assert!(!page.contains(needed), "it needs {needed}");
    }
}
