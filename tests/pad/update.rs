//! An update while a match is scored: a page is of one version whole, whenever it is loaded, and what was entered stays.

use serde_json::json;

use crate::ground::{Ground, MATCH};
use crate::phone::Phone;
use crate::updated::{MADE_OF, Updated};

/// The versions that are kept on this phone.
const KEPT: &str = "caches.keys().then(names => names.sort().map(name => name.replace('grandstand-pad-', '')).join(' '))";
/// Nothing of an update is under way.
const SETTLED: &str = "navigator.serviceWorker.getRegistration().then(one => !one.installing && !one.waiting && one.active?.state === 'activated')";

async fn assert_made_of(phone: &mut Phone, what: &str) {
    let is_made = format!("{MADE_OF} === {}", json!(what));
    phone.browser.wait_for(&is_made).await;
}

#[tokio::test]
async fn a_page_is_of_one_version_whole_at_every_step_of_an_update() {
    let ground = Ground::start().await;
    let Some(mut phone) = ground.phone_after_a_single().await else {
        return;
    };
    phone.browser.wait_for(SETTLED).await;

    // The server is another one, and one file of its pad does not come.
    let updated = Updated::start(&ground.cluster.scorings[0].url()).await;
    updated.hold("/pad/queue/tabs.js");
    phone.cut();
    phone.join_at(&updated.url).await;
    phone.browser.reload().await;
    updated.until_somebody_waits().await;
    assert_made_of(&mut phone, "old").await;
    phone.browser.reload().await;
    assert_made_of(&mut phone, "old").await;
    phone.tap("#k4").await;
    phone.until_sent().await;

    // The network goes in the middle of it.
    phone.cut();
    phone.browser.reload().await;
    assert_made_of(&mut phone, "old").await;
    phone.tap("#k2").await;
    phone.until("#total", "7/0").await;
    phone.until("#sending", "1 ball kept here").await;

    // It comes about under a page that runs, which stays what it is.
    updated.let_go();
    phone.join_at(&updated.url).await;
    phone.until_sent().await;
    phone
        .browser
        .wait_for("navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => true, () => true)")
        .await;
    let both = {
        let mut both = [updated.before.as_str(), updated.version.as_str()];
        both.sort_unstable();
        both.join(" ")
    };
    let is_there = format!(
        "Promise.all([{SETTLED}, {KEPT}]).then(([is_settled, kept]) => is_settled && kept === '{both}')"
    );
    phone.browser.wait_for(&is_there).await;
    assert_made_of(&mut phone, "old").await;
    let own = format!(
        "fetch('/files/{}/pad/qr.js').then(answer => answer.status)",
        updated.before
    );
    assert_eq!(phone.browser.evaluate(&own).await, 200);
    phone.tap("#k3").await;
    phone.until_sent().await;

    // It is loaded again: all of it is new, with and without a network, and the old version goes.
    phone.cut();
    phone.tap("#k0").await;
    phone.until("#sending", "1 ball kept here").await;
    phone
        .browser
        .evaluate("globalThis.beforeReload = true")
        .await;
    phone.tap_all(&["#go-more", "#newer"]).await;
    phone.browser.wait_for("!globalThis.beforeReload").await;
    assert_made_of(&mut phone, "new").await;
    phone.until("#sending", "1 ball kept here").await;
    let is_alone = format!("{KEPT}.then(kept => kept === '{}')", updated.version);
    phone.browser.wait_for(&is_alone).await;
    phone.tap("#k6").await;
    phone.join_at(&updated.url).await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("1 4 2 3 . 6"))
        .await;
    phone.assert_no_errors().await;

    // The board is of the same version, and was never opened before.
    phone.cut();
    let url = phone.proxy.url();
    phone.browser.goto(&format!("{url}/board/{MATCH}")).await;
    phone
        .until("#board", "There is no connection to the scoring service")
        .await;
    assert_eq!(
        phone
            .browser
            .evaluate("document.documentElement.dataset.made")
            .await,
        "new"
    );
}
