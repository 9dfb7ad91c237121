// The pad's queue: what it sends, when, and what it makes of each answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openTabs } from "../pad/queue/tabs.js";
import { Clock, flow, memoryStore, openDevice } from "./device.mjs";
import { Scoring, answer, problem } from "./scoring.mjs";

const ball = (id, more = {}) => ({ id, type: "delivery", data: { runs: 1 }, ...more });
const ids = (list) => list.map(({ id }) => id);

/** A device, and a server whose answers the test may replace: `net.faults` are asked in turn. */
async function stage({ store = memoryStore(), name = "phone", clock = new Clock(), server = new Scoring("m", () => clock.now_ms), ...more } = {}) {
  const posts = [];
  const net = {
    faults: [],
    post: async (device, post) => {
      posts.push({ ...post, ids: ids(post.events) });
      const fault = net.faults.shift();
      return fault ? fault(() => server.post(device, post), posts.at(-1)) : server.post(device, post);
    },
    devices: async (_, ask) => server.devices(ask),
  };
  const queue = await openDevice(name, { clock, store, net, ...more });
  await flow();
  const logged = () => server.log.map(({ event }) => event.id);
  return { queue, store, clock, server, net, posts, logged };
}
const cut_before = () => { throw new TypeError("cut"); };
const cut_after = (reach) => { reach(); throw new TypeError("cut"); };


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

test("what is said of an old token once there is another stops nothing", async () => {
  const { queue, server, logged, net, clock } = await stage();
  net.faults.push(() => {
    server.goodToken = "newer";
    queue.token("newer");
    return problem(401, "ended");
  });
  await queue.add(ball("b1"));
  await clock.pass(0);
  assert.deepEqual([logged(), queue.snapshot().waiting], [["b1"], null]);
});

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

test("a refused event in the middle stops what is behind it, and nothing else", async () => {
  const { queue, net, clock, logged, posts } = await stage();
  net.faults.push(cut_before);
  await queue.add(ball("b0"));
  await queue.add([ball("b1"), ball("b2", { data: { needs: 99 } }), ball("b3")]);
  await clock.pass(60_000);
  assert.deepEqual(logged(), ["b0", "b1"]);
  const { refused, pending, waiting } = queue.snapshot();
  assert.deepEqual([refused[0].id, refused[0].problem.rule, ids(pending), waiting.reason], ["b2", "over", ["b3"], "refused"]);
  assert.equal(posts.at(-1).pending, 2);
  assert.equal(pending[0].sent, false, "the array was refused as a whole");

  await queue.retry("b2");
  await clock.pass(60_000);
  assert.equal(queue.snapshot().refused.length, 1, "it is refused again");
  assert.equal(await queue.replace("b2", ball("ignored", { data: { runs: 2 } })), "b2");
  await clock.pass(60_000);
  assert.deepEqual(logged(), ["b0", "b1", "b2", "b3"]);
  assert.equal(await queue.retry("b2"), false);
});

test("what was refused may stay aside while the rest goes on, or be dropped", async () => {
  const { queue, clock, logged } = await stage();
  await queue.add([ball("b1", { data: { needs: 99 } }), ball("b2", { data: { needs: 99 } }), ball("b3")]);
  await clock.pass(0);
  await queue.pass("b1");
  await clock.pass(0);
  assert.deepEqual(logged(), []);
  assert.equal(await queue.drop("b2"), true);
  await clock.pass(0);
  assert.deepEqual(logged(), ["b3"]);
  const { refused, waiting } = queue.snapshot();
  assert.deepEqual([ids(refused), refused[0].isAside, waiting], [["b1"], true, null]);
});

test("an id that stands for something else gets another, and what names it follows", async () => {
  const { queue, server, clock, logged } = await stage();
  server.post("other", { events: [ball("b1", { data: {} })], ifMatch: null, pending: 0, token: "good" });
  await queue.add([ball("b1"), { id: "v1", op: "void", ref: "b1" }]);
  await clock.pass(60_000);
  assert.equal(queue.snapshot().refused[0].problem.rule, "id_used");
  const id = await queue.replace("b1", ball("b1"));
  assert.notEqual(id, "b1");
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", id, "v1"]);
  assert.equal(server.log[2].event.ref, id);
});

test("a token that is no good stops it without losing anything, and another sets it going", async () => {
  for (const status of [401, 403]) {
    const { queue, net, clock, logged, posts } = await stage();
    net.faults.push(() => problem(status, "no-good"));
    await queue.add(ball("b1"));
    await clock.pass(600_000);
    assert.equal(posts.length, 1);
    assert.deepEqual([queue.snapshot().waiting.reason, queue.snapshot().waiting.problem.type], ["token", "/problems/no-good"]);
    assert.equal(await queue.drop("b1"), true, "nothing was stored");
    await queue.add(ball("b2"));
    queue.token("good");
    await clock.pass(0);
    assert.deepEqual([logged(), queue.snapshot().waiting], [["b2"], null]);
  }
});

