//! Which gateways are alive: each says so again and again, and is forgotten when it stops.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

use crate::bucket::{Bucket, BucketError, StoredValue, WriteError};
use crate::connect::Broker;

/// How long a gateway counts as alive after it last said so.
const GATEWAY_TTL: Duration = Duration::from_secs(15);
/// How many gateways are listed.
const GATEWAYS_MAX: usize = 1_000;
/// How long a name may be.
const NAME_BYTES_MAX: usize = 64;

/// The name of a gateway among all gateways: `[A-Za-z0-9_-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayName(String);

/// Not the name of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} names no gateway: up to 64 letters, digits, - and _ do")]
pub struct GatewayNameError(String);

impl FromStr for GatewayName {
    type Err = GatewayNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(GatewayNameError(text.to_owned())),
        }
    }
}

impl fmt::Display for GatewayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bucket of gateways that are alive.
#[derive(Debug, Clone)]
pub struct Gateways {
    bucket: Bucket,
    ttl: Duration,
}

impl Broker {
    /// The bucket of gateways.
    pub fn gateways(&self) -> Gateways {
        Gateways {
            bucket: Bucket::new(self.clone(), "gateways"),
            ttl: GATEWAY_TTL,
        }
    }
}

impl Gateways {
    /// With another time to live than the usual 15 s, in whole seconds; for tests.
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// Says that the gateway `name` is alive; `body` is what others should know of it.
    pub async fn write(&self, name: &GatewayName, body: Bytes) -> Result<u64, WriteError> {
        self.bucket.write(&name.0, body, None, self.ttl).await
    }

    /// The gateways that are alive, by name; 1,000 at most.
    pub async fn list(&self) -> Result<Vec<(GatewayName, StoredValue)>, BucketError> {
        let listed = self.bucket.list(GATEWAYS_MAX).await?;
        let named = listed
            .into_iter()
            .filter_map(|(key, stored)| Some((key.parse().ok()?, stored)));
        Ok(named.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_plain_word() {
        for good in ["a", "gateway-1", "Host_7", &"x".repeat(64)] {
            assert_eq!(good.parse::<GatewayName>().unwrap().to_string(), good);
        }
        for bad in ["", "a.b", "*", ">", "a b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<GatewayName>().is_err(), "{bad}");
        }
    }
}
