//! What every door is asked with: the gateway, the request's head, and where it came from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use grandstand_server::codec::Codec as Form;
use grandstand_server::problem::Problem;
use grandstand_server::query::{Parameters, QueryError};
use grandstand_server::serve::ConnectionSlot;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use super::shown::Shown;
use crate::Edge;
use crate::access::Viewer;

pub(super) struct Asked {
    pub(super) edge: Arc<Edge>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    /// In which form the client wants its answer.
    pub(super) form: Form,
    uri: Uri,
    /// The names in the path; none if they can't be read, which are the names of nothing.
    names: Option<RawPathParams>,
    pub(super) address: Option<IpAddr>,
    /// The connection's place among those for a moment.
    pub(super) slot: Option<ConnectionSlot>,
}

impl FromRequestParts<Arc<Edge>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> Result<Self, Infallible> {
        let names = RawPathParams::from_request_parts(parts, edge).await.ok();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            edge: Arc::clone(edge),
            method: parts.method.clone(),
            headers: parts.headers.clone(),
            form: Form::of_answer(&parts.headers),
            uri: parts.uri.clone(),
            names,
            address: peer.map(|peer| peer.0.ip()),
            slot: parts.extensions.get::<ConnectionSlot>().cloned(),
        })
    }
}

impl Asked {
    /// The part of the path that its route calls `name`.
    pub(super) fn named(&self, name: &str) -> &str {
        let mut names = self.names.iter().flatten();
        let found = names.find(|(other, _)| *other == name);
        found.map_or("", |(_, text)| text)
    }

    /// What `read` makes of the query of a door that knows these parameters.
    pub(super) fn wish<W>(
        &self,
        known: &[&'static str],
        read: impl FnOnce(&Parameters) -> Result<W, QueryError>,
    ) -> Result<W, Problem> {
        let wish = Parameters::of(&self.uri, known).and_then(|parameters| read(&parameters));
        wish.map_err(|error| Problem::from(error).codec(self.form))
    }

    /// The match, for a door that takes no parameters.
    pub(super) async fn shown(&self) -> Result<Shown, Problem> {
        self.wish(&[], |_| Ok(()))?;
        self.shown_with_wish().await
    }

    /// The match, for a door that has read its parameters.
    pub(super) async fn shown_with_wish(&self) -> Result<Shown, Problem> {
        Shown::of(&self.edge, self.named("match"), &self.headers).await
    }

    /// Which marks are those of this viewer's connections.
    pub(super) fn phase(&self, viewer: &Viewer) -> u8 {
        viewer.phase(self.address)
    }
}
