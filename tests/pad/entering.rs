//! From nothing to a first over, by taps and typing alone; and the ways into a match.

use serde_json::json;

use crate::ground::{Ground, MATCH, small_match};
use crate::phone::Phone;

#[tokio::test]
async fn a_match_is_set_up_and_its_first_over_is_scored_by_hand() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.tap_text("Set up a match").await;
    let token = ground.cluster.scorer_token().await;
    phone.fill("token", &token).await;
    phone.fill("match", MATCH).await;
    phone.fill("a", "Reds").await;
    phone.fill("players_a", "Ann\nBea\nDot\n").await;
    phone.fill("b", "Blues").await;
    phone.fill("players_b", "1. Cat\n2. Eve\n\n3. Ann").await;
    phone.submit().await;

    phone
        .tap_all(&["Toss", "Reds", "Bat", "Start an innings", "Reds bat"])
        .await;
    phone.tap_all(&["Ann", "Bea", "Cat"]).await;
    phone
        .tap_all(&["#k1", "#k0", "#k4", "#kwd", "#kwd", "#klb", "#k1", "#k6"])
        .await;
    phone.tap_all(&["#kw", "Bowled", "Dot", "Eve"]).await;
    phone.until("#overs", "1/20").await;
    phone.until_sent().await;

    ground
        .until_state(
            "/innings/i1/per_over/o001/balls",
            &json!("1 . 4 1wd 1lb 6 W"),
        )
        .await;
    let state = ground.scorer.state(MATCH).await["state"].clone();
    assert_eq!(state["toss"], json!({"winner": "a", "decision": "bat"}));
    // Two players of one name are two players.
    assert_eq!(state["teams"]["b"]["players"]["ann-2"], "Ann");
    let innings = &state["innings"]["i1"];
    assert_eq!(
        (&innings["runs"], &innings["wickets"], &innings["overs"]),
        (&json!(13), &json!(1), &json!("1"))
    );
    assert_eq!(phone.text("#total").await, "13/1");
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_link_and_its_pin_open_a_match_on_another_phone() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut first) = ground.phone().await else {
        return;
    };
    first.tap_all(&["#go-more", "#link"]).await;
    first.until("#link-shown", "key=").await;
    let (link, pin) = (
        first.text("#link-shown").await,
        first.text("#pin-shown").await,
    );
    let fragment = link.split_once('#').unwrap().1;

    let Some(mut second) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    let address = format!("{}/#{fragment}", second.proxy.url());
    second.browser.goto("about:blank").await;
    second.browser.goto(&address).await;
    second.tap("#pin").await;
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    second.fill("pin", wrong).await;
    second.submit().await;
    second.until(".sheet .problem", "PIN").await;
    second.fill("pin", &pin).await;
    second.submit().await;
    second.until("#total", "0/0").await;
    let address = second.browser.evaluate("location.href").await;
    assert!(!address.as_str().unwrap().contains("key"), "{address}");
    second.tap_all(&["#bowler", "Cat", "#k2"]).await;
    second.until_sent().await;
    first.tap("#go-score").await;
    first.until("#total", "2/0").await;
    second.assert_no_errors().await;
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_asked_for_again_and_nothing_is_lost() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_cut_before(&["#k4", "#k2"]).await else {
        return;
    };
    phone.until("#sending", "2 ").await;

    // Another scoring service with another secret knows nothing of this token.
    let forget = "(() => { const all = JSON.parse(localStorage['grandstand.pad.matches']); all[0].token = 'no.good.token'; localStorage['grandstand.pad.matches'] = JSON.stringify(all); return true; })()";
    phone.browser.evaluate(forget).await;
    phone.browser.reload().await;
    phone.until("#total", "7/0").await;
    phone.join().await;
    phone.until(".door .note", "2 entered here").await;
    phone.tap_text("I have a token").await;
    let token = ground.token(MATCH).await;
    phone.fill("token", &token).await;
    phone.submit().await;

    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 2"))
        .await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_without_squads_asks_for_them_before_its_innings() {
    let ground = Ground::start().await;
    let mut body = small_match();
    body["teams"]["a"]["players"] = json!([]);
    body["teams"]["b"]["players"] = json!([]);
    ground.scorer.create(MATCH, &body).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["Start an innings", "Reds bat"]).await;
    phone.fill("names", "Ann\nBea").await;
    phone.submit().await;
    phone.until("#question", "Blues").await;
    phone.fill("names", "Cat\nEve").await;
    phone.submit().await;
    phone.tap_all(&["Ann", "Bea", "Cat", "#k3"]).await;
    phone.until_sent().await;
    ground.until_state("/innings/i1/runs", &json!(3)).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_given_up_before_a_ball_has_its_result() {
    let ground = Ground::start().await;
    ground.scorer.create(MATCH, &small_match()).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.enter(&["Result", "No result"], &[]).await;
    phone.until("#between", "No result").await;
    assert!(phone.options().await.contains(&"Sign off".to_owned()));
    phone.until_sent().await;
    ground
        .until_state("/result/result", &json!("no result"))
        .await;
    phone.assert_no_errors().await;
}
