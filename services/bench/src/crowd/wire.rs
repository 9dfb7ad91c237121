//! A fan's connection as bytes: plain, or with TLS where the balancer speaks that.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::crowd::orders::Reading;

/// What TLS needs to know: whom to believe, and who is expected.
pub(crate) type Trust = (Arc<ClientConfig>, ServerName<'static>);

/// The connection.
pub(crate) struct Wire {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Wire {
    /// A connection on its way from an address of ours, of any port.
    pub(crate) fn open(
        from: Ipv4Addr,
        to: SocketAddr,
        reading: Reading,
        trust: Option<&Trust>,
    ) -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        if reading == Reading::Nothing {
            // The system makes it as small as it allows.
            sockopt::set_socket_recv_buffer_size(&socket, 1)?;
        }
        bind(&socket, &SocketAddrV4::new(from, 0))?;
        match connect(&socket, &to) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let tls = trust.map(|(config, name)| ClientConnection::new(config.clone(), name.clone()));
        Ok(Self {
            stream: TcpStream::from_std(socket.into()),
            tls: tls.transpose().map_err(io::Error::other)?.map(Box::new),
        })
    }

    /// Has the loop told when something can be read or written.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.stream, token, both)
    }

    /// Sends the request if the connection is there by now.
    pub(crate) fn begin(&mut self, request: &[u8]) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        if self.stream.peer_addr().is_err() {
            return Ok(false);
        }
        // An empty send buffer takes far more than a request.
        match self.write(request)? == request.len() {
            true => Ok(true),
            false => Err(ErrorKind::WriteZero.into()),
        }
    }

    /// Reads what is there, as [`Read::read`] does.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.stream.read(buffer);
        };
        loop {
            flush(tls, &mut self.stream)?;
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if tls.read_tls(&mut self.stream)? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    /// Writes as much as fits now, as [`Write::write`] does.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            return self.stream.write(bytes);
        };
        let taken = tls.writer().write(bytes)?;
        flush(tls, &mut self.stream)?;
        Ok(taken)
    }

    /// Whether a read of `length` bytes into a buffer of `room` has emptied the socket, so that the
    /// next bytes will wake the loop again.
    pub(crate) fn is_emptied_by(&self, length: usize, room: usize) -> bool {
        self.tls.is_none() && length < room
    }

    /// Ends it without a word, as a phone does. A reset also keeps the port out of TIME_WAIT: there
    /// are few for so many fans.
    pub(crate) fn reset(&self) {
        let _ = sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO));
    }
}

/// Sends what TLS has to send, as far as the socket takes it; the rest goes with the next turn.
fn flush(tls: &mut ClientConnection, stream: &mut TcpStream) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            written => written?,
        };
    }
    Ok(())
}
