//! A platform, and a scorer's phone whose network the test holds in its hand.

use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::browser::Browser;
use crate::harness::cluster::Cluster;
use crate::harness::proxy::Proxy;
use crate::harness::wait::found;

/// The match that most tests score.
pub(crate) const MATCH: &str = "small";
/// A window as wide and high as a phone's.
const PHONE: (u32, u32) = (390, 844);
/// Two taps so near to each other are taken for a slip of the finger.
const SLIP_MS: u32 = 200;

/// Whether a tap is still being worked on.
pub(crate) const BUSY: &str = "document.querySelector('#main').ariaBusy === 'true'";

/// A scoring instance and somebody who asks it what is in the log.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
}

impl Ground {
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::start(1, 0).await;
        let scorer = cluster.scorer(0).await;
        Self { cluster, scorer }
    }

    /// A token of a scorer of this match alone.
    pub(crate) async fn token(&self, match_id: &str) -> String {
        let args = ["--role", "scorer", "--matches", match_id];
        self.cluster.token(&args).await
    }

    /// A phone with the match open; none, after a line that says so, where there is no browser.
    pub(crate) async fn phone(&self) -> Option<Phone> {
        let mut phone = Phone::start(&self.cluster.scorings[0].url()).await?;
        let token = self.token(MATCH).await;
        phone.sign_in(MATCH, &token).await;
        Some(phone)
    }

    /// The match with its innings begun.
    pub(crate) async fn begin(&self) {
        self.scorer.create(MATCH, &small_match()).await;
        self.scorer.score(MATCH, &innings()).await;
    }

    /// Waits until the state in the log is so; what is asked is a JSON pointer.
    pub(crate) async fn until_state(&self, pointer: &str, value: &Value) {
        let what = format!("{pointer} to be {value}");
        found(&what, async || {
            let state = self.scorer.state(MATCH).await;
            (state["state"].pointer(pointer) == Some(value)).then_some(())
        })
        .await;
    }

    /// Every event of the log, read in pages.
    pub(crate) async fn log(&self, match_id: &str) -> Value {
        let mut events = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/matches/{match_id}/events?limit=500{after}");
            let answer = self.scorer.get(&path).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.json();
            events.extend(page["events"].as_array().unwrap().iter().cloned());
            let epoch = page["epoch"].as_str().unwrap();
            if page["more"] != true {
                return json!({"epoch": epoch, "events": events});
            }
            after = format!("&after={epoch}-{}", events.len());
        }
    }
}

/// A browser as a scorer holds it.
pub(crate) struct Phone {
    pub(crate) browser: Browser,
    /// Its way to the platform.
    pub(crate) proxy: Proxy,
    upstream: String,
    /// How often it was tapped.
    pub(crate) taps: usize,
}

impl Phone {
    /// With the pad of the server at this URL, by a way of its own.
    pub(crate) async fn start(url: &str) -> Option<Self> {
        let mut browser = Browser::start().await?;
        let (width, height) = PHONE;
        browser.device(width, height, true).await;
        let proxy = Proxy::start(url).await;
        browser.goto(&format!("{}/", proxy.url())).await;
        Some(Self {
            browser,
            proxy,
            upstream: url.to_owned(),
            taps: 0,
        })
    }

    /// Opens a match by a token, as somebody who pastes it.
    pub(crate) async fn sign_in(&mut self, match_id: &str, token: &str) {
        self.tap_text("I have a token").await;
        self.fill("match", match_id).await;
        self.fill("token", token).await;
        self.submit().await;
        self.until("#sending", "All sent").await;
        self.until_ready().await;
    }

    /// Waits until the page could start without a network.
    async fn until_ready(&mut self) {
        self.browser
            .wait_for("navigator.serviceWorker.ready.then(() => true)")
            .await;
    }

    /// Taps what a selector finds, as soon as it can be.
    pub(crate) async fn tap(&mut self, selector: &str) {
        self.tap_found(&format!("document.querySelector({})", json!(selector)))
            .await;
    }

