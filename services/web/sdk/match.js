// One match that is followed: built of snapshots and patches, proved by hashes, whatever the sport.

import { applyPatch, hashOf } from "./state.js";

/** How many of the events seen are kept. */
const EVENTS_MAX = 200;

/**
 * @typedef {"waiting" | "live" | "delayed" | "stale" | "damaged" | "unknown" | "refused"} Status
 * `waiting`: nothing was heard on this connection yet; `unknown`: there is no such match yet
 * @typedef {"realtime" | "batch" | "digest"} Policy
 * @typedef {{epoch?: string, seq: number}} Cursor
 * @typedef {{seq: number, ts: number, id: string, type: string, patch: import("./state.js").Json,
 *   data?: any, op?: string, ref?: string, at?: number, tags?: string[]}} MatchEvent
 * @typedef {{policy?: Policy, delay_s?: number, snapshot?: "auto" | "never" | "always", after?: Cursor}} Wish
 * @typedef {{cause: "snapshot" | "events" | "status", reason?: string, events?: MatchEvent[]}} Change
 * @typedef {{code: string, title: string, detail: string}} Problem
 * @typedef {{epoch: string, seq: number, hash: string, state: any}} Place a state that was proved
 * @typedef {"hole" | "lost" | "wrong_hash"} Doubt why what comes is not taken: the next event is missing;
 * it was asked for and did not come; the state is not the right one. A snapshot ends the last two
 */

/**
 * A followed match. Says `change` (detail: {@link Change}) and `problem` (detail: {@link Problem}).
 * A state that was handed out never changes; a newer one takes its place.
 */
export class Match extends EventTarget {
  /** @type {string | null} which life of the match `seq` counts in */
  epoch = null;
  /** The last event seen. */
  seq = 0;
  /** @type {any} null until it is known */
  state = null;
  /** @type {string | null} the hash of the state, where it was proved */
  hash = null;
  /** @type {Status} */
  status = "waiting";
  /** @type {number | null} Unix microseconds of what the gateway knows for sure, with the status */
  as_of = null;
  /** @type {MatchEvent[]} the last events seen, the oldest first */
  events = [];
  /** @type {Doubt | null} */
  doubt = null;
  /** How often it was in doubt since a hash was right. */
  doubts = 0;
  /** @type {(match: Match, end: boolean) => void} */
  #asked;

  /**
   * @param {string} id
   * @param {Wish} wish
   * @param {(match: Match, end: boolean) => void} asked told when it is to be followed otherwise, or no longer
   */
  constructor(id, wish, asked) {
    super();
    this.id = id;
    this.wish = { ...wish };
    this.#asked = asked;
  }

  /** What a list of matches shows of it. @returns {any} */
  get strip() {
    return this.state?.strip ?? null;
  }

  /** Follows it by another policy, at most the best that the tier grants. @param {Policy} [policy] @param {{delay_s?: number}} [options] */
  setPolicy(policy, { delay_s } = {}) {
    this.wish = { ...this.wish, policy, delay_s };
    this.#asked(this, false);
  }

  /** Follows it no longer. */
  unfollow() {
    this.#asked(this, true);
  }

  // What follows is for the client.

  /** The subscription that goes on from here. */
  subscription() {
    const { policy, delay_s, snapshot, after } = this.wish;
    const seen = this.epoch === null ? after : { epoch: this.epoch, seq: this.seq };
    return {
      match: this.id,
      after: seen,
      policy,
      delay_s,
      snapshot: this.#awaitsSnapshot() ? "always" : snapshot,
    };
  }

  /** Takes up what was kept of it, if it is whole. @param {Place | null} place */
  restore(place) {
    try {
      if (place === null || hashOf(place.state) !== place.hash) return;
      if (typeof place.epoch !== "string" || !Number.isSafeInteger(place.seq)) return;
      ({ epoch: this.epoch, seq: this.seq, hash: this.hash, state: this.state } = place);
    } catch {
      // Somebody else's, or cut short: then it is read anew.
    }
  }

  /** What can be taken up later; null where it is not proved. @returns {Place | null} */
  place() {
    const { epoch, seq, hash, state } = this;
    return epoch === null || hash === null ? null : { epoch, seq, hash, state };
  }

  /**
   * Takes a message about this match; what is wrong with it, if it could not be taken.
   * @param {any} message
   * @returns {Doubt | null}
   */
  take(message) {
    switch (message.type) {
      case "snapshot": return this.#takeSnapshot(message);
      case "events": return this.#takeEvents(message);
      case "status": return this.#takeStatus(message);
      default: return null;
    }
  }

