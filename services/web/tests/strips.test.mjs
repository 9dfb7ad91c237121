// The strips of all live matches: all first, then what changed, through cuts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pass, settle, stage, snapshot } from "./stage.mjs";

const strips = (changed) => ({ type: "strips", strips: changed });
const live = (score) => ({ title: "A v B", status: "live", score });

test("strips come and go, and all are told anew after a cut", async (t) => {
  const { client, sockets, last } = stage(t);
  const followed = client.followStrips();
  const changes = [];
  followed.addEventListener("change", ({ detail }) => changes.push(detail.matches));
  await settle();
  last().open();
  assert.deepEqual(last().said[0].subscriptions, [{ match: "*" }]);
  assert.equal(followed.isKnown, false);

  last().hear(strips({ a: live("1/0"), b: live("2/0") }), strips({ c: live("3/0") }), strips({ a: live("1/1"), b: null }));
  assert.deepEqual([...followed.live], [["a", live("1/1")], ["c", live("3/0")]]);
  assert.deepEqual(changes, [["a", "b"], ["c"], ["a", "b"]]);

  last().end(1006);
  await pass(1_000);
  assert.equal(sockets.length, 2);
  last().open();
  assert.deepEqual([...followed.live.keys()], ["a", "c"], "until they are told anew");
  last().hear(strips({ a: live("1/2") }));
  assert.deepEqual([...followed.live], [["a", live("1/2")]], "what went during the cut is gone");
  assert.deepEqual(changes.at(-1).sort(), ["a", "c"]);
});

test("they stay beside matches, and the connection ends once nothing is followed", async (t) => {
  const { client, last } = stage(t);
  const match = client.follow("m");
  await settle();
  last().open(snapshot(3));
  const followed = client.followStrips();
  assert.equal(client.followStrips(), followed);
  assert.deepEqual(last().said.at(-1), { type: "subscribe", match: "*" });

  match.unfollow();
  await pass(10_000);
  assert.equal(last().isClosed, false);
  followed.unfollow();
  assert.deepEqual(last().said.at(-1), { type: "unsubscribe", match: "*" });
  last().hear(strips({ a: live("1/0") }));
  assert.equal(followed.live.size, 0, "what was under way is not taken");
  await pass(10_000);
  assert.equal(last().isClosed, true);
});

test("how far they can be trusted is told where it changed, and taken for live on another connection", async (t) => {
  const { client, last } = stage(t);
  const followed = client.followStrips();
  const changes = [];
  followed.addEventListener("change", ({ detail }) => changes.push(detail.matches));
  await settle();
  last().open(strips({ a: live("1/0") }));
  assert.deepEqual([followed.status, followed.as_of], ["live", null]);
  last().hear({ ...strips({}), status: "stale", as_of: 77 });
  assert.deepEqual([followed.status, followed.as_of, changes.at(-1)], ["stale", 77, []]);
  last().hear(strips({ a: live("1/1") }));
  assert.equal(followed.status, "stale");
  last().end(1012);
  await pass(6_000);
  last().open(strips({ a: live("1/1") }));
  assert.deepEqual([followed.status, followed.as_of], ["live", null]);
});
