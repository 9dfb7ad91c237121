// The pad's queue through whatever may happen, by chance: two devices on bad networks, tabs that are
// killed, storages that fail, a match that is brought back. GRANDSTAND_TEST_SEED replays a failure.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock, flow, memoryStore, openDevice } from "./device.mjs";
import { Scoring, answer, problem } from "./scoring.mjs";

const RUNS = 30;
const STEPS = 60;
/** More posts than that without a pause are a loop. */
const POSTS_AT_ONCE_MAX = 200;

/** Numbers from 0 to 1, the same for the same seed. */
function chanceOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One world: a server, two devices, and what is known of every event. */
class World {
  clock = new Clock();
  server = new Scoring("m", () => this.clock.now_ms);
  isWild = true;
  labels = 0;
  posts_at = new Map();
  devices = ["phone", "tablet"].map((name) => ({ name, store: memoryStore(), queue: null, token: "good", told: new Set(), epochs: new Set() }));
  /** @type {Map<string, {device: any, isKept: boolean, isDropped: boolean, hasMoved: boolean, seen: any}>} by label, in the order added */
  events = new Map();
  misled = new Set();
  /** Ids that were in the log in a life before this one. */
  before = new Set();
  /** What was wrong where the queue would take an exception for a network's. @type {string[]} */
  wrong = [];

  constructor(seed) {
    this.chance = chanceOf(seed);
  }

  below = (bound) => Math.floor(this.chance() * bound);
  pick = (list) => list[this.below(list.length)];

  async open(device) {
    device.store.dies = null;
    const { clock, chance: random } = this;
    const net = { post: (_, post) => this.post(device, post), devices: async (_, ask) => this.look(ask) };
    const was = device.store.fails;
    device.store.fails = null;
    device.queue = await openDevice(device.name, { clock, store: device.store, net, random, token: device.token });
    device.store.fails = was;
    device.queue.onmissed = ({ events, isComplete, wentBack, epoch }) => {
      // Where it is not all, a page reads the rest.
      for (const { id } of isComplete ? events : this.server.log.map(({ event }) => event)) device.told.add(id);
      device.epochs.add(epoch);
      // A server tells the newest 100.
      this.claim(isComplete || wentBack || events.length === 0 || this.server.seq > 100, "all was told");
    };
  }

  async look(ask) {
    if (this.isWild && this.chance() < 0.3) throw new TypeError("cut");
    return this.server.devices(ask);
  }

  /** A post on its way, and its answer on its way back. */
  async post(device, post) {
    const { now_ms } = this.clock;
    const at = (this.posts_at.get(now_ms) ?? 0) + 1;
    this.posts_at.set(now_ms, at);
    this.claim(at < POSTS_AT_ONCE_MAX, "it goes round and round");
    if (at >= POSTS_AT_ONCE_MAX) throw new TypeError("stopped");
    this.claim(post.events.length <= 50, "an array is too long");
    const reach = () => this.reach(device, post);
    if (!this.isWild) return reach();
    const cut = () => { throw new TypeError("cut"); };
    switch (this.below(16)) {
      case 0: return cut();
      case 1: reach(); return cut();
      case 2: this.reachLate(reach, post); return cut();
      case 3: reach(); return problem(503, "no-leader", { outcome: "unknown" }, { "Retry-After": "2" });
      case 4: this.reachLate(reach, post); return problem(503, "no-leader", { outcome: "unknown" });
      case 5: return problem(503, "busy", {}, { "Retry-After": "1" });
      case 6: return problem(429, "too-many", {}, { "Retry-After": "30" });
      case 7: reach(); return problem(500, "fault", { outcome: "unknown" });
      case 8: return answer(200, this.pick([null, { login: true }]));
      case 9: if (this.chance() < 0.5) reach(); return this.hang(post.signal);
      case 10: return this.mislead(post) ?? reach();
      default: {
        await this.pause(this.below(3_000), post.signal);
        const came = reach();
        await this.pause(this.below(3_000), post.signal);
        return came;
      }
    }
  }

