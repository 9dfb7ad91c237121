//! Documents in fewer bytes, for whoever asks for them next: what many ask for is compressed once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::Coding;

/// Larger ones are compressed where nobody else waits.
const BYTES_INLINE_MAX: usize = 64 * 1024;
/// What is kept of documents and their compressed forms, each counted.
const KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Documents that were asked for of late, compressed.
#[derive(Default)]
pub(super) struct Kept {
    hasher: RandomState,
    documents: Mutex<Documents>,
}

/// In two halves: when the newer is full, what is in the older was not asked for long.
#[derive(Default)]
struct Documents {
    newer: HashMap<(u64, Coding), Document>,
    older: HashMap<(u64, Coding), Document>,
    newer_bytes: usize,
}

#[derive(Clone)]
struct Document {
    plain: Bytes,
    packed: Bytes,
}

impl Kept {
    /// The document compressed: now, or when somebody else asked for it.
    pub(super) async fn packed(&self, coding: Coding, plain: Bytes) -> io::Result<Bytes> {
        let key = (self.hasher.hash_one(&plain[..]), coding);
        if let Some(packed) = self.documents().find(key, &plain) {
            return Ok(packed);
        }
        metrics::counter!("grandstand_compressions_total", "coding" => coding.names()[0])
            .increment(1);
        let packed = match plain.len() <= BYTES_INLINE_MAX {
            true => coding.pack(&plain)?,
            false => {
                let plain = plain.clone();
                let packing = tokio::task::spawn_blocking(move || coding.pack(&plain));
                packing.await.map_err(io::Error::other)??
            }
        };
        let packed = Bytes::from(packed.into_boxed_slice());
        let document = Document {
            plain,
            packed: packed.clone(),
        };
        self.documents().keep(key, document);
        Ok(packed)
    }

    fn documents(&self) -> MutexGuard<'_, Documents> {
        // Nobody panics while holding it; if somebody did, what is inside is still whole.
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Documents {
    /// Hashes may be the same; the bytes say whether the document is.
    fn find(&mut self, key: (u64, Coding), plain: &[u8]) -> Option<Bytes> {
        let known = self.newer.get(&key).or_else(|| self.older.get(&key));
        let document = known.filter(|document| document.plain == plain)?.clone();
        let packed = document.packed.clone();
        if !self.newer.contains_key(&key) {
            self.keep(key, document);
        }
        Some(packed)
    }

    fn keep(&mut self, key: (u64, Coding), document: Document) {
        let bytes = document.plain.len() + document.packed.len();
        if bytes > KEPT_BYTES_MAX / 2 {
            return;
        }
        if self.newer_bytes + bytes > KEPT_BYTES_MAX / 2 {
            self.older = std::mem::take(&mut self.newer);
            self.newer_bytes = 0;
        }
        self.newer_bytes += bytes;
        self.newer.insert(key, document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut documents = Documents::default();
        let plain = Bytes::from(vec![0; 100_000]);
        let document = |packed| Document {
            plain: plain.clone(),
            packed,
        };
        for key in 0..1_000 {
            documents.keep((key, Coding::Gzip), document(Bytes::new()));
            // One that is asked for again and again stays.
            assert!(documents.find((0, Coding::Gzip), &plain).is_some(), "{key}");
        }
        let kept = documents.newer.len() + documents.older.len();
        assert!(kept * 100_000 <= KEPT_BYTES_MAX, "{kept}");
        let other = documents.find((0, Coding::Gzip), b"of the same hash");
        assert_eq!(other, None);
    }
}
