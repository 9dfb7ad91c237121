//! An empty page of the same origin as the queue's files and the scoring service.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::harness::node::root;

/// A page that is served until it is dropped.
pub(crate) struct Page {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl Page {
    /// In front of the scoring service at `scoring_url`.
    pub(crate) async fn serve(scoring_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route(
                "/",
                get(async || Html("<!doctype html><title>pad</title><body>")),
            )
            .route("/pad/queue/{file}", get(file))
            .fallback(pass_on)
            .with_state(scoring_url.to_owned());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, serving }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn file(Path(name): Path<String>) -> Response {
    let path = root().join("services/web/pad/queue").join(name);
    match std::fs::read(path) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "text/javascript")], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn pass_on(
    State(scoring_url): State<String>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    headers.remove(header::HOST);
    let request = Client::new().request(method, format!("{scoring_url}{uri}"));
    match request.headers(headers).body(body).send().await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            (status, headers, answer.bytes().await.unwrap_or_default()).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
