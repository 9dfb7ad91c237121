// Which transport carries what is followed: the WebSocket, else event streams, else polling, and up again.

import { Connection } from "./connection.js";
import { Doors } from "./doors.js";
import { baseUrls, climbMs, LASTED_LONG_MS } from "./reconnect.js";
import { Bearer } from "./token.js";

const TRANSPORTS = ["auto", "websocket", "sse", "poll"];

/**
 * @typedef {"websocket" | "sse" | "poll"} Transport
 * @typedef {import("./connection.js").ConnectionState & {transport: Transport, every_ms: number | null}} State
 * @typedef {import("./doors.js").Carrier} Carrier
 * @typedef {object} Owner
 * @property {() => string[]} followed ids of matches, and `*`
 * @property {(id: string) => any} subscription how one of them is followed now
 * @property {() => object} hello what to say first on a WebSocket
 * @property {(message: any, carrier: Carrier) => void} heard
 * @property {(id: string) => void} lost nothing is heard of it any more
 * @property {(state: State) => void} changed
 * @property {(problem: {code: string, title: string, detail: string}) => void} refused it will not come back by itself
 */

/** The transports of one client. */
export class Ladder {
  /** @type {State} */
  state = { state: "closed", attempt: 0, retry_in_ms: null, code: null, reason: "", transport: "websocket", every_ms: null };
  #options;
  #owner;
  #bearer;
  #connection;
  #doors;
  /** Whether it is the doors that carry, or are about to. */
  #isBeside = false;
  /** @type {Carrier} the WebSocket that there is */
  #socket = { line: null };
  /** Attempts to get back to a WebSocket that came to nothing. */
  #climbs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #climb;
  /** When the WebSocket began to carry it all. */
  #carries_ms = 0;

  /** @param {string | URL | (string | URL)[]} urls @param {import("./connection.js").Options} given @param {Owner} owner */
  constructor(urls, given, owner) {
    this.#options = {
      transport: "auto",
      heartbeat_s: 25,
      WebSocket: globalThis.WebSocket,
      fetch: globalThis.fetch?.bind(globalThis),
      random: Math.random,
      now: Date.now,
      log: () => {},
      ...given,
    };
    const { transport, WebSocket, fetch } = this.#options;
    if (!TRANSPORTS.includes(transport)) throw new TypeError(`'${transport}' is no transport: those are ${TRANSPORTS.join(", ")}`);
    if (this.#isHttp ? !fetch : !WebSocket) {
      const lacking = this.#isHttp ? "fetch" : "WebSocket";
      throw new TypeError(`there is no ${lacking} here: give one as options.${lacking}`);
    }
    const bases = baseUrls(urls);
    this.#owner = owner;
    this.#bearer = new Bearer(given.token, this.#options);
    this.#connection = new Connection(bases, this.#options, this.#bearer, {
      hello: () => ((this.#socket = { line: null }), owner.hello()),
      heard: (message) => owner.heard(message, this.#socket),
      changed: () => this.#look(),
      fails: (why) => this.#fails(why),
      refused: (problem) => this.#refused(problem),
    });
    this.#doors = new Doors(bases, this.#options, this.#bearer, {
      subscription: owner.subscription,
      heard: owner.heard,
      lost: owner.lost,
      changed: () => this.#look(),
      refused: (code, reason) => this.#connection.giveUp(code, reason),
    });
  }

  /** Connects, unless it is connected or about to be. */
  start() {
    if (this.#isBeside || this.#connection.isGivenUp) return;
    if (!this.#isHttp) return this.#connection.start();
    this.#goBeside(this.#options.transport, 0);
  }

  /** Ends it. */
  stop() {
    this.#leaveDoors();
    this.#connection.stop();
  }

  /** Connects anew, now, whatever was said about waiting. */
  reconnect() {
    this.#leaveDoors();
    if (!this.#isHttp) return this.#connection.reconnect();
    this.#connection.isGivenUp = false;
    this.start();
  }

  /** Uses another token from now on. @param {string} token */
  refresh(token) {
    const wasGivenUp = this.#connection.isGivenUp;
    if (this.#isHttp) this.#bearer.use(token);
    else this.#connection.refresh(token);
    if (this.#isBeside) this.#doors.again();
    else if (this.#isHttp && wasGivenUp) this.reconnect();
  }

  /** The device woke up, or the network came back. */
  wake() {
    this.#connection.wake();
    this.#doors.wake();
  }

  /** The network is gone. */
  offline() {
    this.#connection.offline();
    this.#doors.offline();
  }

  /** Says something, if there is anybody; what counts is said again with the next `hello`. @param {any} message */
  say(message) {
    this.#connection.say(message);
    if (!this.#isBeside) return;
    if (message.type === "subscribe") this.#doors.follow(message.match, this.#isHttp ? this.#options.transport : "sse");
    if (message.type === "unsubscribe") this.#doors.end(message.match);
    this.#look();
  }

  /** Whether two transports tell of it, since one is about to take over from the other. @param {string} id */
  isTwofold(id) {
    return this.#doors.has(id) && (this.#connection.state.state === "open" || this.#doors.isClimbing(id));
  }

  /** Who brought the last message of it has all that is known: what is worse is let go. @param {string} id @param {Carrier} carrier */
  settle(id, carrier) {
    this.#doors.settle(id, carrier);
  }

  get #isHttp() {
    return this.#options.transport === "sse" || this.#options.transport === "poll";
  }

  /**
   * A WebSocket ended, or was not to be had: whether the doors carry instead, so that it need not come again by itself.
   * @param {{isFull: boolean, isBlocked: boolean, after_ms: number}} why
   */
  #fails({ isFull, isBlocked, after_ms }) {
    if (this.#options.transport !== "auto" || !this.#options.fetch) return false;
    if (this.#isBeside) {
      // What the WebSocket had taken over is left to them again.
      this.#doors.open(this.#owner.followed(), "sse");
      this.#doors.climb();
    } else {
      if (!isFull && !isBlocked) return false;
      if (this.#options.now() - this.#carries_ms >= LASTED_LONG_MS) this.#climbs = 0;
      this.#goBeside(isFull ? "poll" : "sse", after_ms);
    }
    clearTimeout(this.#climb);
    this.#climb = setTimeout(() => this.#climbUp(), Math.max(after_ms, climbMs(this.#climbs, this.#options.random)));
    return true;
  }

  #climbUp() {
    // While nothing is to be had at all, it is no fault of the WebSocket.
    if (this.#doors.state.state === "open") this.#climbs += 1;
    this.#connection.start();
  }

  /** @param {any} door @param {number} in_ms */
  #goBeside(door, in_ms) {
    this.#isBeside = true;
    this.#doors.open(this.#owner.followed(), door, in_ms);
    this.#look();
  }

  #leaveDoors() {
    this.#isBeside = false;
    clearTimeout(this.#climb);
    this.#doors.close();
  }

  /** @param {{code: string, title: string, detail: string}} problem */
  #refused(problem) {
    this.#leaveDoors();
    this.#look();
    this.#owner.refused(problem);
  }

  /** Says how it is now, where it carries what is followed. */
  #look() {
    const socket = this.#connection.state;
    if (this.#isBeside && socket.state === "open" && this.#doors.isEmpty) {
      this.#leaveDoors();
      this.#carries_ms = this.#options.now();
    }
    /** @type {any} */
    const state = this.#isBeside && !this.#connection.isGivenUp ? this.#doors.state : { ...socket, transport: "websocket", every_ms: null };
    if (JSON.stringify(state) === JSON.stringify(this.state)) return;
    this.state = state;
    this.#owner.changed(state);
  }
}
