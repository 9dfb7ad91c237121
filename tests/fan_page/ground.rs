//! A platform with a scorer at it, and a browser at its page.

use serde_json::{Value, json};

use crate::harness::api::Api;
use crate::harness::browser::Browser;
use crate::harness::cluster::Cluster;

/// One of each, and a browser.
pub(crate) struct Ground {
    pub(crate) cluster: Cluster,
    pub(crate) scorer: Api,
    pub(crate) browser: Browser,
    premium: String,
}

impl Ground {
    /// None, after a line that says so, where there is no browser.
    pub(crate) async fn start() -> Option<Self> {
        let browser = Browser::start().await?;
        let cluster = Cluster::start(1, 1).await;
        let scorer = cluster.scorer(0).await;
        let premium = cluster.fan_token("premium").await;
        Some(Self {
            cluster,
            scorer,
            browser,
            premium,
        })
    }

    /// Opens a match as a premium fan, and waits until its board is there and said to be live.
    pub(crate) async fn open(&mut self, match_id: &str) {
        self.open_as(match_id, "live").await;
    }

    /// The same of a match that is said to be otherwise.
    pub(crate) async fn open_as(&mut self, match_id: &str, word: &str) {
        self.cluster.until_live(0, match_id, &self.premium).await;
        let url = self.cluster.gateways[0].url();
        let token = &self.premium;
        let address = format!("{url}/#/m/{match_id}&token={token}");
        self.browser.goto(&address).await;
        self.browser.wait_for(&shows("#connection", word)).await;
        self.browser.wait_for(&shows("#title", "")).await;
    }

    /// Opens the page without a match or a token.
    pub(crate) async fn open_list(&mut self) {
        let url = self.cluster.gateways[0].url();
        self.browser.goto(&format!("{url}/")).await;
    }

    /// Waits until what `selector` finds first shows this text.
    pub(crate) async fn until(&mut self, selector: &str, text: &str) {
        self.browser.wait_for(&shows(selector, text)).await;
    }

    /// How many elements there are.
    pub(crate) async fn count(&mut self, selector: &str) -> Value {
        let found = format!("document.querySelectorAll({}).length", json!(selector));
        self.browser.evaluate(&found).await
    }

    /// Nothing happened on the page that should not.
    pub(crate) async fn assert_no_errors(&mut self) {
        assert_eq!(self.browser.errors().await, Vec::<String>::new());
    }

    /// The page is not wider than its window.
    pub(crate) async fn assert_fits(&mut self, what: &str) {
        let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        let fits = self.browser.evaluate(fits).await;
        assert_eq!(fits, true, "{what} is wider than the window");
    }
}

/// An expression: whether there is such an element with this text in it.
fn shows(selector: &str, text: &str) -> String {
    let (selector, text) = (json!(selector), json!(text));
    format!("document.querySelector({selector})?.textContent.includes({text})")
}

/// A T20 of two small teams.
pub(crate) fn small_match() -> Value {
    json!({"sport": "cricket", "title": "Reds v Blues", "rules": {"overs": 20}, "teams": {
        "a": {"name": "Reds", "players": [{"id": "ann", "name": "Ann"}, {"id": "bea", "name": "Bea"},
            {"id": "dot", "name": "Dot"}]},
        "b": {"name": "Blues", "players": [{"id": "cat", "name": "Cat"}, {"id": "eve", "name": "Eve"}]}}})
}

/// The start of its first innings.
pub(crate) fn innings() -> Value {
    json!({"id": "start", "type": "innings_start", "data": {"batting": "a"}})
}

/// A ball of its first over from Cat to Ann, with more data.
pub(crate) fn ball(id: &str, more: &Value) -> Value {
    let mut data =
        json!({"over": 0, "batter": "ann", "non_striker": "bea", "bowler": "cat", "runs": 0});
    for (key, value) in more.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({"id": id, "type": "delivery", "data": data})
}

/// A correction of such a ball.
pub(crate) fn amended(id: &str, of: &str, more: &Value) -> Value {
    let mut event = ball(id, more);
    event["op"] = json!("amend");
    event["ref"] = json!(of);
    event
}
