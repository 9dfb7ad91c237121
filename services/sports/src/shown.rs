//! The state that fans hold, kept in step with the fold without going through all of it each time.

use std::sync::{Arc, OnceLock};

use grandstand_core::hash;
use grandstand_core::patch;
use grandstand_core::value::STATE_BYTES_MAX;
use serde_json::{Map, Value};

use crate::cricket::Book;
use crate::open;
use crate::refusal::Refusal;

/// A match's state as the patches of its log say it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Shared, since a draft begins with the state of its match; empty while it is packed.
    value: OnceLock<Arc<Value>>,
    /// The same as JSON, a tenth of the memory, between two that ask for it.
    packed: Option<Arc<str>>,
    /// It is what the book shows, because it was made from it; a log may have been folded by other
    /// rules.
    is_of_book: bool,
    /// It has no more bytes than this.
    bytes_max: usize,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            value: OnceLock::from(Arc::new(Value::Object(Map::new()))),
            packed: None,
            is_of_book: false,
            bytes_max: STATE_BYTES_MAX,
        }
    }
}

impl Shown {
    /// A state that has been checked, as somebody else than our rules made it.
    pub(crate) fn checked(value: Value) -> Self {
        Self {
            value: OnceLock::from(Arc::new(value)),
            ..Self::default()
        }
    }

    /// The state.
    pub(crate) fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let packed = self.packed.as_deref().unwrap_or("{}");
            Arc::new(serde_json::from_str(packed).expect("it was a state when it was packed"))
        })
    }

    /// Keeps the state as text until somebody asks for it.
    pub(crate) fn pack(&mut self) {
        if let Some(value) = self.value.take() {
            self.packed
                .get_or_insert_with(|| hash::canonical(&value).into());
        }
    }

    /// Takes a patch of the log.
    pub(crate) fn apply(&mut self, change: &Value) {
        self.value();
        if let Some(value) = self.value.get_mut() {
            patch::apply(Arc::make_mut(value), change);
        }
        self.packed = None;
        self.is_of_book = false;
    }

    /// What turns this state, after `before`, into what `after` shows, and the state then.
    pub(crate) fn step(&self, before: &Book, after: &Book) -> Result<(Value, Self), Refusal> {
        if !self.is_of_book {
            let state = after.render();
            return Ok((patch::diff(self.value(), &state), Self::of_book(state)?));
        }
        let change = patch::diff(&before.render_beside(after), &after.render_beside(before));
        let mut state = self.value().clone();
        patch::apply(&mut state, &change);
        // A patch never makes a state grow by more than its own length.
        let bytes_max = self.bytes_max + hash::canonical(&change).len();
        if bytes_max > STATE_BYTES_MAX {
            return Ok((change, Self::of_book(state)?));
        }
        let shown = Self {
            value: OnceLock::from(Arc::new(state)),
            packed: None,
            is_of_book: true,
            bytes_max,
        };
        Ok((change, shown))
    }

    fn of_book(state: Value) -> Result<Self, Refusal> {
        open::check_state(&state).map_err(|refusal| refusal.at("data"))?;
        Ok(Self {
            bytes_max: hash::canonical(&state).len(),
            value: OnceLock::from(Arc::new(state)),
            packed: None,
            is_of_book: true,
        })
    }
}
