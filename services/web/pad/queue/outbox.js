// What one device has to say of a match, and has said, in its order: what goes next, and what an
// answer makes of it. It knows no clock, no network, no storage and no chance.

import { meaningOf } from "./answer.js";
import { BYTES_MAX, bytesOf, EVENTS_MAX, nextArray } from "./array.js";
import { Pause } from "./pause.js";

/** What was confirmed is kept for so long by the server's clock, to be said again should the log lose it. */
const KEPT_US = 7 * 24 * 3_600 * 1_000_000;
/** Who lost against another device so often in a row no longer minds where the log ends. */
const STALE_MAX = 8;

/**
 * @typedef {import("./rows.js").Cursor} Cursor
 * @typedef {import("./rows.js").Row} Row
 * @typedef {object} Request
 * @property {string[]} ids @property {any[]} events
 * @property {string | null} ifMatch a cursor
 * @property {number} pending what is still held after it
 * @property {boolean} isGuarded whether somebody wants to know when it does not match
 * @property {Cursor | null} head the newest that was known
 * @property {Set<string>} doubted those that may be in the log already
 */

/** The queue of one device for one match. */
export class Outbox {
  /** Whether the last exchange came through; null before the first. @type {boolean | null} */
  online = null;
  /** What others wrote, while something waits that minds. @type {(Cursor & {events: any[], isComplete: boolean, wentBack: boolean}) | null} */
  missed = null;
  #match;
  #rows;
  #pause;
  /** Why the token is no good. @type {any} */
  #token_problem = null;
  #stale = 0;
  #array_max = EVENTS_MAX;
  /** Those that were refused once though they may be in the log: a leader that has just woken may not know. */
  #asked_again = new Set();

  /** @param {string} match @param {import("./rows.js").Rows} rows @param {() => number} random */
  constructor(match, rows, random) {
    this.#match = match;
    this.#rows = rows;
    this.#pause = new Pause(random);
  }

