//! The platform after an update: the same in all but the pad, of which every file is another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::wait::found;

/// What the page in a browser is made of: `old`, `new`, or `mixed` if it is of both;
/// `nothing` while it is loaded.
pub(crate) const MADE_OF: &str = "(() => {
    const asked = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    const scripts = asked.filter(path => path.endsWith('.js') && path !== '/worker.js').length;
    const styles = asked.filter(path => path.endsWith('.css'));
    const style = getComputedStyle(document.documentElement);
    const signs = [document.documentElement.dataset.made === 'new', ...styles.map(path => style.getPropertyValue(`--${path.split('/').at(-1).replace('.', '-')}`).trim() === 'new')];
    const made = globalThis.made?.length ?? 0;
    if (scripts < 20 || styles.length === 0 || document.readyState !== 'complete') return 'nothing';
    return made === 0 && !signs.includes(true) ? 'old' : made === scripts && !signs.includes(false) ? 'new' : 'mixed';
})()";

/// A server in front of the one before the update, until it is dropped.
pub(crate) struct Updated {
    pub(crate) url: String,
    pub(crate) before: String,
    pub(crate) version: String,
    change: Arc<Change>,
    serving: JoinHandle<()>,
}

struct Change {
    upstream: String,
    before: String,
    version: String,
    /// What is asked for with this end waits.
    held: watch::Sender<Option<&'static str>>,
    waiting: AtomicUsize,
}

impl Updated {
    /// Of the platform at this URL.
    pub(crate) async fn start(upstream: &str) -> Self {
        let page = Client::new().get(upstream).send().await.unwrap();
        let page = page.text().await.unwrap();
        let before = page.split_once("/files/").unwrap().1;
        let before = before.split_once('/').unwrap().0.to_owned();
        let version: String = before.chars().rev().collect();
        let change = Arc::new(Change {
            upstream: upstream.to_owned(),
            before: before.clone(),
            version: version.clone(),
            held: watch::Sender::new(None),
            waiting: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .fallback(pass_on)
            .with_state(Arc::clone(&change));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            url,
            before,
            version,
            change,
            serving,
        }
    }

    /// Lets whoever asks for a path with this end wait.
    pub(crate) fn hold(&self, end: &'static str) {
        self.change.held.send_replace(Some(end));
    }

    /// Lets nobody wait any longer.
    pub(crate) fn let_go(&self) {
        self.change.held.send_replace(None);
    }

    /// Waits until somebody waits.
    pub(crate) async fn until_somebody_waits(&self) {
        found("somebody who waits", async || {
            (self.change.waiting.load(Ordering::SeqCst) > 0).then_some(())
        })
        .await;
    }
}

impl Drop for Updated {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass_on(
    State(change): State<Arc<Change>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path();
    let mut held = change.held.subscribe();
    let is_let = |end: &Option<&str>| !end.is_some_and(|end| path.ends_with(end));
    if !is_let(&held.borrow()) {
        change.waiting.fetch_add(1, Ordering::SeqCst);
    }
    let _ = held.wait_for(is_let).await;
    if path.contains(&change.before) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let asked = uri.to_string().replace(&change.version, &change.before);
    // What the server before the update knows of bytes is not true of ours.
    for name in [header::HOST, header::IF_NONE_MATCH, header::ACCEPT_ENCODING] {
        headers.remove(name);
    }
    let request = Client::new().request(method, format!("{}{asked}", change.upstream));
    let Ok(answer) = request.headers(headers).body(body).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap_or_default();
    if path.starts_with("/v1/") {
        return (status, headers, bytes).into_response();
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ETAG);
    let text = String::from_utf8_lossy(&bytes).replace(&change.before, &change.version);
    (status, headers, signed(path, text)).into_response()
}

/// A file with a sign of its own that it is the new one.
fn signed(path: &str, text: String) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.ends_with(".js") && name != "worker.js" {
        format!("{text}\n(globalThis.made ??= []).push({name:?});\n")
    } else if name.ends_with(".css") {
        format!("{text}\n:root {{ --{}: new; }}\n", name.replace('.', "-"))
    } else {
        text.replace("<html ", "<html data-made=\"new\" ")
    }
}
