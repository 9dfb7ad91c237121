//! When a command that follows what happens has to end: on Ctrl-C, and when nobody reads stdout.

use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

/// Waits for Ctrl-C, or for whoever reads stdout to leave.
pub(crate) async fn interrupted() {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned();
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => {
            if let Err(error) = pressed {
                tracing::warn!(%error, "Ctrl-C can't be caught");
                std::future::pending::<()>().await;
            }
        }
        () = reader_left(stdout.ok()) => {}
    }
}

/// Waits until nobody reads `pipe` any more: a quiet match writes nothing by which to notice. Files
/// can't be watched and need not be.
async fn reader_left(pipe: Option<OwnedFd>) {
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
        let left = reader_left(Some(writer.into()));
        tokio::pin!(left);
        let early = tokio::time::timeout(Duration::from_millis(50), &mut left).await;
        assert!(early.is_err(), "somebody reads it still");

        drop(reader);

        let noticed = tokio::time::timeout(Duration::from_secs(5), &mut left).await;
        assert!(noticed.is_ok());
    }

    #[tokio::test]
    async fn a_file_is_never_left_by_its_reader() {
        let file = OwnedFd::from(tempfile::tempfile().unwrap());
        let left = tokio::time::timeout(Duration::from_millis(50), reader_left(Some(file))).await;
        assert!(left.is_err());
    }
}
