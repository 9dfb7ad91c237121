//! The listening socket, with the options that every connection inherits from it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel holds for us while we are busy.
const BACKLOG: u32 = 4096;
/// What a client that reads nothing may cost the kernel, which doubles it: the largest state fits.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// Longer than the fans' edge waits for a socket by itself (30 s): who can still be told why is told.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(40);

/// A bound address that nobody serves yet.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    address: SocketAddr,
}

/// What connections inherit from their listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketOptions {
    /// Bytes that the kernel keeps for a client that does not read; by itself it goes to 2.7 MiB.
    pub send_buffer_bytes: Option<u32>,
    /// How long sent bytes may stay unacknowledged, or unsent before a client that reads nothing,
    /// before the kernel drops the connection.
    pub unacknowledged_max: Option<Duration>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            send_buffer_bytes: Some(SEND_BUFFER_BYTES),
            unacknowledged_max: Some(UNACKNOWLEDGED_MAX),
        }
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address}: {}", reason(source))]
pub struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => "something else is listening there".to_owned(),
        io::ErrorKind::PermissionDenied => "ports below 1024 need a permission".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => source.to_string(),
    }
}

impl Listener {
    /// Listens on `address`; port 0 is any free one, see [`Listener::local_address`].
    pub fn bind(address: SocketAddr, options: SocketOptions) -> Result<Self, ListenError> {
        let bound = listen(address, options).and_then(|socket| {
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        });
        bound.map_err(|source| ListenError { address, source })
    }

    /// Where it listens, the port filled in.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }
}

fn listen(address: SocketAddr, options: SocketOptions) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuseaddr(true)?;
    // Every connection inherits it: a call less for each.
    socket.set_nodelay(true)?;
    if let Some(bytes) = options.send_buffer_bytes {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(duration) = options.unacknowledged_max {
        let duration_ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(&socket, duration_ms)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY_PORT: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let first = Listener::bind(ANY_PORT, SocketOptions::default()).unwrap();
        let taken = first.local_address();
        assert_ne!(taken.port(), 0);
        let error = Listener::bind(taken, SocketOptions::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot listen on {taken}: something else is listening there")
        );
    }

    #[tokio::test]
    async fn a_connection_inherits_what_the_listener_was_given() {
        let options = SocketOptions {
            send_buffer_bytes: Some(32 * 1024),
            unacknowledged_max: Some(Duration::from_millis(1234)),
        };
        let listener = Listener::bind(ANY_PORT, options).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_address()).unwrap();
        let (stream, _) = listener.socket.accept().await.unwrap();
        assert_eq!(
            rustix::net::sockopt::tcp_user_timeout(&stream).unwrap(),
            1234
        );
        assert!(stream.nodelay().unwrap());
        // The kernel doubles what it is asked for.
        let bytes = rustix::net::sockopt::socket_send_buffer_size(&stream).unwrap();
        assert_eq!(bytes, 64 * 1024);
    }
}
