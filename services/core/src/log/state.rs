//! A state in memory: as a document to go on with, or packed as its canonical JSON, which takes a
//! tenth of the room.

use serde_json::Value;

use crate::hash;
use crate::heap;

/// The state at a log's head.
#[derive(Debug)]
pub(super) enum HeadState {
    Parsed { document: Value, bytes: usize },
    Packed(Packed),
}

/// A state as canonical JSON.
#[derive(Debug, Clone)]
pub(super) struct Packed(Box<str>);

impl Packed {
    /// The state before the first event.
    pub(super) fn empty() -> Self {
        Self("{}".into())
    }

    pub(super) fn of(document: &Value) -> Self {
        Self::of_canonical(hash::canonical(document))
    }

    pub(super) fn of_canonical(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    pub(super) fn parse(&self) -> Value {
        serde_json::from_str(&self.0).expect("it was written from a document")
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl HeadState {
    pub(super) fn empty() -> Self {
        Self::Packed(Packed::empty())
    }

    /// Changes the document, and gives its canonical JSON.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Value)) -> String {
        let mut document = match std::mem::replace(self, Self::empty()) {
            Self::Parsed { document, .. } => document,
            Self::Packed(packed) => packed.parse(),
        };
        change(&mut document);
        let canonical = hash::canonical(&document);
        let bytes = heap::value_bytes(&document);
        *self = Self::Parsed { document, bytes };
        canonical
    }

    pub(super) fn pack(&mut self) {
        if let Self::Parsed { document, .. } = self {
            *self = Self::Packed(Packed::of(document));
        }
    }

    pub(super) fn to_document(&self) -> Value {
        match self {
            Self::Parsed { document, .. } => document.clone(),
            Self::Packed(packed) => packed.parse(),
        }
    }

    /// What packing it would free, but for the little that it is then.
    pub(super) fn bytes_packable(&self) -> u64 {
        match self {
            Self::Parsed { bytes, .. } => *bytes as u64,
            Self::Packed(_) => 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Parsed { bytes, .. } => *bytes,
            Self::Packed(packed) => packed.bytes(),
        }
    }
}
