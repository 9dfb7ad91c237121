//! The fan of these tests is no proof unless it notices: each way in which a gateway could be wrong
//! is told to it here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod harness;

use harness::replica::{Replica, hash, merge};
use serde_json::{Value, json};

#[test]
fn the_hash_is_the_documented_one() {
    let text = r#"{"strip":{"title":"Żubr v \"Ä\"","status":"live"},"innings":{"i10":{"runs":7},"i2":{"runs":-1}}}"#;
    assert_eq!(hash(&text.parse().unwrap()), "e181beed229e08a0");
}

#[test]
fn patches_are_applied_as_rfc_7396_says() {
    for (target, patch, result) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        ),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (json!([1]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
    ] {
        let mut state = target;
        merge(&mut state, &patch);
        assert_eq!(state, result);
    }
}

#[test]
fn whatever_is_wrong_is_noticed() {
    let event = |seq: u64| json!({"seq": seq, "patch": {"n": seq}});
    let events = |epoch: &str, seqs: &[u64], n: u64| {
        let events: Vec<Value> = seqs.iter().map(|seq| event(*seq)).collect();
        json!({"epoch": epoch, "events": events, "hash": hash(&json!({"n": n}))})
    };
    let snapshot = |epoch: &str, seq: u64, n: u64, reason: &str| json!({"epoch": epoch, "seq": seq, "reason": reason, "state": {"n": n}, "hash": hash(&json!({"n": n}))});
    let status = |seq: u64, n: u64| json!({"epoch": "1.1", "status": "live", "seq": seq, "hash": hash(&json!({"n": n}))});
    let mut fan = Replica::default();
    fan.take_events(&events("1.1", &[1, 2], 2)).unwrap();
    let after = |take: &dyn Fn(&mut Replica) -> Result<(), String>| take(&mut fan.clone());

    after(&|fan| fan.take_events(&events("1.1", &[3, 4], 4))).unwrap();
    after(&|fan| fan.take_snapshot(&snapshot("1.1", 9, 7, "behind"))).unwrap();
    after(&|fan| fan.take_snapshot(&snapshot("1.1", 1, 7, "rolled_back"))).unwrap();
    after(&|fan| fan.take_snapshot(&snapshot("2.1", 1, 7, "other_epoch"))).unwrap();
    after(&|fan| fan.take_status(&status(2, 2))).unwrap();

    for wrong in [
        events("1.1", &[4], 4),
        events("1.1", &[2], 2),
        events("1.1", &[3, 5], 5),
        events("1.1", &[4, 3], 3),
        events("1.1", &[3], 4),
        events("1.1", &[], 2),
        events("2.1", &[3], 3),
    ] {
        after(&|fan| fan.take_events(&wrong)).expect_err("it is wrong");
    }
    let mut lying = snapshot("1.1", 9, 7, "behind");
    lying["hash"] = json!(hash(&json!({"n": 8})));
    after(&|fan| fan.take_snapshot(&lying)).expect_err("another hash");
    after(&|fan| fan.take_snapshot(&snapshot("1.1", 1, 7, "behind"))).expect_err("it goes back");
    after(&|fan| fan.take_status(&status(3, 2))).expect_err("another seq");
    after(&|fan| fan.take_status(&status(2, 3))).expect_err("another hash");
}
