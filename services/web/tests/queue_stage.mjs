// Where the tests of the queue begin: a device, a server in memory, and a network in between.

import { Clock, flow, memoryStore, openDevice } from "./device.mjs";
import { Scoring } from "./scoring.mjs";

export const ball = (id, more = {}) => ({ id, type: "delivery", data: { runs: 1 }, ...more });
export const ids = (list) => list.map(({ id }) => id);

/** A device, and a server whose answers the test may replace: `net.faults` are asked in turn. */
export async function stage({ store = memoryStore(), name = "phone", clock = new Clock(), server = new Scoring("m", () => clock.now_ms), ...more } = {}) {
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
export const cut_before = () => { throw new TypeError("cut"); };
export const cut_after = (reach) => { reach(); throw new TypeError("cut"); };
