//! The OpenAPI documents are what the services do: made from the routes, committed, served, and held
//! against real answers by Schemathesis.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "openapi/codecs.rs"]
mod codecs;
#[path = "openapi/documents.rs"]
mod documents;
mod harness;
#[path = "openapi/schemathesis.rs"]
mod schemathesis;
#[path = "openapi/served.rs"]
mod served;
