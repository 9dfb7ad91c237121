// The pad's queue: what it sends, when, and what it makes of each answer.

import assert from "node:assert/strict";
import { test } from "node:test";

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
      return fault ? fault(() => server.post(device, post), post) : server.post(device, post);
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
  const { queue, posts, server, clock } = await stage();
  await queue.add(ball("b1"));
  await Promise.all([queue.add([ball("b2"), ball("b3")]), queue.add(ball("b4"))]);
  await clock.pass(0);
  assert.deepEqual(server.log.map(({ event }) => event.id), ["b1", "b2", "b3", "b4"]);
  assert.equal(posts[0].ids.length, 1);
  assert.equal(posts[0].pending, 0);
  const { pending, confirmed, head, online, waiting } = queue.snapshot();
  assert.deepEqual([pending, ids(confirmed), online, waiting], [[], ["b1", "b2", "b3", "b4"], true, null]);
  assert.deepEqual([head.seq, head.hash], [4, "after 4"]);
});
