// The doors beside the WebSocket, over plain HTTP: each match by an event stream of its own, or polled.
// They bring the messages that a WebSocket would, by the same cursors.

import { readEvents } from "./events.js";
import { Line } from "./line.js";
import { LASTED_MS, OPEN_MAX_MS, SILENCE_MAX_MS, askWhy, pauseMs } from "./reconnect.js";

/** How long a gateway may keep a poll waiting for news. */
const WAIT_S = 25;
/** A poll is answered within: a cursor that is ahead of the gateway is held for 30 s, whatever was asked for. */
const POLL_MAX_MS = 40_000;
/** A browser has six connections to a host, and a page needs some: beyond so many lines nothing is streamed or waited for. */
const HELD_MAX = 4;
/** A stream that brought nothing so often in a row does not come through here. */
const MUTE_MAX = 2;
/** When to look again for a match that is not there. */
const UNKNOWN_MS = 10_000;
/** Between polls, where nobody says how long. */
const POLL_AFTER_MS = 5_000;
/** Two polls for the same are never closer, whatever was said. */
const POLL_AFTER_MIN_MS = 1_000;
/** Those who were told the same time come apart by this part of it. */
const SPREAD = 0.1;

/**
 * @typedef {import("./line.js").Door} Door
 * @typedef {{line: Line | null}} Carrier one connection or request, which messages came by; without a line it is the WebSocket
 * @typedef {object} Owner
 * @property {(id: string) => any} subscription how it is followed now
 * @property {(message: any, carrier: Carrier) => void} heard
 * @property {(id: string) => void} lost nothing is heard of it any more
 * @property {() => void} changed
 * @property {(code: number, reason: string) => void} refused as a close code would say
 */

/** An answer that is no success. */
class Refused extends Error {
  /** @param {number} status @param {any} problem @param {number} retry_after_s */
  constructor(status, problem, retry_after_s) {
    super(`${status} ${problem?.title ?? ""}`.trim());
    this.status = status;
    this.problem = problem;
    this.retry_after_ms = retry_after_s * 1_000;
  }
}

/** What is followed over plain HTTP. */
export class Doors {
  /** @type {Map<string, Line>} */
  #lines = new Map();
  /** Streams that are tried while the match is polled. @type {Map<string, Line>} */
  #tried = new Map();
  #bases;
  #base_index = 0;
  #options;
  #bearer;
  #owner;

  /** @param {URL[]} bases @param {any} options @param {import("./token.js").Bearer} bearer @param {Owner} owner */
  constructor(bases, options, bearer, owner) {
    this.#bases = bases;
    this.#options = options;
    this.#bearer = bearer;
    this.#owner = owner;
  }

  get isEmpty() {
    return this.#lines.size === 0;
  }

