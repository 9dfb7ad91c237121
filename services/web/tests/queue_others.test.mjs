// The pad's queue beside others: tabs, devices, and a log that is another.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openTabs } from "../pad/queue/tabs.js";
import { flow, memoryStore } from "./device.mjs";
import { ball, cut_after, cut_before, ids, stage } from "./queue_stage.mjs";
import { problem } from "./scoring.mjs";

test("a tab that takes the turn from itself keeps it", async () => {
  // Locks as browsers have them: one holder, a line behind it, and who steals ends the holder's turn,
  // which hears of it once the thief has the lock.
  const line = [];
  let holder = null;
  const grant = () => {
    if (holder || line.length === 0) return;
    const asked = line.shift();
    holder = asked;
    queueMicrotask(() => Promise.resolve(asked.work()).then(() => {
      if (holder === asked) holder = null;
      asked.resolve();
      grant();
    }));
  };
  const request = (_, options, work) => new Promise((resolve, reject) => {
    if (options.steal && holder) {
      setImmediate(holder.reject, new Error("stolen"));
      holder = null;
    }
    line[options.steal ? "unshift" : "push"]({ work, resolve, reject });
    grant();
  });
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true });
  const sends = [];
  const tabs = openTabs("m", { sends: (does) => sends.push(does), heard() {} });
  tabs.take();
  await flow();
  assert.equal(sends.at(-1), true);
  tabs.close();
  delete globalThis.navigator;
  if (before) Object.defineProperty(globalThis, "navigator", before);
});

test("who is outrun by another device tries again by itself", async () => {
  const { queue, server, clock, logged } = await stage();
  await queue.add(ball("b1"));
  await flow();
  server.post("other", { events: [ball("o1")], ifMatch: null, pending: 0, token: "good" });
  await queue.add(ball("b2"));
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "o1", "b2"]);
});

test("who minds what others wrote is told it, and decides", async () => {
  const { queue, server, clock, logged, posts } = await stage();
  const missed = [];
  queue.onmissed = (what) => missed.push(what);
  await queue.add(ball("b1"));
  await flow();
  const seen = queue.snapshot().head;
  await queue.add(ball("b2"), { seen });
  await queue.add(ball("b3"), { seen });
  await clock.pass(0);
  assert.deepEqual([logged(), missed], [["b1", "b2", "b3"], []], "what it wrote itself is no news");

  server.post("other", { events: [ball("o1"), ball("o2")], ifMatch: null, pending: 0, token: "good" });
  const now = queue.snapshot().head;
  await queue.add([ball("b4"), ball("b5")], { seen: now });
  await queue.add(ball("b6"), { seen: now });
  await clock.pass(600_000);
  const { waiting, pending } = queue.snapshot();
  assert.deepEqual([waiting.reason, ids(pending), pending[0].sent], ["missed", ["b4", "b5", "b6"], false]);
  assert.deepEqual(missed.map(({ seq, events, isComplete }) => [seq, ids(events), isComplete]), [[5, ["o1", "o2"], true]]);

  assert.equal(await queue.drop("b5"), true);
  await queue.rebase();
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "b2", "b3", "o1", "o2", "b4", "b6"]);
  assert.equal(queue.snapshot().waiting, null);
  assert.ok(posts.every(({ ifMatch }) => ifMatch !== undefined));
});

test("what this device wrote after what the page has seen is no surprise", async () => {
  const { queue, clock, logged, posts } = await stage();
  const missed = [];
  queue.onmissed = (what) => missed.push(what);
  for (const id of ["b1", "b2", "b3"]) {
    await queue.add(ball(id));
    await clock.pass(0);
  }
  const { epoch } = queue.snapshot().head;
  await queue.add(ball("b4"), { seen: { epoch, seq: 1 } });
  await clock.pass(0);
  assert.deepEqual([logged(), missed], [["b1", "b2", "b3", "b4"], []]);
  assert.deepEqual(posts.slice(-2).map(({ ifMatch }) => ifMatch), [`${epoch}-1`, `${epoch}-3`]);
});

test("what does not mind is not sent together with what does", async () => {
  const { queue, server, net, clock, logged } = await stage();
  await queue.add(ball("b1"));
  await flow();
  const seen = queue.snapshot().head;
  net.faults.push(() => problem(503, "busy", {}, { "Retry-After": "40" }));
  await queue.add(ball("b2"));
  await queue.add(ball("b3"), { seen });
  server.post("other", { events: [ball("o1")], ifMatch: null, pending: 0, token: "good" });
  await clock.pass(120_000);
  assert.deepEqual([logged(), queue.snapshot().waiting.reason], [["b1", "o1", "b2"], "missed"]);
});

test("when all that minds is dropped, nothing waits", async () => {
  const { queue, server, clock, logged } = await stage();
  await queue.add(ball("b1"));
  await flow();
  const seen = queue.snapshot().head;
  server.post("other", { events: [ball("o1")], ifMatch: null, pending: 0, token: "good" });
  await queue.add(ball("b2"), { seen });
  await clock.pass(0);
  await queue.drop("b2");
  await queue.add(ball("b3"), { seen: queue.snapshot().head });
  await clock.pass(0);
  assert.deepEqual([logged(), queue.snapshot().waiting], [["b1", "o1", "b3"], null]);
});

