// The pad's offline queue: what a scorer enters is kept before it is shown, and reaches the log once, in order, however bad the network.

import { Outbox } from "./outbox.js";
import { Rows } from "./rows.js";
import { openTabs } from "./tabs.js";

/** An exchange that takes longer came to nothing; the server itself takes 10 s at most. */
const EXCHANGE_MAX_MS = 30_000;
/** How often it is asked what other devices hold. */
const LOOK_MS = 30_000;
/** How long a storage that failed is left alone. */
const STORAGE_PAUSE_MS = 5_000;
const EVENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * @typedef {import("./rows.js").Cursor} Cursor
 * @typedef {import("./answer.js").Answer} Answer
 * @typedef {object} Options
 * @property {string} match
 * @property {string} device `[A-Za-z0-9._-]{1,64}`, the same for all tabs of a browser
 * @property {import("./store.js").Store} store
 * @property {(post: {events: any[], ifMatch: string | null, pending: number, token: string | null, signal: AbortSignal}) => Promise<Answer>} send
 *   posts an array; throws if no answer came
 * @property {(ask: {token: string | null, signal: AbortSignal}) => Promise<Answer>} [look] asks what other devices hold
 * @property {string | null} [token]
 * @property {() => number} [now] Unix ms
 * @property {(act: () => void, after_ms: number) => () => void} [later] returns how to call it off
 * @property {() => number} [random]
 * @property {typeof openTabs} [tabs]
 */

/** @param {Options} options */
export async function openQueue(options) {
  const queue = new Queue(options, await options.store.open(options.match));
  await queue.begin();
  return queue;
}

/** The queue of this device for one match. */
export class Queue {
  /** Called after every change. */
  onchange = () => {};
  /**
   * Called when something was refused by If-Match: what others wrote, as far as the server told it
   * (`isComplete`). What was added with `seen` waits until `rebase()`, or is dropped.
   * @type {(missed: Cursor & {events: any[], isComplete: boolean, wentBack: boolean}) => void}
   */
  onmissed = () => {};
  #rows = new Rows();
  #outbox;
  #kept;
  #tabs;
  #options;
  /** @type {string | null} */
  #token;
  /** @type {{device: string, seq: number, ts: number, pending: number}[]} */
  #others = [];
  #sends = false;
  #isPumping = false;
  #isPumpingAgain = false;
  #isClosed = false;
  /** The end of the last change: they come one after the other. @type {Promise<any>} */
  #changed = Promise.resolve();
  /** Why the last change was not kept. @type {string | null} */
  #storage_problem = null;
  #storage_until_ms = 0;
  #cancel = () => {};
  #cancel_look = () => {};
  #ending = new AbortController();

  /** @param {Options} options @param {import("./store.js").Kept} kept */
  constructor(options, kept) {
    this.#options = { now: Date.now, later: byTimer, random: Math.random, tabs: openTabs, ...options };
    this.#outbox = new Outbox(options.match, this.#rows, this.#options.random);
    this.#kept = kept;
    this.#token = options.token ?? null;
  }

