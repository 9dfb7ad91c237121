//! A TCP proxy between clients and whoever serves them: it cuts connections, and changes where they
//! lead.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running proxy; it ends, with every connection through it, when it is dropped.
pub(crate) struct Proxy {
    pub(crate) url: String,
    target: Arc<Mutex<Option<String>>>,
    cuts: watch::Sender<u64>,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// A proxy that leads to `url`.
    pub(crate) async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(Mutex::new(Some(host_of(url))));
        let cuts = watch::Sender::new(0);
        let serving = tokio::spawn(serve(listener, Arc::clone(&target), cuts.clone()));
        Self {
            url: format!("http://{address}"),
            target,
            cuts,
            serving,
        }
    }

    /// From now on new connections lead to `url`; to nobody if there is none.
    pub(crate) fn lead_to(&self, url: Option<&str>) {
        *self.target.lock().unwrap() = url.map(host_of);
    }

    /// Cuts every connection where it stands.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    target: Arc<Mutex<Option<String>>>,
    cuts: watch::Sender<u64>,
) {
    while let Ok((mut client, _)) = listener.accept().await {
        let leads_to = target.lock().unwrap().clone();
        let mut cut = cuts.subscribe();
        tokio::spawn(async move {
            let Some(address) = leads_to else { return };
            let Ok(mut server) = TcpStream::connect(address).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

fn host_of(url: &str) -> String {
    url.strip_prefix("http://").unwrap().to_owned()
}
