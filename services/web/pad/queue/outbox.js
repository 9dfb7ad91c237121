// What one device has to say of a match, and has said, in its order: what goes next, and what an
// answer makes of it. It knows no clock, no network, no storage and no chance.

import { meaningOf } from "./answer.js";

/** So many events, and bytes of them, in one array at most. */
const EVENTS_MAX = 50;
const BYTES_MAX = 48 * 1024;
/** What was confirmed is kept for so long by the server's clock, to be said again should the log lose it. */
const KEPT_US = 7 * 24 * 3_600 * 1_000_000;
/** The first pause is up to this long, and no pause of our own is longer. */
const PAUSE_MS = 500;
const PAUSE_MAX_MS = 15_000;
/** Who lost against another device so often in a row no longer minds where the log ends. */
const STALE_MAX = 8;

/**
 * @typedef {{epoch: string, seq: number}} Cursor
 * @typedef {Cursor & {hash: string | null, strip: any}} Head
 * @typedef {object} Row one event; a changed row is another object
 * @property {number} n its place in the device's order
 * @property {string} id
 * @property {any} event as it is posted
 * @property {"waiting" | "refused" | "aside" | "confirmed"} state `aside`: refused, and what comes after it went on
 * @property {boolean} sent it may be in the log
 * @property {boolean} [again] it was in the log, in another life of it
 * @property {number} [group] what was added with it, and goes in one array with it
 * @property {Cursor} [seen] it is right only on top of this and of what this device said
 * @property {any} [problem] why it was refused
 * @property {number} [seq] @property {number} [ts] @property {any[]} [warnings] what the log says
 * @typedef {object} Request
 * @property {string[]} ids @property {any[]} events
 * @property {string | null} ifMatch a cursor
 * @property {number} pending what is still held after it
 * @property {boolean} isGuarded whether somebody wants to know when it does not match
 * @property {Cursor | null} head the newest that was known
 * @property {Set<string>} doubted those that may be in the log already
 * @typedef {{rows: Row[], gone: number[], head: Head | null, held: number}} Changes `gone` before `rows`; `held` are not confirmed
 */

/** The queue of one device for one match. */
export class Outbox {
  /** Whether the last exchange came through; null before the first. @type {boolean | null} */
  online = null;
  /** What others wrote, while something waits that minds. @type {(Cursor & {events: any[], isComplete: boolean, wentBack: boolean}) | null} */
  missed = null;
  #match;
  #random;
  /** @type {Map<string, Row>} by id */
  #rows = new Map();
  /** @type {Row[] | null} in order, made when it is asked for */
  #ordered = null;
  /** @type {Head | null} */
  #head = null;
  /** What is not kept yet: of each changed row, how it was. @type {Map<string, Row | undefined>} */
  #before = new Map();
  /** @type {{head: Head | null} | null} */
  #head_before = null;
  /** @type {{since_ms: number, for_ms: number, reason: string} | null} */
  #pause = null;
  /** Why the token is no good. @type {any} */
  #token_problem = null;
  #failures = 0;
  #stale = 0;
  #array_max = EVENTS_MAX;
  /** Those that were refused once though they may be in the log: a leader that has just woken may not know. */
  #asked_again = new Set();

  /** @param {string} match @param {() => number} random */
  constructor(match, random) {
    this.#match = match;
    this.#random = random;
  }

  /** Begins with what was kept. @param {Row[]} rows @param {Head | null} head */
  load(rows, head) {
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#ordered = null;
    this.#head = head;
    this.#before.clear();
    this.#head_before = null;
  }

