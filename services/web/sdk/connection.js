// One WebSocket, kept open: where to, with which token and codec, whether it still lives, and when
// the next one is due. It knows messages only as far as they are about the connection.

import { LASTED_MS, OPEN_MAX_MS, SILENCE_MAX_MS, afterClose, askWhy, laterMs, pauseMs, refusal, socketUrl } from "./reconnect.js";

/** So many handshakes in a row that failed, while the gateway answers over plain HTTP: WebSockets do not come through. */
const UNANSWERED_MAX = 2;
/** A gateway that is there answers a ping within. */
const PONG_MAX_MS = 3_000;
/** How often it is looked whether all is well. */
const LOOK_MS = 1_000;
/** A look that comes so late means that the device slept. */
const SLEPT_MS = 10_000;

/**
 * @typedef {{state: "connecting" | "open" | "waiting" | "closed", attempt: number, retry_in_ms: number | null,
 *   code: number | null, reason: string}} ConnectionState
 * @typedef {{token?: import("./token.js").Token, codec?: "json" | "msgpack", heartbeat_s?: number, storage?: Storage | null,
 *   transport?: "auto" | "websocket" | "sse" | "poll",
 *   WebSocket?: any, fetch?: typeof globalThis.fetch, random?: () => number, now?: () => number,
 *   log?: (text: string) => void}} Options
 * @typedef {object} Owner
 * @property {() => object} hello what to say first on a new connection
 * @property {(message: any) => void} heard
 * @property {(state: ConnectionState) => void} changed
 * @property {(why: {isFull: boolean, isBlocked: boolean, after_ms: number}) => boolean} fails whether something else carries
 *   until it is started again; `after_ms` is how long to leave the gateway alone
 * @property {(problem: {code: string, title: string, detail: string}) => void} refused it will not come back by itself
 */

/** A connection to one gateway of several, again and again. */
export class Connection {
  /** @type {ConnectionState} */
  state = { state: "closed", attempt: 0, retry_in_ms: null, code: null, reason: "" };
  #urls;
  #options;
  #owner;
  #url_index = 0;
  /** @type {any} the socket that counts; what others still say is passed over */
  #socket = null;
  /** @type {{decode: (data: any) => any, encode: (value: any) => any} | null} */
  #messagepack = null;
  #bearer;
  /** Whether it waits for another token, or to be told to try again. */
  isGivenUp = false;
  /** Counts what was begun, so that what is no longer wanted ends by itself. */
  #turn = 0;
  #failures = 0;
  #unanswered = 0;
  #opening_ms = 0;
  /** @type {number | null} when the gateway said welcome */
  #open_ms = null;
  #heard_ms = 0;
  /** @type {number | null} when the answer to a ping is due */
  #pong_due_ms = null;
  /** Whether the gateway said that it has no room. */
  #isFull = false;
  /** The server asked not to be troubled before. */
  #not_before_ms = 0;
  #looked_ms = 0;
  #heartbeat_s = 55;
  #window_ms = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #look;

  /** @param {URL[]} urls @param {any} options @param {import("./token.js").Bearer} bearer @param {Owner} owner */
  constructor(urls, options, bearer, owner) {
    this.#urls = urls;
    this.#options = options;
    this.#bearer = bearer;
    this.#owner = owner;
  }

  /** Connects, unless it is connected or about to be. */
  start() {
    if (this.state.state === "closed" && !this.isGivenUp) this.#connect();
  }

  /** Ends it. */
  stop() {
    this.#drop();
    this.#tell("closed", { code: 1000, reason: "closed by the client" });
  }

  /** Connects anew, now, whatever was said about waiting. */
  reconnect() {
    this.#not_before_ms = 0;
    this.#connectNow();
  }

  /** Uses another token from now on. @param {string} token */
  refresh(token) {
    this.#bearer.use(token);
    if (this.state.state === "open") {
      this.say({ type: "refresh", token });
      // Is answered by what the token bought.
      this.say({ type: "hello" });
    } else if (this.state.state === "connecting" || this.isGivenUp) this.reconnect();
  }

  /** The device woke up, or the network came back: is the gateway still there? */
  wake() {
    if (this.state.state === "waiting" && this.#options.now() >= this.#not_before_ms) {
      this.#connectNow();
    } else if (this.state.state === "open" && this.#pong_due_ms === null) {
      this.#pong_due_ms = this.#options.now() + PONG_MAX_MS;
      this.say({ type: "ping" });
    }
  }

