//! Two phones at one match: each sees what the other entered, and after both were away the scorer
//! decides, with nothing lost and nothing doubled.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH};

#[tokio::test]
async fn a_second_phone_takes_over_without_a_lock() {
    let ground = Ground::start().await;
    let Some(mut first) = ground.phone_after_a_single().await else {
        return;
    };
    let Some(mut second) = ground.phone().await else {
        return;
    };
    first.tap("#k4").await;
    first.until_sent().await;
    second.until("#total", "5/0").await;
    second.tap_all(&["#k2", "#k0"]).await;
    second.until_sent().await;
    // The two alone may come before the dot ball.
    first.until("#over", "no run").await;
    first.until("#total", "7/0").await;
    first.tap("#k6").await;
    first.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 2 . 6"))
        .await;
    first.assert_no_errors().await;
    second.assert_no_errors().await;
}

#[tokio::test]
async fn a_wicket_that_is_asked_about_while_another_scores_is_told_and_not_entered() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    // Another ball, then no innings at all.
    let single =
        json!({"over": 0, "batter": "bea", "non_striker": "ann", "bowler": "cat", "runs": 1});
    for (event, is_seen, then) in [
        (
            json!({"id": "one", "type": "delivery", "data": single}),
            "document.querySelector('#total')?.textContent.startsWith('2/0')",
            "#k1",
        ),
        (
            json!({"id": "end", "type": "innings_end", "data": {"reason": "declared"}}),
            "document.querySelector('#total') === null",
            "#between",
        ),
    ] {
        phone.tap_all(&["#kw", "Caught"]).await;
        phone.until("#question", "Caught by?").await;
        ground.scorer.score(MATCH, &event).await;
        phone.browser.wait_for(is_seen).await;
        phone.tap_text("Eve").await;
        phone.until("#question", "Not entered").await;
        phone.tap_text("Done").await;
        phone.until(then, "").await;
    }
    assert_eq!(ground.entered(&["delivery"]).await.len(), 2);
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn two_phones_that_were_away_at_once_lose_and_double_nothing() {
    let ground = Ground::start().await;
    let Some(mut first) = ground.phone_after_a_single().await else {
        return;
    };
    let Some(mut second) = ground.phone().await else {
        return;
    };
    second.until("#total", "1/0").await;
    first.cut();
    second.cut();
    let over = ["#k1", "#k0", "#k2", "#k0", "#k4"];
    first.tap_all(&over).await;
    first
        .tap_all(&["Eve", "#k0", "#k1", "#k1", "#k0", "#k3", "#k2", "Cat"])
        .await;
    second.tap_all(&["#k4", "#k4", "#k6"]).await;
    first.until("#sending", "Offline").await;
    second.until("#total", "15/0").await;

    first.join().await;
    first.until_sent().await;
    second.join().await;
    second.until("#sending", "Others scored").await;
    second.tap("#sending").await;
    second.until(".trouble", "Cat to").await;
    // What it holds is what the other phone has entered better.
    second.tap_text("It is the same").await;
    second.until_sent().await;
    second.tap("#go-score").await;
    second.until("#total", "15/0").await;
    // Who bowls next is known to the phone that was told.
    second.tap_all(&["Cat", "#k1"]).await;
    second.until_sent().await;

    ground.until_state("/innings/i1/runs", &json!(16)).await;
    let state = ground.scorer.state(MATCH).await["state"].clone();
    assert_eq!(
        state["innings"]["i1"]["per_over"]["o001"]["balls"],
        "1 1 . 2 . 4"
    );
    assert_eq!(
        state["innings"]["i1"]["per_over"]["o002"]["balls"],
        ". 1 1 . 3 2"
    );
    first.until("#total", "16/0").await;
    assert_each_once(&ground).await;
    first.assert_no_errors().await;
    second.assert_no_errors().await;
}

#[tokio::test]
async fn each_phone_is_shown_what_the_other_has_not_sent() {
    let ground = Ground::start().await;
    let Some(mut first) = ground.phone_cut_before(&["#k4"]).await else {
        return;
    };
    let Some(mut second) = ground.phone().await else {
        return;
    };
    second.enter(&["End the innings", "Declared"], &[]).await;
    second.until_sent().await;
    // What the first one holds can't be any more; it stays there while the rest goes on.
    first.join().await;
    first.tap("#sending").await;
    first.tap_all(&["Mine comes after", "Leave it"]).await;
    first
        .enter(&["Comment"], &[("text", "Tea is served")])
        .await;
    let device = "localStorage['grandstand.pad.device']";
    let name = first
        .browser
        .evaluate(&format!("JSON.parse({device})"))
        .await;
    second.until_news("#sending", "another phone holds 1").await;
    second.tap("#sending").await;
    second
        .until(
            ".log",
            &format!("{}: held 1 entry more", name.as_str().unwrap()),
        )
        .await;

    first.tap("#sending").await;
    first.tap_text("Take it back").await;
    first.enter(&["Comment"], &[("text", "And cake")]).await;
    first.until_sent().await;
    second.until_news(".log", "holds nothing").await;
    assert!(!second.text("#sending").await.contains("another phone"));
    first.assert_no_errors().await;
    second.assert_no_errors().await;
}

/// No id is in the log twice, and its numbers have no hole.
async fn assert_each_once(ground: &Ground) {
    let log = ground.log(MATCH).await;
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for (index, event) in log["events"].as_array().unwrap().iter().enumerate() {
        assert_eq!(event["seq"], Value::from(index + 1));
        *seen.entry(event["id"].as_str().unwrap()).or_default() += 1;
    }
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}