    /// Taps the first button whose text begins so, of what is asked if anything is.
    pub(crate) async fn tap_text(&mut self, text: &str) {
        let text = json!(text);
        self.tap_found(&format!(
            "[...document.querySelectorAll('.sheet button, .door button'), ...document.querySelectorAll('main button')].find(b => b.textContent.trim().startsWith({text}))"
        ))
        .await;
    }

    /// Taps one after the other: keys by `#…`, else by what is written on them.
    pub(crate) async fn tap_all(&mut self, taps: &[&str]) {
        for tap in taps {
            if tap.starts_with('#') {
                self.tap(tap).await;
            } else {
                self.tap_text(tap).await;
            }
        }
    }

    async fn tap_found(&mut self, found: &str) {
        let tap = format!(
            "(() => {{ const b = {found}; if (!b || b.disabled || {BUSY} || performance.now() - (globalThis.tapped_ms ?? -1000) <= {SLIP_MS} + 20) return false; globalThis.tapped_ms = performance.now(); b.click(); return true; }})()"
        );
        self.browser.wait_for(&tap).await;
        self.taps += 1;
    }

    /// Writes into a field.
    pub(crate) async fn fill(&mut self, name: &str, text: &str) {
        let (name, text) = (json!(format!("[name={name}]")), json!(text));
        let fill = format!(
            "(() => {{ const e = document.querySelector({name}); if (!e) return false; if (e.type === 'checkbox') e.checked = {text} === 'yes'; else e.value = {text}; return true; }})()"
        );
        self.browser.wait_for(&fill).await;
    }

    /// Sends the form.
    pub(crate) async fn submit(&mut self) {
        self.tap("form.sheet button[type=submit]").await;
    }

    /// Waits until what `selector` finds first shows this text.
    pub(crate) async fn until(&mut self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        let shown = format!("document.querySelector({selector})?.textContent.includes({text})");
        self.browser.wait_for(&shown).await;
    }

    /// What it shows there now.
    pub(crate) async fn text(&mut self, selector: &str) -> String {
        let text = format!("document.querySelector({})?.textContent", json!(selector));
        let text = self.browser.evaluate(&text).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// No way to the platform: connections break, and none comes about.
    pub(crate) fn cut(&self) {
        self.proxy.point_at("http://127.0.0.1:1");
        self.proxy.cut();
    }

    /// The way is there again, and the phone notices.
    pub(crate) async fn join(&mut self) {
        let upstream = self.upstream.clone();
        self.join_at(&upstream).await;
    }

    /// The same, to another server.
    pub(crate) async fn join_at(&mut self, url: &str) {
        self.upstream = url.to_owned();
        self.proxy.point_at(url);
        self.browser
            .evaluate("dispatchEvent(new Event('online'))")
            .await;
    }

    /// Waits until everything that was entered here is in the log.
    pub(crate) async fn until_sent(&mut self) {
        let sent = format!("!({BUSY}) && document.querySelector('#sending.sent')");
        self.browser.wait_for(&format!("Boolean({sent})")).await;
    }

    /// The page did nothing that it should not; a network that fails is none of its doing.
    pub(crate) async fn assert_no_errors(&mut self) {
        let errors = self.browser.errors().await;
        let own: Vec<&String> = errors
            .iter()
            .filter(|error| !error.starts_with("network:"))
            .collect();
        assert!(own.is_empty(), "{own:?}");
    }
}

/// A T20 of two small teams.
pub(crate) fn small_match() -> Value {
    let players = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({"id": name.to_lowercase(), "name": name}))
            .collect()
    };
    json!({"sport": "cricket", "title": "Reds v Blues", "rules": {"overs": 20}, "teams": {
        "a": {"name": "Reds", "players": players(&["Ann", "Bea", "Dot", "Fay", "Gia"])},
        "b": {"name": "Blues", "players": players(&["Cat", "Eve", "Hil", "Ida", "Joy"])}}})
}

/// The start of its first innings: Ann faces, Bea is at the other end.
pub(crate) fn innings() -> Value {
    json!([{"id": "start", "type": "innings_start", "data": {"batting": "a"}},
        {"id": "in1", "type": "batter_in", "data": {"player": "ann"}},
        {"id": "in2", "type": "batter_in", "data": {"player": "bea"}}])
}
