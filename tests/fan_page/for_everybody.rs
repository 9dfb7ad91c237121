//! What makes the page usable for everybody, as far as the document tells.

use serde_json::json;

use crate::ground::{Ground, ball, innings, small_match};

/// Each must be empty: what it finds is wrong, and is printed.
const FAULTS: [(&str, &str); 9] = [
    (
        "a document of one first heading and one main part",
        "['h1', 'main', 'header', 'nav'].filter(tag => document.querySelectorAll(tag).length !== 1)",
    ),
    (
        "headings that skip no level",
        "(() => { let last = 1; return [...document.querySelectorAll('main :is(h1,h2,h3)')].filter(h => { const level = +h.tagName[1]; const bad = level > last + 1; last = level; return bad; }).map(h => h.textContent); })()",
    ),
    (
        "tables with a caption",
        "[...document.querySelectorAll('table')].filter(t => !t.caption?.textContent).map(t => t.outerHTML.slice(0, 200))",
    ),
    (
        "head cells with a scope",
        "[...document.querySelectorAll('th:not([scope])')].map(c => c.outerHTML)",
    ),
    (
        "pictures with a name or none for anybody",
        "[...document.querySelectorAll('svg')].filter(s => s.getAttribute('aria-hidden') !== 'true' && !document.getElementById(s.getAttribute('aria-labelledby'))?.textContent).map(s => s.outerHTML.slice(0, 200))",
    ),
    (
        "buttons and links with a text",
        "[...document.querySelectorAll('button, a')].filter(b => !b.textContent.trim()).map(b => b.outerHTML)",
    ),
    (
        "references to what is there",
        "[...document.querySelectorAll('[aria-labelledby], [aria-controls]')].flatMap(e => [e.getAttribute('aria-labelledby'), e.getAttribute('aria-controls')]).filter(id => id && !document.getElementById(id))",
    ),
    (
        "no id twice",
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)",
    ),
    (
        "targets that a thumb can hit",
        "[...document.querySelectorAll('button, nav a')].filter(b => b.getBoundingClientRect().height < 24).map(b => b.outerHTML)",
    ),
];

#[tokio::test]
async fn the_document_says_what_everything_is() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let out = json!({"wickets": [{"kind": "bowled", "player_out": "ann"}]});
    let events = json!([{"id": "toss", "type": "toss", "data": {"winner": "a", "decision": "bat"}},
        innings(), ball("b1", &json!({"runs": 1})), ball("b2", &out)]);
    ground.scorer.score("small", &events).await;
    ground.open("small").await;
    ground.until(".event.wicket", "bowled").await;

    for (promise, faults) in FAULTS {
        let found = ground.browser.evaluate(faults).await;
        assert_eq!(found, json!([]), "{promise}");
    }
    let live = "[document.getElementById('connection').getAttribute('role'), document.getElementById('announcement').ariaLive, document.documentElement.lang].join()";
    assert_eq!(ground.browser.evaluate(live).await, "status,polite,en");
    for scheme in ["dark", "light"] {
        ground.browser.media("prefers-color-scheme", scheme).await;
        let faint = ground.browser.evaluate(FAINT).await;
        assert_eq!(faint, json!([]), "{scheme}: contrast below 4.5 to 1");
    }
    ground.assert_no_errors().await;
}

#[tokio::test]
async fn innings_are_chosen_by_keys_and_the_choice_stays() {
    let Some(mut ground) = Ground::start().await else {
        return;
    };
    ground.scorer.create("small", &small_match()).await;
    let events = json!([innings(), ball("b1", &json!({"runs": 1})),
        {"id": "end", "type": "innings_end", "data": {"reason": "declared"}},
        {"id": "i2", "type": "innings_start", "data": {"batting": "b", "target": {"runs": 2}}}]);
    ground.scorer.score("small", &events).await;
    ground.open("small").await;
    let focus = "document.getElementById('tab-i2').focus()";
    ground.browser.evaluate(focus).await;
    ground.browser.press("ArrowLeft").await;
    ground.until("#tab-i1[aria-selected=true]", "Reds").await;
    let focused = ground.browser.evaluate("document.activeElement.id").await;
    assert_eq!(focused, "tab-i1");

    let first = json!({"id": "b2", "type": "delivery", "data": {"over": 0, "batter": "cat",
        "non_striker": "eve", "bowler": "ann", "runs": 0}});
    ground.scorer.score("small", &first).await;
    ground.until(".event .words", "Ann to Cat: no run").await;
    ground.until("#tab-i1[aria-selected=true]", "Reds").await;
    let focused = ground.browser.evaluate("document.activeElement.id").await;
    assert_eq!(focused, "tab-i1", "an update does not take the focus away");
}

/// Texts whose colour is too near to what is behind them; colours of glows and fades, which are
/// mixed with what is behind, are left to the eye.
const FAINT: &str = r"(() => {
  const parse = text => (text.match(/^rgba?\(([^)]*)\)$/)?.[1] ?? '0,0,0,0').split(',').map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if ((c[3] ?? 1) === 1) return c; } return [255, 255, 255]; };
  const texts = [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.namespaceURI.endsWith('xhtml') && !e.closest('noscript'));
  return texts.filter(e => { const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x); return (a + .05) / (b + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 120));
})()";
