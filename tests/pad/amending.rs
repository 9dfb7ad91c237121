//! Anything that was entered can be changed afterwards, and what was missed can be put in, wherever it stood.

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;

/// Opens what the list of the log says so, and taps what is to be done with it.
async fn about(phone: &mut Phone, words: &str, what: &str) {
    phone.tap("#go-balls").await;
    let words = json!(words);
    let row = format!(
        "[...document.querySelectorAll('.log .entry')].find(b => b.textContent.includes({words}))"
    );
    phone.browser.wait_for(&format!("Boolean({row})")).await;
    phone.browser.evaluate(&format!("{row}.click()")).await;
    phone.tap_text(what).await;
}

/// Changes members of what the list says so.
async fn change(phone: &mut Phone, words: &str, fields: &[(&str, &str)]) {
    about(phone, words, "Change it").await;
    phone.send_form(fields).await;
    phone.tap_text("Save").await;
    phone.until_sent().await;
}

/// An innings with one of everything, entered by somebody else.
async fn begun(ground: &Ground) {
    ground.begin().await;
    let events = json!([
        {"id": "toss", "type": "toss", "data": {"winner": "b", "decision": "field"}},
        ball(json!({"runs": 1}), "b1", "ann", "bea"),
        ball(json!({"wickets": [{"kind": "bowled", "player_out": "bea"}]}), "b2", "bea", "ann"),
        {"id": "in3", "type": "batter_in", "data": {"player": "dot"}},
        {"id": "pen", "type": "penalty", "data": {"team": "a", "runs": 5}},
        {"id": "rev", "type": "review", "data": {"by": "b", "decision": "struck_down", "umpire": "Ump"}},
        {"id": "hurt", "type": "batter_retired", "data": {"player": "ann", "kind": "retired hurt"}},
        {"id": "squad", "type": "lineup", "data": {"team": "a", "players": [{"id": "zoe", "name": "Zeo"}]}},
        {"id": "end1", "type": "innings_end", "data": {"reason": "declared"}},
        {"id": "start2", "type": "innings_start", "data": {"batting": "b", "target": {"runs": 7}}},
        {"id": "in4", "type": "batter_in", "data": {"player": "cat"}},
        {"id": "in5", "type": "batter_in", "data": {"player": "eve"}},
    ]);
    ground.scorer.score(MATCH, &events).await;
}

fn ball(more: Value, id: &str, batter: &str, non_striker: &str) -> Value {
    let mut data = json!({"over": 0, "batter": batter, "non_striker": non_striker, "bowler": "cat", "runs": 0});
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"id": id, "type": "delivery", "data": data})
}

