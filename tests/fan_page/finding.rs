//! How a fan finds a match: the list, the one that is live, the address.

use serde_json::json;

use crate::ground::{Ground, innings, small_match};
use crate::harness::api::count_event;

#[tokio::test]
async fn the_one_live_match_opens_by_itself_for_free() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.open_list().await;
    ground.until("main h1", "Live scores").await;
    ground.until("#matches", "No match is on").await;

    ground.scorer.create("later", &small_match()).await;
    ground.scorer.create("small", &small_match()).await;
    ground.scorer.score("small", &innings()).await;
    // The list is read every ten seconds, and shows what the free tier may see.
    ground.until("#matches", "To come").await;
    ground.until("#title", "Reds v Blues").await;
    ground.until("#connection", "on the free tier").await;
    let address = ground.browser.evaluate("location.hash").await;
    assert_eq!(address, "#/m/small");
    ground
        .until("#matches [aria-current=page]", "Reds v Blues")
        .await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_token_leaves_the_address_and_a_match_not_there_yet_comes_to_life() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("first", &small_match()).await;
    ground.open("first").await;
    let address = ground.browser.evaluate("location.href").await;
    assert!(!address.as_str().unwrap().contains("token"), "{address}");
    let tier = "document.querySelector('.engine').textContent.includes('premium')";
    ground.browser.wait_for(tier).await;

    ground
        .browser
        .evaluate("location.hash = '#/m/second'")
        .await;
    ground.until("main h1", "There is no such match yet").await;
    ground.scorer.create("second", &small_match()).await;
    ground.until("#title", "Reds v Blues").await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_token_that_is_refused_can_be_left_behind() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("later", &small_match()).await;
    let forged = "e30.eyJleHAiOjk5OTk5OTk5OTl9.AAAA";
    let url = ground.cluster.gateways[0].url();
    ground.browser.goto(&format!("{url}/#token={forged}")).await;
    ground
        .until("#matches", "Your token is not accepted here")
        .await;
    ground
        .browser
        .evaluate("document.querySelector('#matches button').click()")
        .await;
    ground.until("#matches", "Reds v Blues").await;
}

#[tokio::test]
async fn on_a_phone_another_match_is_one_tap_away() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    for id in ["one", "two"] {
        ground.scorer.create(id, &small_match()).await;
        ground.scorer.score(id, &innings()).await;
    }
    ground.browser.device(390, 844, true).await;
    ground.open("one").await;
    ground.until("#matches a[href='#/m/two']", "Live").await;

    let tap = "(() => { const all = document.querySelector('.all'); const { bottom, height } = all.getBoundingClientRect(); all.click(); return height >= 24 && bottom < 100; })()";
    assert_eq!(ground.browser.evaluate(tap).await, true);
    ground.until("main h1", "Live scores").await;
    let seen = "[...document.querySelectorAll('#matches a')].every(a => a.getBoundingClientRect().bottom < innerHeight)";
    ground.browser.wait_for(seen).await;
    ground.assert_fits("the list on a phone").await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_left_behind() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let over = "e30.eyJleHAiOjEwMDB9.AAAA";
    let url = ground.cluster.gateways[0].url();
    let address = format!("{url}/#/m/small&token={over}");
    ground.browser.goto(&address).await;
    ground.until("#title", "Reds v Blues").await;
    ground.until("#connection", "on the free tier").await;
    ground.until("#matches", "Reds v Blues").await;
}

#[tokio::test]
async fn without_the_tabs_storage_a_token_lasts_as_long_as_the_page() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let forbid = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } })";
    ground.browser.before_each_page(forbid).await;
    ground.scorer.create("small", &small_match()).await;
    ground.open("small").await;
    ground.until(".engine", "premium").await;

    let free = ground.cluster.fan_token("free").await;
    let follow = format!("location.hash = '#/m/small&token={free}'");
    ground.browser.evaluate(&follow).await;
    ground.until("#connection", "on the free tier").await;
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn what_was_kept_of_a_match_is_forgotten_with_the_token() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let mut body = small_match();
    body["visibility"] = json!("private");
    ground.scorer.create("secret", &body).await;
    let own = ["--role", "fan", "--tier", "premium", "--matches", "secret"];
    let token = ground.cluster.token(&own).await;
    let url = ground.cluster.gateways[0].url();
    let address = format!("{url}/#/m/secret&token={token}");
    ground.browser.goto(&address).await;
    ground.until("#title", "Reds v Blues").await;
    ground
        .browser
        .wait_for("JSON.stringify(sessionStorage).includes('Reds v Blues')")
        .await;

    ground
        .browser
        .evaluate("document.querySelector('.engine button').click()")
        .await;
    ground.until("main h1", "not").await;
    let left = "/Reds|eyJ/.test(JSON.stringify(sessionStorage) + document.body.textContent)";
    assert_eq!(ground.browser.evaluate(left).await, false);
}

#[tokio::test]
async fn a_browser_that_can_not_show_it_says_so() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    let old = "delete globalThis.WebSocket";
    ground.browser.before_each_page(old).await;
    ground.open_list().await;
    ground.until("main", "use a newer browser").await;
    ground.until("main a", "/v1/matches").await;
}

#[tokio::test]
async fn a_match_of_any_sport_shows_its_strip_and_its_state() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create_open("counting").await;
    ground.open("counting").await;
    ground.until(".leaf", "0").await;
    ground.scorer.score("counting", &count_event(7)).await;
    ground.until(".leaf dt", "Count").await;
    ground.until(".leaf dd", "7").await;
    ground.until(".event .words", "Count").await;
    let row = json!({"id": "rows", "type": "bid", "data": {"by": "Reds"}, "patch": {
        "bids": {"b01": {"by": "Reds", "amount": 5}, "b02": {"by": "Blues", "amount": 6}},
        "strip": {"score": "Lot 7", "line": "going once"}}});
    ground.scorer.score("counting", &row).await;
    ground.until(".tree table", "Blues").await;
    ground.until(".big", "Lot 7").await;
    ground.until(".event .words", "Bid – by: Reds").await;
    ground.assert_no_errors().await;
}
