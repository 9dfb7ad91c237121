// The client of Grandstand's fans, for browsers and Node: follows matches of any sport over one
// WebSocket, or what there is instead, through cuts, reloads and sleep, and proves each state by its hash.
//
//     import { Client } from "/sdk/grandstand.js";
//     const match = new Client(location.origin).follow("final");
//     match.addEventListener("change", () => console.log(match.status, match.strip));

import { Ladder } from "./ladder.js";
import { Match } from "./match.js";
import { Memory, sessionStorageIfAny } from "./memory.js";
import { pauseMs } from "./reconnect.js";
import { Strips } from "./strips.js";

export { Match, Strips };
export { applyPatch, canonical, hashOf } from "./state.js";

/** A connection that follows nothing any more is ended after so long: a page that changes from one match to another keeps it. */
const IDLE_MAX_MS = 5_000;
const MATCH_ID = /^[a-z0-9-]{1,64}$/;
/** What is wrong with a session: it is only a wish, and matches are followed without one. */
const SESSION_CODES = ["unknown_session", "foreign_session", "bad_session", "session_unavailable"];

/**
 * @typedef {import("./connection.js").Options} Options
 * @typedef {import("./match.js").Wish} Wish
 */

/**
 * A fan's client. Says `connection` (detail: the state of the connection; also when the tier is another) and `problem` (detail:
 * `{code, title, detail}`) about what concerns no single match.
 */
export class Client extends EventTarget {
  /** @type {string | null} what the token bought */
  tier = null;
  /** @type {string | null} what a gateway remembers this fan's wishes by */
  session = null;
  /** What happened so far. */
  counts = { connects: 0, reconnects: 0, resumes: 0, snapshots: 0, wrong_hashes: 0, holes: 0 };
  /** @type {Map<string, Match>} */
  #matches = new Map();
  /** @type {Strips | null} */
  #strips = null;
  #connection;
  #memory;
  #options;
  /** The session that this connection was opened with: the first welcome names another. @type {string | null} */
  #presented = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;
  #isOpen = false;
  #browser = new AbortController();

  /**
   * @param {string | URL | (string | URL)[]} url base of a gateway, or of several to be tried in turn
   * @param {Options} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#options = { random: Math.random, heartbeat_s: 25, log: () => {}, ...options };
    this.#connection = new Ladder(url, options, {
      followed: () => [...this.#matches.keys(), ...(this.#strips ? ["*"] : [])],
      subscription: (id) => this.#matches.get(id)?.subscription() ?? {},
      hello: () => this.#hello(),
      heard: (message, carrier) => this.#heard(message, carrier),
      lost: (id) => this.#matches.get(id)?.become("waiting"),
      changed: (state) => this.#changed(state),
      refused: (problem) => this.#refused(problem),
    });
    const storage = options.storage === undefined ? sessionStorageIfAny() : options.storage;
    this.#memory = new Memory(storage, String(Array.isArray(url) ? url[0] : url));
    this.session = this.#memory.read("session");
    this.#listenToBrowser();
  }

  /** The state of the connection, as the last `connection` event told it. */
  get connection() {
    return this.#connection.state;
  }

