// The pad's queue: what it makes of refusals, and of answers that mean nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { flow } from "./device.mjs";
import { ball, cut_after, cut_before, ids, stage } from "./queue_stage.mjs";
import { answer, problem } from "./scoring.mjs";

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

test("with what is taken back goes what is about it, and nothing else", async () => {
  const { queue, clock, logged } = await stage();
  const corrections = [
    { id: "a1", op: "amend", ref: "b1", type: "delivery", data: { runs: 2 } }, { id: "i1", op: "insert", ref: "b1", type: "delivery", data: { runs: 3 } },
    { id: "v1", op: "void", ref: "i1" }, { id: "a0", op: "amend", ref: "b0", type: "delivery", data: { runs: 4 } },
  ];
  await queue.add([ball("b0"), ball("b1", { data: { needs: 99 } }), ball("b2"), ...corrections]);
  await clock.pass(0);
  assert.deepEqual([ids(queue.about("b1")), ids(queue.about("i1")), queue.about("b2")], [["a1", "i1", "v1"], ["v1"], []]);
  assert.equal(await queue.drop("b1"), true);
  await clock.pass(60_000);
  assert.deepEqual([logged(), queue.snapshot().refused], [["b0", "b2", "a0"], []]);
});

test("with what is left aside stays what is about it, and both go again together", async () => {
  const about = [{ id: "a1", op: "amend", ref: "b1", type: "delivery", data: { runs: 2 } }, { id: "v1", op: "void", ref: "a1" }, ball("b2")];
  const left = async () => {
    const { queue, server, clock, logged } = await stage();
    await queue.add([ball("b1", { data: { needs: 99 } }), ...about]);
    await clock.pass(0);
    await queue.pass("b1");
    await clock.pass(60_000);
    const told = queue.snapshot().refused.map(({ id, left_with }) => [id, left_with]);
    assert.deepEqual([logged(), told, queue.snapshot().waiting], [["b2"], [["b1", undefined], ["a1", "b1"], ["v1", "b1"]], null]);
    return { queue, server, clock, logged };
  };
  const changed = await left();
  await changed.queue.replace("b1", ball("b1", { data: { runs: 1 } }));
  await changed.clock.pass(60_000);
  assert.deepEqual([changed.logged(), changed.queue.snapshot().refused], [["b2", "b1", "a1", "v1"], []]);

  const again = await left();
  await again.queue.retry("b1");
  await again.clock.pass(0);
  const { refused, pending } = again.queue.snapshot();
  assert.deepEqual([ids(refused), ids(pending)], [["b1"], ["a1", "v1"]], "it is refused again, and they wait behind it");

  const one = await left();
  await one.queue.retry("v1");
  await one.clock.pass(0);
  assert.deepEqual([one.queue.snapshot().refused.at(-1).problem.status, ids(one.queue.snapshot().refused)], [409, ["b1", "a1", "v1"]], "alone it is refused by the log");
});

test("what is about an event and is on its way stays, and is refused by itself", async () => {
  const { queue, net, clock, logged } = await stage();
  await queue.add(ball("b1", { data: { needs: 99 } }));
  await clock.pass(0);
  await queue.pass("b1");
  let answer = () => {};
  net.faults.push((reach) => new Promise((resolve) => (answer = () => resolve(reach()))));
  await queue.add({ id: "a1", op: "amend", ref: "b1", type: "delivery", data: { runs: 2 } });
  await flow();
  assert.deepEqual([queue.about("b1"), await queue.drop("b1")], [[], true]);
  answer();
  await clock.pass(0);
  assert.deepEqual([ids(queue.snapshot().refused), logged()], [["a1"], []]);
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
