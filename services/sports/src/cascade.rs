//! What corrections lead to with the later events that follow them: shown, never stored.

use grandstand_core::headers::Warning;
use serde_json::{Value, json};

use crate::corrections;
use crate::cricket::{self, Book, Fact};
use crate::draft::Draft;
use crate::sport::Sport;

/// What corrections lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Cascade {
    /// The later events that follow, as they would be posted but for their ids, in the order in
    /// which they count.
    pub amends: Vec<Value>,
    /// What is odd about events because of it all, and was not before.
    pub warnings: Vec<Warning>,
    /// The state afterwards.
    pub state: Value,
}

impl Draft<'_> {
    /// What the events decided so far lead to, if what follows them is corrected as well.
    pub fn cascade(&self) -> Cascade {
        if self.sport() == Sport::Open {
            return Cascade {
                amends: Vec::new(),
                warnings: Vec::new(),
                state: self.state().clone(),
            };
        }
        let before = self.list_before();
        let mut after = self.list();
        let followed = cricket::followed(before, &after);
        let mut amends = Vec::with_capacity(followed.len());
        for (position, ball) in followed {
            let entry = after.get(position);
            amends.push(json!({
                "op": "amend",
                "ref": entry.map(|entry| self.names().text(entry.place)),
                "type": "delivery",
                "data": ball.data(),
            }));
            after.amend(position, Fact::Delivery(Box::new(ball)));
        }
        let (odd_before, _) = corrections::oddities(before, 0, 0, Book::default());
        let (odd_after, book) = corrections::oddities(&after, 0, 0, Book::default());
        Cascade {
            amends,
            warnings: corrections::new_warnings(self.names(), &odd_before, odd_after),
            state: book.render(),
        }
    }
}
