//! Fans that move as they like, and a bucket that fares as it may.

use std::collections::BTreeMap;

use grandstand_core::session_keeper::{Origin, Written};
use proptest::prelude::*;

use crate::stage::{Bucket, Gateway, Held, S};

/// What happens, one after the other.
#[derive(Debug, Clone)]
enum Event {
    /// The fan of this session connects here; the connection it had is noticed to be gone later.
    Come(u128, usize),
    Change(u128),
    /// A gateway notices that the connection before the last is gone.
    NoticeOld(u128),
    Leave(u128),
    Away(bool),
    MakeAnew,
    /// Answers that are under way are lost.
    LoseAnswers(usize),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let session = 0..4_u128;
    prop_oneof![
        4 => (session.clone(), 0..2_usize).prop_map(|(n, at)| Event::Come(n, at)),
        2 => session.clone().prop_map(Event::Change),
        2 => session.clone().prop_map(Event::NoticeOld),
        1 => session.prop_map(Event::Leave),
        1 => any::<bool>().prop_map(Event::Away),
        1 => Just(Event::MakeAnew),
        2 => (0..2_usize).prop_map(Event::LoseAnswers),
        6 => (1..3_000_u64).prop_map(|ms| Event::Pass(ms * 1_000)),
    ]
}

/// One session as the world sees it.
#[derive(Default)]
struct Fan {
    /// Where it is connected: gateway, hold, what it wished last.
    here: Option<(usize, Held, String)>,
    old: Vec<(usize, Held)>,
    came: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// However fans move and the bucket fares: once it is quiet, the bucket has what the newest
    /// gateway of each connected fan says.
    #[test]
    fn the_newest_gateway_has_the_last_word(events in prop::collection::vec(event(), 1..60)) {
        let mut bucket = Bucket::default();
        let mut gateways = [Gateway::new("a"), Gateway::new("b")];
        let mut fans: BTreeMap<u128, Fan> = BTreeMap::new();
        let mut now_us = S;
        let mut changes = 0;
        for event in events {
            match event {
                Event::Come(n, at) => {
                    let fan = fans.entry(n).or_default();
                    fan.old.extend(fan.here.take().map(|(at, held, _)| (at, held)));
                    now_us += 1;
                    changes += 1;
                    let wish = format!("{changes}");
                    let origin = if fan.came { Origin::TakenOver } else { Origin::New };
                    fan.came = true;
                    let held = gateways[at].open(n, &wish, origin, now_us);
                    fan.here = Some((at, held, wish));
                }
                Event::Change(n) => {
                    if let Some((at, held, wish)) = fans.entry(n).or_default().here.as_mut() {
                        changes += 1;
                        *wish = format!("{changes}");
                        gateways[*at].change(held, wish, now_us);
                    }
                }
                Event::NoticeOld(n) => {
                    for (at, held) in std::mem::take(&mut fans.entry(n).or_default().old) {
                        gateways[at].close(&held, now_us);
                    }
                }
                Event::Leave(n) => {
                    if let Some((at, held, _)) = fans.entry(n).or_default().here.take() {
                        gateways[at].close(&held, now_us);
                    }
                }
                Event::Away(away) => bucket.away = away,
                Event::MakeAnew => bucket.make_anew(),
                Event::LoseAnswers(at) => {
                    for (_, written) in &mut gateways[at].open {
                        *written = Written::Unknown;
                    }
                }
                Event::Pass(us) => {
                    for _ in 0..4 {
                        now_us += us / 4;
                        for gateway in &mut gateways {
                            gateway.answer(now_us);
                            gateway.send(&mut bucket, now_us);
                        }
                    }
                }
            }
        }
        bucket.away = false;
        // Long enough that everything is written again: two first writes within a second have no
        // order, and the newer connection finds the other's then.
        for _ in 0..2_000 {
            now_us += S / 2;
            for gateway in &mut gateways {
                gateway.answer(now_us);
                gateway.send(&mut bucket, now_us);
            }
        }
        for (n, fan) in &fans {
            if let Some((at, _, wish)) = &fan.here {
                let expected = format!("{} {wish}", gateways[*at].name);
                prop_assert_eq!(bucket.says(*n), expected);
            }
        }
        for gateway in &gateways {
            prop_assert!(!gateway.keeper.owes_closes(), "a close is never forgotten");
        }
    }
}
