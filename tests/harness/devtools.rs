//! The DevTools protocol: commands to a page, their answers, and what the page says meanwhile.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::wait::in_time;

/// Screenshots are the largest answers.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A connection to a browser.
pub(crate) struct DevTools {
    socket: WebSocketStream<TcpStream>,
    /// The page that commands are for; none: the browser itself.
    pub(crate) session: Option<String>,
    /// What a page should not do, as [`super::browser::Browser::errors`] tells it.
    pub(crate) errors: Vec<String>,
    commands: u64,
}

impl DevTools {
    /// Connects to a browser that listens.
    pub(crate) async fn connect(port: &str, path: &str) -> Self {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}"))
            .await
            .unwrap();
        let config = WebSocketConfig::default()
            .max_message_size(Some(ANSWER_BYTES_MAX))
            .max_frame_size(Some(ANSWER_BYTES_MAX));
        let url = format!("ws://127.0.0.1:{port}{path}");
        let opened = client_async_with_config(url, stream, Some(config)).await;
        Self {
            socket: opened.unwrap().0,
            session: None,
            errors: Vec::new(),
            commands: 0,
        }
    }

    /// A command, which must succeed; its answer.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// A command; its answer, or why there is none.
    pub(crate) async fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let id = self.send(method, params).await;
        let listening = async {
            loop {
                let message = self.hear().await;
                if message["id"] == id {
                    return match message.get("error") {
                        None => Ok(message["result"].clone()),
                        Some(error) => Err(error["message"].to_string()),
                    };
                }
                self.notice(&message).await;
            }
        };
        in_time(method, listening).await
    }

    /// A command whose answer is not waited for; its number.
    pub(crate) async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.commands += 1;
        let mut command = json!({"id": self.commands, "method": method, "params": params});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let sent = self.socket.send(Message::text(command.to_string())).await;
        sent.expect("Chromium listens");
        self.commands
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return text.parse().unwrap(),
                Some(Ok(_)) => {}
                gone => panic!("Chromium has gone: {gone:?}"),
            }
        }
    }

    async fn notice(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                let details = exception(&params["exceptionDetails"]);
                self.errors.push(format!("exception: {details}"));
            }
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
                let args = params["args"].as_array().into_iter().flatten();
                let text = args.map(|arg| match arg.get("value") {
                    Some(Value::String(text)) => text.clone(),
                    Some(value) => value.to_string(),
                    None => arg["description"].to_string(),
                });
                let text = text.collect::<Vec<_>>().join(" ");
                self.errors.push(format!("console: {text}"));
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                let entry = &params["entry"];
                let (source, text) = (entry["source"].as_str(), entry["text"].as_str());
                let (source, text) = (source.unwrap_or("log"), text.unwrap_or_default());
                let url = entry["url"].as_str().unwrap_or_default();
                self.errors.push(format!("{source}: {text} {url}"));
            }
            Some("Page.javascriptDialogOpening") => {
                self.errors.push(format!("dialog: {}", params["message"]));
                // While it is open the page does nothing else. Its answer tells nothing.
                self.send("Page.handleJavaScriptDialog", json!({"accept": false}))
                    .await;
            }
            _ => {}
        }
    }
}

/// What was thrown, as text.
pub(crate) fn exception(details: &Value) -> String {
    let description = details["exception"]["description"].as_str();
    let text = description.or(details["text"].as_str());
    text.map_or_else(|| details.to_string(), str::to_owned)
}
