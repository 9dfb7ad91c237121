//! Which address a client has: its own, or the one that a proxy whom we trust names.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use http::HeaderMap;
use ipnet::IpNet;

/// The header that proxies extend: each adds the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word on addresses is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those of these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether anybody is trusted.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives a request the address of its client for that of its peer.
    fn look_behind(&self, mut request: Request) -> Request {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        if let Some(ConnectInfo(peer)) = peer.copied() {
            let client = self.client(peer.ip(), request.headers());
            let client = SocketAddr::new(client, peer.port());
            request.extensions_mut().insert(ConnectInfo(client));
        }
        request
    }

    /// From the right, where the nearest proxy wrote: the first address that is no proxy of ours. All
    /// that stands to the left of it is only the client's word.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| line.to_str().unwrap_or("").rsplit(','));
        for entry in entries {
            if !self.trusts(nearest) {
                break;
            }
            match parse(entry.trim()) {
                Some(address) => nearest = address,
                None => break,
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// `router` for clients who come by way of proxies: each has its own address.
pub fn behind(proxies: TrustedProxies, router: Router) -> Router {
    if proxies.is_empty() {
        return router;
    }
    let proxies = Arc::new(proxies);
    router.layer(map_request(move |request: Request| {
        let proxies = Arc::clone(&proxies);
        async move { proxies.look_behind(request) }
    }))
}

/// An address, also as some proxies write it: with a port, or in brackets.
fn parse(entry: &str) -> Option<IpAddr> {
    let plain = entry.strip_prefix('[').and_then(|e| e.strip_suffix(']'));
    let address = plain.unwrap_or(entry).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

/// What one line of a provider has: of IPv6 2^64 addresses. As the phases of digests count it too.
pub fn network(address: IpAddr) -> [u8; 8] {
    match address.to_canonical() {
        IpAddr::V4(address) => (u64::from(u32::from(address)) | 0xffff_0000_0000).to_be_bytes(),
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h, ..] = address.octets();
            [a, b, c, d, e, f, g, h]
        }
    }
}

/// A network, or one address, as the flag `--trusted-proxies` lists them.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    let network: Result<IpNet, _> = text.parse().or_else(|_| one());
    network.map_err(|_| "a network is like 10.0.0.0/8 or fd00::/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks = trusted.iter().map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies = TrustedProxies::new(networks.collect());
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_names_addresses() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        for (peer, lines, expected) in [
            ("10.1.1.1", &[][..], "10.1.1.1"),
            ("10.1.1.1", &["203.0.113.7"], "203.0.113.7"),
            ("203.0.113.9", &["203.0.113.7"], "203.0.113.9"),
            // What the client wrote itself stands to the left.
            ("10.1.1.1", &["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
            ("10.1.1.1", &["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
            // One proxy behind another.
            ("10.1.1.1", &["203.0.113.7, 10.2.2.2"], "203.0.113.7"),
            ("10.1.1.1", &["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            // What can't be read ends it at the last that could.
            ("10.1.1.1", &["203.0.113.7, unknown"], "10.1.1.1"),
            ("10.1.1.1", &["nonsense, 10.2.2.2"], "10.2.2.2"),
            ("10.1.1.1", &[""], "10.1.1.1"),
            ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("::ffff:10.1.1.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
        ] {
            assert_eq!(client(&ours, peer, lines), expected, "{peer} {lines:?}");
        }
        assert_eq!(client(&[], "10.1.1.1", &["203.0.113.7"]), "10.1.1.1");
    }

    #[test]
    fn a_line_of_a_provider_is_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::8"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("203.0.113.7"), of("::ffff:203.0.113.7"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
    }

    #[test]
    fn a_proxy_is_a_network_or_an_address() {
        for (text, network) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), network);
        }
        for bad in ["", "10.0.0.0/33", "10.0.0", "proxy.example", "10.0.0.0/8/8"] {
            assert!(parse_network(bad).is_err(), "{bad}");
        }
    }
}
