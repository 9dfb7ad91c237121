//! Routes and their description, added in one call: there is no route that the OpenAPI document
//! lacks, and nothing in the document that is not routed.

use std::convert::Infallible;

use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post, put};
use axum::{Extension, Router};
use serde_json::{Map, Value};

use crate::operation::Operation;

/// A router, and what its routes are.
pub struct Doors<S> {
    router: Router<S>,
    paths: Map<String, Value>,
}

impl<S: Clone + Send + Sync + 'static> Default for Doors<S> {
    fn default() -> Self {
        Self {
            router: Router::new(),
            paths: Map::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Doors<S> {
    /// Adds `GET path` (and `HEAD`, which answers the same without a body).
    pub fn get<H, T>(self, path: &'static str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("get", path, get(handler), operation)
    }

    /// Adds `POST path`.
    pub fn post<H, T>(self, path: &'static str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("post", path, post(handler), operation)
    }

    /// Adds `PUT path`.
    pub fn put<H, T>(self, path: &'static str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("put", path, put(handler), operation)
    }

    fn add(
        mut self,
        method: &str,
        path: &'static str,
        route: MethodRouter<S, Infallible>,
        operation: Operation,
    ) -> Self {
        let item = self.paths.entry(path).or_insert_with(|| Map::new().into());
        // With the request, so that what is described is what is known.
        let route = route.route_layer(Extension(operation.known()));
        item[method] = operation.into_value();
        self.router = self.router.route(path, route);
        self
    }

    /// The router, and the `paths` of the OpenAPI document.
    pub fn into_parts(self) -> (Router<S>, Map<String, Value>) {
        (self.router, self.paths)
    }
}
