//! How a fan's socket begins.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use mio::net::TcpStream;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

/// A socket on its way from an address of ours, of any port.
pub(crate) fn connecting(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    bind(&socket, &SocketAddrV4::new(from, 0))?;
    match connect(&socket, &to) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from_std(socket.into()))
}

/// Sends the request if the connection is there by now.
pub(crate) fn begin(stream: &mut TcpStream, request: &[u8]) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    if stream.peer_addr().is_err() {
        return Ok(false);
    }
    // An empty send buffer takes far more than a request.
    match stream.write(request)? == request.len() {
        true => Ok(true),
        false => Err(io::ErrorKind::WriteZero.into()),
    }
}