#[tokio::test]
async fn every_kind_of_entry_is_changed_by_its_form_and_keeps_what_the_form_does_not_show() {
    let ground = Ground::start().await;
    begun(&ground).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    change(
        &mut phone,
        "won the toss",
        &[("winner", "a"), ("decision", "bat")],
    )
    .await;
    change(
        &mut phone,
        "penalty runs to Reds",
        &[("team", "b"), ("runs", "10")],
    )
    .await;
    change(&mut phone, "Review by", &[("decision", "upheld")]).await;
    change(&mut phone, "retired hurt", &[("kind", "retired out")]).await;
    change(&mut phone, "in the squad", &[("players.0.name", "Zoe")]).await;
    change(
        &mut phone,
        "End of the innings",
        &[("reason", "all_out"), ("absent_hurt", "fay")],
    )
    .await;
    change(
        &mut phone,
        "Blues bat",
        &[("target.runs", "20"), ("target.overs", "4.3")],
    )
    .await;
    change(
        &mut phone,
        "The match is set up",
        &[
            ("title", "The final"),
            ("teams.b.name", "Sky Blues"),
            ("teams.a.players.2.name", "Dotty"),
        ],
    )
    .await;
    // A wicket ball of the innings before: it was caught, off a leg-bye that nobody saw.
    change(
        &mut phone,
        "OUT!",
        &[("kind", "caught"), ("fielder", "eve"), ("fielder_2", "hil")],
    )
    .await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    assert_eq!(state["toss"], json!({"winner": "a", "decision": "bat"}));
    let first = &state["innings"]["i1"];
    assert_eq!(first["runs"], 1);
    assert_eq!(first["end"], "all_out");
    assert_eq!(first["absent_hurt"], json!(["fay"]));
    assert_eq!(first["batting"]["b01"]["out"]["kind"], "retired out");
    assert_eq!(
        first["batting"]["b02"]["out"],
        json!({"kind": "caught", "bowler": "cat", "fielders": ["eve", "hil"]})
    );
    assert_eq!(state["innings"]["i2"]["penalty_pre"], 10);
    assert_eq!(state["innings"]["i2"]["overs_max"], "4.3");
    assert_eq!(state["strip"]["title"], "The final");
    assert_eq!(state["teams"]["b"]["name"], "Sky Blues");
    let players = &state["teams"]["a"]["players"];
    assert_eq!(
        (&players["dot"], &players["zoe"], &players["ann"]),
        (&json!("Dotty"), &json!("Zoe"), &json!("Ann"))
    );
    let review = ground.entered(&["review"]).await.pop().unwrap();
    assert_eq!(
        review,
        (
            "amend".to_owned(),
            json!({"by": "b", "decision": "upheld", "umpire": "Ump"})
        )
    );
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn what_was_missed_is_put_in_where_it_stood_and_anything_is_taken_back() {
    let ground = Ground::start().await;
    begun(&ground).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    // In the innings before, the third ball and the end of its over.
    about(&mut phone, "Dot comes in", "Insert a ball").await;
    phone
        .send_form(&[("runs", "4"), ("boundary", "yes"), ("batter", "dot")])
        .await;
    phone.tap_text("Save").await;
    phone.until_sent().await;
    about(&mut phone, "FOUR", "Insert something").await;
    phone.tap_text("End of an over").await;
    phone
        .send_form(&[("over", "1"), ("miscounted.balls", "3")])
        .await;
    phone.tap_text("Save").await;
    phone.until_sent().await;
    about(&mut phone, "penalty runs", "Take it back").await;
    phone.tap_text("Save").await;
    phone.until_sent().await;
    about(&mut phone, "OUT!", "Take it back").await;
    phone.tap_text("Save").await;
    phone.until_sent().await;

    let state = ground.scorer.state(MATCH).await["state"].clone();
    let first = &state["innings"]["i1"];
    assert_eq!(first["per_over"]["o001"]["balls"], "1 4");
    assert_eq!(first["miscounted"], json!({"o001": 3}));
    assert_eq!((&first["runs"], &first["wickets"]), (&json!(5), &json!(0)));
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn later_strikers_are_shown_and_changed_only_if_the_scorer_says_so() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone.tap_all(&["#k0", "#k2"]).await;
    phone.until_sent().await;
    let strikers = async || -> Vec<Value> {
        let state = ground.scorer.state(MATCH).await["state"].clone();
        let rows = state["innings"]["i1"]["batting"]
            .as_object()
            .unwrap()
            .values();
        rows.map(|row| json!([row["player"], row["runs"], row["balls"]]))
            .collect()
    };
    about(&mut phone, "Ann: 1 run", "Change it").await;
    phone.send_form(&[("runs", "2")]).await;
    phone.until(".sheet", "Ann faced").await;
    assert_eq!(
        phone.options().await,
        ["Save, and change 2 more", "Save this alone"]
    );
    phone.tap_text("Back").await;
    assert_eq!(
        strikers().await,
        [json!(["ann", 1, 1]), json!(["bea", 2, 2])]
    );

    about(&mut phone, "Ann: 1 run", "Change it").await;
    phone.send_form(&[("runs", "2")]).await;
    phone.tap_text("Save this alone").await;
    phone.until_sent().await;
    assert_eq!(
        strikers().await,
        [json!(["ann", 2, 1]), json!(["bea", 2, 2])]
    );

    about(&mut phone, "Ann: 2 runs", "Change it").await;
    phone.send_form(&[("runs", "1")]).await;
    phone.tap_text("Save").await;
    phone.until_sent().await;
    about(&mut phone, "Ann: 1 run", "Change it").await;
    phone.send_form(&[("runs", "2")]).await;
    phone.tap_text("Save, and change").await;
    phone.until_sent().await;
    assert_eq!(
        strikers().await,
        [json!(["ann", 4, 3]), json!(["bea", 0, 0])]
    );
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn what_can_not_be_is_asked_again_without_a_network_and_nothing_of_it_is_kept() {
    let ground = Ground::start().await;
    let taps = ["#kend", "End it", "#go-more", "Result", "Tie"];
    let Some(mut phone) = ground.phone_cut_before(&taps).await else {
        return;
    };
    about(&mut phone, "End of over 1", "Change it").await;
    phone.send_form(&[("over", "3")]).await;
    phone.until(".problem", "The over here is 1, not 3").await;
    phone.send_form(&[("over", "1")]).await;
    phone.tap_text("Back").await;

    about(&mut phone, "Result", "Change it").await;
    phone.send_form(&[("winner", "a")]).await;
    phone.until(".problem", "not both").await;
    phone.send_form(&[("result", "")]).await;
    phone.tap_text("Save").await;
    phone.until("#sending", "3 ").await;

    about(&mut phone, "Reds bat", "Take it back").await;
    phone.tap_text("Save").await;
    about(&mut phone, "Ann: 1 run", "Change it").await;
    phone.send_form(&[("runs", "2")]).await;
    phone.until(".problem", "No innings is open here").await;
    phone.tap_text("Back").await;
    about(&mut phone, "Reds bat", "Bring it back").await;
    phone.tap_text("Save").await;
    phone.until("#sending", "5 ").await;
    phone.join().await;
    phone.until_sent().await;
    ground.until_state("/result", &json!({"winner": "a"})).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_long_match_is_looked_through_by_its_overs() {
    let ground = Ground::start().await;
    ground.begin().await;
    let balls: Vec<Value> = (0..90)
        .map(|n| {
            let data = json!({"over": n / 6, "batter": "ann", "non_striker": "bea", "bowler": if n / 6 % 2 == 0 { "cat" } else { "eve" }, "runs": 0});
            json!({"id": format!("n{n}"), "type": "delivery", "data": data})
        })
        .collect();
    ground.scorer.score(MATCH, &json!(balls)).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap("#go-balls").await;
    phone.until(".log .entry .place", "14.6").await;
    phone.browser.evaluate("(() => { const s = document.querySelector('#from'); s.value = '1.2'; s.dispatchEvent(new Event('change')); })()").await;
    phone.until(".log .entry .place", "1.6").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_player_is_replaced_by_one_who_was_in_no_line_up() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone
        .tap_all(&["#go-more", "Replacement", "For the rest", "Blues", "Hil"])
        .await;
    phone.tap_all(&["Somebody else"]).await;
    phone.send_form(&[("name", "Liv")]).await;
    phone.tap_text("Concussion").await;
    phone.until_sent().await;
    let ball = ground.entered(&["delivery"]).await.pop().unwrap();
    assert_eq!(ball.0, "amend");
    assert_eq!(
        ball.1["replacements"],
        json!([{"scope": "match", "in": "liv", "out": "hil", "team": "b", "reason": "concussion_substitute"}])
    );
    ground
        .until_state("/teams/b/players/liv", &json!("Liv"))
        .await;
    phone.assert_no_errors().await;
}