  /** The network is gone: the next attempt is made when it is back, or by and by. */
  offline() {
    if (this.#socket) this.#ended(1006, "offline", this.#turn);
  }

  /** Says something, if there is anybody; what counts is said again with the next `hello`. @param {object} message */
  say(message) {
    const socket = this.#socket;
    if (socket?.readyState !== 1) return;
    socket.send(this.#speaksMessagePack(socket) ? this.#messagepack?.encode(message) : JSON.stringify(message));
  }

  #connectNow() {
    this.#drop();
    this.#connect();
  }

  async #connect() {
    const turn = ++this.#turn;
    this.isGivenUp = this.#isFull = false;
    this.#watch();
    this.#opening_ms = this.#options.now();
    this.#tell("connecting");
    try {
      const protocols = await this.#protocols();
      if (turn !== this.#turn) return;
      this.#open(new this.#options.WebSocket(socketUrl(this.#url()), protocols), turn);
    } catch (error) {
      this.#options.log(`no connection: ${error}`);
      // A token that is none will not become one; a token function that failed may do better.
      const hopeless = /** @type {any} */ (error)?.name === "SyntaxError";
      this.#ended(hopeless ? 4400 : 1006, String(error), turn);
    }
  }

  /** The subprotocols to offer: the codec, JSON as the other choice, and the token, which a page can send in no header. */
  async #protocols() {
    const protocols = ["grandstand.v1.json"];
    if (this.#options.codec === "msgpack") {
      this.#messagepack ??= await import("./msgpack.js");
      protocols.unshift("grandstand.v1.msgpack");
    }
    const token = await this.#bearer.get();
    if (token) protocols.push(`grandstand.bearer.${token}`);
    return protocols;
  }

  async #renew() {
    const turn = this.#turn;
    const token = await this.#bearer.next();
    if (token !== null && turn === this.#turn && this.state.state === "open") this.refresh(token);
  }