test("what is added together with a wish goes in one array or not at all", async () => {
  const { queue, net, clock, posts, logged } = await stage();
  await queue.add(ball("b1"));
  await flow();
  net.faults.push(cut_before);
  const seen = queue.snapshot().head;
  await queue.add(Array.from({ length: 30 }, (_, n) => ball(`c${n}`)), { seen });
  await queue.add(Array.from({ length: 30 }, (_, n) => ball(`d${n}`)), { seen });
  await clock.pass(60_000);
  assert.deepEqual(posts.slice(1).map(({ ids }) => ids.length), [30, 30, 30]);
  assert.equal(logged().length, 61);
  await assert.rejects(queue.add(Array.from({ length: 51 }, (_, n) => ball(`e${n}`)), { seen }), RangeError);
  assert.deepEqual(queue.snapshot().pending, []);
});

test("a match that is brought back gets what it lost before anything new", async () => {
  const { queue, server, clock, logged } = await stage();
  for (const id of ["b1", "b2", "b3", "b4"]) await queue.add(ball(id));
  await clock.pass(0);
  server.restore(1);
  await queue.add(ball("b5"));
  await clock.pass(60_000);
  assert.deepEqual(logged(), ["b1", "b2", "b3", "b4", "b5"]);
  assert.deepEqual(queue.snapshot().confirmed.map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  assert.equal(queue.snapshot().head.epoch, server.epoch);
});

test("a match that is brought back is noticed while nothing is entered", async () => {
  const { queue, server, clock, logged } = await stage();
  await queue.add([ball("b1"), ball("b2")]);
  await clock.pass(0);
  server.restore(0);
  await clock.pass(31_000);
  assert.deepEqual([logged(), queue.snapshot().pending], [["b1", "b2"], []]);
});

test("a log that goes back and forth is not asked without end", async () => {
  const { queue, posts, net, clock, server } = await stage();
  await queue.add(ball("b1"));
  await clock.pass(0);
  const back = () => problem(409, "stale", { epoch: server.epoch, seq: 0, events: [] });
  const forth = (reach) => {
    const came = reach();
    return { ...came, body: { ...came.body, seq: came.body.seq + 5 } };
  };
  for (let turn = 0; turn < 50; turn++) net.faults.push(back, forth);
  await queue.add(ball("b2"));
  await queue.add(ball("b3"));
  await clock.pass(1_000);
  assert.ok(posts.length < 15, `${posts.length} posts in a second`);
});

test("a log that went back in the same epoch gets what it lost", async () => {
  const { queue, server, clock, logged } = await stage();
  await queue.add([ball("b1"), ball("b2"), ball("b3")]);
  await clock.pass(0);
  server.log.length = 1;
  const seen = queue.snapshot().head;
  await queue.add(ball("b4"), { seen });
  await clock.pass(500);
  assert.deepEqual([logged(), queue.snapshot().waiting.reason], [["b1", "b2", "b3"], "missed"]);
  assert.equal(queue.snapshot().missed.wentBack, true);
  await queue.rebase();
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "b2", "b3", "b4"]);
});

test("two tabs of one browser keep one queue, and one of them sends", async () => {
  const store = memoryStore();
  const owners = [];
  const tabs = (_, owner) => {
    owners.push(owner);
    return { say: (message) => owners.filter((other) => other !== owner).forEach((other) => other.heard(message)), take() {}, close() {} };
  };
  const one = await stage({ store, tabs });
  const two = await stage({ ...one, store, tabs });
  owners[0].sends(true);
  await two.queue.add(ball("b1"));
  await one.queue.add(ball("b2"));
  await one.clock.pass(0);
  assert.deepEqual(one.logged(), ["b1", "b2"]);
  assert.equal(two.posts.length, 0);
  assert.deepEqual(ids(two.queue.snapshot().confirmed), ["b1", "b2"]);

  one.net.faults.push(cut_after);
  await two.queue.add(ball("b3"));
  assert.equal(two.queue.snapshot().waiting.reason, "tab");
  await flow();
  assert.equal(await two.queue.drop("b3"), false, "the other tab sent it");
  owners[0].sends(false);
  owners[1].sends(true);
  await one.clock.pass(0);
  assert.deepEqual([one.logged(), ids(one.queue.snapshot().confirmed)], [["b1", "b2", "b3"], ["b1", "b2", "b3"]]);
});

test("each device is shown what the other still held", async () => {
  const one = await stage();
  const two = await stage({ ...one, name: "tablet", store: memoryStore() });
  two.net.faults.push(() => problem(401, "ended"));
  await one.queue.add(ball("b1"));
  await two.queue.add([ball("c1"), ball("c2", { data: { needs: 9 } }), ball("c3")]);
  two.queue.token("good");
  await one.clock.pass(31_000);
  assert.deepEqual(one.queue.snapshot().others.map(({ device, pending }) => [device, pending]), [["tablet", 2]]);
  assert.deepEqual(two.queue.snapshot().others.map(({ device, pending }) => [device, pending]), [["phone", 0]]);
});