  /** As a connection's; `every_ms` where it is polled without waiting for news. */
  get state() {
    const lines = [...this.#lines.values()];
    const best = ["open", "connecting", "waiting"].map((state) => lines.find((line) => line.state === state)).find(Boolean);
    const every_ms = Math.max(0, ...lines.map((line) => line.every_ms ?? 0));
    return {
      state: best?.state ?? "connecting",
      attempt: best?.failures ?? 0,
      retry_in_ms: best?.retry_in_ms ?? null,
      code: null,
      reason: "",
      transport: lines.some(({ door }) => door === "poll") ? "poll" : "sse",
      every_ms: every_ms > 0 ? every_ms : null,
    };
  }

  /** Follows what is not followed here yet. @param {string[]} ids @param {Door} door @param {number} [in_ms] */
  open(ids, door, in_ms = 0) {
    for (const id of ids) if (!this.#lines.has(id)) this.#begin(this.#lines, new Line(id, this.#doorFor(id, door)), in_ms);
  }

  /** Follows it, anew if it was followed. @param {string} id @param {Door} door for one that was not */
  follow(id, door) {
    const before = this.#lines.get(id);
    this.end(id);
    const line = new Line(id, this.#doorFor(id, before?.door ?? door));
    // Nothing was lost by asking otherwise.
    if (before?.state === "open") line.state = "open";
    this.#begin(this.#lines, line, 0);
  }

  /** Follows all of it anew, with another token say. */
  again() {
    for (const [id, { door }] of [...this.#lines]) this.follow(id, door);
  }

  /** @param {string} id */
  end(id) {
    for (const lines of [this.#lines, this.#tried]) {
      lines.get(id)?.end();
      lines.delete(id);
    }
  }

  close() {
    for (const id of [...this.#lines.keys()]) this.end(id);
  }

  /** Tries a stream for each match that is polled, which goes on until the stream has caught up. */
  climb() {
    for (const [id, { door, state }] of this.#lines) {
      if (door === "sse" || state !== "open" || this.#tried.has(id) || this.#doorFor(id, "sse") === "poll") continue;
      this.#begin(this.#tried, new Line(id, "sse"), 0);
    }
  }

  /** Whether two tell of it. @param {string} id */
  isClimbing(id) {
    return this.#tried.has(id);
  }

  /** @param {string} id */
  has(id) {
    return this.#lines.has(id);
  }

  /** Who brought the last message of it has caught up: whatever is worse ends. @param {string} id @param {Carrier} carrier */
  settle(id, { line }) {
    if (line === null) this.end(id);
    else if (this.#tried.get(id) === line) {
      this.#lines.get(id)?.end();
      this.#lines.set(id, line);
      this.#tried.delete(id);
    } else return;
    this.#owner.changed();
  }

  /** The device woke up, or the network came back: who failed asks now, and a stream that ought to have said something is cut. */
  wake() {
    for (const line of this.#lines.values()) {
      const now_ms = this.#options.now();
      if (line.failures > 0 && now_ms >= line.not_before_ms) line.wake();
      if (line.open_ms !== null && now_ms - line.heard_ms >= this.#silenceMs()) line.cut();
    }
  }

  /** The network is gone. */
  offline() {
    for (const line of this.#lines.values()) line.cut();
  }

  /** Which door is for it. @param {string} id @param {Door} door the one that is wanted @returns {Door} */
  #doorFor(id, door) {
    if (this.#options.transport !== "auto") return this.#options.transport;
    return this.#isCrowded(id) ? "poll" : door;
  }

  /** @param {string} id */
  #isCrowded(id) {
    const ids = [...this.#lines.keys()];
    return (ids.includes(id) ? ids.indexOf(id) : ids.length) >= HELD_MAX;
  }

  /** @param {Map<string, Line>} lines @param {Line} line @param {number} in_ms */
  async #begin(lines, line, in_ms) {
    lines.set(line.id, line);
    if (in_ms > 0) await this.#pause(line, "waiting", in_ms);
    while (!line.isEnded) {
      const pause_ms = await this.#ask(line).catch((error) => this.#failed(line, error));
      if (pause_ms > 0) await this.#pause(line, line.state, pause_ms);
    }
  }

  /** @param {Line} line @param {Line["state"]} state @param {number} for_ms */
  async #pause(line, state, for_ms) {
    line.state = state;
    line.retry_in_ms = state === "waiting" ? Math.round(for_ms) : null;
    this.#owner.changed();
    await line.pause(for_ms);
  }

  /** Asks once; how long to wait until the next time. @param {Line} line @returns {Promise<number>} */
  #ask(line) {
    return line.door === "sse" ? this.#stream(line) : this.#poll(line);
  }

  /** @param {Line} line */
  async #stream(line) {
    line.open_ms = null;
    const { after, policy, delay_s, snapshot } = this.#owner.subscription(line.id) ?? {};
    const wish = { after: written(after), policy, delay_s, snapshot, heartbeat_s: this.#options.heartbeat_s };
    const [path, query] = line.id === "*" ? ["v1/live", { heartbeat_s: wish.heartbeat_s }] : [`v1/matches/${line.id}/stream`, wish];
    const answer = await this.#request(line, path, query, "text/event-stream", OPEN_MAX_MS);
    const carrier = { line };
    for await (const data of readEvents(answer.body, () => this.#heard(line))) {
      if (line.isEnded) return 0;
      const message = JSON.parse(data);
      if (message.type === "goaway") {
        if (this.#tried.get(line.id) === line) throw new Error("this gateway goes");
        this.#elsewhere(line);
        this.#lost(line);
        return message.reconnect_in_ms + this.#options.random() * message.window_ms;
      }
      if (message.code === "token_expired") throw new Refused(401, message, 0);
      if (message.code === "not_allowed") throw new Refused(403, message, 0);
      line.open_ms ??= this.#options.now();
      this.#isGood(line);
      this.#owner.heard(message, carrier);
    }
    throw new Error("the stream ended");
  }

  /** @param {Line} line */
  async #poll(line) {
    const began_ms = this.#options.now();
    const { after, policy, delay_s, snapshot } = this.#owner.subscription(line.id) ?? {};
    const wait = policy === "digest" || this.#isCrowded(line.id) ? undefined : WAIT_S;
    const wish = { after: snapshot === "always" ? undefined : written(after), snapshot: snapshot === "never" ? snapshot : undefined, wait, delay_s };
    const [path, query] = line.id === "*" ? ["v1/live", {}] : [`v1/matches/${line.id}/events`, wish];
    const answer = await this.#request(line, path, query, "application/json", POLL_MAX_MS);
    const body = answer.status === 204 ? null : await answer.json();
    line.cut();
    if (line.isEnded) return 0;
    line.failures = 0;
    line.every_ms = pollAfterMs(answer, line.id === "*" || policy === "digest" ? POLL_AFTER_MS : 0);
    this.#isGood(line);
    const carrier = { line };
    const status = answer.headers.get("grandstand-status");
    if (line.id === "*") this.#owner.heard({ type: "strips", strips: stripsOf(body), status: status ?? "live" }, carrier);
    else if (body !== null) this.#owner.heard(body, carrier);
    if (line.id !== "*" && status !== null && !line.isEnded) this.#owner.heard({ type: "status", match: line.id, status }, carrier);
    if (line.every_ms > 0) return line.every_ms * (1 + SPREAD * this.#options.random());
    const hasMoved = written(this.#owner.subscription(line.id)?.after) !== written(after);
    return hasMoved ? 0 : Math.max(0, began_ms + POLL_AFTER_MIN_MS - this.#options.now());
  }

  /** @param {Line} line @param {string} path @param {Record<string, any>} query @param {string} accept @param {number} max_ms */
  async #request(line, path, query, accept, max_ms) {
    line.base = this.#bases[this.#base_index % this.#bases.length];
    line.token = await this.#bearer.get();
    if (line.isEnded) throw new Error("no longer wanted");
    const url = new URL(path, line.base);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const answer = await this.#options.fetch(url, {
      headers: { Accept: accept, ...(line.token ? { Authorization: `Bearer ${line.token}` } : {}) },
      signal: line.begin(max_ms),
    });
    this.#heard(line);
    if (answer.ok) return answer;
    throw new Refused(answer.status, await answer.json().catch(() => null), Number(answer.headers.get("Retry-After")) || 0);
  }

  /** @param {Line} line */
  #heard(line) {
    line.heard_ms = this.#options.now();
    if (line.door === "sse") line.expect(this.#silenceMs());
  }

  #silenceMs() {
    return this.#options.heartbeat_s * 1_000 + SILENCE_MAX_MS;
  }

  /** @param {Line} line */
  #isGood(line) {
    line.mute = 0;
    this.#bearer.wasGood();
    if (line.state === "open") return;
    line.state = "open";
    line.retry_in_ms = null;
    this.#owner.changed();
  }

  /** What went wrong, and how long to wait after it. @param {Line} line @param {any} error @returns {number | Promise<number>} */
  #failed(line, error) {
    line.cut();
    if (line.isEnded) return 0;
    this.#options.log(`${line.door} of ${line.id}: ${error}`);
    if (this.#tried.get(line.id) === line) {
      // The match is polled meanwhile.
      this.#tried.delete(line.id);
      line.end();
      return 0;
    }
    return error instanceof Refused ? this.#refused(line, error) : this.#broke(line);
  }

  /** @param {Line} line @param {Refused} refused @returns {number | Promise<number>} */
  #refused(line, { status, problem, retry_after_ms, message }) {
    const { now, random } = this.#options;
    const tell = (/** @type {string} */ code) =>
      this.#owner.heard({ type: "error", code, match: line.id, title: problem?.title ?? code, detail: problem?.detail ?? "" }, { line });
    if (status === 401 && this.#bearer.isReplaceable(line.token)) return this.#again(line);
    if (status === 401) this.#owner.refused(4401, message);
    else if (status === 403 && line.id !== "*") {
      tell("not_allowed");
      // Until it is followed anew, by another token.
      line.end();
    } else if (status === 404 && line.id !== "*") {
      this.#isGood(line);
      tell("unknown_match");
      return UNKNOWN_MS * (0.5 + random());
    } else if (status === 429 || status >= 500) {
      const after_ms = problem?.poll_after_ms;
      line.not_before_ms = now() + (after_ms ?? retry_after_ms);
      if (after_ms !== undefined) this.#poor(line);
      return Math.max(line.not_before_ms - now(), this.#again(line));
    } else if (this.#poor(line)) return 0;
    else this.#owner.refused(status === 403 ? 4403 : 4400, message);
    return 0;
  }

  /** Nobody answered, or the answer broke off. @param {Line} line */
  async #broke(line) {
    const { fetch, now, transport } = this.#options;
    const { open_ms, base } = line;
    line.open_ms = null;
    if (open_ms !== null && now() - open_ms >= LASTED_MS) line.failures = 0;
    const pause_ms = this.#again(line);
    if (open_ms === null && base !== null && line.door === "sse" && transport === "auto") {
      // Where nothing comes through, it is no fault of streams.
      const answer = await askWhy(fetch, base, line.token);
      line.mute = answer !== null && answer.status < 400 ? line.mute + 1 : 0;
      if (line.mute >= MUTE_MAX) this.#poor(line);
    }
    return pause_ms;
  }

  /** Nothing is heard of it until it is asked again, in so long. @param {Line} line */
  #again(line) {
    this.#elsewhere(line);
    this.#lost(line);
    line.failures += 1;
    return Math.max(1, pauseMs(line.failures - 1, 0, this.#options.random));
  }

  /** A stream is not to be had: it is polled from now on, if it may be. @param {Line} line */
  #poor(line) {
    const mayPoll = line.door === "sse" && this.#options.transport === "auto";
    if (mayPoll) line.door = "poll";
    return mayPoll;
  }

  /** @param {Line} line */
  #lost(line) {
    line.state = "waiting";
    this.#owner.lost(line.id);
  }

  /** Asks the next gateway, unless somebody else has gone on already. @param {Line} line */
  #elsewhere(line) {
    if (line.base === this.#bases[this.#base_index % this.#bases.length]) this.#base_index += 1;
  }
}

/** A cursor as a query has it. @param {{epoch?: string, seq: number} | undefined} cursor */
function written(cursor) {
  if (cursor === undefined) return undefined;
  return cursor.epoch === undefined ? "0" : `${cursor.epoch}-${cursor.seq}`;
}

/** When to ask again, less what the answer spent in a cache. @param {Response} answer @param {number} least_ms */
function pollAfterMs(answer, least_ms) {
  const told = answer.headers.get("grandstand-poll-after-ms");
  const told_ms = told === null ? POLL_AFTER_MS : Number(told) || 0;
  const age_ms = (Number(answer.headers.get("Age")) || 0) * 1_000;
  return Math.max(least_ms, told_ms - age_ms, 0);
}

/** The strips of a list of matches. @param {{matches: {match: string, strip: any}[]}} list */
function stripsOf({ matches }) {
  return Object.fromEntries(matches.map(({ match, strip }) => [match, strip]));
}
