//! A real nats-server for one test: found as everybody finds it, in a folder of its own, on a free
//! port, stopped at the end.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use grandstand_broker::{
    AppendError, Broker, ConnectOptions, FindOptions, Keys, ProvisionOptions, Role, ServerOptions,
    ServerProcess, find_server,
};
use grandstand_core::ids::MatchId;
use tokio::sync::mpsc;

/// Nothing takes longer unless it hangs, on a machine that has much else to do, too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Ground {
    pub(crate) data: tempfile::TempDir,
    pub(crate) server: ServerProcess,
}

impl Ground {
    /// A server without streams.
    pub(crate) async fn bare() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = start(&options(data.path().to_owned(), 0)).await;
        Self { data, server }
    }

    /// A server with all streams and buckets.
    pub(crate) async fn ready() -> Self {
        let ground = Self::bare().await;
        ground
            .sign_in(Role::Ops)
            .await
            .provision(&ProvisionOptions::default())
            .await
            .unwrap();
        ground
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.data.path().join("keys")
    }

    pub(crate) async fn sign_in(&self, role: Role) -> Broker {
        let options = ConnectOptions::new(self.server.url(), self.keys_dir(), role);
        Broker::connect(options).await.unwrap()
    }

    /// A plain NATS client with a role's key, to try what our own code never does, and what the
    /// server says to it.
    pub(crate) async fn plain_client(
        &self,
        role: Role,
    ) -> (async_nats::Client, mpsc::Receiver<String>) {
        let seed =
            std::fs::read_to_string(self.keys_dir().join(format!("{}.nk", role.name()))).unwrap();
        let (said, server_says) = mpsc::channel(64);
        let client = async_nats::ConnectOptions::with_nkey(seed.trim().to_owned())
            .custom_inbox_prefix(format!("_INBOX_{}.test", role.name()))
            .event_callback(move |event| {
                let said = said.clone();
                async move {
                    if let async_nats::Event::ServerError(error) = event {
                        said.send(error.to_string()).await.ok();
                    }
                }
            })
            .connect(self.server.url())
            .await
            .unwrap();
        (client, server_says)
    }

    /// Kills the server as a fault would, and starts it again on the same folder and port.
    pub(crate) async fn kill_and_restart(self) -> Self {
        let options = options(self.data.path().to_owned(), self.server.port());
        self.server.kill().await.unwrap();
        Self {
            server: start(&options).await,
            data: self.data,
        }
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await.unwrap();
    }
}

pub(crate) fn options(data_dir: PathBuf, port: u16) -> ServerOptions {
    let program = find_server(&FindOptions::from_environment()).unwrap();
    ServerOptions {
        program,
        data_dir,
        port,
    }
}

pub(crate) async fn start(options: &ServerOptions) -> ServerProcess {
    let keys = Keys::load_or_create(&options.data_dir.join("keys")).unwrap();
    ServerProcess::start(options, &keys).await.unwrap()
}

pub(crate) fn match_id(text: &str) -> MatchId {
    MatchId::new(text).unwrap()
}

/// Appends one record with a header and this body.
pub(crate) async fn append(
    broker: &Broker,
    id: &MatchId,
    expected: u64,
    body: impl Into<Bytes>,
) -> Result<u64, AppendError> {
    let headers = [("Strip", r#"{"title":"Żubr v Ä"}"#.to_owned())];
    broker
        .append(id, expected, &headers, body.into(), DEADLINE)
        .await
}

/// Appends the first record of each match, many at a time.
pub(crate) async fn append_first_of_each(broker: &Broker, matches: &[MatchId]) {
    let appends =
        futures_util::stream::iter(matches).map(|id| append(broker, id, 0, id.to_string()));
    let done: Vec<_> = appends.buffer_unordered(100).collect().await;
    for stored in done {
        stored.unwrap();
    }
}

/// Numbers that look random and are the same in every run.
pub(crate) fn scramble(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
