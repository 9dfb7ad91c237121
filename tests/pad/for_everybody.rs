//! The pad for every scorer: small screens, wet fingers, bright sun, a screen reader, hostile names.

use serde_json::{Value, json};

use crate::ground::{Ground, MATCH, innings, small_match};
use crate::harness::looks::{DOCUMENT_FAULTS, FAINT};
use crate::phone::Phone;

/// Whatever is tapped again within this is a slip, as `ask.js` says.
const SLIP_MS: f64 = 200.0;
const CODE: &str = "<img src=x onerror=alert(1)>";
/// Buttons and links that are too small for a thumb, fields without a label or with that of another.
const FAULTS: [(&str, &str); 4] = [
    (
        "one first heading, or a question, and one main part",
        "['main'].filter(tag => document.querySelectorAll(tag).length !== 1).concat([...document.querySelectorAll('h1')].slice(1).map(h => h.outerHTML))",
    ),
    (
        "targets that a thumb can hit",
        "[...document.querySelectorAll('button, a, input:not([type=checkbox]), select, textarea, .check')].filter(b => b.getBoundingClientRect().height < 47.5 || b.getBoundingClientRect().width < 47.5).map(b => b.outerHTML.slice(0, 120))",
    ),
    (
        "fields with a label",
        "[...document.querySelectorAll('input, select, textarea')].filter(f => f.labels.length === 0).map(f => f.outerHTML)",
    ),
    (
        "fields that can be told apart",
        "[...document.querySelectorAll('label')].map(l => l.textContent).filter((label, i, all) => all.indexOf(label) !== i)",
    ),
];

