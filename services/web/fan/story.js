// The events of a match that this page knows, told newest first, corrections as what they are.

import { milestone, outcome, placeOf, sentence, weightOf } from "/fan/sentence.js";

/** So many are told at first, and so many more each time. */
const TOLD_STEP = 18;
/** More are not kept. */
const TOLD_MAX = 1200;
/** After a failed request for earlier ones. */
const RETRY_MS = 5000;

/** What is told of one match. `fetchEvents(epoch, first, last)` gets a range, `changed` is called when one came. */
export class Story {
  #events = new Map();
  #epoch = null;
  /** Where the match stood when this page opened it: what comes later is new to the reader. */
  #openedAt_seq = null;
  #told = TOLD_STEP;
  #asking = false;
  #askAgainAt_ms = 0;
  #fetchEvents;
  #changed;

  constructor(fetchEvents, changed) {
    this.#fetchEvents = fetchEvents;
    this.#changed = changed;
  }

  /** Takes events as they come; another epoch is another story. */
  take(epoch, events) {
    if (epoch !== this.#epoch) this.#events.clear();
    this.#epoch = epoch;
    for (const event of events) this.#events.set(event.seq, event);
    for (const seq of this.#events.keys()) {
      if (this.#events.size <= TOLD_MAX) break;
      this.#events.delete(seq);
    }
  }

  /** Wants more of the past. */
  tellEarlier() {
    this.#told = Math.min(this.#told + TOLD_STEP * 4, TOLD_MAX);
    this.#changed();
  }

  /** Asks for the newest hole in what should be told up to `seq`, if there is one. */
  async fill(epoch, seq, now_ms) {
    this.#openedAt_seq ??= seq;
    if (this.#asking || now_ms < this.#askAgainAt_ms || seq < 1) return;
    if (epoch !== this.#epoch) this.take(epoch, []);
    const first = Math.max(1, seq - this.#told + 1);
    let last = seq;
    while (last >= first && this.#events.has(last)) last -= 1;
    if (last < first) return;
    let from = last;
    while (from > first && !this.#events.has(from - 1)) from -= 1;
    this.#asking = true;
    const events = await this.#fetchEvents(epoch, from, last).catch(() => []);
    this.#asking = false;
    if (events.length === 0) this.#askAgainAt_ms = now_ms + RETRY_MS;
    if (epoch === this.#epoch) this.take(epoch, events);
    if (events.length > 0) this.#changed();
  }

  /** What to tell, newest first, and whether there is more before it. */
  told(state, seq) {
    const inOrder = [...this.#events.values()].filter((event) => event.seq > seq - this.#told && event.seq <= seq).sort((a, b) => a.seq - b.seq);
    const versions = versionsOf([...this.#events.values()]);
    let score;
    const entries = inOrder.map((event) => {
      score = event.patch?.strip?.score ?? score;
      return { ...entry(state, event, versions, score), isNew: event.seq > this.#openedAt_seq };
    });
    const first = inOrder[0]?.seq ?? seq + 1;
    return { entries: entries.reverse(), hasEarlier: first > 1 && this.#told < TOLD_MAX };
  }
}

/** Everything that was said of each event: by its id, in order. */
function versionsOf(events) {
  const versions = new Map();
  for (const event of events.sort((a, b) => a.seq - b.seq)) {
    const isCorrection = ["amend", "void", "restore"].includes(event.op);
    const id = isCorrection ? event.ref : event.id;
    versions.set(id, [...(versions.get(id) ?? []), event]);
  }
  return versions;
}

function entry(state, event, versions, score) {
  const said = { seq: event.seq, at: event.at ?? event.ts, place: placeOf(state, event), score, fate: null, milestone: null };
  if (event.op !== undefined && event.op !== "add") {
    return { ...said, ...correction(state, event, versions), place: null };
  }
  const later = versions.get(event.id)?.at(-1);
  const fate = { amend: "corrected", void: "taken back" }[later?.op] ?? null;
  return { ...said, text: sentence(state, event), weight: weightOf(event), milestone: milestone(state, event), fate, isCorrection: false };
}

/** The words of a correction: what was, and what is now, as far as the known events tell. */
function correction(state, event, versions) {
  const said = versions.get(event.ref) ?? [];
  const original = said.find(({ op }) => op === undefined || op === "add" || op === "insert");
  const before = said.filter((one) => one.seq < event.seq && one.data !== undefined).at(-1);
  const place = original === undefined ? null : placeOf(state, original);
  const at = place === null ? "" : `${place} `;
  const weight = weightOf(event.data === undefined ? (before ?? event) : event);
  const text = {
    insert: () => `Added${place === null ? "" : ` after ${place}`}: ${sentence(state, event)}`,
    amend: () => amended(state, event, before, at),
    void: () => `Taken back: ${before === undefined ? "an earlier event" : `${at}${sentence(state, before)}`}`,
    restore: () => `Stands again: ${before === undefined ? "an earlier event" : `${at}${sentence(state, before)}`}`,
  }[event.op]?.() ?? sentence(state, event);
  return { text, weight: event.op === "void" ? "plain" : weight, isCorrection: true };
}

function amended(state, event, before, at) {
  if (event.type === "created") return "Names or rules of the match were put right";
  const now = sentence(state, event);
  if (event.type !== "delivery") return `Now: ${now}`;
  if (before?.type !== "delivery") return `Over ${event.data.over + 1}, now: ${now}`;
  const was = sentence(state, before);
  if (was === now) return `${at}${now} (a detail of it was put right)`;
  const isSamePair = before.data.bowler === event.data.bowler && before.data.batter === event.data.batter;
  if (!isSamePair) return `${at}was ${was}; now ${now}`;
  const pair = now.slice(0, now.length - outcome(state, event.data).length);
  return `${at}${pair}was ${outcome(state, before.data)}, now ${outcome(state, event.data)}`;
}
