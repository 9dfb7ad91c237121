//! A TCP proxy whose connections are cut, or fall silent, when the test says so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on to a server, which may be replaced by another.
pub(crate) struct Proxy {
    address: SocketAddr,
    upstream: Arc<Mutex<String>>,
    cuts: watch::Sender<u64>,
    silences: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// In front of the server at an HTTP URL.
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Arc::new(Mutex::new(authority(url)));
        let cuts = watch::Sender::new(0);
        let silences = watch::Sender::new(0);
        let accepting = tokio::spawn(accept(
            listener,
            Arc::clone(&upstream),
            cuts.clone(),
            silences.clone(),
        ));
        Self {
            address,
            upstream,
            cuts,
            silences,
            accepting,
        }
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Passes new connections on to another server.
    pub(crate) fn point_at(&self, url: &str) {
        *self.upstream.lock().unwrap() = authority(url);
    }

    /// Cuts every connection where it stands.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets every connection stay open and passes nothing on any more; later ones are as usual.
    pub(crate) fn fall_silent(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }
}

impl Drop for Proxy {
    /// Its connections end by themselves, with either side.
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(
    listener: TcpListener,
    upstream: Arc<Mutex<String>>,
    cuts: watch::Sender<u64>,
    silences: watch::Sender<u64>,
) -> () {
    while let Ok((client, _)) = listener.accept().await {
        let address = upstream.lock().unwrap().clone();
        let (mut cut, silence) = (cuts.subscribe(), silences.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = pass(client, address, silence) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, address: String, mut silence: watch::Receiver<u64>) {
    // A server that is gone looks like one to the client: the connection ends.
    let Ok(mut server) = TcpStream::connect(address).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        // Both stay open, and neither hears of the other.
        _ = silence.changed() => std::future::pending().await,
    }
}

fn authority(url: &str) -> String {
    url.strip_prefix("http://").unwrap().to_owned()
}
