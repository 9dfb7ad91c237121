//! Wrong bodies: no documents, no events, and events that cannot be.

use serde_json::{Value, json};

use super::case::{Cases, JSON, MESSAGE_PACK};
use crate::harness::api::count_event;

impl Cases {
    /// Bodies that are no document.
    pub(crate) fn no_documents(&mut self) {
        let malformed = (400, "malformed-body");
        let deep = [b"[".repeat(60_000)].concat();
        for body in [
            &b"{"[..],
            b"",
            b"{} {}",
            b"{}x",
            b"\xff",
            b"{\"id\":1,\"id\":2}",
            &deep,
        ] {
            let what = format!(
                "JSON {:?}",
                String::from_utf8_lossy(&body[..body.len().min(9)])
            );
            self.add(
                what,
                self.post(JSON, body.to_vec()),
                malformed,
                json!({"field": null}),
            );
        }
        let whole = rmp_serde::to_vec_named(&count_event(99)).unwrap();
        let (cut, trailing) = (
            whole[..whole.len() - 1].to_vec(),
            [&whole[..], b"\xc0"].concat(),
        );
        for body in [&b"\x81"[..], b"\xc1", b"", b"\xc4\x01a", &cut, &trailing] {
            let what = format!("MessagePack {:02x?}", &body[..body.len().min(4)]);
            self.add(
                what,
                self.post(MESSAGE_PACK, body.to_vec()),
                malformed,
                json!({"field": null}),
            );
        }
        let text = self.post("text/plain", "{}");
        self.add("text", text, (415, "unsupported-media-type"), json!({}));
        let large = json!({"id": "e", "type": "t", "patch": {"a": "x".repeat(65_536)}});
        let too_large = (413, "body-too-large");
        self.add(
            "a large body",
            self.post_json(&large),
            too_large,
            json!({"bytes_max": 65_536}),
        );
    }

    /// Documents that are no event.
    pub(crate) fn no_events(&mut self) {
        let malformed = (400, "malformed-event");
        let event = |name: &str, value: Value| {
            let mut event = json!({"id": "e", "type": "t", "patch": {}});
            event[name] = value;
            event
        };
        for (what, body, field) in [
            ("a text", json!("e"), "(document)"),
            ("an empty array", json!([]), "(document)"),
            ("an unknown field", event("runs", json!(4)), "runs"),
            (
                "an id with a control character",
                event("id", json!("a\nb")),
                "id",
            ),
            ("an id with a space", event("id", json!("a b")), "id"),
            ("an empty id", event("id", json!("")), "id"),
            ("a long id", event("id", json!("a".repeat(65))), "id"),
            ("a number for an id", event("id", json!(7)), "id"),
            ("a null id", event("id", json!(null)), "id"),
            ("no type", json!({"id": "e", "patch": {}}), "type"),
            ("a type in capitals", event("type", json!("Goal")), "type"),
            ("no patch", json!({"id": "e", "type": "t"}), "patch"),
            ("an unknown op", event("op", json!("delete")), "op"),
            ("a time that is a float", event("at", json!(1.5)), "at"),
            (
                "one id twice",
                json!([event("id", json!("e")), event("id", json!("e"))]),
                "id",
            ),
        ] {
            self.add(
                what,
                self.post_json(&body),
                malformed,
                json!({"field": field}),
            );
        }
        let second = json!([count_event(98), event("runs", json!(4))]);
        let members = json!({"field": "runs", "index": 1});
        self.add(
            "a bad event in an array",
            self.post_json(&second),
            malformed,
            members,
        );
        let key = self
            .post_json(&event("id", json!("e")))
            .header("idempotency-key", "f");
        self.add("two ids", key, malformed, json!({"field": null}));
        let many: Vec<Value> = (0..101).map(count_event).collect();
        let too_many = (413, "too-many-events");
        self.add(
            "101 events",
            self.post_json(&json!(many)),
            too_many,
            json!({"events_max": 100}),
        );
    }

    /// Events that cannot be.
    pub(crate) fn impossible(&mut self) {
        let patch = |patch: Value| json!({"id": "e", "type": "t", "patch": patch});
        let deep = (0..9).fold(json!(1), |inner, _| json!({"a": inner}));
        for (what, change, field) in [
            ("an array for a patch", json!([1]), "patch"),
            ("null for a patch", json!(null), "patch"),
            ("a text for a patch", json!("a"), "patch"),
            ("a float", json!({"a": {"b": 1.5}}), "patch.a.b"),
            ("a float without fraction", json!({"a": 1e30}), "patch.a"),
            (
                "an integer beyond 2^53",
                json!({"a": 9_007_199_254_740_992_u64}),
                "patch.a",
            ),
            ("null in an array", json!({"a": [null]}), "patch.a.0"),
            (
                "null in an object in an array",
                json!({"a": [{"b": null}]}),
                "patch.a.0.b",
            ),
            ("a key that is a number", json!({"1": 1}), "patch"),
            ("a key with a space", json!({"a": {"b c": 1}}), "patch.a"),
            ("an empty key", json!({"": 1}), "patch"),
            ("a deep patch", deep, ""),
        ] {
            let members = match field {
                "" => json!({"rule": "patch", "id": "e", "field": null}),
                field => json!({"rule": "patch", "id": "e", "field": field}),
            };
            self.add(
                what,
                self.post_json(&patch(change)),
                (422, "impossible"),
                members,
            );
        }
        let data = json!({"id": "e", "type": "t", "patch": {}, "data": {"a": 1.5}});
        let members = json!({"rule": "data", "id": "e", "field": "data.a"});
        self.add(
            "a float in data",
            self.post_json(&data),
            (422, "impossible"),
            members,
        );
        for (what, change) in [
            ("no strip left", json!({"strip": null})),
            (
                "a strip that is too long",
                json!({"strip": {"line": "x".repeat(250)}}),
            ),
            (
                "a status that is none",
                json!({"strip": {"status": "over"}}),
            ),
        ] {
            let members = json!({"rule": "state", "id": "e", "field": "patch"});
            self.add(
                what,
                self.post_json(&patch(change)),
                (422, "impossible"),
                members,
            );
        }
        let grown = self.post_json(&patch(json!({"more": "x".repeat(30_000)})));
        self.add(
            "a state that grows too large",
            grown,
            (422, "state-too-large"),
            json!({"id": "e", "field": "patch"}),
        );
        let void = self.post_json(&json!({"id": "e", "op": "void", "ref": "e1"}));
        self.add(
            "a void in the open sport",
            void,
            (422, "impossible"),
            json!({"field": "op"}),
        );
        let mut other = count_event(1);
        other["patch"]["count"] = json!(7);
        let members = json!({"id": "e1", "field": "id", "rule": "id_used"});
        self.add(
            "a known id for another event",
            self.post_json(&other),
            (422, "id-reused"),
            members,
        );
        let mixed = self.post_json(&json!([count_event(97), patch(json!({"a": 1.5}))]));
        let members = json!({"index": 1, "id": "e", "rule": "patch"});
        self.add(
            "one that cannot be, after one that can",
            mixed,
            (422, "impossible"),
            members,
        );
    }
}
