//! Which later balls follow a correction: those that were entered as they were expected, and are
//! expected with the batters at the other ends since it.

use super::delivery::Delivery;
use super::propose::expected;
use super::{Book, Fact};
use crate::fold::List;

/// The balls of `after` that would follow, with their positions, each as it would be amended;
/// `before` is the list as it was before the corrections, which only amend, void, restore, insert,
/// and add at the end.
pub(crate) fn followed(before: &List, after: &List) -> Vec<(usize, Delivery)> {
    let mut old = before.all().iter().peekable();
    let mut books = Books::default();
    let mut follow = Vec::new();
    for (position, entry) in after.all().iter().enumerate() {
        let was = old.next_if(|was| was.place == entry.place);
        let was = was.filter(|was| !was.is_void);
        let old_fact = was.map(|was| before.fact(was));
        let fact = (!entry.is_void).then(|| after.fact(entry));
        let untouched = was.is_some_and(|was| entry.is_unamended_since(was));
        let swapped = match fact.as_deref() {
            Some(Fact::Delivery(ball)) if untouched => books.swapped(ball),
            _ => None,
        };
        if let Some(fact) = old_fact {
            books.before.step(&fact);
        }
        match (swapped, fact) {
            (Some(ball), _) => {
                let fact = Fact::Delivery(Box::new(ball.clone()));
                books.after.step(&fact);
                follow.push((position, ball));
            }
            (None, Some(fact)) => books.after.step(&fact),
            (None, None) => {}
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
    /// The ball with the batters at the other ends, if it was entered as it was expected and is
    /// expected so since. Who is out of those who face is what people saw, not what was expected:
    /// such a ball stands.
    fn swapped(&self, ball: &Delivery) -> Option<Delivery> {
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
        (as_expected && is_wanted && !is_seen).then(|| Delivery {
            batter: non_striker.clone(),
            non_striker: Some(ball.batter.clone()),
            ..ball.clone()
        })
    }
}
