//! A request's body that remembers whether it was read to its end. A connection with input that
//! nobody read is closed after the answer, and the answer must say so: a client that did not know
//! would send its next request into the close.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The body, as it was but watched.
pub(crate) struct Watched {
    body: Incoming,
    read: Arc<AtomicBool>,
}

/// Whether something of a body was never read.
pub(crate) struct Unread(Arc<AtomicBool>);

/// Watches `body`.
pub(crate) fn watch(body: Incoming) -> (Watched, Unread) {
    let read = Arc::new(AtomicBool::new(body.is_end_stream()));
    let unread = Unread(Arc::clone(&read));
    (Watched { body, read }, unread)
}

impl Unread {
    pub(crate) fn is_there(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let ended = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        self.read.fetch_or(ended, Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
