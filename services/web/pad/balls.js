// The log as a list, newest first: whatever is in it can be changed, taken back, brought back, or followed by what was missed.

import { sentence } from "/fan/sentence.js";
import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import * as device from "/pad/device.js";
import { askData } from "/pad/filling.js";
import { hasForm, insertable } from "/pad/forms.js";
import { ballText } from "/pad/innings.js";
import { nameOf } from "/pad/next.js";
import { ballBetween, placeAfter, placesOf } from "/pad/place.js";
import { reasonOf } from "/pad/service.js";

const SHOWN_MAX = 60;

/** The list of what was entered. */
export class Balls {
  #scoring;
  #questions;
  #shown_max = SHOWN_MAX;
  /** The over that the list begins with, as `innings.over`; null: the newest. */
  #from = null;

  constructor(scoring, questions) {
    this.#scoring = scoring;
    this.#questions = questions;
  }

  view() {
    const { state } = this.#scoring;
    const placed = placesOf(this.#scoring.entries(), state);
    const overs = [...new Set(placed.map(({ over }) => over).filter((over) => over !== null))].reverse();
    const last = this.#from === null ? -1 : placed.findLastIndex(({ over }) => over === this.#from);
    const all = (last < 0 ? placed : placed.slice(0, last + 1)).toReversed();
    return h("section", { class: "log", "aria-labelledby": "log" },
      h("h1", { id: "log" }, "Ball by ball"),
      overs.length < 2 ? null : h("label", { class: "from", key: "from" }, h("span", {}, "Show from "),
        h("select", { id: "from", onchange: (event) => this.#showFrom(event.target.value) },
          h("option", { value: "", selected: last < 0 ? true : null }, "the newest"),
          overs.map((over) => h("option", { value: over, selected: over === this.#from ? true : null }, overText(over))))),
      h("ol", { reversed: true }, all.slice(0, this.#shown_max).map(({ entry, ball }) => h("li", { key: entry.id },
        h("button", { type: "button", class: entry.isVoid ? "entry void" : "entry", onclick: this.#tap(() => this.#about(entry)) },
          h("b", { class: "place" }, ball ?? ""),
          h("b", { class: "what" }, entry.type === "delivery" ? ballText(entry.data).replace(/^\.$/, "•") : ""),
          h("span", { class: "words" }, sentence(state, entry), marks(entry)))))),
      all.length > this.#shown_max ? h("button", { type: "button", class: "back", onclick: this.#tap(() => { this.#shown_max += SHOWN_MAX; }) }, "Show earlier") : null);
  }

  #tap(act) {
    return this.#questions.tap(act);
  }

  #showFrom(over) {
    [this.#from, this.#shown_max] = [over === "" ? null : over, SHOWN_MAX];
    this.#questions.redraw();
  }

  async #about(entry) {
    const { state, match } = this.#scoring;
    const title = sentence(state, entry);
    if (state.locked && device.rightsIn(match)?.includes("official") === false) {
      await this.#questions.tell(title, "The scorecard is signed off: only an official corrects it.");
      return;
    }
    const place = placeAfter(this.#scoring.entries(), entry.id);
    const options = [
      [!entry.isVoid && (entry.type === "delivery" || hasForm(entry.type)), { value: "change", label: "Change it" }],
      [place.side !== null, { value: "ball", label: "Insert a ball after it" }],
      [true, { value: "other", label: "Insert something else" }],
      [!entry.isVoid && entry.type !== "created", { value: "void", label: "Take it back" }],
      [entry.isVoid, { value: "restore", label: "Bring it back" }],
    ].filter(([may]) => may).map(([, option]) => option);
    const what = await this.#questions.choose(title, options);
    switch (what) {
      case "change": return this.#change(entry);
      case "ball": return this.#insertBall(entry, place);
      case "other": return this.#insertOther(entry, place);
      case "void": return entry.id === this.#scoring.last()?.id ? this.#scoring.undo(entry) : this.#correct({ op: "void", ref: entry.id });
      case "restore": return this.#correct({ op: "restore", ref: entry.id });
    }
  }

  async #change({ id, type, data }) {
    const { side } = placeAfter(this.#scoring.entries(), id);
    // What ends an innings stands after it.
    const batting = type === "innings_end" ? this.#sideBefore(id) : side;
    await this.#ask(type === "delivery" ? "Change the ball" : "Change it", { op: "amend", ref: id, type, data }, batting);
  }

  async #insertBall({ id }, { side, ball: like }) {
    if (like === null) {
      await this.#questions.tell("No ball to insert", "Nobody has bowled yet: score it with the keys.");
      return;
    }
    const data = ballBetween(this.#scoring.stateAfter(id), like);
    await this.#ask("Insert a ball", { op: "insert", ref: id, type: "delivery", data }, side);
  }

  async #insertOther({ id }, { side }) {
    const all = insertable(side);
    const type = await this.#questions.choose("What was missed?", all.map(([value, label]) => ({ value, label })));
    if (type !== null) await this.#ask(all.find(([value]) => value === type)[1], { op: "insert", ref: id, type, data: {} }, side);
  }

  /** Asks for the data of a correction, beginning with those that it has, and posts it. */
  async #ask(title, correction, side) {
    const refusal = (data) => this.#scoring.refusal({ ...correction, data });
    const data = await askData(this.#questions, this.#scoring.state, title, correction.type, correction.data, side, refusal);
    if (data !== null) await this.#correct({ ...correction, data });
  }

  /** The side that bats before the entry. */
  #sideBefore(id) {
    const entries = this.#scoring.entries();
    const place = entries.findIndex((entry) => entry.id === id);
    return place < 1 ? null : placeAfter(entries, entries[place - 1].id).side;
  }

  /** Posts a correction, and what follows from it, if the scorer wants that too. */
  async #correct(correction) {
    const scoring = this.#scoring;
    const refusal = scoring.refusal(correction);
    if (refusal !== null) {
      await this.#questions.tell("This can't be", refusal.detail);
      return;
    }
    const looked = await this.#look(correction);
    if (looked === null) return;
    const { status, body } = looked;
    if (status === 422 || status === 400 || status === 403 || status === 409) {
      await this.#questions.tell("This can't be", reasonOf(looked));
      return;
    }
    const cascade = status === 200 ? body.cascade : [];
    const { state } = scoring;
    const lines = status !== 200 ? [] : [
      ...(body.strip.score === undefined ? [] : [`The score will be ${body.strip.score}.`]),
      ...body.warnings.map(({ detail }) => `${detail}.`),
      ...cascade.map(({ data }) => `Over ${data.over + 1}: ${nameOf(state, data.batter)} faced, ${nameOf(state, data.non_striker)} at the other end.`),
    ];
    const more = lines.length === 0 ? null : h("ul", { class: "lines" }, lines.map((line) => h("li", {}, clean(line))));
    const options = cascade.length === 0 ? [{ value: [], label: "Save", tone: "main" }]
      : [{ value: cascade, label: `Save, and change ${cascade.length} more`, note: "the batters changed ends", tone: "main" }, { value: [], label: "Save this alone" }];
    const taken = await this.#questions.choose("Correct it?", options, { more, note: status === 200 ? null : "What follows from it can't be looked at now: it is kept here, and sent when there is a connection." });
    if (taken !== null) await scoring.add(correction, ...taken);
  }

  /** What a correction leads to; status 0 if the scorer would not wait, null if he went back. */
  async #look(correction) {
    const scoring = this.#scoring;
    const unknown = { status: 0, body: null };
    if (scoring.isAlone || scoring.sending.pending.length > 0) return unknown;
    const looking = scoring.service.cascade(scoring.match, withId(correction));
    const asked = this.#questions.choose("Looking what follows from it…", [{ value: unknown, label: "Don't wait: save it" }]);
    return Promise.race([looking, asked]);
  }
}

function overText(over) {
  const [innings, number] = over.split(".");
  return `innings ${innings}, over ${number}`;
}

function marks({ isVoid, isAmended, seq }) {
  const said = [isVoid ? "taken back" : null, isAmended ? "changed" : null, seq === undefined ? "not sent yet" : null].filter(Boolean);
  return said.length === 0 ? null : h("small", {}, ` ${said.join(", ")}`);
}

/** What is only looked at needs an id all the same. */
function withId(correction) {
  return { ...correction, id: crypto.randomUUID?.() ?? `look-${Date.now().toString(36)}` };
}
