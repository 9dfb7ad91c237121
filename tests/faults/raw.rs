//! A WebSocket client without a library around it: it reads as slowly as it likes, and sends what
//! no client should.

use std::net::SocketAddr;

use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::wait::in_time;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// Of a filter of the kernel: ends with how many bytes of a packet pass.
const RETURN: u16 = 0x06;

/// An open connection.
pub(crate) struct Raw {
    stream: BufReader<TcpStream>,
}

/// A client's frame, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let head = match length {
        0..=125 => vec![first, 0x80 | length as u8],
        _ => vec![first, 0x80 | 126, (length >> 8) as u8, length as u8],
    };
    [&head, &[0; 4][..], payload].concat()
}

impl Raw {
    /// Opens `/v1/ws` with this query, and a receive buffer of about so many bytes.
    pub(crate) async fn open(url: &str, query: &str, token: &str, buffer_bytes: u32) -> Self {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(buffer_bytes).unwrap();
        let connected = in_time("a connection", socket.connect(address)).await;
        let mut raw = Self {
            stream: BufReader::with_capacity(64, connected.unwrap()),
        };
        let head = [
            &format!("GET /v1/ws?{query} HTTP/1.1"),
            "Host: gateway",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            &format!("Authorization: Bearer {token}"),
            "\r\n",
        ];
        raw.send(head.join("\r\n").as_bytes()).await;
        let mut line = String::new();
        in_time("an answer", raw.stream.read_line(&mut line))
            .await
            .unwrap();
        assert!(line.starts_with("HTTP/1.1 101 "), "{line}");
        while line != "\r\n" {
            line.clear();
            in_time("a header", raw.stream.read_line(&mut line))
                .await
                .unwrap();
        }
        raw
    }

    /// From now on nothing reaches this client any more: what is sent to it is never acknowledged,
    /// and it says nothing itself. So do phones vanish.
    pub(crate) fn vanish(&self) {
        let drop_every_packet = [SockFilter::new(RETURN, 0, 0, 0)];
        let socket = SockRef::from(self.stream.get_ref());
        socket.attach_filter(&drop_every_packet).unwrap();
    }

    /// Where it is connected from.
    pub(crate) fn local_port(&self) -> u16 {
        self.stream.get_ref().local_addr().unwrap().port()
    }

    /// Sends bytes as they are; that nobody takes them any more shows when listening.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        in_time("room to write", self.stream.write_all(bytes))
            .await
            .ok();
    }

    /// Reads one byte of whatever is there; none once nothing more comes.
    pub(crate) async fn byte(&mut self) -> Option<u8> {
        in_time("a byte", self.stream.read_u8()).await.ok()
    }

    /// The next frame, its first byte and what it carries; none once nothing more comes.
    pub(crate) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.byte().await?;
        let mut length = u64::from(self.byte().await?);
        let more_bytes = match length {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if more_bytes > 0 {
            length = 0;
        }
        for _ in 0..more_bytes {
            length = length << 8 | u64::from(self.byte().await?);
        }
        let mut payload = vec![0; length as usize];
        let read = in_time("a payload", self.stream.read_exact(&mut payload)).await;
        read.ok().map(|_| (first, payload))
    }

    /// Reads on to the next frame of this kind.
    pub(crate) async fn next_of(&mut self, kind: u8) -> Vec<u8> {
        while let Some((first, payload)) = self.next().await {
            if first == kind {
                return payload;
            }
            assert_ne!(first, CLOSE, "closed: {payload:?}");
        }
        panic!("the connection broke");
    }

    /// Reads on to the close frame; its code, if it came and no reset after it.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let code = loop {
            let (first, payload) = self.next().await?;
            if first == CLOSE {
                break u16::from_be_bytes([*payload.first()?, *payload.get(1)?]);
            }
        };
        let mut rest = Vec::new();
        let ended = in_time("the end", self.stream.read_to_end(&mut rest)).await;
        ended.ok().map(|_| code)
    }
}
