//! A TCP proxy whose connections are cut, or fall silent, when the test says so, and that may let
//! no WebSocket through.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on to a server, which may be replaced by another.
pub(crate) struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    cuts: watch::Sender<u64>,
    silences: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

/// How it passes on what it does.
struct Faults {
    upstream: Mutex<String>,
    refuses_upgrades: AtomicBool,
    /// The next request with this in it ends there.
    cut_request_at: Mutex<Option<String>>,
    /// The next answer with this in it ends there.
    cut_at: Mutex<Option<String>>,
}

impl Proxy {
    /// In front of the server at an HTTP URL.
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(Faults {
            upstream: Mutex::new(authority(url)),
            refuses_upgrades: AtomicBool::new(false),
            cut_request_at: Mutex::new(None),
            cut_at: Mutex::new(None),
        });
        let cuts = watch::Sender::new(0);
        let silences = watch::Sender::new(0);
        let accepting = tokio::spawn(accept(
            listener,
            Arc::clone(&faults),
            cuts.clone(),
            silences.clone(),
        ));
        Self {
            address,
            faults,
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
        *self.faults.upstream.lock().unwrap() = authority(url);
    }

    /// Lets no WebSocket through from now on, and cuts those that there are; everything else passes.
    pub(crate) fn refuse_upgrades(&self) {
        self.faults.refuses_upgrades.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Lets WebSockets through again.
    pub(crate) fn allow_upgrades(&self) {
        self.faults.refuses_upgrades.store(false, Ordering::SeqCst);
    }

    /// Cuts the next request that has these words in it, before anything of it reaches the server.
    pub(crate) fn cut_request_at(&self, words: &str) {
        *self.faults.cut_request_at.lock().unwrap() = Some(words.to_owned());
    }

    /// Cuts the next answer that has these words in it, in front of them.
    pub(crate) fn cut_at(&self, words: &str) {
        *self.faults.cut_at.lock().unwrap() = Some(words.to_owned());
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
    faults: Arc<Faults>,
    cuts: watch::Sender<u64>,
    silences: watch::Sender<u64>,
) -> () {
    while let Ok((client, _)) = listener.accept().await {
        let faults = Arc::clone(&faults);
        let (mut cut, silence) = (cuts.subscribe(), silences.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = pass(client, &faults, silence) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

async fn pass(mut client: TcpStream, faults: &Faults, mut silence: watch::Receiver<u64>) {
    let address = faults.upstream.lock().unwrap().clone();
    // A server that is gone looks like one to the client: the connection ends.
    let Ok(mut server) = TcpStream::connect(address).await else {
        return;
    };
    let (client, server) = (client.split(), server.split());
    let both = async {
        tokio::try_join!(
            up(client.0, server.1, faults),
            down(server.0, client.1, faults)
        )
    };
    tokio::select! {
        _ = both => {}
        // Both stay open, and neither hears of the other.
        _ = silence.changed() => std::future::pending().await,
    }
}

/// What clients ask; each request begins a read.
async fn up(mut client: ReadHalf<'_>, mut server: WriteHalf<'_>, faults: &Faults) -> Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let length = client.read(&mut bytes).await?;
        let read = &bytes[..length];
        if faults.refuses_upgrades.load(Ordering::SeqCst) && read.starts_with(b"GET /v1/ws") {
            return Err(Error::from(ErrorKind::ConnectionReset));
        }
        if read.is_empty() {
            return server.shutdown().await;
        }
        if cut_within(&faults.cut_request_at, read).is_some() {
            return Err(Error::from(ErrorKind::ConnectionReset));
        }
        server.write_all(read).await?;
    }
}

/// What servers answer.
async fn down(mut server: ReadHalf<'_>, mut client: WriteHalf<'_>, faults: &Faults) -> Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let length = server.read(&mut bytes).await?;
        let read = &bytes[..length];
        if read.is_empty() {
            return client.shutdown().await;
        }
        let cut_at = cut_within(&faults.cut_at, read);
        client.write_all(&read[..cut_at.unwrap_or(length)]).await?;
        if cut_at.is_some() {
            return Err(Error::from(ErrorKind::ConnectionReset));
        }
    }
}

/// Where to cut, once.
fn cut_within(wanted: &Mutex<Option<String>>, read: &[u8]) -> Option<usize> {
    let mut wanted = wanted.lock().unwrap();
    let words = wanted.as_ref()?.as_bytes();
    let at = read
        .windows(words.len())
        .position(|window| window == words)?;
    *wanted = None;
    Some(at)
}

fn authority(url: &str) -> String {
    url.strip_prefix("http://").unwrap().to_owned()
}
