// The log of a match as this device knows it: the state after each event, proved by its hash, and what is entered on top.

import { ahead } from "/pad/ahead.js";
import { besideOf } from "/pad/beside.js";
import { refusalOf, refusalOfCorrection, refusalOfLocked } from "/pad/refusals.js";
import { applyPatch, hashOf } from "/sdk/state.js";

/** Events in the order in which they were stored, and the states that their patches lead to. */
export class Book {
  epoch = null;
  /** Event `seq` stands at `seq - 1`. */
  events = [];
  /** The state after each. */
  #states = [];

  /** How many events it has. */
  get seq() {
    return this.events.length;
  }

  /** The state as the server has confirmed it; null before the first event. */
  get state() {
    return this.#states.at(-1) ?? null;
  }

  /**
   * Takes events that follow; of another epoch, it begins anew. False, and nothing is taken, if
   * something is missing in between.
   */
  take(epoch, events) {
    if (epoch !== this.epoch) {
      this.forget();
      this.epoch = epoch;
    }
    for (const event of events) {
      if (event.seq <= this.seq) continue;
      if (event.seq !== this.seq + 1) return false;
      this.events.push(event);
      this.#states.push(applyPatch(this.#states.at(-1), event.patch));
    }
    return true;
  }

  /** Whether the state after `seq` has this hash; true of what is not here. */
  proves(seq, hash) {
    const state = this.#states[seq - 1];
    return state === undefined || hashOf(state) === hash;
  }

  forget() {
    this.epoch = null;
    this.events = [];
    this.#states = [];
  }

  /**
   * The events that are no corrections, in the order in which they count, with the corrections
   * applied: `{id, type, data, isVoid, isAmended, seq?, ts?}`; those of `pending` have no seq.
   */
  entries(pending = []) {
    return effective([...this.events, ...pending]);
  }

  /** The state with `pending` on top, as far as this device can tell. */
  shown(pending) {
    if (this.state === null) return null;
    const missing = pending.filter(({ id }) => !this.#has(id));
    const entries = this.entries(missing);
    const { seq, position } = this.#sound(entries, missing);
    const after = entries.slice(position).filter(({ isVoid }) => !isVoid);
    return inOrder(entries, ahead(this.#states[seq - 1], after, besideOf(entries.slice(0, position))));
  }

  /** The state after the entry of this id, by the entries that count up to it; null while nothing is known. */
  after(id, pending) {
    if (this.state === null) return null;
    const entries = this.entries(pending.filter((event) => !this.#has(event.id)));
    const place = entries.findIndex((entry) => entry.id === id);
    return this.#folded(entries.slice(0, place + 1));
  }

  /**
   * Why the platform would refuse an event on top of `pending`: its `rule`, and a sentence; null if
   * it would not, or nothing is known. A correction is judged where it stands, as the platform does.
   */
  refusal(event, pending) {
    if (this.state === null) return null;
    const { op = "add", ref, type, data } = event;
    if (op === "add") {
      const state = this.shown(pending);
      return refusalOfLocked(state, type) ?? refusalOf(state, type, data);
    }
    const missing = pending.filter(({ id }) => !this.#has(id));
    const entry = this.entries(missing).find(({ id }) => id === ref);
    const refusal = refusalOfCorrection(event, entry);
    if (refusal !== null || op === "void") return refusal;
    const entries = this.entries([...missing, event]);
    const place = entries.findIndex(({ id }) => id === touched(event));
    return refusalOf(this.#folded(entries.slice(0, place)), type ?? entry.type, data ?? entry.data);
  }

  /** The same of events that are entered together: why the first can't be that can't. */
  refusalOfAll(events, pending) {
    // Their ids are made later; no event has one with a blank in it.
    const named = events.map((event, index) => ({ id: `new ${index}`, ...event }));
    for (const [index, event] of named.entries()) {
      const refusal = this.refusal(event, [...pending, ...named.slice(0, index)]);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  /** The state after these entries alone. */
  #folded(entries) {
    return ahead(this.#states[0], entries.filter(({ isVoid }) => !isVoid));
  }

  #has(id) {
    return this.events.some((event) => event.id === id);
  }

  /** The newest stored state below which no correction reaches: its seq, and the first entry after it. */
  #sound(entries, missing) {
    const positions = new Map(entries.map(({ id }, position) => [id, position]));
    const all = [...this.events, ...missing.map((event) => ({ ...event, seq: Infinity }))];
    let [seq, position] = [this.seq, entries.length];
    for (;;) {
      for (const event of all) {
        if (event.seq > seq) position = Math.min(position, positions.get(touched(event)) ?? position);
      }
      const first = Math.min(...entries.slice(position).map((entry) => entry.seq ?? Infinity));
      const before = Math.min(seq, first - 1);
      if (before === seq) break;
      seq = before;
    }
    // The state of nothing shows nothing: what the match was created with is folded upon itself.
    return { seq: Math.max(1, seq), position };
  }
}

/** The state with its players as they were entered: a state itself knows no order. */
function inOrder(entries, state) {
  const squads = entries.flatMap(({ type, data, isVoid }) => isVoid ? [] : type === "created" ? [data.teams?.a, data.teams?.b] : type === "lineup" ? [data] : []);
  const ids = squads.flatMap((squad) => (squad?.players ?? []).map(({ id }) => id));
  for (const side of ["a", "b"]) {
    const { players } = state.teams?.[side] ?? {};
    if (players === undefined) continue;
    const first = ids.filter((id) => Object.hasOwn(players, id)).map((id) => [id, players[id]]);
    state.teams[side] = { ...state.teams[side], players: { ...Object.fromEntries(first), ...players } };
  }
  return state;
}

/** The entry that an event changes the list at: its own, or the one it corrects. */
function touched({ id, op = "add", ref }) {
  return op === "add" || op === "insert" ? id : ref;
}

/** The list that counts, of events in the order in which they came. */
function effective(events) {
  const entries = [];
  const find = (id) => entries.findLastIndex((entry) => entry.id === id);
  for (const { id, type, data, op = "add", ref, seq, ts, at } of events) {
    const entry = { id, type, data, seq, ts, at, isVoid: false, isAmended: false, depth: 0 };
    if (op === "add") {
      entries.push(entry);
      continue;
    }
    const position = find(ref);
    if (position < 0) continue;
    const found = entries[position];
    if (op === "insert") {
      entry.depth = found.depth + 1;
      let place = position + 1;
      while (place < entries.length && entries[place].depth > found.depth) place += 1;
      entries.splice(place, 0, entry);
    } else if (op === "amend") {
      Object.assign(found, { data, isAmended: true });
    } else {
      found.isVoid = op === "void";
    }
  }
  return entries;
}