  /**
   * Puts events, which have ids, behind what there is. One that is here already, and the same, is
   * passed over. With `seen` they go in one array, and only on top of that.
   * @param {any[]} events @param {Cursor | null} seen @param {number} at_us when they happened, unless they say it
   */
  add(events, seen, at_us) {
    const fresh = events.filter((event) => this.#isFresh(event)).map((event) => ({ ...event, at: event.at ?? at_us }));
    if (seen && (fresh.length > EVENTS_MAX || bytesOf(fresh) > BYTES_MAX)) {
      throw new RangeError(`at most ${EVENTS_MAX} events and ${BYTES_MAX} bytes go together`);
    }
    let n = this.#rows.ordered().at(-1)?.n ?? 0;
    const group = n + 1;
    for (const event of fresh) {
      /** @type {Row} */
      const row = { n: ++n, id: event.id, event, state: "waiting", sent: false };
      this.#rows.put(seen ? { ...row, group, seen } : row);
    }
  }

  /** Takes an event back, and what is about it; false if it is not here, or may be in the log. @param {string} id */
  drop(id) {
    const row = this.#rows.get(id);
    if (!row || mayBeInLog(row)) return false;
    for (const one of [row, ...this.#rowsAbout(id)]) this.#rows.remove(one);
    return true;
  }

  /**
   * What goes with an event that is taken back, in order: its corrections, what was put in after it, and
   * what is about that. The log would not know what they name.
   * @param {string} id
   */
  about(id) {
    return this.#rowsAbout(id).map(({ id, event }) => ({ id, event }));
  }

  /** What was refused goes again as it is; false if it was not. @param {string} id */
  retry(id) {
    const row = this.#refused(id);
    if (row === null) return false;
    this.#rows.put({ ...row, state: "waiting", problem: undefined, left_with: undefined });
    this.#takeUpAgain(id);
    return true;
  }

  /**
   * What was refused stays refused, and what comes after it goes on but for what is about it, which
   * the log would refuse; false if it was not. @param {string} id
   */
  pass(id) {
    const row = this.#refused(id);
    if (row === null) return false;
    this.#rows.put({ ...row, state: "aside" });
    for (const one of this.#rowsAbout(id)) if (one.state === "waiting") this.#rows.put({ ...one, state: "aside", left_with: id });
    return true;
  }

  /**
   * Something else goes in the place of what was refused: under its id, which others behind it may
   * name, unless that stands for something in the log.
   * @param {string} id @param {any} event @param {string} new_id @returns {string | null} its id; null if nothing was refused
   */
  replace(id, event, new_id) {
    const row = this.#refused(id);
    if (row === null) return null;
    const id_now = row.problem?.rule === "id_used" ? new_id : id;
    this.#takeUpAgain(id);
    if (id_now !== id) {
      this.#rows.remove(row);
      for (const other of this.#rows.unsettled()) {
        if (other.event.ref === id) this.#rows.put({ ...other, event: { ...other.event, ref: id_now } });
      }
    }
    const at = event.at ?? row.event.at;
    this.#rows.put({ ...row, id: id_now, event: { ...event, id: id_now, ...(at ? { at } : {}) }, state: "waiting", sent: false, problem: undefined, left_with: undefined });
    return id_now;
  }

  /** What was missed was looked at: what waits is right on top of it. */
  rebase() {
    if (this.missed === null) return;
    const { epoch, seq } = this.missed;
    this.missed = null;
    for (const row of this.#rows.unsettled()) if (row.seen) this.#rows.put({ ...row, seen: { epoch, seq } });
  }

  /** There is another token. */
  hasToken() {
    this.#token_problem = null;
  }

  /** The token is no good. @param {any} problem */
  needsToken(problem) {
    this.online = true;
    this.#token_problem = problem;
  }

  /** The network may be back: no need to wait, unless the server asked for it. */
  kick() {
    if (this.#pause.reason === "network") this.#pause.end();
  }

  /** The leader was heard to be there. @param {Cursor} cursor */
  heard({ epoch, seq }) {
    this.online = true;
    if (this.#rows.head && this.#rows.head.epoch !== epoch) this.#sayAgain();
    this.#moveHead(epoch, seq);
  }

  /** In how many ms something may be sent; null: not before something changes. @param {number} now_ms */
  due(now_ms) {
    if (this.#obstacle() !== null || this.#batch().length === 0) return null;
    return this.#pause.left(now_ms);
  }

  /** What goes next, now; null: nothing. From here on it may be in the log. @param {number} now_ms @returns {Request | null} */
  take(now_ms) {
    if (this.due(now_ms) !== 0) return null;
    const batch = this.#batch();
    const [first] = batch;
    // Where the log ends is minded by us too: it tells at once if the log is another.
    const base = first.seen ?? (this.#stale >= STALE_MAX ? null : this.#rows.head);
    const request = {
      ids: batch.map(({ id }) => id),
      events: batch.map(({ event }) => event),
      ifMatch: base && `${base.epoch}-${base.seq}`,
      pending: this.#rows.held().length - batch.length,
      isGuarded: first.seen !== undefined,
      head: this.#rows.head,
      doubted: new Set(batch.filter(({ sent }) => sent).map(({ id }) => id)),
    };
    for (const row of batch) if (!row.sent) this.#rows.put({ ...row, sent: true });
    return request;
  }

  /** No answer came: whether it was stored is unknown. @param {number} now_ms */
  failed(now_ms) {
    this.online = false;
    this.#pause.begin(now_ms, "network", 0);
  }

  /** @param {number} now_ms @param {Request} request @param {import("./answer.js").Answer} answer */
  answered(now_ms, request, answer) {
    const meaning = meaningOf(answer, this.#match, request.ids);
    this.online = true;
    if (meaning.is === "stored") return this.#stored(meaning);
    if (meaning.is === "later" && meaning.isUnknown) return this.#pause.begin(now_ms, meaning.reason, meaning.retry_after_ms);
    this.#notStored(request);
    switch (meaning.is) {
      case "later":
        return this.#pause.begin(now_ms, meaning.reason, meaning.retry_after_ms);
      case "token":
        return this.needsToken(meaning.problem);
      case "stale":
        return request.isGuarded ? this.#surprised(now_ms, request, meaning) : this.#outrun(now_ms, request, meaning);
      case "too_large":
        if (this.#halves(request)) return;
        // Nobody of ours said so: perhaps another network lets it through.
        if (meaning.problem === null) return this.#pause.begin(now_ms, "server", 0);
        return this.#refuse(now_ms, request, request.ids[0], meaning.problem);
      case "refused":
        if (meaning.id === null && this.#halves(request)) return;
        return this.#refuse(now_ms, request, meaning.id ?? request.ids[0], meaning.problem);
    }
  }

  /** What a page shows. @param {number} now_ms */
  view(now_ms) {
    const rows = this.#rows.ordered();
    const paused = this.#rows.held().length > 0 && this.#pause.left(now_ms) > 0 ? this.#pause.reason : null;
    const reason = this.#obstacle() ?? paused;
    return {
      pending: rows.filter(({ state }) => state === "waiting").map(({ n, id, event, sent }) => ({ n, id, event, sent })),
      confirmed: rows.filter(({ state }) => state === "confirmed").map(({ id, event, seq, ts, warnings }) => ({ id, event, seq, ts, warnings })),
      refused: rows.filter(isRefused).map(({ n, id, event, problem, state, left_with }) => ({ n, id, event, problem, isAside: state === "aside", left_with })),
      head: this.#rows.head,
      online: this.online === true,
      missed: this.missed,
      waiting: reason && { reason, until_ms: reason === paused ? this.#pause.until_ms : null, problem: reason === "token" ? this.#token_problem : null },
    };
  }

  /** @param {string} id */
  #rowsAbout(id) {
    const names = new Set([id]);
    return this.#rows.held().filter((row) => {
      const goes = names.has(row.event.ref) && !mayBeInLog(row);
      if (goes) names.add(row.id);
      return goes;
    });
  }

  /** What was left with an event that goes again goes again, too. @param {string} id */
  #takeUpAgain(id) {
    for (const row of this.#rows.held()) {
      if (row.left_with === id) this.#rows.put({ ...row, state: "waiting", left_with: undefined });
    }
  }

  /** Whether it is not here yet. @param {any} event */
  #isFresh(event) {
    const known = this.#rows.get(event.id)?.event;
    if (known && JSON.stringify({ ...event, at: event.at ?? known.at }) !== JSON.stringify(known)) {
      throw new TypeError(`${event.id} stands for another event`);
    }
    return known === undefined;
  }

  /** @param {Extract<import("./answer.js").Meaning, {is: "stored"}>} meaning */
  #stored({ epoch, seq, hash, strip, events }) {
    if (this.#rows.head && this.#rows.head.epoch !== epoch) this.#sayAgain();
    for (const { id, seq, ts, warnings } of events) {
      const row = this.#rows.get(id);
      if (row) this.#rows.put({ n: row.n, id, event: row.event, state: "confirmed", sent: true, seq, ts, warnings });
    }
    this.#follow(epoch, events);
    this.#moveHead(epoch, seq, { hash, strip });
    this.#forget();
    this.#stale = 0;
    this.#pause.reset();
    this.#array_max = Math.min(EVENTS_MAX, this.#array_max * 2);
    this.#asked_again.clear();
  }

  /** None of it was stored, so what was new in it is still ours alone. @param {Request} request */
  #notStored({ ids, doubted }) {
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row?.state === "waiting" && !doubted.has(id)) this.#rows.put({ ...row, sent: false });
    }
  }

  /** @param {number} now_ms @param {Request} request @param {string} id @param {any} problem */
  #refuse(now_ms, request, id, problem) {
    const row = this.#rows.get(id);
    if (row?.state !== "waiting") return;
    if (request.doubted.has(id) && !this.#asked_again.has(id)) {
      this.#asked_again.add(id);
      return this.#pause.begin(now_ms, "server", 0);
    }
    this.#asked_again.delete(id);
    this.#rows.put({ ...row, state: "refused", sent: false, problem });
  }

  /** Another device was faster, and nobody minds. */
  #outrun(now_ms, { head }, { epoch, seq }) {
    this.#stale += 1;
    this.#meet(now_ms, head, epoch, seq);
  }

  /** Another device wrote what the scorer has not seen; what this one wrote is none of it. */
  #surprised(now_ms, { ids, head }, { epoch, seq, events }) {
    this.#stale += 1;
    const is_another = this.#meet(now_ms, head, epoch, seq);
    const ours = events.filter(({ id }) => this.#rows.has(id));
    this.#follow(epoch, ours);
    const seen = this.#rows.get(ids[0])?.seen;
    // Then only this device wrote.
    if (seen?.epoch === epoch && seen.seq === seq && this.#stale < STALE_MAX) return;
    // All that is new is told, and ours is not in it: what was said on top of an older end can't come there.
    const isAll = seen?.epoch === epoch && events.length === seq - seen.seq;
    for (const id of isAll ? ids : []) {
      const row = this.#rows.get(id);
      if (row?.state === "waiting") this.#rows.put({ ...row, sent: false });
    }
    const others = events.filter(({ id }) => !this.#rows.has(id));
    const wentBack = is_another || seen?.epoch !== epoch;
    const isComplete = !wentBack && others[0]?.seq === seen.seq + 1;
    this.missed = { epoch, seq, events: others, isComplete, wentBack };
  }

  /** The log ends elsewhere than was known; whether it is another log. @param {Cursor | null} head */
  #meet(now_ms, head, epoch, seq) {
    const is_another = head !== null && (head.epoch !== epoch || seq < head.seq);
    if (is_another) {
      this.#sayAgain();
      this.#rows.setHead(null);
      // Should it go back and forth, it is not asked without end.
      this.#pause.begin(now_ms, "server", 0);
    }
    this.#moveHead(epoch, seq);
    return is_another;
  }

  /** Whether an array that is too much goes in halves. @param {Request} request */
  #halves({ ids, isGuarded }) {
    const one_group = isGuarded && new Set(ids.map((id) => this.#rows.get(id)?.group)).size === 1;
    if (ids.length === 1 || one_group) return false;
    this.#array_max = Math.ceil(ids.length / 2);
    return true;
  }

  /** What this device said itself is no surprise to what waits here. @param {string} epoch @param {{seq: number}[]} events */
  #follow(epoch, events) {
    const seqs = events.map(({ seq }) => seq).sort((one, other) => one - other);
    for (const row of this.#rows.unsettled()) {
      if (row.seen?.epoch !== epoch) continue;
      const seq = after(row.seen.seq, seqs);
      if (seq !== row.seen.seq) this.#rows.put({ ...row, seen: { epoch, seq } });
    }
    const { missed } = this;
    if (missed?.epoch === epoch) missed.seq = after(missed.seq, seqs);
  }

  /** The log is another: what it had of us goes again, before all else. */
  #sayAgain() {
    for (const row of this.#rows.ordered()) {
      if (row.state !== "confirmed") continue;
      const { n, id, event, ts } = row;
      this.#rows.put({ n, id, event, ts, state: "waiting", sent: true, again: true });
    }
  }

  /** Lets go of what was confirmed long ago. */
  #forget() {
    const newest = Math.max(...this.#rows.ordered().map(({ ts }) => ts ?? 0));
    for (const row of this.#rows.ordered()) {
      if (row.state === "confirmed" && (row.ts ?? 0) < newest - KEPT_US) this.#rows.remove(row);
    }
  }

  /** @param {string} epoch @param {number} seq @param {{hash: string | null, strip: any}} [said] */
  #moveHead(epoch, seq, said) {
    const { head } = this.#rows;
    if (head?.epoch === epoch && (seq < head.seq || (seq === head.seq && !said))) return;
    if (this.missed && this.missed.epoch !== epoch) this.missed = null;
    this.#rows.setHead({ epoch, seq, ...(said ?? { hash: null, strip: head?.strip ?? null }) });
  }

  /** Why nothing goes before somebody does something. */
  #obstacle() {
    if (this.#token_problem !== null) return "token";
    const first = this.#rows.unsettled()[0];
    if (first === undefined) return null;
    if (this.#hasMissed(first)) return "missed";
    return this.#batch().length === 0 ? "refused" : null;
  }

  /** Whether it waits for what is not there any more. @param {Row} row */
  #hasMissed({ seen }) {
    const { missed } = this;
    return seen !== undefined && missed !== null && (missed.wentBack || seen.epoch !== missed.epoch || seen.seq < missed.seq);
  }

  /** What goes in the next array. */
  #batch() {
    return nextArray(this.#rows.unsettled(), this.#array_max);
  }

  #refused(id) {
    const row = this.#rows.get(id);
    return row && isRefused(row) ? row : null;
  }
}

/** Where one is after `seq` who takes what follows without a hole. @param {number} seq @param {number[]} seqs in order */
function after(seq, seqs) {
  return seqs.reduce((seq, next) => (next === seq + 1 ? next : seq), seq);
}

/** @param {Row} row */
function mayBeInLog({ state, sent }) {
  return state === "confirmed" || (state === "waiting" && sent);
}

/** @param {Row} row */
function isRefused({ state }) {
  return state === "refused" || state === "aside";
}
