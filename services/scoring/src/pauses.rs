//! Pauses between attempts: they grow, and half of each is random, so that instances that are in
//! each other's way part.

use std::time::Duration;

use tokio::time::Instant;

const FIRST_MS: u64 = 5;
const LONGEST_MS: u64 = 1_000;

/// The pauses of one request.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    taken: u32,
}

impl Pauses {
    /// Waits before the next attempt, but not beyond `deadline`.
    pub(crate) async fn pause(&mut self, deadline: Instant) {
        // Without randomness the pause is merely longer.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        let pause = pause_of(self.taken, random);
        self.taken = self.taken.saturating_add(1);
        tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await;
    }
}

fn pause_of(taken: u32, random: u32) -> Duration {
    let bound_ms = (FIRST_MS << taken.min(8)).min(LONGEST_MS);
    Duration::from_millis(bound_ms / 2 + u64::from(random) % (bound_ms / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_and_half_of_each_is_random() {
        let ms = |taken, random| pause_of(taken, random).as_millis();
        assert_eq!([ms(0, 0), ms(0, 2)], [2, 4]);
        assert_eq!([ms(3, 0), ms(3, 20)], [20, 40]);
        assert_eq!([ms(8, 500), ms(1_000, 500)], [1_000, 1_000]);
    }
}
