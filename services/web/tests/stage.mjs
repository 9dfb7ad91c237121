// A stage for the client: its clock stands still until it is moved, and its sockets are puppets.

import { mock } from "node:test";

import { Client, hashOf } from "../sdk/grandstand.js";

export const EPOCH = "1790000000123456.1";
export const state = (count) => ({ count, strip: { title: "Reds v Blues", status: "live" } });
export const snapshot = (seq, more = {}) => ({
  type: "snapshot", match: "m", epoch: EPOCH, seq, state: state(seq), hash: hashOf(state(seq)), reason: "joined", ...more,
});
export const events = (first, last, more = {}) => ({
  type: "events", match: "m", epoch: EPOCH, hash: hashOf(state(last)),
  events: Array.from({ length: last - first + 1 }, (_, index) => {
    const seq = first + index;
    return { seq, ts: seq, id: `e${seq}`, type: "count", patch: seq === 1 ? state(1) : { count: seq } };
  }), ...more,
});
export const welcome = { type: "welcome", session: "5e5510", tier: "premium", heartbeat_s: 25, reconnect_window_ms: 0 };

/** A browser's tab storage. */
export function storage() {
  const kept = new Map();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

/** A client on a stage of its own; the clock is anybody's again after the test. */
export function stage(t, options = {}, urls = ["http://one.example", "http://two.example"]) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  t.after(() => mock.timers.reset());
  const sockets = [];
  class Puppet {
    readyState = 0;
    said = [];
    isClosed = false;
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, protocol: "grandstand.v1.json" });
      sockets.push(this);
    }
    send(text) {
      this.said.push(JSON.parse(text));
    }
    close() {
      [this.isClosed, this.readyState] = [true, 3];
    }
    open(...messages) {
      this.readyState = 1;
      this.onopen();
      this.hear(welcome, ...messages);
    }
    hear(...messages) {
      for (const message of messages) this.onmessage({ data: JSON.stringify(message) });
    }
    end(code, reason = "") {
      this.readyState = 3;
      this.onclose({ code, reason });
    }
  }
  const fetch = async () => {
    throw new TypeError("unreachable");
  };
  const client = new Client(urls, { WebSocket: Puppet, fetch, random: () => 1, storage: null, ...options });
  const told = [];
  client.addEventListener("connection", ({ detail }) => told.push(detail));
  const problems = [];
  client.addEventListener("problem", ({ detail }) => problems.push(detail.code));
  return { client, sockets, told, problems, last: () => sockets.at(-1) };
}

/** Makes this look like a page; what it returns tells the page something. */
export function page(t) {
  const [document, window] = [new EventTarget(), new EventTarget()];
  document.visibilityState = "visible";
  globalThis.document = document;
  globalThis.addEventListener = window.addEventListener.bind(window);
  t.after(() => {
    delete globalThis.document;
    delete globalThis.addEventListener;
  });
  return (event) => (event === "visibilitychange" ? document : window).dispatchEvent(new Event(event));
}

/** Lets promises come to their end. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock, a second at most at a time. */
export async function pass(ms) {
  for (let left_ms = ms; left_ms > 0; left_ms -= 1_000) {
    mock.timers.tick(Math.min(left_ms, 1_000));
    await settle();
  }
}

/** Moves the clock at once, as a device does that slept. */
export async function sleep(ms) {
  mock.timers.setTime(Date.now() + ms - 1_000);
  await pass(1_000);
}
