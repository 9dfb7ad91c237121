//! A match from its set-up to its sign-off, by taps and typing alone; the scorecard is what was tapped.

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;

#[tokio::test]
async fn a_match_with_all_that_may_happen_is_scored_whole_by_taps() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    set_up(&ground, &mut phone).await;
    first_innings(&mut phone).await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/end", &json!("declared"))
        .await;
    chase(&mut phone).await;
    super_over(&mut phone).await;
    phone.until_sent().await;
    ground.until_state("/innings/i4/runs", &json!(8)).await;
    end(&ground, &mut phone).await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    assert_eq!(
        totals(&state),
        [
            ("a", 21, 1, "1.3", Some("declared")),
            ("b", 19, 1, "1", Some("overs")),
            ("b", 7, 0, "1", Some("overs")),
            ("a", 8, 0, "0.2", Some("target")),
        ]
        .map(|(side, runs, wickets, overs, end)| json!([side, runs, wickets, overs, end]))
    );
    let first = &state["innings"]["i1"];
    assert_eq!(
        first["extras"],
        json!({"wides": 1, "noballs": 1, "legbyes": 1})
    );
    assert_eq!(first["per_over"]["o001"]["balls"], "1 4 1wd 1lb . 6 2");
    assert_eq!(first["per_over"]["o002"]["balls"], "W 1 4+1nb .");
    assert_eq!(
        batting(first),
        json!({
            "ann": [2, 3, null], "bea": [4, 3, "bowled"], "dot": [12, 4, null],
        })
    );
    assert_eq!(bowling(first), json!({"cat": [6, 14, 0], "eve": [3, 6, 1]}));
    let second = &state["innings"]["i2"];
    assert_eq!(second["penalty_pre"], 5);
    assert_eq!(
        second["target"],
        json!({"runs": 20, "overs": 2, "method": "D/L"})
    );
    assert_eq!(second["per_over"]["o001"]["balls"], "4 4 1 W 4 1");
    assert_eq!(
        batting(second),
        json!({
            "cat": [9, 3, null], "eve": [0, 1, "run out"], "hil": [5, 2, null],
        })
    );
    assert_eq!(
        state["powerplays"],
        json!({"q01": {"from": "0.1", "to": "0.6", "kind": "mandatory"}})
    );
    assert_eq!(state["result"], json!({"result": "tie", "eliminator": "a"}));
    assert_eq!(state["player_of_match"], json!(["dot"]));
    assert_eq!(state["locked"], true);
    phone.assert_no_errors().await;
}

async fn set_up(ground: &Ground, phone: &mut Phone) {
    phone.tap_text("Set up a match").await;
    let token = ground
        .cluster
        .token(&["--role", "scorer", "--matches", MATCH])
        .await;
    let fields = [
        ("token", token.as_str()),
        ("match", MATCH),
        ("a", "Reds"),
        ("b", "Blues"),
        ("looks", "yes"),
        ("players_a", "Ann\nBea\nDot\nFay"),
        ("players_b", "Cat\nEve\nHil\nIda"),
    ];
    phone.send_form(&fields).await;
    phone
        .send_form(&[("overs", "2"), ("bowler_overs_max", "")])
        .await;
    phone
        .tap_all(&[
            "Toss",
            "Reds",
            "Bat",
            "Start an innings",
            "Reds bat",
            "Ann",
            "Bea",
            "Cat",
        ])
        .await;
}

/// Reds make 21 of 1.3 overs, with a retirement and a return, a review, and a penalty to Blues.
async fn first_innings(phone: &mut Phone) {
    phone.enter(&["Powerplay"], &[("to", "0.6")]).await;
    phone
        .tap_all(&["#k1", "#k4", "#kwd", "#kwd", "#klb", "#k1"])
        .await;
    phone.enter(&["Review", "Blues"], &[]).await;
    phone.until("#line", "Review pending").await;
    phone.enter(&["Review", "Struck down"], &[]).await;
    phone.tap("#k0").await;
    phone
        .enter(
            &["Penalty runs", "Blues"],
            &[("reason", "ball on the helmet")],
        )
        .await;
    phone.tap_all(&["#striker", "Retires hurt"]).await;
    phone.until("#due", "Who comes in").await;
    phone.tap_all(&["Dot", "#k6", "#k2"]).await;
    phone.until("#due", "End of over 1").await;
    phone.tap_all(&["Eve", "#kw", "Bowled"]).await;
    phone.until(".sheet.due", "retired, comes back").await;
    phone.tap_all(&["Ann", "#k1", "#knb", "#k4"]).await;
    phone.until("#line", "FREE HIT").await;
    phone.tap("#k0").await;
    phone.enter(&["End the innings", "Declared"], &[]).await;
}

