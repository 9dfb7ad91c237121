//! The bare loop: one process that writes the same bytes to every socket it has, and nothing else. No
//! gateway can be faster with plain writes; how close one comes is what counts.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::crowd::frames::text_frame;
use crate::crowd::now_us;
use crate::descriptors;

/// The only match that it has.
pub(crate) const MATCH: &str = "bare";
const EPOCH: &str = "0.1";
/// How often to look whether one has come.
const LOOK: Duration = Duration::from_millis(1);
/// Connections that the kernel holds for us.
const BACKLOG: i32 = 4_096;
/// A fan of ours says all it has to say at once.
const REQUEST_MAX: Duration = Duration::from_secs(5);

/// The first line that it prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
}

/// What it is told, a line each.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BareOrder {
    /// Take so many connections.
    Accept {
        /// How many.
        count: u32,
        /// How long they may take to come.
        within_s: u64,
    },
    /// Write to all of them, again and again.
    Write {
        /// How long a message is.
        bytes: u32,
        /// How many times a second.
        rate: f64,
        /// How many times.
        rounds: u32,
    },
}

/// What it answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct BareAnswer {
    /// Connections that it has.
    pub(crate) connections: u64,
    /// The last message of each, 0 before the first.
    pub(crate) seq: u64,
    /// Writes that did not take the whole frame at once: the measurement is none then.
    pub(crate) blocked: u64,
}

/// Does what its stdin says until that ends.
pub(crate) fn run() -> io::Result<()> {
    descriptors::raise();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    rustix::net::listen(&listener, BACKLOG)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    say(&Listening { address })?;
    let mut sockets = Vec::new();
    let mut seq = 0;
    for line in io::stdin().lock().lines() {
        let mut blocked = 0;
        match serde_json::from_str(&line?)? {
            BareOrder::Accept { count, within_s } => {
                let until = Instant::now() + Duration::from_secs(within_s);
                accept(&listener, &mut sockets, count, until)?;
            }
            BareOrder::Write {
                bytes,
                rate,
                rounds,
            } => {
                let began = Instant::now();
                for round in 0..rounds {
                    let due = Duration::from_secs_f64(f64::from(round) / rate);
                    std::thread::sleep(due.saturating_sub(began.elapsed()));
                    seq += 1;
                    blocked += write_to_all(&mut sockets, &message(seq, now_us(), bytes as usize));
                }
            }
        }
        say(&BareAnswer {
            connections: sockets.len() as u64,
            seq,
            blocked,
        })?;
    }
    Ok(())
}

/// One round; how many sockets did not take all of it at once.
fn write_to_all(sockets: &mut [TcpStream], message: &[u8]) -> u64 {
    let frame = text_frame(message);
    let mut blocked = 0;
    for socket in sockets {
        let taken = socket.write(&frame).unwrap_or(0);
        blocked += u64::from(taken != frame.len());
    }
    blocked
}

fn accept(
    listener: &TcpListener,
    sockets: &mut Vec<TcpStream>,
    count: u32,
    until: Instant,
) -> io::Result<()> {
    let joined = format!(
        r#"{{"type":"snapshot","match":"{MATCH}","epoch":"{EPOCH}","reason":"joined","seq":0,"hash":"0000000000000000","state":{{}}}}"#
    );
    let greeting = [
        &b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"[..],
        &text_frame(joined.as_bytes()),
    ]
    .concat();
    while (sockets.len() as u64) < u64::from(count) {
        match listener.accept() {
            Ok((mut socket, _)) => {
                socket.set_nonblocking(false)?;
                socket.set_read_timeout(Some(REQUEST_MAX))?;
                socket.set_nodelay(true)?;
                read_request(&mut socket)?;
                socket.write_all(&greeting)?;
                socket.set_nonblocking(true)?;
                sockets.push(socket);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if Instant::now() >= until {
                    return Err(ErrorKind::TimedOut.into());
                }
                std::thread::sleep(LOOK);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads up to the end of a request's head, whatever it says.
fn read_request(socket: &mut TcpStream) -> io::Result<()> {
    let (mut buffer, mut length) = ([0; 4_096], 0);
    while !buffer[..length].ends_with(b"\r\n\r\n") {
        match socket.read(&mut buffer[length..])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    Ok(())
}

/// An `events` message of one event, `bytes` long, that is accepted now.
fn message(seq: u64, ts: u64, bytes: usize) -> Vec<u8> {
    let make = |note: &str| {
        format!(
            r#"{{"type":"events","match":"{MATCH}","epoch":"{EPOCH}","events":[{{"note":"{note}","seq":{seq},"ts":{ts}}}],"hash":"{seq:016x}"}}"#
        )
    };
    let bare = make("").len();
    make(&"x".repeat(bytes.saturating_sub(bare))).into_bytes()
}

fn say(what: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_asked_and_is_one() {
        for bytes in [150, 463, 4_000] {
            let message = message(12, 1_790_000_000_123_456, bytes);
            assert_eq!(message.len(), bytes);
            let read: serde_json::Value = serde_json::from_slice(&message).unwrap();
            assert_eq!(read["events"][0]["seq"], 12);
        }
    }
}
