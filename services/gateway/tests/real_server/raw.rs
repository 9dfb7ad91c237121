//! A WebSocket client without a library around it: what it sends and gets is seen byte by byte.

use grandstand_server::grant::Tier;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Ground, in_time, token};

/// A socket without a library around it.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

/// A client's frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut out = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ ..=125) => out.push(0x80 | length),
        _ => {
            out.push(0x80 | 126);
            out.extend((payload.len() as u16).to_be_bytes());
        }
    }
    out.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    out.extend(masked.map(|(byte, mask)| byte ^ mask));
    out
}

impl Raw {
    /// Sends the handshake, and `early` in the same packet.
    pub(crate) async fn connect(ground: &Ground, query: &str, early: &[u8]) -> Self {
        let (raw, _) = Self::connect_with(ground, query, "", early).await;
        raw
    }

    /// The same with more headers; the head of the answer, too.
    pub(crate) async fn connect_with(
        ground: &Ground,
        query: &str,
        headers: &str,
        early: &[u8],
    ) -> (Self, String) {
        let mut stream = in_time(TcpStream::connect(ground.address)).await.unwrap();
        let token = token(Tier::Premium, &[], 0);
        let request = format!(
            "GET /v1/ws?{query} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             {headers}authorization: Bearer {token}\r\n\r\n"
        );
        let bytes = [request.as_bytes(), early].concat();
        in_time(stream.write_all(&bytes)).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(in_time(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        (Self { stream }, head)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        in_time(self.stream.write_all(bytes)).await.unwrap();
    }

    /// The next frame: its first byte and what it carries.
    pub(crate) async fn next(&mut self) -> (u8, Vec<u8>) {
        let first = in_time(self.stream.read_u8()).await.unwrap();
        let length = match in_time(self.stream.read_u8()).await.unwrap() {
            126 => usize::from(in_time(self.stream.read_u16()).await.unwrap()),
            127 => in_time(self.stream.read_u64()).await.unwrap() as usize,
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        in_time(self.stream.read_exact(&mut payload)).await.unwrap();
        (first, payload)
    }

    /// The next text message of this type; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let (first, payload) = self.next().await;
            assert_eq!(first, 0x81, "a whole text message");
            let message: Value = serde_json::from_slice(&payload).unwrap();
            if message["type"] == kind {
                return message;
            }
        }
    }
}