  /** @param {any} socket @param {number} turn */
  #open(socket, turn) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => turn === this.#turn && this.say(this.#owner.hello());
    socket.onmessage = (/** @type {{data: any}} */ { data }) => turn === this.#turn && this.#heard(socket, data);
    socket.onclose = (/** @type {{code: number, reason: string}} */ { code, reason }) => this.#ended(code, reason, turn);
    // What fails later is said by `onclose`, with its code; of a failed handshake Node says nothing else.
    socket.onerror = () => this.#open_ms === null && this.#ended(1006, "no connection", turn);
  }

  /** @param {any} socket @param {any} data */
  #heard(socket, data) {
    this.#heard_ms = this.#options.now();
    let message;
    try {
      message = typeof data === "string" ? JSON.parse(data) : this.#messagepack?.decode(data);
    } catch (error) {
      this.#options.log(`a message that can't be read: ${error}`);
      return this.#ended(1006, "a message that can't be read", this.#turn);
    }
    switch (message.type) {
      case "welcome": this.#welcome(message); break;
      case "pong": this.#pong_due_ms = null; break;
      case "goaway": this.#goAway(message); break;
      case "error":
        if (message.code === "over_capacity") {
          this.#isFull = true;
          this.#stayAway(message.poll_after_ms ?? 0);
        }
    }
    this.#owner.heard(message);
  }

  /** @param {{heartbeat_s: number, reconnect_window_ms: number}} message */
  #welcome({ heartbeat_s, reconnect_window_ms }) {
    [this.#heartbeat_s, this.#window_ms] = [heartbeat_s, reconnect_window_ms];
    if (this.#open_ms !== null) return;
    this.#open_ms = this.#options.now();
    this.#unanswered = 0;
    this.#tell("open");
  }

  /** The gateway is being emptied: it says when to go elsewhere. @param {{reconnect_in_ms: number, window_ms: number, reason: string}} message */
  #goAway({ reconnect_in_ms, window_ms, reason }) {
    const turn = this.#turn;
    const in_ms = reconnect_in_ms + this.#options.random() * window_ms;
    this.#stayAway(in_ms);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (turn !== this.#turn) return;
      this.#options.log(`going elsewhere: ${reason}`);
      this.#url_index += 1;
      this.#connectNow();
    }, in_ms);
  }

  /** @param {number} for_ms */
  #stayAway(for_ms) {
    this.#not_before_ms = this.#options.now() + for_ms;
  }

  /** A connection, or the attempt to get one, came to its end. @param {number} code @param {string} reason @param {number} turn */
  async #ended(code, reason, turn) {
    if (turn !== this.#turn) return;
    const now_ms = this.#options.now();
    // A handshake that failed; a page is not told why.
    const unanswered = this.#socket !== null && this.#open_ms === null;
    const url = this.#url();
    if (this.#open_ms !== null && now_ms - this.#open_ms >= LASTED_MS) {
      this.#failures = 0;
      this.#bearer.wasGood();
    }
    this.#drop();
    this.#url_index += 1;
    let next = afterClose(code);
    if (unanswered && next === "again" && this.#options.fetch && reason !== "offline") {
      const since = this.#turn;
      this.#tell("waiting", { code, reason });
      const answer = await askWhy(this.#options.fetch, url, this.#bearer.token);
      if (since !== this.#turn) return;
      if (answer?.status === 401) [next, code] = ["token", 4401];
      if (answer?.status === 403) [next, code] = ["never", 4403];
      if (answer?.retry_after_ms) this.#stayAway(answer.retry_after_ms);
      this.#unanswered = answer !== null && answer.status < 400 ? this.#unanswered + 1 : 0;
    }
    if (next === "token") next = this.#bearer.isReplaceable(this.#bearer.token) ? "again" : "never";
    if (next === "never") return this.giveUp(code, reason);
    const isLater = next === "later";
    const told_ms = Math.max(0, this.#not_before_ms - this.#options.now());
    const later_ms = Math.max(told_ms, isLater ? laterMs(this.#options.random) : 0);
    const isBlocked = isLater || this.#unanswered >= UNANSWERED_MAX;
    // Of a full gateway it is known when it may be polled.
    if (this.#owner.fails({ isFull: this.#isFull, isBlocked, after_ms: this.#isFull ? told_ms : later_ms })) {
      return this.#tell("closed", { code, reason });
    }
    if (isLater) this.#stayAway(later_ms);
    this.#wait(code, reason);
  }

  /** @param {number} code @param {string} reason */
  #wait(code, reason) {
    const jitter_ms = pauseMs(this.#failures, this.#window_ms, this.#options.random);
    const told_ms = this.#not_before_ms - this.#options.now();
    const retry_in_ms = Math.round(told_ms > 0 ? told_ms : jitter_ms);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), retry_in_ms);
    this.#tell("waiting", { code, reason, retry_in_ms });
  }

  /** It is not to come back by itself. @param {number} code @param {string} reason */
  giveUp(code, reason) {
    this.#drop();
    this.isGivenUp = true;
    this.#tell("closed", { code, reason });
    this.#owner.refused(refusal(code, reason, this.#bearer.token !== null));
    this.#bearer.drop();
  }

  /** Lets go of everything that is under way. */
  #drop() {
    this.#turn += 1;
    clearTimeout(this.#retry);
    clearInterval(this.#look);
    const socket = this.#socket;
    [this.#socket, this.#open_ms, this.#pong_due_ms] = [null, null, null];
    socket?.close();
  }

  /** Looks again and again whether the connection still lives. */
  #watch() {
    clearInterval(this.#look);
    this.#looked_ms = this.#options.now();
    this.#look = setInterval(() => {
      const now_ms = this.#options.now();
      const slept = now_ms - this.#looked_ms > SLEPT_MS;
      if (now_ms < this.#looked_ms) this.#clockWentBack(this.#looked_ms - now_ms);
      this.#looked_ms = now_ms;
      const silent_ms = now_ms - this.#heard_ms;
      if (this.#open_ms === null) {
        if (now_ms - this.#opening_ms >= OPEN_MAX_MS) this.#ended(1006, "no answer", this.#turn);
      } else if (this.#pong_due_ms !== null && now_ms >= this.#pong_due_ms) {
        this.#ended(1006, "no pong", this.#turn);
      } else if (slept) {
        this.wake();
      } else if (silent_ms >= this.#heartbeat_s * 1_000 + SILENCE_MAX_MS) {
        this.#ended(1006, "no heartbeat", this.#turn);
      } else if (this.#bearer.isDue()) {
        this.#renew();
      }
    }, LOOK_MS);
  }

  /** Somebody set the device's clock: what was so long ago still is. @param {number} by_ms */
  #clockWentBack(by_ms) {
    this.#opening_ms -= by_ms;
    this.#heard_ms -= by_ms;
    this.#not_before_ms -= by_ms;
    if (this.#open_ms !== null) this.#open_ms -= by_ms;
    if (this.#pong_due_ms !== null) this.#pong_due_ms -= by_ms;
  }

  #url() {
    return this.#urls[this.#url_index % this.#urls.length];
  }

  /** @param {{protocol: string}} socket */
  #speaksMessagePack(socket) {
    return socket.protocol === "grandstand.v1.msgpack";
  }

  /** @param {ConnectionState["state"]} state @param {{code?: number, reason?: string, retry_in_ms?: number}} [because] */
  #tell(state, { code, reason = "", retry_in_ms } = {}) {
    this.state = { state, attempt: this.#failures, retry_in_ms: retry_in_ms ?? null, code: code ?? null, reason };
    this.#owner.changed(this.state);
  }
}