  claim(isSo, otherwise) {
    if (!isSo) this.wrong.push(otherwise);
  }

  reach(device, post) {
    const before = this.server.seq;
    const came = this.server.post(device.name, post);
    for (const { event, seq } of this.server.log.slice(before)) this.checkSeen(device, event, seq);
    return came;
  }

  /** What minded was stored on top of nothing that was not told. */
  checkSeen(device, { data, id }, seq) {
    const seen = this.events.get(data?.label)?.seen;
    if (!seen) return;
    if (seen.epoch !== this.server.epoch) {
      this.claim(device.epochs.has(this.server.epoch) || this.before.has(id), `${id} went into another log unasked`);
      return;
    }
    const others = this.server.log.slice(seen.seq, seq - 1).filter((one) => one.device !== device.name);
    for (const { event } of others) this.claim(device.told.has(event.id), `${id} was stored on top of ${event.id}`);
  }

  /** It waited somewhere; only what says where the log should end can wait so long. */
  reachLate(reach, { ifMatch }) {
    if (ifMatch !== null) this.clock.later(reach, this.below(60_000));
  }

  /** A leader that has just woken does not know the newest events, and refuses what is in the log. */
  mislead({ events }) {
    const index = events.findIndex(({ id }) => this.server.log.some(({ event }) => event.id === id));
    if (index < 0 || this.misled.has(events[index].id)) return null;
    this.misled.add(events[index].id);
    return problem(422, "impossible", { rule: "over", id: events[index].id, index });
  }

  hang(signal) {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  }

