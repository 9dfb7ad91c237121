//! Chromium over the DevTools protocol: one page as a fan has it open, driven and watched.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::devtools::{DevTools, exception};
use super::program::program;
use super::wait::found;

/// Names that Chromium goes by; its headless shell starts with an eighth of the work.
const NAMES: [&str; 5] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// What keeps it to itself: no screen, no sandbox (tests may run as root), no calls home.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "about:blank",
];

/// A browser of its own with one page; ended, and its folder removed, when it is dropped.
pub(crate) struct Browser {
    tools: DevTools,
    child: Child,
    // Dropped after the browser was ended.
    _profile: TempDir,
}

impl Browser {
    /// An empty page; none, after a line that says so, where there is no Chromium.
    pub(crate) async fn start() -> Option<Self> {
        let program = program(&NAMES)?;
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(FLAGS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = Ended(Some(command.spawn().unwrap()));
        let port_file = profile.path().join("DevToolsActivePort");
        let (port, path) = found("Chromium's port", async || {
            let text = fs::read_to_string(&port_file).ok()?;
            let (port, path) = text.split_once('\n')?;
            (!path.is_empty()).then(|| (port.to_owned(), path.trim().to_owned()))
        })
        .await;
        let mut browser = Self {
            tools: DevTools::connect(&port, &path).await,
            child: child.keep(),
            _profile: profile,
        };
        browser.open_page().await;
        Some(browser)
    }

    /// Kills the page where it stands, and opens an empty one beside it.
    pub(crate) async fn kill_page(&mut self) {
        // Nobody is left to answer this.
        self.tools.send("Page.crash", json!({})).await;
        self.tools.session = None;
        self.open_page().await;
    }

    async fn open_page(&mut self) {
        let target = self
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", attach).await;
        self.tools.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({})).await;
        }
    }

    /// Goes to a page and waits until it is loaded.
    pub(crate) async fn goto(&mut self, url: &str) {
        let went = self.call("Page.navigate", json!({ "url": url })).await;
        assert_eq!(went["errorText"], Value::Null, "{url}: {went}");
        self.wait_for("document.readyState === 'complete'").await;
    }

    /// Loads the page anew, as a fan who presses the button.
    pub(crate) async fn reload(&mut self) {
        self.evaluate("globalThis.beforeReload = true").await;
        self.call("Page.reload", json!({})).await;
        self.wait_for("!globalThis.beforeReload && document.readyState === 'complete'")
            .await;
    }

    /// What an expression comes to, as JSON; a promise is awaited, and must not be rejected.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let came = self.try_evaluate(expression).await;
        came.unwrap_or_else(|error| {
            panic!(
                "{expression}: {error}\nthe page said: {:#?}",
                self.tools.errors
            )
        })
    }

    async fn try_evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let came = self.tools.try_call("Runtime.evaluate", params).await?;
        match came.get("exceptionDetails") {
            None => Ok(came["result"]["value"].clone()),
            Some(details) => Err(exception(details)),
        }
    }

    /// Waits until an expression comes to something true, and returns it. What it throws meanwhile
    /// counts as not yet.
    pub(crate) async fn wait_for(&mut self, expression: &str) -> Value {
        found(expression, async || {
            let came = self.try_evaluate(expression).await.ok()?;
            let truthy =
                !matches!(&came, Value::Null | Value::Bool(false)) && came != 0 && came != "";
            truthy.then_some(came)
        })
        .await
    }

    /// The page as it looks, as a PNG.
    pub(crate) async fn screenshot(&mut self, path: &Path) {
        let shot = self.call("Page.captureScreenshot", json!({})).await;
        fs::write(path, from_base64(shot["data"].as_str().unwrap())).unwrap();
    }

    /// Takes the network away, or gives it back: the page is told, and requests and new connections
    /// fail; a WebSocket that is open stays open, since Chromium does not cut it.
    pub(crate) async fn offline(&mut self, offline: bool) {
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1,
            "uploadThroughput": -1});
        self.call("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// The size of the window, in CSS pixels.
    pub(crate) async fn device(&mut self, width: u32, height: u32, mobile: bool) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.call("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// A media feature such as `prefers-color-scheme` of `dark`.
    pub(crate) async fn media(&mut self, feature: &str, value: &str) {
        let features = json!({"features": [{"name": feature, "value": value}]});
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// Runs a script at the start of each page that is opened from now on.
    pub(crate) async fn before_each_page(&mut self, script: &str) {
        let params = json!({ "source": script });
        self.call("Page.addScriptToEvaluateOnNewDocument", params)
            .await;
    }

    /// Presses and lets go of a key, such as `Tab` or `Enter`.
    pub(crate) async fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "ArrowLeft" => 37,
            "ArrowRight" => 39,
            other => panic!("give the key code of {other} here"),
        };
        for kind in ["rawKeyDown", "keyUp"] {
            let event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Everything so far that a page should not do: errors on the console, exceptions, requests
    /// that failed, violations of its policy, dialogs. Each begins with its kind: `console:`,
    /// `exception:`, `network:`, `security:`, `dialog:` and so on.
    pub(crate) async fn errors(&mut self) -> Vec<String> {
        // Whatever was said before the answer to this has been heard with it.
        self.evaluate("0").await;
        self.tools.errors.clone()
    }

    /// Any other command of the protocol, which must succeed.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.tools.call(method, params).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a browser that is not wrapped in a [`Browser`] yet when its start fails.
struct Ended(Option<Child>);

impl Ended {
    fn keep(mut self) -> Child {
        self.0.take().expect("it is kept once")
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

/// Ends a browser with its helpers: they are a process group of their own.
fn end(child: &mut Child) {
    let group = Pid::from_raw(child.id() as i32).expect("a child has an id");
    kill_process_group(group, Signal::KILL).ok();
    child.wait().ok();
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let bytes = digits.chunks(4).flat_map(|chunk| {
        let bits = (0..4).fold(0, |bits, index| bits << 6 | chunk.get(index).unwrap_or(&0));
        bits.to_be_bytes()[1..chunk.len()].to_vec()
    });
    bytes.collect()
}
