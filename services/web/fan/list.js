// The list of matches: read every ten seconds while the page is looked at.

import { forget, headers, token, tokenAfter } from "/fan/pass.js";
import { statusBadge } from "/fan/score.js";
import { clean, clock } from "/fan/text.js";
import { h } from "/fan/view.js";

const EVERY_MS = 10000;
const UNREADABLE = "The list can't be read right now.";
/** What a list that is not `live` is. */
const LATE = { delayed: "News come late right now.", stale: "No news come right now: what you see here may be out of date." };
const REFUSED = "Your token is not accepted here.";
const GROUPS = [["live", "Live"], ["break", "In a break"], ["scheduled", "To come"], ["ended", "Finished"]];
/** More finished matches than this are behind a button. */
const ENDED_SHOWN = 8;

/** Reads the list; `changed` is called after each try, `startOver` when the reader goes on without a token. */
export class MatchList {
  matches = null;
  /** Why it could not be read the last time. */
  fault = null;
  /** How far it can be trusted, as the gateway says. */
  status = "live";
  #read_ms = null;
  #timer = null;
  #changed;
  #startOver;

  constructor(changed, startOver) {
    this.#changed = changed;
    this.#startOver = startOver;
    document.addEventListener("visibilitychange", () => this.start());
  }

  /** Reads now, and again while the page is visible. */
  async start() {
    clearTimeout(this.#timer);
    if (document.visibilityState === "hidden") return;
    this.#timer = setTimeout(() => this.start(), EVERY_MS);
    const shown = token();
    try {
      // `no-cache` asks with the ETag of what the browser has.
      const answer = await fetch("/v1/matches", { headers: headers(), cache: "no-cache", signal: AbortSignal.timeout?.(EVERY_MS) });
      // One that is over is left behind, and the list is read without it.
      if (answer.status === 401 && shown !== null && tokenAfter(shown) === null) return void this.start();
      if (answer.status === 401) throw new Error(token() === null ? "You need a token to see matches here." : REFUSED);
      if (!answer.ok) throw new Error(UNREADABLE);
      this.matches = (await answer.json()).matches;
      this.status = answer.headers.get("grandstand-status") ?? "live";
      this.#read_ms = Date.now();
      this.fault = null;
    } catch (error) {
      this.fault = error instanceof TypeError || error.name === "TimeoutError" ? UNREADABLE : error.message;
    }
    this.#changed();
  }

  /** The list; the strip of the followed match is newer than what was read. */
  view(chosenId, chosenStrip, showsAll, showAll) {
    const matches = (this.matches ?? []).map((one) => one.match === chosenId && chosenStrip ? { ...one, strip: chosenStrip } : one);
    return [
      h("h2", { key: "title" }, "Matches"),
      this.fault === null ? null : h("p", { class: "aside fault", key: "fault" }, this.fault, this.#read_ms === null ? "" : ` This is how it was at ${clock(this.#read_ms)}.`),
      this.fault === null && Object.hasOwn(LATE, this.status) ? h("p", { class: "aside fault late", key: "late" }, LATE[this.status]) : null,
      this.fault === REFUSED ? h("button", { type: "button", class: "more", key: "without", onclick: () => this.#goOnWithout() }, "Go on without it") : null,
      this.matches === null && this.fault === null ? h("p", { class: "aside", key: "wait" }, "Reading the list…") : null,
      this.matches !== null && matches.length === 0 ? h("p", { class: "aside", key: "none" }, "No match is on. One appears here as soon as a scorer starts it.") : null,
      GROUPS.map(([status, title]) => group(status, title, matches, chosenId, showsAll, showAll)),
    ];
  }

  #goOnWithout() {
    forget();
    this.fault = null;
    this.#startOver();
  }
}

function group(status, title, matches, chosenId, showsAll, showAll) {
  const mine = matches.filter(({ strip }) => (strip?.status ?? "scheduled") === status).sort(status === "ended" ? newestFirst : byTitle);
  const isCut = status === "ended" && !showsAll && mine.length > ENDED_SHOWN;
  const some = isCut ? mine.filter(({ match }, index) => index < ENDED_SHOWN || match === chosenId) : mine;
  return mine.length === 0 ? null : h("section", { key: status, "aria-labelledby": `group-${status}` },
    h("h3", { id: `group-${status}` }, title),
    h("ul", {}, some.map((one) => item(one, one.match === chosenId))),
    isCut ? h("button", { type: "button", class: "more", onclick: showAll }, `Show all ${mine.length}`) : null);
}

/** What is not over keeps its place in the list, whichever was scored last. */
function byTitle(a, b) {
  return String(a.strip?.title).localeCompare(String(b.strip?.title)) || (a.match < b.match ? -1 : 1);
}

function newestFirst(a, b) {
  return b.ts - a.ts || byTitle(a, b);
}

function item({ match, strip }, isChosen) {
  return h("li", { key: match },
    h("a", { href: `#/m/${match}`, "aria-current": isChosen ? "page" : null },
      h("span", { class: "item-head" }, h("bdi", { class: "item-title" }, clean(strip?.title ?? match)), statusBadge(strip?.status)),
      strip?.score ? h("span", { class: "item-score" }, h("bdi", {}, clean(strip.score))) : null,
      strip?.line ? h("span", { class: "item-line" }, h("bdi", {}, clean(strip.line))) : null));
}
