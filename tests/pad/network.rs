//! Bad networks and worse: cuts, a server that dies, a tab that is closed. Nothing is lost, nothing doubled.

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;

#[tokio::test]
async fn balls_without_a_network_are_kept_shown_and_sent_in_order() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone.browser.offline(true).await;
    phone.tap_all(&["#k4", "#k0", "#kwd", "#kwd"]).await;
    phone.until("#total", "6/0").await;
    phone.until("#sending", "Offline").await;
    phone.tap("#sending").await;
    phone
        .until(".log", "3 entries are kept on this phone")
        .await;
    phone.browser.offline(false).await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 . 1wd"))
        .await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_tab_that_is_closed_and_opened_without_a_network_has_everything() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_cut_before(&["#k4", "#k2"]).await else {
        return;
    };
    phone.until("#total", "7/0").await;
    let url = phone.proxy.url();
    phone.browser.goto("about:blank").await;
    phone.browser.goto(&format!("{url}/#match={MATCH}")).await;
    phone.until("#total", "7/0").await;
    phone.until("#sending", "2 ").await;
    phone.tap("#k1").await;
    phone.until("#total", "8/0").await;
    phone.join().await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 2 1"))
        .await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_scoring_service_that_dies_again_and_again_loses_and_doubles_nothing() {
    let mut ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat"]).await;
    for round in 0..3 {
        phone.tap_all(&["#k2", "#k4"]).await;
        let last = ground.cluster.scorings.len() - 1;
        ground.cluster.scorings[last].kill().await;
        phone.tap_all(&["#k0", "#k6"]).await;
        if round == 1 {
            // What is shown is kept.
            phone.until("#over", "6").await;
            phone.browser.reload().await;
            phone.until("#over", "6").await;
        }
        ground.cluster.add_scoring(&[]).await;
        let url = ground.cluster.scorings[last + 1].url();
        ground.scorer = ground.cluster.scorer(last + 1).await;
        phone.join_at(&url).await;
        phone.tap_all(&["#k2", "#k2"]).await;
        let bowler = if round == 1 { "Cat" } else { "Eve" };
        phone.tap_text(bowler).await;
    }
    phone.until_sent().await;

    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("2 4 . 6 2 2"))
        .await;
    let state = ground.scorer.state(MATCH).await["state"].clone();
    let runs = state["innings"]["i1"]["runs"].clone();
    assert_eq!(phone.text("#total").await, format!("{runs}/0"));
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_match_that_is_brought_back_after_a_loss_gets_what_the_phone_still_has() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    let file = ground.cluster.data_dir().join("small.ndjson");
    let file = file.display().to_string();
    ground
        .cluster
        .ops_well(&["replay", MATCH, "--to-file", &file])
        .await;
    // These are stored, and then lost with the match.
    phone.tap_all(&["#k4", "#k6"]).await;
    phone.until_sent().await;
    ground.cluster.ops_well(&["purge", MATCH, "--yes"]).await;
    ground.cluster.ops_well(&["import", &file]).await;

    phone.tap("#k2").await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 6 2"))
        .await;
    let log = ground.log(MATCH).await;
    let mut ids: Vec<&Value> = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["id"])
        .collect();
    let all = ids.len();
    ids.sort_by_key(|id| id.to_string());
    ids.dedup();
    assert_eq!(ids.len(), all);
    phone.until("#total", "13/0").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_network_that_goes_while_the_link_is_opened_or_the_pin_is_sent_costs_nothing() {
    let ground = Ground::start().await;
    ground.begin().await;
    let access = ground
        .scorer
        .post(&format!("/v1/matches/{MATCH}/access"), &json!({}))
        .await
        .json();
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.until_ready().await;
    phone.cut();
    let fragment = access["link"].as_str().unwrap().split_once('#').unwrap().1;
    phone.browser.goto("about:blank").await;
    phone
        .browser
        .goto(&format!("{}/#{fragment}", phone.proxy.url()))
        .await;
    phone.tap("#pin").await;
    phone
        .send_form(&[("pin", access["pin"].as_str().unwrap())])
        .await;
    phone.until(".problem", "There is no connection").await;
    // The token is made, and its answer lost.
    phone.join().await;
    phone.proxy.cut_at("\"token\"");
    phone.submit().await;
    phone.until(".problem", "There is no connection").await;
    phone.submit().await;
    phone.until("#total", "0/0").await;
    phone.tap_all(&["#bowler", "Cat", "#k2"]).await;
    phone.until_sent().await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_correction_in_flight_is_made_once_and_one_that_is_looked_at_need_not_wait() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone.tap("#k2").await;
    phone.until_sent().await;
    phone.tap("#go-balls").await;
    phone
        .tap_all(&[".log li:nth-child(2) button", "Change it"])
        .await;
    phone.send_form(&[("runs", "3")]).await;
    phone.until("#question", "Correct it?").await;
    // It is stored, and the answer lost.
    phone.proxy.cut_at("\"warnings\"");
    phone.tap_text("Save").await;
    phone.until_sent().await;
    ground.until_state("/innings/i1/runs", &json!(5)).await;

    // Nobody answers what would follow from it.
    phone.proxy.fall_silent();
    phone
        .tap_all(&[".log li:nth-child(1) button", "Change it"])
        .await;
    phone.send_form(&[("runs", "4")]).await;
    phone.until("#question", "Looking what follows").await;
    phone.tap_all(&["Don't wait", "Save"]).await;
    phone.proxy.cut();
    phone.join().await;
    phone.until_sent().await;
    ground.until_state("/innings/i1/runs", &json!(7)).await;
    let amends = ground.entered(&["delivery"]).await;
    assert_eq!(
        amends.iter().filter(|(op, _)| op == "amend").count(),
        2,
        "{amends:?}"
    );
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_ball_that_could_not_be_kept_stops_none_after_it() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat"]).await;
    let full = "globalThis.kept = IDBDatabase.prototype.transaction; IDBDatabase.prototype.transaction = () => { throw new Error('full'); }; true";
    phone.browser.evaluate(full).await;
    phone.tap("#k1").await;
    phone.until("#question", "That did not work").await;
    phone
        .browser
        .evaluate("IDBDatabase.prototype.transaction = globalThis.kept; true")
        .await;
    phone.tap_all(&["Done", "#bowler", "Cat", "#k4"]).await;
    phone.until("#total", "4/0").await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("4"))
        .await;
}

#[tokio::test]
async fn a_network_that_goes_while_the_page_is_kept_for_later_lets_it_be_kept_later() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.until_ready().await;
    let forget = "caches.keys().then(names => Promise.all(names.map(name => caches.delete(name)))).then(() => navigator.serviceWorker.getRegistrations()).then(all => Promise.all(all.map(one => one.unregister())))";
    phone.browser.evaluate(forget).await;
    phone
        .browser
        .call("Network.clearBrowserCache", json!({}))
        .await;
    phone.browser.goto("about:blank").await;
    // In the icon that only the worker asks for.
    phone.proxy.cut_at("M9 21h14");
    phone.browser.goto(&phone.proxy.url()).await;
    phone
        .until_awake("navigator.serviceWorker.getRegistration().then(one => Boolean(one?.active))")
        .await;
    phone.cut();
    phone.browser.reload().await;
    phone.until("#door", "Score a match").await;
    phone.assert_no_errors().await;
}
