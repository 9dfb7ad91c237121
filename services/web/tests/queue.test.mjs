// The pad's queue: what it sends, when, and what it keeps.

import assert from "node:assert/strict";
import { test } from "node:test";

import { flow } from "./device.mjs";
import { ball, cut_after, cut_before, ids, stage } from "./queue_stage.mjs";
import { problem } from "./scoring.mjs";

test("what is added is sent in order, in arrays, one at a time, and confirmed", async () => {
  const { queue, posts, logged, clock } = await stage();
  await queue.add(ball("b1"));
  await Promise.all([queue.add([ball("b2"), ball("b3")]), queue.add(ball("b4"))]);
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "b2", "b3", "b4"]);
  assert.ok(posts.length < 4, "what waits goes together");
  assert.equal(posts.at(-1).pending, 0);
  const { pending, confirmed, head, online, waiting } = queue.snapshot();
  assert.deepEqual([pending, ids(confirmed), online, waiting], [[], ["b1", "b2", "b3", "b4"], true, null]);
  assert.deepEqual([head.seq, head.hash], [4, "after 4"]);
});

test("an event gets an id and its time from the device, which it keeps however often it is sent", async () => {
  const { queue, posts, net, clock } = await stage();
  net.faults.push(cut_after);
  const [id] = await queue.add({ type: "delivery", data: {} });
  await clock.pass(60_000);
  assert.match(id, /^[A-Za-z0-9._-]{16,64}$/);
  assert.equal(posts.length, 2);
  assert.deepEqual(posts[0].events, posts[1].events);
  assert.equal(posts[0].events[0].at, 1_790_000_000_000_000);
});

test("an array is at most 50 events and 48 KiB", async () => {
  const { queue, posts, logged, clock, net } = await stage();
  net.faults.push(cut_before);
  await queue.add(ball("first"));
  await queue.add(Array.from({ length: 120 }, (_, n) => ball(`b${n}`)));
  await queue.add(["x", "y"].map((id) => ball(id, { data: { text: "é".repeat(13_000) } })));
  await clock.pass(60_000);
  assert.deepEqual(posts.map(({ ids }) => ids.length), [1, 1, 50, 50, 21, 1]);
  assert.equal(logged().length, 123);
});

test("what was kept is sent by the next tab after a kill, whether the answer came or not", async () => {
  for (const fault of [cut_before, cut_after]) {
    const one = await stage();
    one.net.faults.push(fault, cut_before);
    await one.queue.add(ball("b1"));
    await one.queue.add(ball("b2"));
    one.queue.close();
    const { queue, logged, clock } = await stage(one);
    await clock.pass(60_000);
    assert.deepEqual(logged(), ["b1", "b2"]);
    assert.deepEqual(ids(queue.snapshot().confirmed), ["b1", "b2"]);
  }
});

test("nothing is sent before it is kept as sent", async () => {
  const { queue, store, posts, clock } = await stage({ token: "ended" });
  await queue.add(ball("b1"));
  await clock.pass(0);
  assert.equal(store.rows()[0].sent, false, "the server said that it did not take it");
  store.dies = "before";
  queue.token("good");
  const before = posts.length;
  await clock.pass(60_000);
  assert.equal(posts.length, before);
});

test("what may be in the log can't be taken back, what is not can", async () => {
  const { queue, net, clock, logged } = await stage();
  net.faults.push(cut_after);
  await queue.add(ball("b1"));
  await flow();
  await queue.add(ball("b2"));
  assert.equal(await queue.drop("b1"), false);
  assert.equal(await queue.drop("b2"), true);
  assert.equal(await queue.drop("b3"), false);
  await clock.pass(60_000);
  assert.deepEqual(logged(), ["b1"]);
  assert.equal(await queue.drop("b1"), false);
});

test("it comes again after pauses that grow, at once when told so, and never before the server wants it", async () => {
  const { queue, net, clock, posts, logged } = await stage({ random: () => 1 });
  net.faults.push(...Array(8).fill(cut_before));
  await queue.add(ball("b1"));
  await flow();
  const pauses = [];
  for (let n = 1; n < 8; n++) {
    const { waiting, online } = queue.snapshot();
    assert.deepEqual([waiting.reason, online], ["network", false]);
    pauses.push(waiting.until_ms - clock.now());
    await clock.pass(waiting.until_ms - clock.now() - 1);
    assert.equal(posts.length, n);
    await clock.pass(1);
    assert.equal(posts.length, n + 1);
  }
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  net.faults.push(() => problem(503, "busy", {}, { "Retry-After": "20" }));
  queue.kick();
  await flow();
  assert.equal(queue.snapshot().waiting.reason, "server");
  queue.kick();
  await clock.pass(20_000);
  assert.equal(posts.length, 9);
  await clock.pass(500);
  assert.deepEqual(logged(), ["b1"]);
});

