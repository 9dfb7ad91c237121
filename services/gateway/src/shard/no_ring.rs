//! Where there is no io_uring: a ring that can't be had.

use std::convert::Infallible;
use std::io;
use std::os::fd::BorrowedFd;

use bytes::Bytes;

/// So many would be sent by one call.
pub(super) const SENDS_MAX: usize = 128;

/// None of these is ever made.
pub(super) struct Ring(Infallible);

/// How much of its bytes a socket took.
pub(super) type Taken = Option<usize>;

impl Ring {
    pub(super) fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn send_each(
        &mut self,
        _: &[(BorrowedFd<'_>, &Bytes)],
        _: &mut Vec<Taken>,
    ) -> io::Result<()> {
        match self.0 {}
    }
}
