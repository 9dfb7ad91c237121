//! The end of a connection: what is said to who finds no room, and how a socket is closed so that
//! the client hears what was said last.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// How long a closed connection's input is read and thrown away: closing with unread input resets
/// the connection, and the client never sees the answer.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// And how much of it.
const LINGER_BYTES_MAX: usize = 1024 * 1024;
/// When a client that found no room may come again.
const REFUSED_RETRY_AFTER_S: u64 = 5;

/// Answers 503 without reading the request, and closes.
pub(super) async fn say_no_room(mut stream: TcpStream) {
    let problem = Problem::new(ProblemKind::OverCapacity);
    let body = problem.document().to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nretry-after: {REFUSED_RETRY_AFTER_S}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // A fresh socket takes this much at once; a client that is gone needs no answer.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        linger(stream).await;
    }
}

/// Says that nothing more will come, and reads and throws away until the client closes too, within
/// bounds.
pub(super) async fn linger(mut stream: TcpStream) {
    // Fails where it was done before, or where nobody is there any more: reading then ends at once.
    let _ = stream.shutdown().await;
    let discard = async {
        let mut scratch = [0u8; 2048];
        let mut left = LINGER_BYTES_MAX;
        while let Ok(count @ 1..) = stream.read(&mut scratch).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    };
    // At the bound there is nothing better to do than to close.
    let _ = tokio::time::timeout(LINGER_MAX, discard).await;
}