  /** What is to be kept; null: nothing. @returns {Changes | null} */
  changes() {
    if (this.#before.size === 0 && this.#head_before === null) return null;
    const [rows, gone] = [[], []];
    for (const [id, before] of this.#before) {
      const row = this.#rows.get(id);
      if (row !== undefined) rows.push(row);
      else if (before !== undefined) gone.push(before.n);
    }
    return { rows, gone, head: this.#head, held: this.#held().length };
  }

  /** Makes something to keep, to see whether that works. */
  probe() {
    this.#setHead(this.#head);
  }

  /** The changes are kept. */
  settle() {
    this.#before.clear();
    this.#head_before = null;
  }

  /** The changes could not be kept: they did not happen. */
  undo() {
    for (const [id, before] of this.#before) {
      if (before === undefined) this.#rows.delete(id);
      else this.#rows.set(id, before);
    }
    if (this.#head_before !== null) this.#head = this.#head_before.head;
    this.#ordered = null;
    this.settle();
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
    let n = this.#ordering().at(-1)?.n ?? 0;
    const group = n + 1;
    for (const event of fresh) {
      /** @type {Row} */
      const row = { n: ++n, id: event.id, event, state: "waiting", sent: false };
      this.#put(seen ? { ...row, group, seen } : row);
    }
  }

  /** Takes an event back; false if it is not here, or may be in the log. @param {string} id */
  drop(id) {
    const row = this.#rows.get(id);
    if (!row || row.state === "confirmed" || (row.state === "waiting" && row.sent)) return false;
    this.#remove(row);
    return true;
  }

  /** What was refused goes again as it is; false if it was not. @param {string} id */
  retry(id) {
    const row = this.#refused(id);
    if (row) this.#put({ ...row, state: "waiting", problem: undefined });
    return row !== null;
  }

  /** What was refused stays refused, and what comes after it goes on; false if it was not. @param {string} id */
  pass(id) {
    const row = this.#refused(id);
    if (row) this.#put({ ...row, state: "aside" });
    return row !== null;
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
    if (id_now !== id) {
      this.#remove(row);
      for (const other of this.#unsettled()) {
        if (other.event.ref === id) this.#put({ ...other, event: { ...other.event, ref: id_now } });
      }
    }
    const at = event.at ?? row.event.at;
    this.#put({ ...row, id: id_now, event: { ...event, id: id_now, ...(at ? { at } : {}) }, state: "waiting", sent: false, problem: undefined });
    return id_now;
  }

  /** What was missed was looked at: what waits is right on top of it. */
  rebase() {
    if (this.missed === null) return;
    const { epoch, seq } = this.missed;
    this.missed = null;
    for (const row of this.#unsettled()) if (row.seen) this.#put({ ...row, seen: { epoch, seq } });
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
    if (this.#pause?.reason === "network") this.#pause = null;
  }

  /** The leader was heard to be there. @param {Cursor} cursor */
  heard({ epoch, seq }) {
    this.online = true;
    if (this.#head && this.#head.epoch !== epoch) this.#sayAgain();
    this.#moveHead(epoch, seq);
  }

  /** In how many ms something may be sent; null: not before something changes. @param {number} now_ms */
  due(now_ms) {
    if (this.#obstacle() !== null || this.#batch().length === 0) return null;
    return this.#left(now_ms);
  }

  /** What goes next, now; null: nothing. From here on it may be in the log. @param {number} now_ms @returns {Request | null} */
  take(now_ms) {
    if (this.due(now_ms) !== 0) return null;
    const batch = this.#batch();
    const [first] = batch;
    // Where the log ends is minded by us too: it tells at once if the log is another.
    const base = first.seen ?? (this.#stale >= STALE_MAX ? null : this.#head);
    const request = {
      ids: batch.map(({ id }) => id),
      events: batch.map(({ event }) => event),
      ifMatch: base && `${base.epoch}-${base.seq}`,
      pending: this.#held().length - batch.length,
      isGuarded: first.seen !== undefined,
      head: this.#head,
      doubted: new Set(batch.filter(({ sent }) => sent).map(({ id }) => id)),
    };
    for (const row of batch) if (!row.sent) this.#put({ ...row, sent: true });
    return request;
  }

  /** No answer came: whether it was stored is unknown. @param {number} now_ms */
  failed(now_ms) {
    this.online = false;
    this.#wait(now_ms, "network", 0);
  }

  /** @param {number} now_ms @param {Request} request @param {import("./answer.js").Answer} answer */
  answered(now_ms, request, answer) {
    const meaning = meaningOf(answer, this.#match, request.ids);
    this.online = true;
    if (meaning.is === "stored") return this.#stored(meaning);
    if (meaning.is === "later" && meaning.isUnknown) return this.#wait(now_ms, meaning.reason, meaning.retry_after_ms);
    this.#notStored(request);
    switch (meaning.is) {
      case "later":
        return this.#wait(now_ms, meaning.reason, meaning.retry_after_ms);
      case "token":
        return this.needsToken(meaning.problem);
      case "stale":
        return request.isGuarded ? this.#surprised(request, meaning) : this.#outrun(request, meaning);
      case "too_large":
        if (this.#halves(request)) return;
        // Nobody of ours said so: perhaps another network lets it through.
        if (meaning.problem === null) return this.#wait(now_ms, "server", 0);
        return this.#refuse(now_ms, request, request.ids[0], meaning.problem);
      case "refused":
        if (meaning.id === null && this.#halves(request)) return;
        return this.#refuse(now_ms, request, meaning.id ?? request.ids[0], meaning.problem);
    }
  }

  /** What a page shows. @param {number} now_ms */
  view(now_ms) {
    const rows = this.#ordering();
    const reason = this.#obstacle() ?? (this.#pause && this.#held().length > 0 && this.#left(now_ms) > 0 ? this.#pause.reason : null);
    const pause = reason !== null && reason === this.#pause?.reason ? this.#pause : null;
    return {
      pending: rows.filter(({ state }) => state === "waiting").map(({ id, event, sent }) => ({ id, event, sent })),
      confirmed: rows.filter(({ state }) => state === "confirmed").map(({ id, event, seq, ts, warnings }) => ({ id, event, seq, ts, warnings })),
      refused: rows.filter(isRefused).map(({ id, event, problem, state }) => ({ id, event, problem, isAside: state === "aside" })),
      head: this.#head,
      online: this.online === true,
      missed: this.missed,
      waiting: reason && { reason, until_ms: pause && pause.since_ms + pause.for_ms, problem: reason === "token" ? this.#token_problem : null },
    };
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
    if (this.#head && this.#head.epoch !== epoch) this.#sayAgain();
    for (const { id, seq, ts, warnings } of events) {
      const row = this.#rows.get(id);
      if (row) this.#put({ n: row.n, id, event: row.event, state: "confirmed", sent: true, seq, ts, warnings });
    }
    this.#follow(epoch, events);
    this.#moveHead(epoch, seq, { hash, strip });
    this.#forget();
    this.#failures = this.#stale = 0;
    this.#pause = null;
    this.#array_max = Math.min(EVENTS_MAX, this.#array_max * 2);
    this.#asked_again.clear();
  }

  /** None of it was stored, so what was new in it is still ours alone. @param {Request} request */
  #notStored({ ids, doubted }) {
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row?.state === "waiting" && !doubted.has(id)) this.#put({ ...row, sent: false });
    }
  }

  /** @param {number} now_ms @param {Request} request @param {string} id @param {any} problem */
  #refuse(now_ms, request, id, problem) {
    const row = this.#rows.get(id);
    if (row?.state !== "waiting") return;
    if (request.doubted.has(id) && !this.#asked_again.has(id)) {
      this.#asked_again.add(id);
      return this.#wait(now_ms, "server", 0);
    }
    this.#asked_again.delete(id);
    this.#put({ ...row, state: "refused", sent: false, problem });
  }

  /** Another device was faster, and nobody minds. */
  #outrun({ head }, { epoch, seq }) {
    this.#stale += 1;
    this.#meet(head, epoch, seq);
  }

  /** Another device wrote what the scorer has not seen; what this one wrote is none of it. */
  #surprised({ ids, head }, { epoch, seq, events }) {
    this.#stale += 1;
    const is_another = this.#meet(head, epoch, seq);
    const ours = events.filter(({ id }) => this.#rows.has(id));
    this.#follow(epoch, ours);
    const seen = this.#rows.get(ids[0])?.seen;
    // Then only this device wrote.
    if (seen?.epoch === epoch && seen.seq === seq && this.#stale < STALE_MAX) return;
    const others = events.filter(({ id }) => !this.#rows.has(id));
    const wentBack = is_another || seen?.epoch !== epoch;
    const isComplete = !wentBack && others[0]?.seq === seen.seq + 1;
    this.missed = { epoch, seq, events: others, isComplete, wentBack };
  }

  /** The log ends elsewhere than was known; whether it is another log. @param {Cursor | null} head */
  #meet(head, epoch, seq) {
    const is_another = head !== null && (head.epoch !== epoch || seq < head.seq);
    if (is_another) {
      this.#sayAgain();
      this.#setHead(null);
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
    for (const row of this.#unsettled()) {
      if (row.seen?.epoch !== epoch) continue;
      const seq = after(row.seen.seq, seqs);
      if (seq !== row.seen.seq) this.#put({ ...row, seen: { epoch, seq } });
    }
    const { missed } = this;
    if (missed?.epoch === epoch) missed.seq = after(missed.seq, seqs);
  }

  /** The log is another: what it had of us goes again, before all else. */
  #sayAgain() {
    for (const row of this.#ordering()) {
      if (row.state !== "confirmed") continue;
      const { n, id, event, ts } = row;
      this.#put({ n, id, event, ts, state: "waiting", sent: true, again: true });
    }
  }

  /** Lets go of what was confirmed long ago. */
  #forget() {
    const newest = Math.max(...this.#ordering().map(({ ts }) => ts ?? 0));
    for (const row of this.#ordering()) {
      if (row.state === "confirmed" && (row.ts ?? 0) < newest - KEPT_US) this.#remove(row);
    }
  }

  /** @param {string} epoch @param {number} seq @param {{hash: string | null, strip: any}} [said] */
  #moveHead(epoch, seq, said) {
    const head = this.#head;
    if (head?.epoch === epoch && (seq < head.seq || (seq === head.seq && !said))) return;
    if (this.missed && this.missed.epoch !== epoch) this.missed = null;
    this.#setHead({ epoch, seq, ...(said ?? { hash: null, strip: head?.strip ?? null }) });
  }

  /** @param {number} now_ms @param {string} reason @param {number} retry_after_ms */
  #wait(now_ms, reason, retry_after_ms) {
    const up_to_ms = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    // Where the server said when, not all come at once either.
    const for_ms = retry_after_ms > 0 ? retry_after_ms + this.#random() * PAUSE_MS : this.#random() * up_to_ms;
    this.#pause = { since_ms: now_ms, for_ms, reason };
  }

  /** How long the pause still is; a clock that was set back ends it. @param {number} now_ms */
  #left(now_ms) {
    if (this.#pause === null || now_ms < this.#pause.since_ms) return 0;
    return Math.max(0, this.#pause.since_ms + this.#pause.for_ms - now_ms);
  }

  /** Why nothing goes before somebody does something. */
  #obstacle() {
    if (this.#token_problem !== null) return "token";
    const first = this.#unsettled()[0];
    if (first === undefined) return null;
    if (this.#hasMissed(first)) return "missed";
    return this.#batch().length === 0 ? "refused" : null;
  }

  /** Whether it waits for what is not there any more. @param {Row} row */
  #hasMissed({ seen }) {
    const { missed } = this;
    return seen !== undefined && missed !== null && (missed.wentBack || seen.epoch !== missed.epoch || seen.seq < missed.seq);
  }

  /** What goes in the next array: whole groups that wait for the same, up to one that is refused. */
  #batch() {
    /** @type {Row[]} */
    const batch = [];
    let bytes = 0;
    for (const group of this.#groups()) {
      const [first] = batch;
      if (group.some(({ state }) => state === "refused")) break;
      if (first && (group[0].sent !== first.sent || group[0].again !== first.again || !isSame(group[0].seen, first.seen))) break;
      bytes += bytesOf(group.map(({ event }) => event));
      if (first && (batch.length + group.length > this.#array_max || bytes > BYTES_MAX)) break;
      batch.push(...group);
    }
    return batch;
  }

  /** What is not settled, by what goes together. */
  *#groups() {
    /** @type {Row[]} */
    let group = [];
    for (const row of this.#unsettled()) {
      if (group.length > 0 && (row.group === undefined || row.group !== group[0].group)) {
        yield group;
        group = [];
      }
      group.push(row);
    }
    if (group.length > 0) yield group;
  }

  #held() {
    return this.#ordering().filter(({ state }) => state !== "confirmed");
  }

  #unsettled() {
    return this.#ordering().filter(({ state }) => state === "waiting" || state === "refused");
  }

  #refused(id) {
    const row = this.#rows.get(id);
    return row && isRefused(row) ? row : null;
  }

  #ordering() {
    return (this.#ordered ??= [...this.#rows.values()].sort((one, other) => one.n - other.n));
  }

  /** @param {Row} row */
  #put(row) {
    this.#note(row.id);
    this.#rows.set(row.id, row);
  }

  /** @param {Row} row */
  #remove(row) {
    this.#note(row.id);
    this.#rows.delete(row.id);
  }

  /** @param {string} id */
  #note(id) {
    if (!this.#before.has(id)) this.#before.set(id, this.#rows.get(id));
    this.#ordered = null;
  }

  /** @param {Head | null} head */
  #setHead(head) {
    this.#head_before ??= { head: this.#head };
    this.#head = head;
  }
}

/** Where one is after `seq` who takes what follows without a hole. @param {number} seq @param {number[]} seqs in order */
function after(seq, seqs) {
  return seqs.reduce((seq, next) => (next === seq + 1 ? next : seq), seq);
}

/** @param {Row} row */
function isRefused({ state }) {
  return state === "refused" || state === "aside";
}

/** @param {Cursor} [one] @param {Cursor} [other] */
function isSame(one, other) {
  return one?.epoch === other?.epoch && one?.seq === other?.seq;
}

/** @param {any[]} events */
function bytesOf(events) {
  return new TextEncoder().encode(JSON.stringify(events)).length;
}