test("a clock that jumps neither stops it nor forgets anything", async () => {
  const { queue, net, clock, logged } = await stage();
  net.faults.push(cut_before);
  await queue.add(ball("b1"));
  clock.skew_ms = -3_600_000;
  queue.kick();
  net.faults.push(cut_before);
  await clock.pass(0);
  clock.skew_ms = -7_200_000;
  await queue.add(ball("b2"));
  await clock.pass(0);
  clock.skew_ms = 30 * 24 * 3_600_000;
  await queue.add(ball("b3"));
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "b2", "b3"]);
  assert.deepEqual(ids(queue.snapshot().confirmed), ["b1", "b2", "b3"]);
});

test("an answer that does not come is given up", async () => {
  const { queue, net, clock, logged } = await stage();
  let aborted = 0;
  net.faults.push((_, { signal }) => new Promise((_, reject) => {
    signal.addEventListener("abort", () => (aborted++, reject(new Error("aborted"))));
  }));
  await queue.add(ball("b1"));
  await clock.pass(29_999);
  assert.deepEqual([aborted, logged()], [0, []]);
  await clock.pass(1_000);
  assert.deepEqual([aborted, logged()], [1, ["b1"]]);
});

test("it waits for a match that is not there", async () => {
  const { queue, net, clock, logged } = await stage();
  net.faults.push(() => problem(404, "unknown-match"));
  await queue.add(ball("b1"));
  await flow();
  assert.equal(queue.snapshot().waiting.reason, "no_match");
  await clock.pass(15_000);
  assert.deepEqual(logged(), ["b1"]);
});

test("what was confirmed is forgotten after a week by the server's clock, not before", async () => {
  const { queue, store, server, clock, logged } = await stage();
  await queue.add(ball("old"));
  await flow();
  clock.now_ms += 24 * 3_600_000;
  await queue.add(ball("b1"));
  await flow();
  clock.now_ms += 6 * 24 * 3_600_000 - 60_000;
  await queue.add(ball("b2"));
  await flow();
  assert.deepEqual(ids(store.rows()), ["old", "b1", "b2"]);
  await clock.pass(3_600_000);
  await queue.add(ball("b3"));
  await flow();
  assert.deepEqual(ids(store.rows()), ["b1", "b2", "b3"]);
  server.restore(0);
  await clock.pass(60_000);
  assert.deepEqual(logged(), ["b1", "b2", "b3"]);
});

test("a storage that fails is told, nothing is sent that is not kept, and it goes on by itself", async () => {
  const { queue, store, clock, logged, posts } = await stage();
  store.fails = new Error("QuotaExceededError");
  await assert.rejects(queue.add(ball("b1")), /Quota/);
  const { waiting, pending } = queue.snapshot();
  assert.deepEqual([waiting.reason, pending], ["storage", []]);
  assert.match(waiting.problem, /Quota/);
  store.fails = null;
  await queue.add(ball("b1"));
  await flow();
  store.fails = new Error("QuotaExceededError");
  await assert.rejects(queue.add(ball("b2")));
  await clock.pass(60_000);
  assert.deepEqual([logged(), posts.length], [["b1"], 1]);
  store.fails = null;
  await clock.pass(5_000);
  assert.equal(queue.snapshot().waiting, null);
});

test("what could not be kept as confirmed is sent again, and confirmed then", async () => {
  const { queue, store, net, clock, logged, posts } = await stage();
  net.faults.push((reach) => ((store.fails = new Error("full")), reach()));
  await queue.add(ball("b1"));
  await flow();
  assert.deepEqual([logged(), queue.snapshot().waiting.reason, ids(queue.snapshot().pending)], [["b1"], "storage", ["b1"]]);
  store.fails = null;
  await clock.pass(5_000);
  assert.deepEqual([posts.length, logged(), ids(queue.snapshot().confirmed)], [2, ["b1"], ["b1"]]);
});
