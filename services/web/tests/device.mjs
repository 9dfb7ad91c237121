// A scorer's device for the queue's tests: its clock stands still until it is moved, its storage and its network fail when the test says so.

import { openQueue } from "../pad/queue/queue.js";
import { settle } from "./stage.mjs";

/** A clock with timers, which runs on only by `pass`. */
export class Clock {
  now_ms = 1_790_000_000_000;
  /** What a device shows beside the truth. */
  skew_ms = 0;
  #timers = new Set();

  now = () => this.now_ms + this.skew_ms;

  later = (act, after_ms) => {
    const timer = { at_ms: this.now_ms + after_ms, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Runs on, timer by timer. */
  async pass(ms) {
    const until_ms = this.now_ms + ms;
    for (;;) {
      await flow();
      const next = [...this.#timers].filter(({ at_ms }) => at_ms <= until_ms).sort((one, other) => one.at_ms - other.at_ms)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      next.act();
    }
    this.now_ms = until_ms;
  }
}

/** What a browser keeps, as JSON, so that nothing is shared with the page. */
export function memoryStore() {
  let kept = JSON.stringify({ revision: 0, head: null, rows: [] });
  const store = {
    /** @type {Error | null} */
    fails: null,
    /** The tab is killed as the next change comes: `before` it is kept, or `after`, and hears no more. */
    dies: null,
    rows: () => JSON.parse(kept).rows,
    async open() {
      let known = -1;
      return {
        async change(work) {
          await null;
          if (store.fails) throw store.fails;
          const { revision, head, rows } = JSON.parse(kept);
          const changes = work(revision === known ? null : { rows, head });
          known = revision;
          if (changes === null) return;
          const dies = store.dies;
          if (dies === "before") return new Promise(() => {});
          const left = new Map(rows.map((row) => [row.n, row]));
          for (const n of changes.gone) left.delete(n);
          for (const row of changes.rows) left.set(row.n, row);
          kept = JSON.stringify({ revision: ++known, head: changes.head, rows: [...left.values()] });
          if (dies === "after") return new Promise(() => {});
        },
        close() {},
      };
    },
  };
  return store;
}

/** One tab alone. */
export function oneTab(name, owner) {
  queueMicrotask(() => owner.sends(true));
  return { say() {}, take() {}, close() {} };
}

/** A queue on a device of its own; `net` answers its requests, or throws. */
export function openDevice(name, { clock, store, net, random = () => 0.5, token = "good", tabs = oneTab }) {
  return openQueue({
    match: "m", device: name, store, token, random, tabs, now: clock.now, later: clock.later,
    send: (post) => net.post(name, post),
    look: (ask) => net.devices(name, ask),
  });
}

/** Lets what was answered come to where it is taken. */
export async function flow() {
  for (let turn = 0; turn < 6; turn++) await settle();
}