/// What can be tapped and has no name for who does not see it, by the browser's own tree.
async fn nameless(phone: &mut Phone) -> Vec<Value> {
    let tree = phone
        .browser
        .call("Accessibility.getFullAXTree", json!({}))
        .await;
    let nodes = tree["nodes"].as_array().unwrap().iter();
    let is_tapped = |node: &&Value| {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        node["ignored"] != true
            && ["button", "link", "checkbox", "combobox", "textbox"].contains(&role)
    };
    nodes
        .filter(is_tapped)
        .filter(|node| {
            node["name"]["value"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
        })
        .cloned()
        .collect()
}

async fn assert_usable(phone: &mut Phone, what: &str) {
    assert_eq!(nameless(phone).await, Vec::<Value>::new(), "{what}: names");
    for (promise, faults) in FAULTS.into_iter().chain(DOCUMENT_FAULTS) {
        let found = phone.browser.evaluate(faults).await;
        assert_eq!(found, json!([]), "{what}: {promise}");
    }
    let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(
        phone.browser.evaluate(fits).await,
        true,
        "{what} is wider than the window"
    );
    for scheme in ["dark", "light"] {
        phone.browser.media("prefers-color-scheme", scheme).await;
        let faint = phone.browser.evaluate(FAINT).await;
        assert_eq!(
            faint,
            json!([]),
            "{what}, {scheme}: contrast below 4.5 to 1"
        );
    }
}

#[tokio::test]
async fn every_part_can_be_read_and_hit_on_the_smallest_phone() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = Phone::start(&ground.cluster.scorings[0].url()).await else {
        return;
    };
    phone.browser.device(320, 568, true).await;
    assert_usable(&mut phone, "the door").await;
    phone.tap_text("Set up a match").await;
    assert_usable(&mut phone, "the set-up").await;
    phone.tap_text("Back").await;
    let token = ground.token(MATCH).await;
    phone.sign_in(MATCH, &token).await;
    phone.until("#due", "Who bowls").await;
    assert_usable(&mut phone, "what is due").await;
    phone.tap_all(&["Cat", "#k4", "#kwd", "#k1"]).await;
    phone.tap_all(&["#kw", "Bowled"]).await;
    phone.until("#due", "Who comes in").await;
    phone.tap_text("Dot").await;
    phone.until(".keys", "W").await;
    assert_usable(&mut phone, "the keys").await;
    phone.tap("#kw").await;
    assert_usable(&mut phone, "a question").await;
    phone.tap_text("Back").await;
    for part in ["balls", "card", "more"] {
        phone.tap(&format!("#go-{part}")).await;
        assert_usable(&mut phone, part).await;
    }
    phone.tap("#sending").await;
    assert_usable(&mut phone, "what was sent").await;
    phone.tap("#go-balls").await;
    phone.tap(".log li:nth-child(2) button").await;
    phone.tap_text("Change").await;
    assert_usable(&mut phone, "the change of a ball").await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn hostile_names_are_only_text_and_break_no_layout() {
    let ground = Ground::start().await;
    let long = "W".repeat(60);
    let mut body = small_match();
    body["title"] = json!(format!("{CODE} v \u{202e}turned"));
    body["teams"]["a"]["name"] = json!(format!("<script>alert(2)</script>{}", &long[..30]));
    body["teams"]["b"]["name"] = json!(format!("فريق {}", &long[..50]));
    body["teams"]["a"]["players"][0]["name"] = json!(CODE);
    body["teams"]["a"]["players"][1]["name"] = json!("\u{202e}\u{2066}turned");
    body["teams"]["b"]["players"][0]["name"] = json!(long);
    ground.scorer.create(MATCH, &body).await;
    ground.scorer.score(MATCH, &innings()).await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.browser.device(320, 568, true).await;
    phone.tap_all(&["#bowler", "WWW", "#k4"]).await;
    phone.until("#striker", CODE).await;
    for part in ["score", "balls", "card", "more"] {
        phone.tap(&format!("#go-{part}")).await;
        let found = "document.querySelectorAll('img, main script, iframe, style').length";
        assert_eq!(phone.browser.evaluate(found).await, 0, "{part}");
        let turned = "/[\\u202A-\\u202E\\u2066-\\u2067]/.test(document.body.innerText)";
        assert_eq!(phone.browser.evaluate(turned).await, false, "{part}");
        let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(phone.browser.evaluate(fits).await, true, "{part}");
    }
    phone.until_sent().await;
    phone.assert_no_errors().await;
}

#[tokio::test]
async fn a_slip_of_the_finger_is_one_ball() {
    for _ in 0..10 {
        if slips().await {
            return;
        }
    }
    panic!("ten times this machine was slower than a slip");
}

/// A finger slips on a key, and that is one ball; false if the machine was too slow for a slip.
async fn slips() -> bool {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return true;
    };
    phone.tap_all(&["#bowler", "Cat"]).await;
    let place = "document.querySelector('#k4').getBoundingClientRect().toJSON()";
    let place = phone.browser.wait_for(place).await;
    let at = |member: &str, half: &str| {
        place[member].as_f64().unwrap() + place[half].as_f64().unwrap() / 2.0
    };
    let touched = json!([{"x": at("x", "width"), "y": at("y", "height")}]);
    let hear =
        "globalThis.clicks = []; addEventListener('click', (e) => clicks.push(e.timeStamp), true)";
    phone.browser.evaluate(hear).await;
    for _ in 0..2 {
        for (kind, points) in [("touchStart", &touched), ("touchEnd", &json!([]))] {
            let touch = json!({"type": kind, "touchPoints": points});
            phone.browser.call("Input.dispatchTouchEvent", touch).await;
        }
    }
    let apart = "clicks.length === 2 && {ms: clicks[1] - clicks[0]}";
    let apart = phone.browser.wait_for(apart).await;
    if apart["ms"].as_f64().unwrap() >= SLIP_MS {
        return false;
    }
    phone.until("#total", "4/0").await;
    phone.tap("#k1").await;
    phone.until_sent().await;
    ground
        .until_state("/innings/i1/per_over/o001/balls", &json!("4 1"))
        .await;
    true
}

#[tokio::test]
async fn it_is_installable_and_its_board_fills_a_screen() {
    let ground = Ground::start().await;
    ground.begin().await;
    let Some(mut phone) = ground.phone().await else {
        return;
    };
    phone.tap_all(&["#bowler", "Cat", "#k4"]).await;
    phone.until_sent().await;
    let manifest = phone.browser.call("Page.getAppManifest", json!({})).await;
    assert_eq!(manifest["errors"], json!([]), "{manifest}");
    let wrong = phone
        .browser
        .call("Page.getInstallabilityErrors", json!({}))
        .await;
    let wrong: Vec<&Value> = wrong["installabilityErrors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|error| error["errorId"] != "in-incognito")
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");

    let url = phone.proxy.url();
    phone.browser.device(1280, 720, false).await;
    phone.browser.goto(&format!("{url}/board/{MATCH}")).await;
    phone.until("#total", "4/0").await;
    let fits = "document.documentElement.scrollHeight <= innerHeight && document.querySelector('#total').getBoundingClientRect().height > innerHeight / 5";
    phone.browser.wait_for(fits).await;
    ground.scorer.score(MATCH, &json!({"id": "six", "type": "delivery", "data": {"over": 0, "batter": "ann", "non_striker": "bea", "bowler": "cat", "runs": 6, "boundary": 6}})).await;
    phone.until("#total", "10/0").await;
    phone.assert_no_errors().await;
}