  /** Follows a match; connects if it has to. One that is followed already stays as it is. @param {string} id @param {Wish} [wish] */
  follow(id, wish = {}) {
    // A gateway would refuse the whole connection.
    if (!MATCH_ID.test(id)) throw new TypeError(`'${id}' is no match id: those are a-z, 0-9 and -, at most 64`);
    const known = this.#matches.get(id);
    if (known) return known;
    const match = new Match(id, wish, (asked, end) => (end ? this.#unfollow(asked) : this.#subscribe(asked)));
    if (wish.after === undefined && wish.snapshot !== "always") match.restore(this.#memory.read(id));
    this.#matches.set(id, match);
    clearTimeout(this.#idle);
    this.#connection.start();
    this.#subscribe(match);
    return match;
  }

  /** Follows the strips of all live matches; connects if it has to. */
  followStrips() {
    if (this.#strips === null) {
      this.#strips = new Strips(() => this.#unfollowStrips());
      clearTimeout(this.#idle);
      this.#connection.start();
      this.#connection.say({ type: "subscribe", match: "*" });
    }
    return this.#strips;
  }

  /** Shows another token of the same user, or one after the last was refused. @param {string} token */
  refresh(token) {
    this.#connection.refresh(token);
    for (const match of this.#matches.values()) {
      if (match.status !== "refused" || this.connection.state !== "open") continue;
      match.become("waiting");
      this.#subscribe(match);
    }
  }

  /** Connects anew, now. */
  reconnect() {
    this.#connection.reconnect();
  }

  /** Ends it, for good. */
  close() {
    this.#browser.abort();
    clearTimeout(this.#idle);
    this.#memory.flush();
    this.#matches.clear();
    this.#strips = null;
    this.#connection.stop();
  }

  #hello() {
    const matches = [...this.#matches.values()];
    matches.forEach((match) => match.startOver());
    /** @type {any[]} */
    const subscriptions = matches.map((match) => match.subscription());
    if (this.#strips) subscriptions.push({ match: "*" });
    this.counts.resumes += subscriptions.filter(({ after }) => after?.epoch !== undefined).length;
    // A session that comes alone would bring its own matches along.
    this.#presented = subscriptions.length > 0 ? this.session : null;
    return { type: "hello", session: this.#presented ?? undefined, subscriptions, heartbeat_s: this.#options.heartbeat_s };
  }

  /** Where there is no connection, its `hello` will say it. @param {Match} match */
  #subscribe(match) {
    if (this.#matches.get(match.id) !== match) return;
    this.#connection.say({ type: "subscribe", ...match.subscription() });
  }

  /** @param {Match} match */
  #unfollow(match) {
    if (this.#matches.get(match.id) !== match) return;
    this.#matches.delete(match.id);
    this.#memory.write(match.id, () => null);
    this.#connection.say({ type: "unsubscribe", match: match.id });
    this.#endIfIdle();
  }

  #unfollowStrips() {
    if (this.#strips === null) return;
    this.#strips = null;
    this.#connection.say({ type: "unsubscribe", match: "*" });
    this.#endIfIdle();
  }

  #endIfIdle() {
    clearTimeout(this.#idle);
    if (this.#matches.size === 0 && this.#strips === null) this.#idle = setTimeout(() => this.#connection.stop(), IDLE_MAX_MS);
  }

  /** @param {any} message @param {import("./ladder.js").Carrier} carrier */
  #heard(message, carrier) {
    if (message.type === "welcome") return this.#welcome(message);
    if (message.type === "strips") {
      this.#strips?.take(message, carrier);
      return this.#connection.settle("*", carrier);
    }
    const match = this.#matches.get(message.match);
    // What one who takes over has said so far may be behind what the other has told since.
    const isTwofold = match !== undefined && this.#connection.isTwofold(match.id);
    const isReached = match?.isReachedBy(message);
    const news = isTwofold ? match.unseen(message) : message;
    if (message.type === "error") this.#error(message, match);
    else if (match && news !== null) this.#take(match, news);
    if (isTwofold && isReached) this.#connection.settle(match.id, carrier);
  }

  /** @param {{session: string, tier: string}} message */
  #welcome({ session, tier }) {
    const isOther = this.tier !== null && this.tier !== tier;
    this.tier = tier;
    if (isOther) this.dispatchEvent(new CustomEvent("connection", { detail: this.connection }));
    // Named before our `hello` was read; the welcome that answers it says which session it is.
    if (this.#presented === null) this.session = session;
    this.#presented = null;
    this.#memory.write("session", () => this.session);
  }

  /** @param {Match} match @param {any} message */
  #take(match, message) {
    const was_in_doubt = match.doubt;
    const doubt = match.take(message);
    if (message.type === "snapshot") {
      this.counts.snapshots += 1;
      // The subscription asked for one at once instead of what the fan wishes for.
      if (was_in_doubt && match.wish.snapshot === "never" && !doubt) this.#subscribe(match);
    }
    if (doubt) this.#askAgain(match, doubt);
    this.#memory.write(match.id, () => (this.#matches.get(match.id) === match ? match.place() : null));
  }

  /** What came could not be taken: the gateway is asked again, by and by if that does not help. @param {Match} match @param {string} doubt */
  #askAgain(match, doubt) {
    if (doubt === "wrong_hash") {
      this.counts.wrong_hashes += 1;
      match.complain({ code: "wrong_hash", title: "A state that is not the right one",
        detail: `What followed seq ${match.seq} of ${match.id} did not have the hash that it should; it was not taken, and the state is fetched anew.` });
    } else this.counts.holes += 1;
    const pause_ms = match.doubts === 1 ? 0 : pauseMs(match.doubts, 0, this.#options.random);
    setTimeout(() => {
      if (match.doubt !== doubt) return;
      // The cursor of a subscription stays; where events are missing, it has to be another one.
      if (doubt === "hole") this.#connection.say({ type: "unsubscribe", match: match.id });
      this.#subscribe(match);
    }, pause_ms);
  }

  /** @param {{code: string, title: string, detail: string}} message @param {Match | undefined} match */
  #error(message, match) {
    const { code, title, detail } = message;
    if (SESSION_CODES.includes(code)) {
      // Its matches were brought along; the welcome that follows names another.
      this.#options.log(`${code}: going on with a new session`);
    } else if (!match) {
      this.dispatchEvent(new CustomEvent("problem", { detail: { code, title, detail } }));
    } else if (code === "unknown_match") {
      match.become("unknown");
    } else {
      if (code === "not_allowed" || code === "too_many_matches") match.become("refused");
      match.complain({ code, title, detail });
    }
  }

  /** @param {import("./ladder.js").State} state */
  #changed(state) {
    const wasOpen = this.#isOpen;
    this.#isOpen = state.state === "open";
    if (this.#isOpen && wasOpen) {
      // By another transport, without a gap.
    } else if (this.#isOpen) {
      this.counts.connects += 1;
      this.counts.reconnects = this.counts.connects - 1;
    } else {
      for (const match of this.#matches.values()) match.become("waiting");
    }
    this.dispatchEvent(new CustomEvent("connection", { detail: state }));
  }

  /** @param {{code: string, title: string, detail: string}} problem */
  #refused(problem) {
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
    for (const match of this.#matches.values()) {
      match.become("refused");
      match.complain(problem);
    }
  }

  /** Pages sleep, lose the network, and are left. */
  #listenToBrowser() {
    if (typeof document === "undefined") return;
    const { signal } = this.#browser;
    const wake = () => document.visibilityState === "visible" && this.#connection.wake();
    document.addEventListener("visibilitychange", wake, { signal });
    globalThis.addEventListener("pageshow", wake, { signal });
    globalThis.addEventListener("online", () => this.#connection.wake(), { signal });
    globalThis.addEventListener("offline", () => this.#connection.offline(), { signal });
    globalThis.addEventListener("pagehide", () => this.#memory.flush(), { signal });
  }
}
