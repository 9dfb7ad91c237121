// A client through silence, sleep, reloads, and a gateway that says what is not right.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hashOf } from "../sdk/grandstand.js";
import { EPOCH, events, pass, settle, sleep, snapshot, stage, state, storage, welcome } from "./stage.mjs";

async function connected(t, options) {
  const on = stage(t, options);
  const match = on.client.follow("m");
  await settle();
  on.last().open(snapshot(3));
  return { ...on, match };
}
const status = { type: "status", match: "m", status: "live", as_of: 1, epoch: EPOCH, seq: 3 };

test("a connection that falls silent is cut within a heartbeat and ten seconds", async (t) => {
  const { sockets, told, last } = await connected(t);
  await pass(24_000);
  last().hear(status);
  await pass(33_000);
  assert.equal(sockets.length, 1);
  await pass(1_000);
  assert.equal(told.at(-1).reason, "no heartbeat");
  await pass(250);
  assert.equal(sockets.length, 2);
});

test("who slept asks whether anybody is there, and reconnects at once if not", async (t) => {
  const { sockets, told, last } = await connected(t);
  await pass(2_000);

  await sleep(20_000);
  assert.deepEqual(last().said.at(-1), { type: "ping" });
  last().hear({ type: "pong", heads: [] });
  await pass(5_000);
  assert.equal(sockets.length, 1);

  await sleep(20_000);
  await pass(3_000);
  assert.equal(told.find(({ state }) => state === "waiting").reason, "no pong");
  await pass(250);
  assert.equal(sockets.length, 2);
});

test("a clock that is set back does not hide that the gateway is silent", async (t) => {
  let set_back_ms = 0;
  const { sockets, told } = await connected(t, { now: () => Date.now() - set_back_ms });
  await pass(20_000);
  set_back_ms = 3_600_000;
  await pass(15_000);
  assert.equal(told.at(-1).reason, "no heartbeat");
  await pass(250);
  assert.equal(sockets.length, 2);
  await pass(2_000);
  set_back_ms *= 2;
  await pass(11_000);
  assert.equal(sockets.length, 3, "nor that a handshake is not answered");
});

test("a hole is counted, and the subscription begins anew at the cursor", async (t) => {
  const { client, match, last } = await connected(t);

  last().hear(events(5, 5));
  await pass(1);

  assert.deepEqual(last().said.slice(1), [
    { type: "unsubscribe", match: "m" },
    { type: "subscribe", match: "m", after: { epoch: EPOCH, seq: 3 } },
  ]);
  last().hear(events(4, 5));
  assert.deepEqual([match.seq, client.counts.holes], [5, 1]);
});

test("a hole that closes by itself is not asked about", async (t) => {
  const { match, last } = await connected(t);
  last().hear(events(5, 5), events(4, 5));
  await pass(1);
  assert.deepEqual([match.seq, last().said.length], [5, 1]);
});

test("a wrong hash is said and counted, and a snapshot ends it", async (t) => {
  const { client, match, last } = await connected(t);
  const problems = [];
  match.addEventListener("problem", ({ detail }) => problems.push(detail.code));

  last().hear(events(4, 4, { hash: "0000000000000000" }));
  await pass(1);

  assert.deepEqual(last().said.slice(1), [{ type: "subscribe", match: "m", after: { epoch: EPOCH, seq: 3 }, snapshot: "always" }]);
  last().hear(snapshot(4, { reason: "asked" }));
  assert.deepEqual([match.seq, problems], [4, ["wrong_hash"]]);
  assert.deepEqual([client.counts.wrong_hashes, client.counts.snapshots], [1, 2]);
});

test("a gateway that is always wrong is asked ever more slowly", async (t) => {
  const { client, last } = await connected(t);
  const wrong = () => last().hear(snapshot(4, { hash: "0000000000000000" }));
  const asked = () => last().said.length - 1;
  wrong();
  await pass(1);
  assert.equal(asked(), 1);
  wrong();
  await pass(999);
  assert.equal(asked(), 1);
  await pass(2);
  assert.equal(asked(), 2);
  wrong();
  await pass(1_900);
  assert.equal(asked(), 2);
  assert.equal(client.counts.wrong_hashes, 3);
});

test("who wants every event goes back to that after a snapshot", async (t) => {
  const { client, last } = stage(t);
  client.follow("m", { after: { seq: 0 }, snapshot: "never" });
  await settle();
  last().open(events(1, 3), events(4, 4, { hash: "0000000000000000" }));
  await pass(1);
  assert.equal(last().said.at(-1).snapshot, "always");
  last().hear(snapshot(4, { reason: "asked" }));
  assert.equal(last().said.at(-1).snapshot, "never");
});

