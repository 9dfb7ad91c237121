// One match: what is taken, what is not, and what the page is told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Match, hashOf } from "../sdk/grandstand.js";

const EPOCH = "1790000000123456.1";
const state = (count) => ({ count, strip: { title: "Reds v Blues", status: "live" } });
const snapshot = (seq, more = {}) => ({
  type: "snapshot", match: "m", epoch: EPOCH, seq, state: state(seq), hash: hashOf(state(seq)), reason: "joined", ...more,
});
const event = (seq) => ({ seq, ts: seq, id: `e${seq}`, type: "count", patch: { count: seq } });
const events = (first, last, more = {}) => ({
  type: "events", match: "m", epoch: EPOCH, hash: hashOf(state(last)),
  events: Array.from({ length: last - first + 1 }, (_, index) => event(first + index)), ...more,
});
const status = (seq, more = {}) => ({
  type: "status", match: "m", status: "live", as_of: 1, epoch: EPOCH, seq, hash: hashOf(state(seq)), ...more,
});

function followed(...messages) {
  const match = new Match("m", {}, () => {});
  for (const message of messages) assert.equal(match.take(message), null);
  const changes = [];
  match.addEventListener("change", ({ detail }) => changes.push(detail));
  return { match, changes };
}

test("events are applied in order, and the state that was handed out stays as it was", () => {
  const { match, changes } = followed(snapshot(3));
  const before = match.state;

  assert.equal(match.take(events(4, 6)), null);

  assert.deepEqual(before, state(3));
  assert.deepEqual(match.state, state(6));
  assert.equal(match.hash, hashOf(state(6)));
  assert.equal(match.seq, 6);
  assert.deepEqual(match.strip, state(6).strip);
  assert.deepEqual(changes.map(({ cause, events }) => [cause, events.length]), [["events", 3]]);
});

for (const [what, message] of [
  ["a hole", events(5, 6)],
  ["a repeat", events(3, 4)],
  ["a hole inside a frame", events(4, 6, { events: [event(4), event(6)] })],
  ["another epoch", events(4, 4, { epoch: "1790000000123456.2" })],
  ["a place further on than what came", status(5)],
]) {
  test(`${what} is never applied, and what is missing is asked for from the cursor`, () => {
    const { match, changes } = followed(snapshot(3));

    assert.equal(match.take(message), "hole");

    assert.deepEqual([match.seq, match.state], [3, state(3)]);
    assert.deepEqual(changes, []);
    assert.deepEqual(match.subscription().after, { epoch: EPOCH, seq: 3 });
    // What was on its way is passed over; what was asked for is taken.
    assert.equal(match.take(events(7, 7)), null);
    assert.equal(match.take(events(4, 7)), null);
    assert.equal(match.seq, 7);
    assert.equal(match.doubt, null);
  });
}

test("what was asked for and did not come is asked for as a whole", () => {
  const { match } = followed(snapshot(3));
  assert.equal(match.take(events(5, 5)), "hole");

  assert.equal(match.take(status(5)), "lost");

  assert.equal(match.subscription().snapshot, "always");
  assert.equal(match.take(snapshot(5, { reason: "asked" })), null);
  assert.equal(match.seq, 5);
});

test("on a new connection what was missing is missing for the first time", () => {
  const { match } = followed(snapshot(3));
  assert.equal(match.take(events(5, 5)), "hole");
  match.startOver();
  assert.equal(match.take(events(5, 5)), "hole");
  assert.equal(match.doubts, 2);
  assert.equal(match.take(events(4, 5)), null);
  assert.equal(match.doubts, 0);
});

test("a snapshot at once is asked for once", () => {
  const match = new Match("m", { snapshot: "always" }, () => {});
  assert.equal(match.subscription().snapshot, "always");
  match.take(snapshot(3));
  assert.equal(match.subscription().snapshot, "auto");
});

test("a state of another hash is never shown, and a snapshot is asked for", () => {
  for (const wrong of [events(4, 4, { hash: "0000000000000000" }), snapshot(4, { hash: "0000000000000000" }), status(3, { hash: "0000000000000000" })]) {
    const { match, changes } = followed(snapshot(3));

    assert.equal(match.take(wrong), "wrong_hash");

    assert.deepEqual([match.seq, match.state], [3, state(3)]);
    assert.deepEqual(changes, []);
    assert.equal(match.subscription().snapshot, "always");
    assert.equal(match.take(events(4, 4)), null);
    assert.equal(match.seq, 3, "events are passed over until the snapshot is there");
    assert.equal(match.take(snapshot(6, { reason: "asked" })), null);
    assert.equal(match.subscription().snapshot, undefined);
    assert.equal(match.take(events(7, 7)), null);
  }
});

test("inside a record there is no hash, and nothing that could be taken up later", () => {
  const { match } = followed(snapshot(3), events(4, 4, { hash: undefined }));
  assert.equal(match.hash, null);
  assert.equal(match.place(), null);
  assert.equal(match.take(events(5, 5)), null);
  assert.equal(match.place().seq, 5);
});

test("a snapshot replaces everything, whatever its epoch and seq", () => {
  const { match, changes } = followed(snapshot(3), events(4, 8));

  assert.equal(match.take(snapshot(2, { reason: "rolled_back" })), null);

  assert.deepEqual([match.seq, match.state, match.events], [2, state(2), []]);
  assert.deepEqual(changes, [{ cause: "snapshot", reason: "rolled_back" }]);
});

test("a match is live by its first frame unless it was said otherwise", () => {
  const { match, changes } = followed();
  assert.equal(match.status, "waiting");
  match.become("unknown");
  match.take(snapshot(1));
  assert.equal(match.status, "live");
  match.take(status(1, { status: "stale", as_of: 77 }));
  match.take(events(2, 2));
  assert.deepEqual([match.status, match.as_of], ["stale", 77]);
  assert.deepEqual(changes.map(({ cause }) => cause), ["status", "snapshot", "status", "events"]);
});

test("the last 200 events are kept", () => {
  const { match } = followed(snapshot(0), events(1, 150), events(151, 230));
  assert.deepEqual([match.events.length, match.events[0].seq, match.events.at(-1).seq], [200, 31, 230]);
});

test("what was kept is taken up only if it is whole", () => {
  const { match } = followed(snapshot(3));
  const place = JSON.parse(JSON.stringify(match.place()));
  for (const kept of [null, 7, {}, { ...place, state: state(9) }, { ...place, seq: "3" }]) {
    const fresh = new Match("m", {}, () => {});
    fresh.restore(kept);
    assert.deepEqual([fresh.epoch, fresh.state], [null, null]);
  }
  const fresh = new Match("m", {}, () => {});
  fresh.restore(place);
  assert.deepEqual(fresh.subscription().after, { epoch: EPOCH, seq: 3 });
  assert.equal(fresh.take(events(4, 4)), null);
});