/// Blues make 19 of one over, where 20 were wanted: a tie.
async fn chase(phone: &mut Phone) {
    phone
        .enter(&["Revised target"], &[("runs", "20"), ("overs", "2")])
        .await;
    phone.tap_text("Start an innings").await;
    phone.until(".options .main", "target 20").await;
    phone.tap_all(&["Blues bat", "Cat", "Eve", "Ann"]).await;
    phone.until_sent().await;
    phone.until("#total", "5/0").await;
    phone.until("#line", "Need 15 from 12").await;
    phone.tap_all(&["#k4", "#k4", "#k1"]).await;
    phone
        .tap_all(&[
            "#kw",
            "Run out",
            "Eve",
            "0",
            "Fay",
            "No",
            "The new batter",
            "Hil",
        ])
        .await;
    phone.tap_all(&["#k4", "#k1"]).await;
    phone.enter(&["Revised overs"], &[("overs", "1")]).await;
    phone.until("#due", "All overs are bowled").await;
    phone.tap_text("End the innings").await;
}

async fn super_over(phone: &mut Phone) {
    phone
        .tap_all(&[
            "Start a super over",
            "Super over: Blues bat",
            "Cat",
            "Hil",
            "Dot",
        ])
        .await;
    phone
        .tap_all(&["#k6", "#k0", "#k0", "#k0", "#k0", "#k1"])
        .await;
    phone.until("#due", "All overs are bowled").await;
    phone
        .tap_all(&["End the innings", "Start a super over"])
        .await;
    phone.until(".options .main", "target 8").await;
    phone
        .tap_all(&["Super over: Reds bat", "Dot", "Fay", "Cat", "#k4", "#k4"])
        .await;
    phone.until("#due", "The target is reached").await;
    phone.tap_text("End the innings").await;
}

/// The result, the player of the match, and the sign-off, after which nothing is scored.
async fn end(ground: &Ground, phone: &mut Phone) {
    phone
        .tap_all(&["Result", "Tie; Reds won the super over"])
        .await;
    phone.tap_all(&["Player of the match", "Dot"]).await;
    phone.tap_all(&["Sign off", "Sign off"]).await;
    // The token of the scorer may not; nothing is refused, it is asked for another.
    phone.until(".sheet .note", "may score, and no more").await;
    let official = ground.official(MATCH).await;
    phone.send_form(&[("token", &official)]).await;
    phone.until("#signed-off", "Signed off").await;
    phone.until_sent().await;
    assert_eq!(phone.options().await, ["Open again"]);
    phone.tap("#go-more").await;
    phone.until("h1", "Reds v Blues").await;
    assert!(
        !phone
            .text(".more-view .options")
            .await
            .contains("Start an innings")
    );
    let last = ground.log(MATCH).await["events"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["type"], "lock");
}

fn totals(state: &Value) -> Vec<Value> {
    let innings = state["innings"].as_object().unwrap().values();
    innings
        .map(|one| {
            json!([
                one["batting_team"],
                one["runs"],
                one["wickets"],
                one["overs"],
                one["end"]
            ])
        })
        .collect()
}

fn batting(innings: &Value) -> Value {
    let rows = innings["batting"].as_object().unwrap().values();
    rows.map(|row| {
        (
            row["player"].as_str().unwrap().to_owned(),
            json!([row["runs"], row["balls"], row["out"]["kind"]]),
        )
    })
    .collect()
}

fn bowling(innings: &Value) -> Value {
    let rows = innings["bowling"].as_object().unwrap().values();
    rows.map(|row| {
        (
            row["player"].as_str().unwrap().to_owned(),
            json!([row["balls"], row["runs"], row["wickets"]]),
        )
    })
    .collect()
}
