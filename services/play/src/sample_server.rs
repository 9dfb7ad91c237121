//! A small scoring server that does what it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with the next posts instead of storing them.
pub(crate) type Faults = VecDeque<(u16, &'static str)>;

/// A scoring server of one match, which knows ids and no cricket.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) created: Option<Value>,
    /// Ids in order.
    pub(crate) stored: Vec<String>,
    /// Lengths of the posts.
    pub(crate) posts: Vec<usize>,
    pub(crate) faults: Faults,
    pub(crate) state: Value,
}

/// The server, as test and task share it.
pub(crate) type Shared = Arc<Mutex<Server>>;

/// A server that listens; its URL, and the task that is stopped at the test's end.
pub(crate) struct Listening {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves at a port of its own.
pub(crate) async fn listen(server: Shared) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // One request a connection: the client waits for each answer.
            answer(stream, &server).await;
        }
    });
    Listening { url, task }
}

async fn answer(mut stream: TcpStream, server: &Shared) {
    let mut request = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let (status, body) = server.lock().expect("no panic").serve(&head, &body);
    if status == 0 {
        return;
    }
    let text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 0\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.expect("written");
    stream.shutdown().await.expect("closed");
}

impl Server {
    fn serve(&mut self, head: &str, body: &str) -> (u16, String) {
        assert!(head.contains("authorization: Bearer secret"), "{head}");
        let line = head.lines().next().expect("a request line");
        let (method, path) = line
            .rsplit_once(' ')
            .expect("three words")
            .0
            .split_once(' ')
            .expect("two words");
        let (status, answer) = match (method, path) {
            ("PUT", "/v1/matches/tiny") => self.create(serde_json::from_str(body).expect("JSON")),
            ("GET", "/v1/matches/tiny") => (200, json!({"epoch": "1.1", "seq": self.seq()})),
            ("GET", "/v1/matches/tiny/state") => {
                (200, json!({"seq": self.seq(), "state": self.state}))
            }
            ("POST", "/v1/matches/tiny/events") => match self.faults.pop_front() {
                Some((status, text)) => return (status, text.to_owned()),
                None => self.store(&serde_json::from_str(body).expect("JSON")),
            },
            _ => panic!("{line}"),
        };
        (status, answer.to_string())
    }

    fn seq(&self) -> usize {
        self.stored.len() + usize::from(self.created.is_some())
    }

    fn create(&mut self, body: Value) -> (u16, Value) {
        match &self.created {
            None => {
                self.created = Some(body);
                (201, json!({"seq": 1}))
            }
            Some(created) if *created == body => (200, json!({"seq": 1})),
            Some(_) => (
                409,
                json!({"title": "Another match", "detail": "It was created with another body"}),
            ),
        }
    }

    fn store(&mut self, events: &Value) -> (u16, Value) {
        let events = events.as_array().expect("an array");
        self.posts.push(events.len());
        let mut answers = Vec::new();
        for event in events {
            let id = event["id"].as_str().expect("an id").to_owned();
            answers.push(json!({"id": id, "seq": 0, "ts": 0, "warnings": []}));
            if !self.stored.contains(&id) {
                self.stored.push(id);
            }
        }
        (
            201,
            json!({"seq": self.seq(), "strip": {"score": "x"}, "events": answers}),
        )
    }
}
