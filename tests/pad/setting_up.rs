//! A match is set up with its start and the rules of its league, and nothing has to be written twice,
//! whatever the network does.

use serde_json::json;

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;

/// The set-up, written but not sent.
async fn written(ground: &Ground, phone: &mut Phone) {
    phone.tap_text("Set up a match").await;
    let token = ground
        .cluster
        .token(&["--role", "scorer", "--matches", MATCH])
        .await;
    for (name, text) in [
        ("token", token.as_str()),
        ("match", MATCH),
        ("a", "Reds"),
        ("b", "Blues"),
        ("players_a", "Ann\nBea"),
        ("players_b", "Cat\nEve"),
    ] {
        phone.fill(name, text).await;
    }
}

#[tokio::test]
async fn the_start_and_the_rules_of_a_league_are_what_was_filled_in() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    written(&ground, &mut phone).await;
    phone
        .send_form(&[
            ("start", "2027-05-16T14:30"),
            ("profile", "stands"),
            ("looks", "yes"),
        ])
        .await;
    phone
        .send_form(&[
            ("overs", "12"),
            ("retire_runs", ""),
            ("noballs_rebowled", "yes"),
            ("over_deliveries_max", "8"),
            ("free_hits", "no"),
        ])
        .await;
    phone.until("#between", "Reds v Blues").await;
    let created = ground.log(MATCH).await["events"][0]["data"].clone();
    assert_eq!(
        created["rules"],
        json!({
            "balls_per_over": 5, "overs": 12, "wickets_max": 8, "last_batter_stands": true,
            "noballs_rebowled": false, "over_deliveries_max": 8, "free_hits": false,
        })
    );
    let start = phone
        .browser
        .evaluate("new Date('2027-05-16T14:30').toISOString()")
        .await;
    assert_eq!(created["start"], start);
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_network_that_goes_at_any_step_of_the_set_up_loses_and_doubles_nothing() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.until_ready().await;
    written(&ground, &mut phone).await;
    // Before it is sent; and the phone dies with it.
    phone.cut();
    phone.submit().await;
    phone.until(".problem", "There is no connection").await;
    phone.browser.reload().await;
    phone.tap_text("Set up a match").await;
    phone.until("[name=players_a]", "Ann\nBea").await;
    // It is made, and the answer is lost.
    phone.join().await;
    phone.proxy.cut_at("\"epoch\"");
    phone.submit().await;
    phone.until(".problem", "There is no connection").await;
    assert_eq!(
        ground.log(MATCH).await["events"].as_array().unwrap().len(),
        1
    );
    phone.submit().await;
    phone.until("#between", "Reds v Blues").await;
    // Nothing was entered: toss, innings and the first ball wait for the network, and for a reload.
    phone.until_sent().await;
    phone.cut();
    phone.tap_all(&["Toss", "Reds", "Bat"]).await;
    phone.until("#line", "Reds won the toss").await;
    phone.browser.reload().await;
    phone.until("#sending", "1 entry kept here").await;
    phone
        .tap_all(&["Start an innings", "Reds bat", "Ann"])
        .await;
    phone.join().await;
    phone.tap_text("Bea").await;
    phone.cut();
    phone.tap_all(&["Cat", "#k4"]).await;
    phone.until("#total", "4/0").await;
    phone.join().await;
    phone.until_sent().await;
    let kinds = ["created", "toss", "innings_start", "batter_in", "delivery"];
    let entered = ground.entered(&kinds).await;
    assert_eq!(entered.len(), 6, "{entered:?}");
    ground.until_state("/innings/i1/runs", &json!(4)).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_link_to_a_match_that_nobody_has_set_up_lets_it_be_set_up() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    let (fragment, pin) = ground.access(MATCH).await;
    phone.browser.goto("about:blank").await;
    let address = format!("{}/#{fragment}", phone.proxy.url());
    phone.browser.goto(&address).await;
    phone.tap("#pin").await;
    // Who is asked for one thing can write it at once.
    let looked_at = "document.activeElement.name ?? document.activeElement.id";
    phone
        .browser
        .wait_for(&format!("({looked_at}) === 'pin'"))
        .await;
    phone.send_form(&[("pin", &pin)]).await;
    phone.tap("#set-up").await;
    phone
        .send_form(&[
            ("a", "Reds"),
            ("b", "Blues"),
            ("players_a", "Ann\nBea"),
            ("players_b", "Cat\nEve"),
        ])
        .await;
    phone.until("#between", "Reds v Blues").await;
    phone
        .tap_all(&["Start an innings", "Reds bat", "Ann", "Bea", "Cat", "#k4"])
        .await;
    phone.until_sent().await;
    ground.until_state("/innings/i1/runs", &json!(4)).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_there_already_otherwise_is_told_and_may_be_scored() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    written(&ground, &mut phone).await;
    phone.submit().await;
    phone.until("#question", "small is there already").await;
    phone.tap_text("Change what I wrote").await;
    phone.until("[name=players_a]", "Ann\nBea").await;
    phone.submit().await;
    phone.tap_text("Score it as it is").await;
    phone.until("#total", "0/0").await;
    phone.assert_no_errors().await;
}

/// The network lets a match be created, and its answer through, and nothing after it.
const ONLY_CREATES: &str = "(() => { const all = fetch; globalThis.fetch = (path, options) => options?.method === 'PUT' ? all(path, options) : Promise.reject(new TypeError('no network')); })()";
const PROFILES: &[&str] = &[
    "t20", "odi", "hundred", "days", "pairs", "juniors", "retire", "stands",
];

#[tokio::test]
async fn a_match_is_scored_without_a_network_as_soon_as_it_was_created() {
    let ground = Ground::start().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.until_ready().await;
    phone.browser.evaluate(ONLY_CREATES).await;
    let token = ground.cluster.scorer_token().await;
    for profile in PROFILES {
        phone.tap_text("Set up a match").await;
        phone
            .send_form(&[
                ("token", &token),
                ("match", &format!("{MATCH}-{profile}")),
                ("a", "Reds"),
                ("b", "Blues"),
                ("players_a", "Ann\nBea\nZoë ✓"),
                ("players_b", "Cat\nEve"),
                ("profile", profile),
            ])
            .await;
        phone.until("#between", "Reds v Blues").await;
        phone.tap_all(&["#go-more", "Another match"]).await;
    }
    phone.tap_text("Reds v Blues").await;
    phone
        .tap_all(&["Toss", "Reds", "Bat", "Start an innings", "Reds bat"])
        .await;
    phone.tap_all(&["Ann", "Bea", "Cat", "#k4"]).await;
    phone.until("#total", "4/0").await;
    phone.cut();
    phone.browser.reload().await;
    phone.until("#total", "4/0").await;
    phone.join().await;
    phone.until_sent().await;
    let last = format!("{MATCH}-{}", PROFILES[PROFILES.len() - 1]);
    let log = ground.log(&last).await;
    let kinds: Vec<&str> = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let wanted = [
        "created",
        "toss",
        "innings_start",
        "batter_in",
        "batter_in",
        "delivery",
    ];
    assert_eq!(kinds, wanted);
    phone.assert_no_errors().await;
}
