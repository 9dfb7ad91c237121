//! `GET /v1/ws`: from a request to a fan's socket. Everything that can be refused is refused
//! before the upgrade.

mod extension;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use grandstand_core::connection::{Connection, Settings};
use grandstand_core::frame::{Codec, Coding};
use grandstand_core::message::{SUBPROTOCOL_JSON, SUBPROTOCOL_MESSAGEPACK};
use grandstand_core::session::SessionId;
use grandstand_server::bearer::BEARER_SUBPROTOCOL;
use grandstand_server::problem::Problem;
use grandstand_server::problem_kind::ProblemKind;
use grandstand_server::serve::ConnectionSlot;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::Edge;
use crate::access::{Viewer, random_u128};
use crate::entrance::Sought;
use crate::query::Query;
use crate::refuse::Refused;
use crate::shard::{Arrival, count_connect};

/// Upgrades a request to a fan's connection.
pub(crate) async fn websocket(
    State(edge): State<Arc<Edge>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Extension(slot): Extension<ConnectionSlot>,
    mut request: Request,
) -> Result<Response, Refused> {
    let key = websocket_key(&request)?;
    let subprotocol = subprotocol(request.headers())?;
    let query = Query::parse(request.uri().query().unwrap_or_default()).map_err(Problem::from)?;
    let sought = Sought::of(&query.wishes);
    edge.entrance.look(sought)?;
    let viewer = edge.access.viewer(request.headers())?;
    let address = peer.map(|peer| peer.0.0.ip());
    let place = edge.entrance.enter(&viewer, address, sought)?;
    let phase = viewer.phase(address);
    let upgrade = hyper::upgrade::on(&mut request);
    let extension = match edge.access.deflates() {
        true => extension::agreed(request.headers()),
        false => None,
    };
    let coding = Coding {
        codec: subprotocol.map_or(Codec::Json, |(codec, _)| codec),
        deflates: extension.is_some(),
    };
    let connection = connection(&edge, &viewer, coding, phase, &query);

    slot.after_upgrade(async move {
        match take_back(upgrade).await {
            Ok((socket, early)) => {
                let arrival = Arrival {
                    socket,
                    early,
                    identity: viewer.into_identity(),
                    connection,
                    wishes: query.wishes,
                    place,
                };
                edge.shards.arrive(arrival).await;
            }
            Err(error) => tracing::debug!(%error, "an upgrade failed"),
        }
    });
    Ok(switching(
        &key,
        subprotocol.map(|(_, name)| name),
        extension,
    ))
}

/// Why a socket does not come back from hyper.
#[derive(Debug, Error)]
enum NotTaken {
    #[error("the request did not end in an upgrade")]
    NotUpgraded(#[from] hyper::Error),
    #[error("it is no socket of our accept loop")]
    OtherSocket,
    #[error("the runtime does not let go of it")]
    Held(#[from] io::Error),
}

/// The socket once hyper is done with it, and what the client sent behind the request.
async fn take_back(upgrade: OnUpgrade) -> Result<(mio::net::TcpStream, Bytes), NotTaken> {
    let upgraded = upgrade.await?;
    let taken = upgraded.downcast::<TokioIo<TcpStream>>();
    let Parts { io, read_buf, .. } = taken.map_err(|_| NotTaken::OtherSocket)?;
    let socket = io.into_inner().into_std()?;
    // A copy, or the shard's queue would hold the buffer of the whole request.
    let early = Bytes::copy_from_slice(&read_buf);
    Ok((mio::net::TcpStream::from_std(socket), early))
}

fn connection(
    edge: &Edge,
    viewer: &Viewer,
    coding: Coding,
    phase: u8,
    query: &Query,
) -> Connection {
    let cursors = query.wishes.iter().filter(|wish| wish.has_cursor()).count() as u64;
    count_connect(cursors);
    let settings = Settings {
        coding,
        session: SessionId::new(random_u128()),
        phase,
        heartbeat_s: query.heartbeat_s.unwrap_or(edge.access.heartbeat_s()),
    };
    Connection::new(settings, viewer.rights(), edge.clock.now_us())
}

/// The key of a request that asks for a WebSocket of version 13 (RFC 6455, section 4.2.1).
fn websocket_key(request: &Request) -> Result<HeaderValue, Problem> {
    let headers = request.headers();
    let says = |name: &str, word: &str| {
        let values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    // The route answers HEAD too, and HTTP/1.0 knows no upgrade.
    let may_ask = request.method() == Method::GET && request.version() == Version::HTTP_11;
    let asks = may_ask && says("connection", "upgrade") && says("upgrade", "websocket");
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) if asks && is_key(key) && says("sec-websocket-version", "13") => Ok(key.clone()),
        _ => Err(
            Problem::new(ProblemKind::UpgradeRequired)
                .detail("Connect with a WebSocket client (version 13), or read /v1/matches/{match}/state over HTTP."),
        ),
    }
}

/// Whether it is 16 bytes in base64.
fn is_key(key: &HeaderValue) -> bool {
    let digits = key.as_bytes().strip_suffix(b"==").unwrap_or_default();
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    digits.len() == 22 && digits.iter().all(is_digit)
}

/// What was agreed on: the first that we speak of those offered. A client that offers none speaks
/// JSON; one that offers only what we do not speak is refused, since browsers give up without
/// saying why when their offer is not answered.
fn subprotocol(headers: &HeaderMap) -> Result<Option<(Codec, &'static str)>, Problem> {
    let values = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let offered: Vec<&str> = values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let spoken = offered.iter().find_map(|name| match *name {
        SUBPROTOCOL_JSON => Some((Codec::Json, SUBPROTOCOL_JSON)),
        SUBPROTOCOL_MESSAGEPACK => Some((Codec::MessagePack, SUBPROTOCOL_MESSAGEPACK)),
        _ => None,
    });
    match spoken {
        Some(spoken) => Ok(Some(spoken)),
        None if offered.is_empty() => Ok(None),
        None => {
            let only_token = offered
                .iter()
                .all(|name| name.starts_with(BEARER_SUBPROTOCOL));
            let detail = match only_token {
                true => format!(
                    "Offer {SUBPROTOCOL_JSON} or {SUBPROTOCOL_MESSAGEPACK} beside the token."
                ),
                false => format!("Offer {SUBPROTOCOL_JSON} or {SUBPROTOCOL_MESSAGEPACK}."),
            };
            let problem = Problem::new(ProblemKind::UnknownSubprotocol);
            Err(problem.detail(detail))
        }
    }
}

fn switching(
    key: &HeaderValue,
    subprotocol: Option<&'static str>,
    extension: Option<HeaderValue>,
) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(name) = subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
    }
    if let Some(extension) = extension {
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, extension);
    }
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}
