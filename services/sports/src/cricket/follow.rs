//! Which later balls follow a correction: those that were entered as they were expected, and are
//! expected with the batters at the other ends since it.

use std::sync::Arc;

use grandstand_core::ids::EventId;

use super::delivery::Delivery;
use super::propose::expected;
use super::{Book, Fact};
use crate::effective::{Effective, Entry};

/// The balls of `after` that would follow, each as it would be amended; `before` is the list as it
/// was before the corrections, which only amend, void, restore, insert, and add at the end.
pub(crate) fn followed(
    before: &Effective<Fact>,
    after: &Effective<Fact>,
) -> Vec<(EventId, Arc<Fact>)> {
    let mut old = before.all().iter().peekable();
    let mut books = Books::default();
    let mut follow = Vec::new();
    for entry in after.all() {
        let was = old.next_if(|was| was.id == entry.id);
        if let Some(swapped) = books.step(was, entry) {
            follow.push((entry.id.clone(), swapped));
        }
    }
    follow
}

/// The match without the corrections, and with them and what follows.
#[derive(Default)]
struct Books {
    before: Book,
    after: Book,
}

impl Books {
    /// Takes the next event on both sides, and says what it is if it follows.
    fn step(&mut self, was: Option<&Entry<Fact>>, is: &Entry<Fact>) -> Option<Arc<Fact>> {
        let untouched = was.is_some_and(|was| !was.void && Arc::ptr_eq(&was.fact, &is.fact));
        let swapped = match &*is.fact {
            Fact::Delivery(ball) if untouched && !is.void => self.swapped(ball),
            _ => None,
        };
        if let Some(was) = was.filter(|was| !was.void) {
            self.before.step(&was.fact);
        }
        if !is.void {
            self.after.step(swapped.as_ref().unwrap_or(&is.fact));
        }
        swapped
    }

    /// The ball with the batters at the other ends, if it was entered as it was expected and is
    /// expected so since. Who is out of those who face is what people saw, not what was expected:
    /// such a ball stands.
    fn swapped(&self, ball: &Delivery) -> Option<Arc<Fact>> {
        let (before, after) = (self.before.open()?, self.after.open()?);
        if before.crease.is_order_open || after.crease.is_order_open {
            return None;
        }
        let non_striker = ball.non_striker.as_ref()?;
        let as_expected = expected(before, ball.over).says(&ball.batter, non_striker);
        let other_way = expected(after, ball.over);
        let is_wanted =
            other_way.says(non_striker, &ball.batter) && !other_way.says(&ball.batter, non_striker);
        let mut wickets = ball.wickets.iter();
        let is_seen = wickets.any(|wicket| wicket.kind.is_strikers());
        (as_expected && is_wanted && !is_seen).then(|| {
            Arc::new(Fact::Delivery(Box::new(Delivery {
                batter: non_striker.clone(),
                non_striker: Some(ball.batter.clone()),
                ..ball.clone()
            })))
        })
    }
}