test("a match that is not there yet comes to life by itself", async (t) => {
  const { client, last } = stage(t);
  const match = client.follow("m");
  await settle();
  last().open({ type: "error", code: "unknown_match", title: "", detail: "", match: "m" });
  assert.equal(match.status, "unknown");
  last().hear(events(1, 1));
  assert.deepEqual([match.status, match.seq], ["live", 1]);
});

test("what is refused for one match stops that match alone", async (t) => {
  const { client, match, last } = await connected(t);
  const other = client.follow("secret");
  const problems = [];
  other.addEventListener("problem", ({ detail }) => problems.push(detail.code));
  last().hear({ type: "error", code: "not_allowed", title: "", detail: "", match: "secret" });
  last().hear({ type: "error", code: "policy_not_granted", title: "", detail: "", match: "m" });
  assert.deepEqual([other.status, match.status, problems], ["refused", "live", ["not_allowed"]]);

  client.refresh("better");
  assert.deepEqual(last().said.slice(-3).map(({ type, match }) => [type, match]), [["refresh", undefined], ["hello", undefined], ["subscribe", "secret"]]);
  assert.equal(other.status, "waiting");
});

test("a session that can't be had is no reason to stop", async (t) => {
  const { client, match, last } = await connected(t);
  last().end(1006);
  await pass(250);
  last().open({ type: "error", code: "bad_session", title: "", detail: "" }, { ...welcome, session: "new" }, events(4, 4));
  assert.deepEqual([client.session, match.seq, client.connection.state], ["new", 4, "open"]);
});

test("the session is the one that the answer to our hello names", async (t) => {
  const { client, last } = await connected(t);
  last().end(1006);
  await pass(250);
  last().open();
  last().hear({ ...welcome, session: "fresh" });
  assert.equal(client.session, "fresh");
  last().end(1006);
  await pass(500);
  last().open();
  assert.equal(last().said[0].session, "fresh");
  assert.equal(client.session, "fresh", "the first welcome does not know yet");
});

test("after a reload the state is there at once, and the cursor goes on from it", async (t) => {
  const kept = storage();
  const { last, client } = await connected(t, { storage: kept });
  last().hear(events(4, 9));
  assert.equal(kept.kept.size, 0, "it is not written at every event");
  await pass(1_000);
  client.close();

  const again = stage(t, { storage: kept });
  const match = again.client.follow("m");
  assert.deepEqual([match.seq, match.state, match.status], [9, state(9), "waiting"]);
  await settle();
  again.last().open(events(10, 10));

  assert.deepEqual(again.last().said[0].subscriptions, [{ match: "m", after: { epoch: EPOCH, seq: 9 } }]);
  assert.equal(again.last().said[0].session, "5e5510");
  assert.deepEqual([match.seq, again.client.counts.resumes], [10, 1]);
});

test("a match that is followed no longer is forgotten", async (t) => {
  const kept = storage();
  const { match } = await connected(t, { storage: kept });
  await pass(1_000);
  assert.equal(kept.kept.size, 2);
  match.unfollow();
  await pass(1_000);
  assert.deepEqual([...kept.kept.keys()].map((key) => key.split(" ").at(-1)), ["session"]);
});

test("what was kept and is damaged, foreign or too large is read anew", async (t) => {
  const kept = storage();
  const { last, match } = await connected(t, { storage: kept });
  await pass(1_000);
  const key = [...kept.kept.keys()].find((name) => name.endsWith(" m"));
  for (const text of ["{", "7", kept.kept.get(key).replace('"count":3', '"count":4')]) {
    kept.kept.set(key, text);
    assert.equal(stage(t, { storage: kept }).client.follow("m").state, null, text);
  }

  const large = { ...state(4), text: "x".repeat(70_000) };
  last().hear(snapshot(4, { state: large, hash: hashOf(large) }));
  await pass(1_000);
  assert.equal(match.seq, 4);
  assert.equal(kept.kept.has(key), false);
});

test("a storage that is full or forbidden changes nothing", async (t) => {
  const refuse = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  const { match, last } = await connected(t, { storage: { getItem: refuse, setItem: refuse, removeItem: refuse } });
  last().hear(events(4, 4));
  await pass(1_000);
  assert.equal(match.seq, 4);
});