  pause(ms, signal) {
    return new Promise((resolve, reject) => {
      this.clock.later(() => resolve(undefined), ms);
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  }

  event(device, seen) {
    const label = `${device.name} ${++this.labels}`;
    this.events.set(label, { device, isKept: false, isDropped: false, hasMoved: false, seen });
    const data = { label, ...(this.chance() < 0.08 ? { needs: this.server.seq + this.below(12) } : {}) };
    const own = [...device.queue.snapshot().pending, ...device.queue.snapshot().confirmed];
    const refers = this.chance() < 0.1 && own.length > 0;
    return { type: "delivery", data, ...(refers ? { op: "amend", ref: this.pick(own).id } : {}) };
  }

  async add(device) {
    const seen = this.chance() < 0.4 ? device.queue.snapshot().head : null;
    const events = Array.from({ length: 1 + this.below(this.chance() < 0.05 ? 60 : 4) }, () => this.event(device, seen));
    const adding = device.queue.add(events.length > 50 ? events.slice(0, 50) : events, { seen });
    const kept = events.slice(0, 50).map(({ data }) => this.events.get(data.label));
    events.slice(50).forEach(({ data }) => this.events.delete(data.label));
    // A killed tab never hears of it.
    void adding.then(() => kept.forEach((one) => (one.isKept = true)), () => kept.forEach((one) => (one.isRejected = true)));
    if (device.store.dies === null) await flow();
  }

  /** What a scorer does about one thing that does not go by itself. */
  async decide(device, { isPatient }) {
    const { queue } = device;
    const { refused, waiting } = queue.snapshot();
    if (waiting?.reason === "missed") await queue.rebase();
    const one = refused[0];
    if (!one) return;
    const fate = this.events.get(one.event.data.label);
    const { id, event } = one;
    switch (isPatient ? 1 + this.below(2) : this.below(4)) {
      case 0: await queue.pass(id); fate.hasMoved = true; break;
      case 1: await queue.retry(id); break;
      case 2: await this.takeBack(device, id); break;
      case 3: await queue.replace(id, { ...event, data: { label: event.data.label }, ref: undefined, op: undefined }); break;
    }
  }

  async drop(device) {
    const { pending } = device.queue.snapshot();
    if (pending.length === 0) return;
    await this.takeBack(device, this.pick(pending).id);
  }

  /** What is about it goes with it. */
  async takeBack({ queue }, id) {
    const held = () => [...queue.snapshot().pending, ...queue.snapshot().refused];
    const before = held();
    if (!(await queue.drop(id))) return;
    const here = new Set([...held(), ...queue.snapshot().confirmed].map((one) => one.id));
    for (const one of before) if (!here.has(one.id)) this.events.get(one.event.data.label).isDropped = true;
  }

  async step() {
    const device = this.pick(this.devices);
    const act = this.below(20);
    try {
      if (act < 7) await this.add(device);
      else if (act < 9) await this.drop(device);
      else if (act < 12) await this.decide(device, { isPatient: false });
      else if (act === 12) await this.reload(device);
      else if (act === 13) this.clock.skew_ms = this.below(4) * 3_600_000 * (this.below(3) - 1);
      else if (act === 14) device.store.fails = this.chance() < 0.5 ? new Error("full") : null;
      else if (act === 15) this.server.goodToken = this.pick(["good", "good", "new"]);
      else if (act === 16) device.queue.token((device.token = this.server.goodToken));
      else if (act === 17) device.queue.kick();
      else if (act === 18 && this.chance() < 0.3) this.restore();
    } catch (error) {
      if (error.message !== "full") throw error;
    }
    if (this.chance() < 0.7) await this.clock.pass(this.below(this.pick([100, 5_000, 60_000])));
  }

  restore() {
    for (const { event } of this.server.log) this.before.add(event.id);
    this.server.restore(this.below(this.server.seq + 1));
  }

  /** The tab is killed, perhaps in the middle of adding something, and opened again. */
  async reload(device) {
    device.store.dies = this.pick([null, "before", "after"]);
    if (device.store.dies !== null && device.store.fails === null) {
      await this.add(device);
      await flow();
    }
    device.queue.close();
    await flow();
    await this.open(device);
  }

  async run() {
    for (const device of this.devices) await this.open(device);
    for (let step = 0; step < STEPS; step++) await this.step();
    await this.calm();
    this.check();
    for (const { queue } of this.devices) queue.close();
  }

  /** The networks are good again, and the scorers put right what was refused. */
  async calm() {
    this.isWild = false;
    for (const device of this.devices) device.store.fails = null;
    for (let turn = 0; turn < 400; turn++) {
      for (const device of this.devices) device.queue.token((device.token = this.server.goodToken));
      await this.clock.pass(35_000);
      const left = this.devices.filter(({ queue }) => queue.snapshot().waiting !== null || queue.snapshot().pending.length + queue.snapshot().refused.length > 0);
      if (left.length === 0) return;
      for (const device of left) await this.decide(device, { isPatient: true });
      assert.deepEqual(this.wrong, []);
    }
    assert.fail(`not calm: ${JSON.stringify(this.devices.map(({ queue }) => ({ ...queue.snapshot(), confirmed: 0 })))}`);
  }

  check() {
    assert.deepEqual(this.wrong, []);
    const logged = this.server.log.map(({ event }) => event.data.label);
    assert.equal(new Set(logged).size, logged.length, "nothing is there twice");
    for (const [label, { isKept, isDropped, isRejected }] of this.events) {
      if (isDropped) assert.ok(!logged.includes(label), `${label} was taken back`);
      else if (isKept) assert.ok(logged.includes(label), `${label} was added`);
      else if (isRejected) assert.ok(!logged.includes(label), `${label} was not kept`);
    }
    for (const { name } of this.devices) {
      const stays = (label) => label.startsWith(name) && !this.events.get(label).hasMoved;
      const order = [...this.events.keys()].filter((label) => stays(label) && logged.includes(label));
      assert.deepEqual(logged.filter(stays), order, "in the device's order");
    }
    for (const { queue } of this.devices) {
      for (const { id, seq } of queue.snapshot().confirmed) assert.equal(this.server.log[seq - 1]?.event.id, id);
    }
  }
}

test("the log holds what each device added and did not take back, once, in its order", async () => {
  const given = process.env.GRANDSTAND_TEST_SEED;
  const first = given ? Number(given) : Date.now() % 1_000_000_000;
  for (let seed = first; seed < first + (given ? 1 : RUNS); seed++) {
    try {
      await new World(seed).run();
    } catch (error) {
      error.message = `GRANDSTAND_TEST_SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
});
