//! The reader and the control frames of the gateway behind an echo service, before the fuzzing client
//! of the Autobahn suite.
//!
//! Its program is `wstest`, of PyPI's autobahntestsuite 0.8.2, which runs on Python 2.7 only; where it
//! is not on the path the test says so and is skipped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::read::{Fault, HEAD_BYTES_MAX, Heard, MESSAGE_BYTES_MAX, Next, Reader};
use super::write::{close, pong};

/// Limits and mass messages are measured elsewhere; compression is not offered.
const NOT_OURS: [&str; 3] = ["9.*", "12.*", "13.*"];
/// Messages larger than a client of ours may send.
const TOO_LARGE: [&str; 7] = [
    "1.1.6", "1.1.7", "1.1.8", "1.2.6", "1.2.7", "1.2.8", "10.1.1",
];

#[test]
fn the_autobahn_suite_finds_nothing_but_our_limit() {
    let Some(wstest) = program("wstest") else {
        eprintln!("SKIPPED: wstest of autobahntestsuite 0.8.2 (Python 2.7) is not on the path");
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || echo(stream.unwrap()));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let cases = run(&wstest, folder.path(), &format!("ws://{address}"));

    assert!(cases.len() > 240, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let is_right = match TOO_LARGE.contains(&name.as_str()) {
            true => case["remoteCloseCode"] == 1009,
            false => ["behavior", "behaviorClose"].iter().all(|member| {
                matches!(
                    case[member].as_str(),
                    Some("OK" | "NON-STRICT" | "INFORMATIONAL")
                )
            }),
        };
        if !is_right {
            wrong.push((name, case));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the suite found, case by case.
fn run(wstest: &Path, folder: &Path, url: &str) -> BTreeMap<String, Value> {
    let spec = json!({
        "outdir": folder.join("found"),
        "servers": [{"agent": "gateway", "url": url}],
        "cases": ["*"],
        "exclude-cases": NOT_OURS,
        "exclude-agent-cases": {},
    });
    let spec_file = folder.join("spec.json");
    std::fs::write(&spec_file, spec.to_string()).unwrap();
    let mut command = Command::new(wstest);
    command.args(["--mode", "fuzzingclient", "--spec"]);
    let output = command
        .arg(&spec_file)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let index = std::fs::read_to_string(folder.join("found/index.json"));
    let index = index.unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let mut agents: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&index).unwrap();
    agents.remove("gateway").unwrap()
}

/// The first program of this name on the path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Serves one connection as a shard would, but that it says what it heard. That the client is gone
/// ends it.
fn echo(stream: TcpStream) {
    let mut input = BufReader::new(&stream);
    let mut key = String::new();
    for line in input.by_ref().lines().map_while(Result::ok) {
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("sec-websocket-key") => {
                key = derive_accept_key(value.trim().as_bytes());
            }
            None if line.is_empty() => break,
            _ => {}
        }
    }
    let head = [
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "Upgrade: websocket",
        &format!("Sec-WebSocket-Accept: {key}\r\n\r\n"),
    ];
    let mut output = &stream;
    if output.write_all(head.join("\r\n").as_bytes()).is_err() {
        return;
    }
    let mut reader = Reader::default();
    let mut buffer = vec![0; HEAD_BYTES_MAX + MESSAGE_BYTES_MAX + 4096];
    loop {
        let kept = reader.unpack(&mut buffer);
        let Ok(count @ 1..) = input.read(&mut buffer[kept..]) else {
            return;
        };
        let (mut at, end) = (0, kept + count);
        loop {
            let answer = match reader.next(&mut buffer[at..end], false) {
                Ok(Next::More) => break,
                Ok(Next::Frame(used, heard)) => {
                    at += used;
                    heard.map(answer)
                }
                Err(fault) => Some((close(Some(code(fault)), "").to_vec(), Goes::Away)),
            };
            let Some((bytes, goes)) = answer else {
                continue;
            };
            if output.write_all(&bytes).is_err() {
                return;
            }
            if goes == Goes::Away {
                // The client may have said more: it is read, so that nothing resets the connection.
                stream.shutdown(Shutdown::Write).ok();
                std::io::copy(&mut input, &mut std::io::sink()).ok();
                return;
            }
        }
        reader.keep(&buffer[at..end]);
    }
}

#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Away,
}

/// What is said to what was heard.
fn answer(heard: Heard<'_>) -> (Vec<u8>, Goes) {
    match heard {
        Heard::Text(text) => (said(Data::Text, text.as_bytes()), Goes::On),
        Heard::Binary(bytes) => (said(Data::Binary, &bytes), Goes::On),
        Heard::Ping(payload) => (pong(payload).to_vec(), Goes::On),
        Heard::Pong => (Vec::new(), Goes::On),
        Heard::Close(code) => (close(code, "").to_vec(), Goes::Away),
    }
}

fn said(kind: Data, bytes: &[u8]) -> Vec<u8> {
    let frame = Frame::message(bytes.to_vec(), OpCode::Data(kind), true);
    let mut out = Vec::new();
    frame.format(&mut out).unwrap();
    out
}

fn code(fault: Fault) -> u16 {
    match fault {
        Fault::Protocol => 1002,
        Fault::NotText => 1007,
        Fault::TooLarge => 1009,
    }
}
