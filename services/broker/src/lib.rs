//! The only crate that speaks to NATS: appending records, the live feed, history, provisioning, and
//! finding and running a nats-server.
//!
//! A [`Broker`] is one signed-in connection; clone it freely. What it promises and the traps behind
//! it are in `nats/README.md`; its callers see matches and records, never a subject or a client.

mod api;
mod append;
mod bucket;
mod canary;
mod chain;
mod child;
mod connect;
mod counts;
mod definitions;
mod direct;
mod fetch_server;
mod find_server;
mod gateways;
mod history;
mod import;
mod keys;
mod live;
mod names;
mod overview;
mod provision;
mod record;
mod replay;
mod sessions;
mod stray;
mod trial;

pub use append::AppendError;
pub use bucket::{BucketError, BucketSize, StoredValue, WriteError};
pub use canary::run_canary;
pub use chain::{ChainError, CopiedRecord, CopiedRecordError};
pub use child::{ServerOptions, ServerProcess, StartError};
pub use connect::{Broker, ConnectError, ConnectOptions};
pub use counts::ConnectionCounts;
pub use find_server::{FindError, FindOptions, find_server};
pub use gateways::{GatewayName, GatewayNameError, Gateways};
pub use history::{ReadError, ReadFrom};
pub use import::Import;
pub use keys::{Keys, KeysError, Role};
pub use live::{Interruption, LiveFeed, LiveItem};
pub use names::{RECORD_BYTES_MAX, TIPS_MAX};
pub use overview::{CanaryFacts, FollowerFacts, ServerFacts, StoreFacts, StreamFacts, StreamLook};
pub use provision::{ProvisionError, ProvisionMode, ProvisionOptions, Provisioned, StreamReport};
pub use record::StoredRecord;
pub use replay::{Replay, ReplayError, ReplayRun, ReplayRunError};
pub use sessions::{SessionKey, Sessions};
pub use trial::{Trial, TrialError};
