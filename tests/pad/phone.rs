//! A scorer's phone, whose network the test holds in its hand.

use serde_json::json;

use crate::harness::browser::Browser;
use crate::harness::proxy::Proxy;

/// A window as wide and high as a phone's.
const PHONE: (u32, u32) = (390, 844);

/// Whether a tap is still being worked on.
pub(crate) const BUSY: &str = "document.querySelector('#main').ariaBusy === 'true'";

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
    pub(crate) async fn until_ready(&mut self) {
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
            if tap.starts_with(['#', '.']) {
                self.tap(tap).await;
            } else {
                self.tap_text(tap).await;
            }
        }
    }

    async fn tap_found(&mut self, found: &str) {
        let tap = format!(
            "(() => {{ const b = {found}; if (!b || b.disabled || {BUSY}) return false; b.click(); return true; }})()"
        );
        self.browser.wait_for(&tap).await;
        self.taps += 1;
    }

    /// Writes into a field.
    pub(crate) async fn fill(&mut self, name: &str, text: &str) {
        let (name, text) = (json!(format!("[name='{name}']")), json!(text));
        let fill = format!(
            "(() => {{ const e = document.querySelector({name}); if (!e) return false; if (e.type === 'checkbox') e.checked = {text} === 'yes'; else if (e.multiple) for (const o of e.options) o.selected = o.value === {text}; else e.value = {text}; e.dispatchEvent(new Event('input', {{bubbles: true}})); return true; }})()"
        );
        self.browser.wait_for(&fill).await;
    }

    /// Sends the form.
    pub(crate) async fn submit(&mut self) {
        self.tap("form.sheet button[type=submit]").await;
    }

    /// Fills in several fields, and sends the form.
    pub(crate) async fn send_form(&mut self, fields: &[(&str, &str)]) {
        for (name, text) in fields {
            self.fill(name, text).await;
        }
        self.submit().await;
    }

    /// Enters something under `Match`, and goes back to the keys.
    pub(crate) async fn enter(&mut self, taps: &[&str], fields: &[(&str, &str)]) {
        self.tap("#go-more").await;
        self.tap_all(taps).await;
        if !fields.is_empty() {
            self.send_form(fields).await;
        }
        self.tap("#go-score").await;
    }

    /// What stands on the buttons of what is asked, in order.
    pub(crate) async fn options(&mut self) -> Vec<String> {
        let options = "[...document.querySelectorAll('.sheet .options button')].map(b => b.querySelector('bdi')?.textContent ?? b.textContent)";
        let options = self.browser.evaluate(options).await;
        let options = options.as_array().unwrap().iter();
        options
            .map(|option| option.as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until what `selector` finds first shows this text.
    pub(crate) async fn until(&mut self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        let shown = format!("document.querySelector({selector})?.textContent.includes({text})");
        self.browser.wait_for(&shown).await;
    }

    /// The same of what it asks for only now and then.
    pub(crate) async fn until_news(&mut self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        let shown = format!("document.querySelector({selector})?.textContent.includes({text})");
        self.until_awake(&shown).await;
    }

    /// Waits for something that the page does when the network is back, of which it is told now and
    /// then.
    pub(crate) async fn until_awake(&mut self, done: &str) {
        let wake = "if (!(performance.now() - globalThis.woken_ms < 500)) { globalThis.woken_ms = performance.now(); dispatchEvent(new Event('online')); }";
        let woken = format!("(() => {{ {wake} return {done}; }})()");
        self.browser.wait_for(&woken).await;
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
