//! What a client says: read, taken apart and acted upon, one message after the other.

use std::io::{ErrorKind, Read};

use grandstand_core::connection::Request;
use grandstand_core::message::{ClientMessage, CloseCode};
use grandstand_core::session::SessionId;
use grandstand_server::token::TokenError;

use super::counts::{count_cut, count_resumed};
use super::errands::{Errand, Task};
use super::event_loop::Shard;
use super::inbox::{Answer, FanKey};
use super::read::{Fault, Heard, Next};
use super::write::pong;
use crate::access::Viewer;
use crate::fan_session::Found;
use crate::refuse::count_refusal;

/// So many frames of one client are read in one go; then the others have their turn.
const FRAMES_MAX: usize = 16;

/// How reading from a socket ended.
enum Came {
    Bytes(usize),
    Nothing,
    End,
}

impl Shard {
    /// Reads what a client sent since the last time.
    pub(super) fn hear(&mut self, index: u32) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        fan.is_readable = false;
        // Out of the shard for as long as what is in it is looked at.
        let mut buffer = std::mem::take(&mut self.buffer);
        let end = fan.reader.unpack(&mut buffer);
        self.hear_frames(index, &mut buffer, end);
        self.buffer = buffer;
    }

    fn hear_frames(&mut self, index: u32, buffer: &mut [u8], mut end: usize) {
        let (mut at, mut frames) = (0, 0);
        loop {
            let Some(fan) = self.fans.get(index) else {
                return;
            };
            if !fan.may_hear() || frames == FRAMES_MAX {
                fan.reader.keep(&buffer[at..end]);
                fan.is_readable = true;
                break;
            }
            let may_deflate = fan.connection.coding().deflates;
            match fan.reader.next(&mut buffer[at..end], may_deflate) {
                Ok(Next::Frame(used, heard)) => {
                    at += used;
                    frames += 1;
                    fan.connection.heard(self.clock.now_us());
                    if let Some(heard) = heard {
                        self.heard(index, heard);
                    }
                    continue;
                }
                Ok(Next::More) => {}
                Err(fault) => return self.fault(index, fault),
            }
            buffer.copy_within(at..end, 0);
            (at, end) = (0, end - at);
            match read(&mut fan.socket, &mut buffer[end..]) {
                Came::Bytes(count) => end += count,
                Came::Nothing => {
                    fan.reader.keep(&buffer[..end]);
                    break;
                }
                // Cut off without a word, as phones are.
                Came::End => return self.cut(index, "gone"),
            }
        }
        self.pump(vec![index]);
    }

    fn heard(&mut self, index: u32, heard: Heard<'_>) {
        let value = match heard {
            Heard::Text(text) => serde_json::from_str(&text).map_err(|e| e.to_string()),
            Heard::Binary(bytes) => decode_messagepack(&bytes),
            Heard::Ping(payload) => {
                if let Some(fan) = self.fans.get(index) {
                    fan.pong = Some(Box::new(pong(payload)));
                }
                return;
            }
            Heard::Pong => return,
            Heard::Close(code) => {
                count_cut("closed_by_client");
                return self.close(index, code, "");
            }
        };
        let message =
            value.and_then(|value| ClientMessage::parse(&value).map_err(|e| e.to_string()));
        match message {
            Ok(message) => {
                metrics::counter!("grandstand_resumes_total").increment(message.cursors());
                self.said(index, message);
            }
            Err(detail) => {
                count_refusal("bad_message");
                if let Some(fan) = self.fans.get(index) {
                    fan.connection.misspoke(&detail);
                }
            }
        }
        // Its answers go out before the next is read, so that they are never many.
        self.look_at_wishes(index);
        self.pump(vec![index]);
    }

    fn said(&mut self, index: u32, message: ClientMessage) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        if matches!(message, ClientMessage::Hello { .. }) {
            fan.session.forget_read();
        }
        debug_assert!(!fan.connection.has_answers(), "answers never pile up");
        let session = fan.connection.session();
        match fan.connection.said(message) {
            Some(Request::Refresh(token)) => {
                fan.is_refreshing = true;
                let key = fan.key(index);
                if !self.send(key, Task::Verify(token)) {
                    count_refusal("too_many_tokens");
                    if let Some(fan) = self.fans.get(index) {
                        fan.is_refreshing = false;
                        fan.connection
                            .too_many("Too many tokens are shown here at once; come again later.");
                    }
                }
            }
            Some(Request::Resume(id)) => {
                let key = fan.key(index);
                let sub = fan.identity.sub().cloned();
                let asked = fan.session.read();
                let refused = match asked {
                    Ok(number) => {
                        let sent = self.send(key, Task::Find { number, id, sub });
                        (!sent).then_some(grandstand_core::connection::SessionRefusal::Unavailable)
                    }
                    Err(refusal) => Some(refusal),
                };
                if let Some(refusal) = refused {
                    self.resume(index, id, Err(refusal));
                }
            }
            None if fan.connection.session() != session => count_resumed("cursor"),
            None => {}
        }
    }

    fn send(&self, key: FanKey, task: Task) -> bool {
        let inbox = std::sync::Arc::clone(&self.inbox);
        self.errands.try_send(Errand { inbox, key, task }).is_ok()
    }

    /// What came of an errand; who has left meanwhile does not hear of it.
    pub(super) fn answered(&mut self, key: FanKey, answer: Answer) {
        let index = key.index;
        let Some(fan) = self.fans.by_key(key) else {
            return;
        };
        match answer {
            Answer::Viewer(found) => self.refreshed(index, found),
            Answer::Session(number, id, found) => {
                if fan.session.is_awaited(number) {
                    self.resume(index, id, found);
                }
            }
        }
        self.look_at_wishes(index);
        self.queue(index);
    }

    /// The session that the fan named was read.
    fn resume(&mut self, index: u32, id: SessionId, found: Found) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        fan.session.forget_read();
        match found {
            Ok(wishes) => {
                count_resumed("bucket");
                fan.connection.resumed(id, wishes);
            }
            Err(refusal) => {
                count_refusal(refusal.code());
                fan.connection.not_resumed(refusal);
            }
        }
    }

    /// A newer token of the same user: rights are applied anew.
    fn refreshed(&mut self, index: u32, found: Result<Viewer, TokenError>) {
        let Some(fan) = self.fans.get(index) else {
            return;
        };
        match found {
            Ok(viewer) if viewer.sub() == fan.identity.sub() => {
                fan.is_refreshing = false;
                fan.connection.refreshed(viewer.rights());
                fan.identity = viewer.into_identity();
            }
            Ok(_) => {
                count_refusal("other_user");
                self.refuse_token(index, CloseCode::NotAllowed, "a token of another user");
            }
            Err(error) => {
                count_refusal(error.word());
                self.refuse_token(index, CloseCode::Token, "token refused");
            }
        }
    }

    fn refuse_token(&mut self, index: u32, code: CloseCode, reason: &'static str) {
        if let Some(fan) = self.fans.get(index) {
            fan.is_refreshing = false;
            fan.connection.close(code, reason);
        }
    }

    /// What is wrong with a connection decides the code that it is told.
    fn fault(&mut self, index: u32, fault: Fault) {
        let (code, reason, word) = match fault {
            Fault::TooLarge => (
                CloseCode::TooLarge,
                "message too large",
                "message_too_large",
            ),
            Fault::NotText => (CloseCode::NotText, "text that is not UTF-8", "not_text"),
            Fault::Protocol => (CloseCode::Protocol, "protocol error", "protocol"),
        };
        count_refusal(word);
        count_cut(reason);
        self.close(index, Some(code.number()), reason);
    }
}

fn read(socket: &mut mio::net::TcpStream, buffer: &mut [u8]) -> Came {
    loop {
        match socket.read(buffer) {
            Ok(0) => return Came::End,
            Ok(count) => return Came::Bytes(count),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Came::Nothing,
                _ => return Came::End,
            },
        }
    }
}

fn decode_messagepack(bytes: &[u8]) -> Result<serde_json::Value, String> {
    let codec = grandstand_server::codec::Codec::MessagePack;
    codec.decode_value(bytes).map_err(|e| e.to_string())
}
