// How good the connection is, as a word with a sign, and since when.

import { clock, count } from "/fan/text.js";
import { h } from "/fan/view.js";

/** Who is told less often is told how often. */
const FEW_S = 15;
const SIGNS = { live: "●", finished: "■", delayed: "◐", stale: "◌", offline: "✕", connecting: "…" };
const TRANSPORTS = { websocket: "WebSocket", sse: "event stream", poll: "polling" };

/** Remembers since when the word is what it is, and when something was last heard while all was well. */
export class Connection {
  #word = null;
  #since_ms = 0;
  #heard_ms = null;
  #asOf_ms = null;
  /** How often a match is asked for, where nobody waits for news. */
  #every_ms = null;

  /** Takes what the client says now; `heard` if something of the match came. */
  look(client, match, now_ms, heard) {
    const word = wordOf(client, match);
    if (word !== this.#word) this.#since_ms = now_ms;
    this.#word = word;
    this.#every_ms = client.connection.every_ms;
    this.#asOf_ms = typeof match?.as_of === "number" ? match.as_of / 1000 : null;
    if (heard && word !== "stale" && word !== "offline") this.#heard_ms = now_ms;
  }

  get word() {
    return this.#word;
  }

  /** The word, its sign, and what it means for the reader. */
  view(tier) {
    if (this.#word === null) return [];
    // By the clock of this device, right or not; the gateway's only where nothing was heard here.
    const known_ms = this.#heard_ms ?? (this.#word === "stale" ? this.#asOf_ms : null);
    const last = known_ms === null ? "" : `, last news ${clock(known_ms)}`;
    const detail = {
      live: this.#every_ms !== null ? every(this.#every_ms) : tier === "free" ? "on the free tier" : `since ${clock(this.#since_ms)}`,
      finished: "",
      delayed: `since ${clock(this.#since_ms)}`,
      stale: `since ${clock(this.#since_ms)}${last}`,
      offline: `since ${clock(this.#since_ms)}${last}`,
      connecting: "",
    }[this.#word];
    return [h("span", { class: `state ${this.#word}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[this.#word]), h("b", {}, this.#word)), detail === "" ? null : h("span", { class: "since" }, ` ${detail}`)];
  }
}

function wordOf(client, match) {
  const { state } = client.connection;
  if (globalThis.navigator?.onLine === false) return "offline";
  if (state === "closed" || state === "waiting") return "offline";
  if (state !== "open") return client.counts.connects > 0 ? "offline" : "connecting";
  if (match === null) return "live";
  if (match.status === "damaged") return "stale";
  if (match.status === "refused") return "offline";
  // It may still be corrected, and is then shown so.
  if (match.status === "live" && match.state?.strip?.status === "ended") return "finished";
  return ["live", "delayed", "stale"].includes(match.status) ? match.status : "connecting";
}

/** How often news come. */
function every(ms) {
  const s = Math.round(ms / 1000);
  return s <= FEW_S ? "every few seconds" : `every ${count(s, "second")}`;
}

/** What an engineer, or a curious fan, may want to know. */
export function details(client, match, isHashWrong, forget) {
  const { counts } = client;
  const all = [
    ["Match", match.id],
    ["Event", match.seq],
    ["Epoch", match.epoch],
    ["State", match.hash === null || match.hash === undefined ? "not checked yet" : isHashWrong ? "did not match its hash; fetched again" : `proved by its hash ${match.hash}`],
    ["Tier", client.tier],
    ["Connection", `${TRANSPORTS[client.connection.transport]}, ${count(counts.reconnects, "reconnect")}, ${count(counts.snapshots, "snapshot")}, ${count(counts.wrong_hashes, "wrong hash", "wrong hashes")}`],
  ];
  return h("details", { class: "engine" }, h("summary", {}, "Details"),
    h("dl", {}, all.filter(([, value]) => value !== null && value !== undefined).map(([label, value]) => h("div", { key: label }, h("dt", {}, label), h("dd", {}, value)))),
    forget === null ? null : h("button", { type: "button", onclick: forget }, "Forget my token"));
}
