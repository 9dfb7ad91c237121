//! Mistakes and how they are put right: undo, change, insert, bring back; offline too.

use serde_json::json;

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;

/// What the over shows is what is in the log.
async fn over_is(ground: &Ground, phone: &mut Phone, balls: &str) {
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!(balls))
        .await;
    let shown = balls.replace('.', "•");
    phone.tap("#go-score").await;
    let chips = "[...document.querySelectorAll('#over .chip > span:first-child')].map(c => c.textContent).join(' ')";
    phone
        .browser
        .wait_for(&format!("{chips} === {}", json!(shown)))
        .await;
}

#[tokio::test]
async fn undo_takes_back_what_it_names_and_nothing_else() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone.tap("#k4").await;
    phone.until("#kundo", "4").await;
    phone.tap("#kundo").await;
    phone.until("#total", "1/0").await;
    over_is(&ground, &mut phone, "1").await;
    // One that may or may not have been sent is taken back as well.
    phone.cut();
    phone.tap("#k6").await;
    phone.until("#total", "7/0").await;
    phone.tap("#kundo").await;
    phone.until("#total", "1/0").await;
    phone.join().await;
    phone.tap("#k2").await;
    over_is(&ground, &mut phone, "1 2").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn any_ball_can_be_changed_followed_by_a_missed_one_taken_back_and_brought_back() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone
        .tap_all(&["#bowler", "Cat", "#k0", "#k2", "#k4"])
        .await;
    phone.until_sent().await;

    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(2) button").await;
    phone.tap_text("Change it").await;
    phone.fill("runs", "0").await;
    phone.fill("legbyes", "2").await;
    phone.submit().await;
    phone.tap_text("Save").await;
    over_is(&ground, &mut phone, ". 2lb 4").await;

    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(2) button").await;
    phone.tap_text("Insert").await;
    phone.fill("runs", "6").await;
    phone.fill("boundary", "yes").await;
    phone.submit().await;
    phone.tap_text("Save").await;
    over_is(&ground, &mut phone, ". 2lb 6 4").await;

    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(4) button").await;
    phone.tap_text("Take it back").await;
    phone.tap_text("Save").await;
    over_is(&ground, &mut phone, "2lb 6 4").await;
    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(4) button").await;
    phone.tap_text("Bring it back").await;
    phone.tap_text("Save").await;
    over_is(&ground, &mut phone, ". 2lb 6 4").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_correction_without_a_network_is_shown_at_once_and_sent_later() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone
        .tap_all(&["#bowler", "Cat", "#k2", "#k4", "#k0"])
        .await;
    phone.until_sent().await;
    phone.cut();
    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(3) button").await;
    phone.tap_text("Change it").await;
    phone.fill("runs", "3").await;
    phone.submit().await;
    phone.tap_text("Save").await;
    phone.tap("#go-score").await;
    phone.until("#total", "7/0").await;
    // It is there after a reload that finds no network.
    phone.browser.reload().await;
    phone.until("#total", "7/0").await;
    phone.until("#sending", "1 ").await;
    phone.join().await;
    over_is(&ground, &mut phone, "3 4 .").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn what_the_rules_refuse_says_why_and_can_be_taken_back() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_cut_before(&["#k4"]).await else {
        return;
    };
    // Meanwhile the innings ends, entered by somebody else.
    let end = json!({"id": "end", "type": "innings_end", "data": {"reason": "declared"}});
    ground.scorer.score(MATCH, &end).await;
    phone.join().await;
    phone.until("#sending", "Others scored").await;
    phone.tap("#sending").await;
    phone.until(".trouble", "End of the innings").await;
    phone.tap_text("Mine comes after").await;
    phone.until("#sending", "refused").await;
    phone.until(".trouble", "no innings is open").await;
    phone.tap_text("Take it back").await;
    phone.until_sent().await;
    ground.until_state("/innings/i1/runs", &json!(1)).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn what_is_about_a_refused_ball_is_told_and_goes_with_it() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_cut_before(&["#k4", "#go-balls"]).await else {
        return;
    };
    phone
        .tap_all(&[".log li:nth-child(1) button", "Change it"])
        .await;
    phone.send_form(&[("runs", "2"), ("boundary", "")]).await;
    phone.tap_text("Save").await;
    phone.until("#sending", "2 ").await;
    let end = json!({"id": "end", "type": "innings_end", "data": {"reason": "declared"}});
    ground.scorer.score(MATCH, &end).await;
    phone.join().await;
    phone.until("#sending", "Others scored").await;
    phone.tap_all(&["#sending", "Mine comes after"]).await;
    phone.until(".trouble", "no innings is open").await;
    phone.tap_text("Take it back").await;
    phone.until("#question", "Take it back?").await;
    phone.until(".sheet", "1 entry is about it").await;
    phone.until(".sheet .lines", "2 runs").await;
    phone
        .tap_all(&["Back", "Take it back", "Take back all 2"])
        .await;
    phone.until_sent().await;
    phone.until(".log", "Everything entered here").await;
    ground.until_state("/innings/i1/runs", &json!(1)).await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn what_was_not_sent_before_the_sign_off_is_kept_until_an_official_opens_it_again() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_cut_before(&["#k4"]).await else {
        return;
    };
    ground
        .scorer
        .score(MATCH, &json!({"id": "lock", "type": "lock", "data": {}}))
        .await;
    phone.join().await;
    phone.until("#sending", "Others scored").await;
    phone.tap_all(&["#sending", "Mine comes after"]).await;
    phone.until(".trouble", "the match is locked").await;
    phone.tap("#go-score").await;
    phone.until("#signed-off", "Signed off").await;
    assert_eq!(phone.options().await, ["Open again"]);

    ground
        .scorer
        .score(
            MATCH,
            &json!({"id": "unlock", "type": "unlock", "data": {}}),
        )
        .await;
    phone.tap_all(&["#sending", "Send it again"]).await;
    phone.until(".trouble", "opened again").await;
    phone.tap_text("Mine comes after").await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4"))
        .await;
    phone.assert_no_errors().await;
}
