//! When a command has to end before its end: on Ctrl-C or SIGTERM, and when nobody reads stdout.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C or SIGTERM, which count from the call on, whenever the answer is first waited
/// for.
pub(crate) fn signalled() -> io::Result<impl Future<Output = ()>> {
    let mut pressed = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = pressed.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Waits for whoever reads stdout to leave.
pub(crate) async fn reader_leaves() {
    nobody_reads(io::stdout().as_fd().try_clone_to_owned().ok()).await;
}

/// Whether what went wrong is only that nobody reads stdout any more.
pub(crate) fn reader_left(error: &anyhow::Error) -> bool {
    let kind = match error.downcast_ref::<io::Error>() {
        Some(error) => Some(error.kind()),
        None => error
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind),
    };
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// A reader who has left is not told of it.
pub(crate) fn ended_quietly(done: anyhow::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if !reader_left(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Waits until nobody reads `pipe` any more: a quiet match writes nothing by which to notice. Files
/// can't be watched and need not be.
async fn nobody_reads(pipe: Option<OwnedFd>) {
    // Unchecked, because checking would make stdout non-blocking for everybody who shares it; it is
    // watched here and never written to.
    let watched = pipe.and_then(|pipe| Sender::from_owned_fd_unchecked(pipe).ok());
    if let Some(watched) = watched {
        while let Ok(ready) = watched.ready(Interest::ERROR).await {
            if ready.is_error() {
                return;
            }
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn it_is_noticed_when_the_reader_of_a_quiet_pipe_leaves() {
        let (reader, writer) = std::io::pipe().unwrap();
        let left = nobody_reads(Some(writer.into()));
        tokio::pin!(left);
        let early = tokio::time::timeout(Duration::from_millis(50), &mut left).await;
        assert!(early.is_err(), "somebody reads it still");

        drop(reader);

        let noticed = tokio::time::timeout(Duration::from_secs(60), &mut left).await;
        assert!(noticed.is_ok());
    }

    #[tokio::test]
    async fn a_file_is_never_left_by_its_reader() {
        let file = OwnedFd::from(tempfile::tempfile().unwrap());
        let left = tokio::time::timeout(Duration::from_millis(50), nobody_reads(Some(file))).await;
        assert!(left.is_err());
    }
}