test("an event that the token may not post is refused, and no other", async () => {
  const { queue, net, clock, logged } = await stage();
  net.faults.push((reach, { ids }) => problem(403, "not-allowed", { rule: "locked", id: ids[0], index: 0 }));
  await queue.add([ball("b1"), ball("b2")]);
  await clock.pass(0);
  assert.deepEqual([queue.snapshot().waiting.reason, ids(queue.snapshot().refused)], ["refused", ["b1"]]);
  await queue.drop("b1");
  await clock.pass(0);
  assert.deepEqual(logged(), ["b2"]);
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

test("who answers in the place of the server confirms nothing and refuses nothing", async () => {
  const stored = { match: "m", epoch: "1.1", seq: 1, hash: "", strip: {}, events: [] };
  const wrong = [
    answer(200, null), answer(200, {}), answer(302, null), answer(401, null), answer(403, null), answer(413, null), answer(422, { detail: "no" }), answer(404, null),
    answer(200, stored), answer(201, { ...stored, events: [{ id: "b2", seq: 1 }] }), answer(200, { ...stored, match: "n", events: [{ id: "b1", seq: 1 }] }),
    answer(500, { type: "about:blank" }), answer(502, null), problem(500, "fault"), problem(503, "no-leader", { outcome: "unknown" }),
  ];
  const { queue, net, clock, logged } = await stage();
  net.faults.push(...wrong.map((answer) => () => answer));
  await queue.add(ball("b1"));
  await flow();
  for (const { status } of wrong) {
    const { pending, waiting, refused } = queue.snapshot();
    assert.deepEqual([pending.length, waiting?.reason, refused], [1, "server", []], `${status}`);
    await clock.pass(waiting.until_ms - clock.now());
  }
  assert.deepEqual(logged(), ["b1"]);
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

test("an array that is too much goes in halves, an event that is too much is refused", async () => {
  const { queue, server, clock, logged } = await stage({ token: "ended" });
  server.bytesMax = 400;
  await queue.add(Array.from({ length: 20 }, (_, n) => ball(`b${n}`)));
  await queue.add(ball("long", { data: { text: "x".repeat(400) } }));
  await queue.add(ball("last"));
  queue.token("good");
  await clock.pass(0);
  assert.equal(logged().length, 20);
  assert.deepEqual(ids(queue.snapshot().refused), ["long"]);
  assert.equal(queue.snapshot().refused[0].problem.bytes_max, 400);
  await queue.drop("long");
  await clock.pass(0);
  assert.equal(logged().at(-1), "last");
});

test("a refusal of what may be in the log is asked for twice", async () => {
  const { queue, net, clock, logged } = await stage();
  const stale_leader = (reach, { ids }) => problem(422, "impossible", { rule: "over", id: ids[0], index: 0 });
  net.faults.push(cut_after, stale_leader);
  await queue.add(ball("b1"));
  await clock.pass(60_000);
  assert.deepEqual([logged(), queue.snapshot().refused, queue.snapshot().pending], [["b1"], [], []]);

  net.faults.push(cut_before, stale_leader, stale_leader);
  await queue.add(ball("b2"));
  await clock.pass(60_000);
  assert.deepEqual(ids(queue.snapshot().refused), ["b2"]);
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

test("a log that went back in the same epoch gets what it lost", async () => {
  const { queue, server, clock, logged } = await stage();
  await queue.add([ball("b1"), ball("b2"), ball("b3")]);
  await clock.pass(0);
  server.log.length = 1;
  const seen = queue.snapshot().head;
  await queue.add(ball("b4"), { seen });
  await clock.pass(0);
  assert.deepEqual([logged(), queue.snapshot().waiting.reason], [["b1", "b2", "b3"], "missed"]);
  assert.equal(queue.snapshot().missed.wentBack, true);
  await queue.rebase();
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1", "b2", "b3", "b4"]);
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

test("the same event again is the same, another body under its id is refused", async () => {
  const { queue, clock, logged } = await stage();
  await queue.add(ball("b1"));
  await clock.pass(1_000);
  await queue.add(ball("b1"));
  await assert.rejects(queue.add(ball("b1", { data: { runs: 2 } })), TypeError);
  await assert.rejects(queue.add([ball("b2"), ball("no id")]), TypeError);
  await clock.pass(0);
  assert.deepEqual(logged(), ["b1"]);
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