  /** Reads what was kept, and goes on where it was left. */
  async begin() {
    await this.#change(() => {});
    this.#tabs = this.#options.tabs(`grandstand pad ${this.#options.match}`, {
      sends: (does) => this.#takeTurn(does),
      heard: (message) => this.#heard(message),
    });
  }

  /**
   * Adds an event, or several, and makes ids for those that have none; once it resolves they outlive
   * the tab. With `seen`, a cursor that the page shows, they go in one array and are right only on
   * top of that and of what this device itself said: see `onmissed`.
   * @param {any} events @param {{seen?: Cursor | null}} [options] @returns {Promise<string[]>} their ids
   */
  async add(events, { seen = null } = {}) {
    const named = [events].flat().map((event) => ({ ...event, id: event.id ?? newId() }));
    const wrong = named.find(({ id }) => !EVENT_ID.test(id));
    if (wrong) throw new TypeError(`${wrong.id} is no event id`);
    const at_us = this.#options.now() * 1_000;
    await this.#change((outbox) => outbox.add(named, seen && { epoch: seen.epoch, seq: seen.seq }, at_us));
    this.#pump();
    return named.map(({ id }) => id);
  }

  /** Takes an event back that was refused or not sent yet, and what is about it; false if it may be in the log. @param {string} id @returns {Promise<boolean>} */
  drop(id) {
    return this.#decide((outbox) => outbox.drop(id));
  }

  /** What would go with an event that is taken back, as `{id, event}` in order. @param {string} id */
  about(id) {
    return this.#outbox.about(id);
  }

  /** Sends again what was refused; false if it was not. @param {string} id @returns {Promise<boolean>} */
  retry(id) {
    return this.#decide((outbox) => outbox.retry(id));
  }

  /** Leaves aside what was refused, to be dropped, sent again or replaced later: the rest goes on. @param {string} id @returns {Promise<boolean>} */
  pass(id) {
    return this.#decide((outbox) => outbox.pass(id));
  }

  /** Puts right what was refused, and sends it; its id, another only if the old one is used; null if it was not refused. @param {string} id @param {any} event */
  replace(id, event) {
    return this.#decide((outbox) => outbox.replace(id, event, newId()));
  }

  /** What was missed was looked at: what waits is sent on top of it. */
  rebase() {
    return this.#decide((outbox) => outbox.rebase());
  }

  /** Everything that a page shows of it. */
  snapshot() {
    const view = this.#outbox.view(this.#options.now());
    if (this.#storage_problem !== null) {
      view.waiting = { reason: "storage", until_ms: this.#storage_until_ms, problem: this.#storage_problem };
    } else if (!this.#sends && view.pending.length > 0 && view.waiting === null) {
      view.waiting = { reason: "tab", until_ms: null, problem: null };
    }
    return { ...view, others: this.#others };
  }

  /** Another token. @param {string} token */
  token(token) {
    this.#useToken(token);
    this.#tabs.say({ token });
  }

  /** Tries now, in this tab: it became visible, or the network came back. */
  kick() {
    this.#tabs.take();
    this.#outbox.kick();
    this.#look();
    this.#pump();
  }

  /** Ends it; what is kept stays. */
  close() {
    this.#isClosed = true;
    this.#cancel();
    this.#cancel_look();
    this.#ending.abort();
    this.#tabs.close();
    void this.#changed.then(() => this.#kept.close());
  }

  /** @template T @param {(outbox: Outbox) => T} act @returns {Promise<T>} */
  async #decide(act) {
    const result = await this.#change(act);
    this.#pump();
    return result;
  }

  /** Changes the queue, and keeps it so; what could not be kept did not happen. @template T @param {(outbox: Outbox) => T} act @returns {Promise<T>} */
  #change(act) {
    const change = this.#changed.then(() => this.#changeNext(act));
    this.#changed = change.catch(() => {});
    return change;
  }

  /** @template T @param {(outbox: Outbox) => T} act @returns {Promise<T>} */
  async #changeNext(act) {
    const rows = this.#rows;
    /** @type {{result?: T, error?: unknown}} */
    let came = {};
    let isNew = false;
    try {
      await this.#kept.change((kept) => {
        if (kept) rows.load(kept.rows, kept.head);
        came = attempt(() => act(this.#outbox));
        if (came.error) rows.undo();
        const changes = rows.changes();
        isNew = changes !== null;
        return changes;
      });
      rows.settle();
      this.#storage_problem = null;
    } catch (error) {
      rows.undo();
      this.#storage_problem = String(error);
      this.#storage_until_ms = this.#options.now() + STORAGE_PAUSE_MS;
      this.#wake(STORAGE_PAUSE_MS);
      this.onchange();
      throw error;
    }
    if (came.error) throw came.error;
    if (isNew && !this.#isClosed) this.#tabs?.say({ changed: true });
    this.onchange();
    return /** @type {T} */ (came.result);
  }

  /** Sends what there is to send, one array after the other. */
  async #pump() {
    this.#isPumpingAgain = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#isPumpingAgain) {
      this.#isPumpingAgain = false;
      try {
        while (await this.#sendNext());
      } catch {
        // It could not be kept; the page was told, and a timer runs.
      }
    }
    this.#isPumping = false;
  }

  /** Whether there may be more to send now. */
  async #sendNext() {
    if (this.#isClosed) return false;
    if (this.#storage_problem !== null) await this.#change(() => this.#rows.setHead(this.#rows.head));
    if (!this.#sends) return false;
    const due_ms = this.#outbox.due(this.#options.now());
    if (due_ms !== 0) {
      if (due_ms !== null) this.#wake(due_ms);
      return false;
    }
    const request = await this.#change((outbox) => outbox.take(this.#options.now()));
    if (request === null) return true;
    const { events, ifMatch, pending } = request;
    const token = this.#token;
    const answer = await this.#exchange((signal) => this.#options.send({ events, ifMatch, pending, token, signal }));
    if (this.#isClosed) return false;
    const missed_before = this.#outbox.missed;
    await this.#change((outbox) => {
      const now_ms = this.#options.now();
      if (answer === null) outbox.failed(now_ms);
      else outbox.answered(now_ms, request, answer);
      // There is another token since: what was said of the old one says nothing of it.
      if (token !== this.#token) outbox.hasToken();
    });
    const { missed } = this.#outbox;
    if (missed !== null && missed !== missed_before) this.onmissed(missed);
    return true;
  }

  /** An answer in time, or none. @param {(signal: AbortSignal) => Promise<Answer>} ask @returns {Promise<Answer | null>} */
  async #exchange(ask) {
    const giving_up = new AbortController();
    const give_up = () => giving_up.abort();
    const call_off = this.#options.later(give_up, EXCHANGE_MAX_MS);
    this.#ending.signal.addEventListener("abort", give_up);
    try {
      return await ask(giving_up.signal);
    } catch {
      return null;
    } finally {
      call_off();
      this.#ending.signal.removeEventListener("abort", give_up);
    }
  }

  /** Asks what others hold, and whether the log is still the one that was known; again and again. */
  async #look() {
    const { look, later, device } = this.#options;
    this.#cancel_look();
    if (!look || this.#isClosed || !this.#sends) return;
    this.#cancel_look = later(() => this.#look(), LOOK_MS);
    if (globalThis.document?.visibilityState === "hidden") return;
    const token = this.#token;
    const answer = await this.#exchange((signal) => look({ token, signal }));
    if (answer === null || this.#isClosed) return;
    const { status, body } = answer;
    if (status === 401 && token === this.#token) this.#outbox.needsToken(body);
    if (status === 200 && Array.isArray(body?.devices) && typeof body.epoch === "string") {
      this.#others = body.devices.filter((/** @type {any} */ other) => other.device !== device);
      await this.#change((outbox) => outbox.heard(body)).catch(() => {});
      this.#pump();
    } else this.onchange();
  }

  /** Sends when it is due, unless it did so before. @param {number} after_ms */
  #wake(after_ms) {
    this.#cancel();
    this.#cancel = this.#options.later(() => this.#pump(), after_ms);
  }

  /** @param {boolean} does whether this tab sends */
  #takeTurn(does) {
    this.#sends = does;
    if (this.#isClosed) return;
    this.onchange();
    this.#look();
    this.#pump();
  }

  /** Another tab said something. @param {any} message */
  #heard({ token, changed }) {
    if (token) this.#useToken(token);
    if (changed) void this.#decide(() => {}).catch(() => {});
  }

  /** @param {string} token */
  #useToken(token) {
    this.#token = token;
    this.#outbox.hasToken();
    this.onchange();
    this.#look();
    this.#pump();
  }
}

/** @param {() => any} act */
function attempt(act) {
  try {
    return { result: act() };
  } catch (error) {
    return { error };
  }
}

/** An id that no other device makes: 120 bits of chance. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

/** @param {() => void} act @param {number} after_ms */
function byTimer(act, after_ms) {
  const timer = setTimeout(act, after_ms);
  return () => clearTimeout(timer);
}
