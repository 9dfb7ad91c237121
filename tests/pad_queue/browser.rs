//! In Chromium: what IndexedDB keeps, and which of several tabs sends.

use serde_json::json;

use crate::device::ids;
use crate::harness::browser::Browser;
use crate::harness::cluster::Cluster;
use crate::page::Page;

const MATCH: &str = "pad";

/// Opens the queue in a window of the page, `self` or `frames[0]`.
async fn open(browser: &mut Browser, window: &str, token: &str) {
    let script = format!(
        "{window}.eval(`(async () => {{
            const [{{ openQueue }}, {{ browserStore }}, {{ scoringService }}] =
                await Promise.all(['queue', 'store', 'post'].map((name) => import('/pad/queue/' + name + '.js')));
            const [match, device] = ['{MATCH}', 'phone'];
            globalThis.ball = (id) => ({{ id, type: 'count', patch: {{ [id]: 1 }} }});
            globalThis.queue = await openQueue({{ match, device, token: '{token}', random: () => 0.05,
                store: browserStore(), ...scoringService({{ match, device }}) }});
        }})()`)"
    );
    browser.evaluate(&script).await;
}

const CONFIRMED: &str =
    "queue.snapshot().pending.length === 0 && queue.snapshot().confirmed.length";

#[tokio::test]
async fn what_was_added_outlives_a_reload_and_a_killed_tab() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let cluster = Cluster::start(1, 0).await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let token = cluster.scorer_token().await;
    let page = Page::serve(&cluster.scorings[0].url()).await;
    browser.goto(&page.url).await;
    open(&mut browser, "self", &token).await;

    browser.offline(true).await;
    browser
        .evaluate("queue.add(['a1', 'a2'].map(ball)).then(() => queue.add(ball('a3')))")
        .await;
    browser.offline(false).await;
    browser.reload().await;
    open(&mut browser, "self", &token).await;
    browser.wait_for(&format!("{CONFIRMED} === 3")).await;

    browser.offline(true).await;
    browser.evaluate("queue.add(ball('b1'))").await;
    // The tab is killed while it adds these: each call is kept as a whole or not at all.
    let adding = "for (let n = 0; n < 20; n++) void queue.add([`c${n}x`, `c${n}y`].map(ball))";
    browser.evaluate(adding).await;
    browser.kill_page().await;
    browser.goto(&page.url).await;
    open(&mut browser, "self", &token).await;
    browser.evaluate("queue.add(ball('d1'))").await;
    browser
        .wait_for("queue.snapshot().pending.length === 0")
        .await;

    let ids = ids(&cluster, MATCH).await;
    let kept = (ids.len() - 5) / 2;
    let added = (0..kept).flat_map(|n| [format!("c{n}x"), format!("c{n}y")]);
    let expected: Vec<String> = ["a1", "a2", "a3", "b1"]
        .map(str::to_owned)
        .into_iter()
        .chain(added)
        .chain(["d1".to_owned()])
        .collect();
    assert_eq!(ids, expected);
    cluster.ops_well(&["verify"]).await;
}

#[tokio::test]
async fn one_of_two_tabs_sends_what_both_add_with_locks_and_without() {
    for locks in [
        "",
        "Object.defineProperty(navigator, 'locks', { value: undefined });",
    ] {
        let Some(mut browser) = Browser::start().await else {
            return;
        };
        let cluster = Cluster::start(1, 0).await;
        cluster.scorer(0).await.create_open(MATCH).await;
        let token = cluster.scorer_token().await;
        let page = Page::serve(&cluster.scorings[0].url()).await;
        browser.before_each_page(locks).await;
        browser.goto(&page.url).await;
        open(&mut browser, "self", &token).await;
        browser
            .evaluate(
                "new Promise((resolve) => {
                    const frame = document.createElement('iframe');
                    frame.src = location.href;
                    frame.onload = resolve;
                    document.body.append(frame);
                })",
            )
            .await;
        open(&mut browser, "frames[0]", &token).await;

        browser.evaluate("frames[0].queue.add(ball('b1'))").await;
        browser.evaluate("queue.add(ball('a1'))").await;
        browser.wait_for(&format!("{CONFIRMED} === 2")).await;
        browser
            .wait_for("frames[0].queue.snapshot().confirmed.length === 2")
            .await;
        let asked = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/events')).length";
        assert_eq!(browser.evaluate(&format!("frames[0].{asked}")).await, 0);

        // The one that is looked at sends; then it is gone. Until the other hears that, it may still
        // send what it is given: so each try is another ball.
        browser.evaluate("(globalThis.tried = []).length").await;
        browser.evaluate("frames[0].queue.kick()").await;
        let next = "tried[tried.push(`a${tried.length + 2}`) - 1]";
        browser
            .wait_for(&format!(
                "queue.add(ball({next})).then(() => frames[0].{asked})"
            ))
            .await;
        browser
            .wait_for(&format!("{CONFIRMED} === 2 + tried.length"))
            .await;
        browser.offline(true).await;
        browser.evaluate("frames[0].queue.add(ball('b2'))").await;
        browser.evaluate("frames[0].frameElement.remove()").await;
        browser.offline(false).await;
        browser
            .wait_for(&format!("{CONFIRMED} === 3 + tried.length"))
            .await;

        let tried = browser.evaluate("tried").await;
        let tried = tried.as_array().unwrap().iter();
        let tried = tried.map(|id| id.as_str().unwrap().to_owned());
        let all: Vec<String> = ["b1", "a1"]
            .map(str::to_owned)
            .into_iter()
            .chain(tried)
            .collect();
        assert_eq!(
            ids(&cluster, MATCH).await,
            [&all[..], &["b2".to_owned()]].concat()
        );
    }
}

#[tokio::test]
async fn a_full_storage_is_told_and_loses_nothing() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let cluster = Cluster::start(1, 0).await;
    cluster.scorer(0).await.create_open(MATCH).await;
    let token = cluster.scorer_token().await;
    let page = Page::serve(&cluster.scorings[0].url()).await;
    browser.goto(&page.url).await;
    let quota = json!({"origin": page.url, "quotaSize": 1});
    browser.call("Storage.overrideQuotaForOrigin", quota).await;
    open(&mut browser, "self", &token).await;

    // Looked at as it fails: the next that is kept ends it, and what is short fits.
    let long = "queue.add({ id: 'long', type: 'count', patch: { text: 'x'.repeat(40000) } }).then(() => 'kept', (error) => ({ said: String(error), ...queue.snapshot() }))";
    let failed = browser.evaluate(long).await;
    let said = failed["said"].as_str().unwrap();
    assert!(said.contains("Quota"), "{failed}");
    assert_eq!(failed["pending"], json!([]));
    assert_eq!(failed["waiting"]["reason"], "storage");

    browser
        .call(
            "Storage.overrideQuotaForOrigin",
            json!({"origin": page.url}),
        )
        .await;
    // Chromium may take a moment to notice.
    browser
        .wait_for("queue.add(ball('a1')).then(() => true)")
        .await;
    browser
        .wait_for(&format!(
            "{CONFIRMED} === 1 && queue.snapshot().waiting === null"
        ))
        .await;
    assert_eq!(ids(&cluster, MATCH).await, ["a1"]);
}