  /** @param {{epoch: string, seq: number, state: any, hash: string, reason: string}} message @returns {Doubt | null} */
  #takeSnapshot({ epoch, seq, state, hash, reason }) {
    if (hashOf(state) !== hash) return this.#inDoubt("wrong_hash");
    if (epoch !== this.epoch || seq < this.seq) this.events = [];
    [this.epoch, this.seq, this.state] = [epoch, seq, state];
    this.#proved(hash);
    // One at once was asked for, not one after each cut.
    if (this.wish.snapshot === "always") this.wish.snapshot = "auto";
    this.#heard();
    this.#tell({ cause: "snapshot", reason });
    return null;
  }

  /** @param {{epoch: string, events: MatchEvent[], hash?: string}} message @returns {Doubt | null} */
  #takeEvents({ epoch, events, hash }) {
    // These were on their way when a snapshot was asked for.
    if (this.#awaitsSnapshot()) return null;
    const fits = this.epoch === null ? this.seq === 0 : this.epoch === epoch;
    if (!fits || events.some((event, index) => event.seq !== this.seq + 1 + index)) {
      return this.doubt === "hole" ? null : this.#inDoubt("hole");
    }
    // Who came with a cursor and no state has nothing to apply patches to.
    const unknown = this.state === null && this.seq > 0;
    const patched = (/** @type {any} */ state, /** @type {MatchEvent} */ event) => applyPatch(state, event.patch);
    const state = unknown ? null : events.reduce(patched, this.state ?? {});
    if (hash !== undefined && !unknown && hashOf(state) !== hash) return this.#inDoubt("wrong_hash");
    [this.epoch, this.seq, this.state] = [epoch, this.seq + events.length, state];
    this.events = [...this.events, ...events].slice(-EVENTS_MAX);
    this.doubt = null;
    if (hash !== undefined && !unknown) this.#proved(hash);
    // Inside a record there is no hash to prove it by.
    else this.hash = null;
    this.#heard();
    this.#tell({ cause: "events", events });
    return null;
  }

  /** @param {{status: Status, as_of?: number, epoch?: string, seq?: number, hash?: string}} message where it is polled, without what is optional @returns {Doubt | null} */
  #takeStatus({ status, as_of, epoch, seq, hash }) {
    this.as_of = as_of ?? null;
    this.become(status);
    if (epoch !== this.epoch || this.#awaitsSnapshot()) return null;
    // Where a fan stands is said after what led there.
    if (seq !== this.seq) return this.#inDoubt(this.doubt === "hole" ? "lost" : "hole");
    if (hash === undefined || this.state === null) return null;
    if (hash !== (this.hash ?? hashOf(this.state))) return this.#inDoubt("wrong_hash");
    this.#proved(hash);
    return null;
  }

  /**
   * Where two tell of it, what one of them has that is new; null: it is behind the other.
   * @param {any} message
   */
  unseen(message) {
    if (message.epoch !== this.epoch) return message;
    if (message.type === "events") {
      const events = message.events.filter((/** @type {MatchEvent} */ { seq }) => seq > this.seq);
      return events.length > 0 ? { ...message, events } : null;
    }
    const isNew = message.seq >= this.seq || message.reason === "rolled_back" || this.#awaitsSnapshot();
    return isNew ? message : null;
  }

  /** Whether who says this has all that is known here. @param {any} message */
  isReachedBy({ type, epoch, seq, events }) {
    return type === "error" || epoch !== this.epoch || (events?.at(-1).seq ?? seq) >= this.seq;
  }

  /** A new connection: nothing was heard on it, and what was missing is asked for with it. */
  startOver() {
    if (this.doubt === "hole") this.doubt = null;
  }

  /** Says what can be relied on, if that has changed. @param {Status} status */
  become(status) {
    if (this.status === status) return;
    this.status = status;
    this.#tell({ cause: "status" });
  }

  /** @param {Problem} problem */
  complain(problem) {
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }

  #awaitsSnapshot() {
    return this.doubt === "lost" || this.doubt === "wrong_hash";
  }

  /** A gateway that says nothing else of a match says that it is live. */
  #heard() {
    if (this.status === "waiting" || this.status === "unknown") this.status = "live";
  }

  /** @param {string} hash */
  #proved(hash) {
    this.hash = hash;
    this.doubt = null;
    this.doubts = 0;
  }

  /** @param {Doubt} doubt */
  #inDoubt(doubt) {
    this.doubt = doubt;
    this.doubts += 1;
    return doubt;
  }

  /** @param {Change} change */
  #tell(change) {
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }
}
