// The log as a list, newest first: any ball of it can be changed, taken back, brought back, or followed by one that was missed.

import { sentence } from "/fan/sentence.js";
import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import { ballText } from "/pad/innings.js";
import { nameOf } from "/pad/next.js";
import { reasonOf } from "/pad/service.js";

const SHOWN_MAX = 60;
const EXTRAS = [["wides", "Wides (all runs of it)"], ["noballs", "No-ball runs"], ["byes", "Byes"], ["legbyes", "Leg-byes"], ["penalty", "Penalty runs"]];
const WICKETS = ["bowled", "caught", "caught and bowled", "lbw", "stumped", "hit wicket", "run out", "obstructing the field", "hit the ball twice", "handled the ball"];

/** The list of what was entered. */
export class Balls {
  #scoring;
  #questions;
  #shown_max = SHOWN_MAX;

  constructor(scoring, questions) {
    this.#scoring = scoring;
    this.#questions = questions;
  }

  view() {
    const { state } = this.#scoring;
    const all = this.#scoring.entries().toReversed();
    return h("section", { class: "log", "aria-labelledby": "log" },
      h("h1", { id: "log" }, "Ball by ball"),
      h("ol", { reversed: true }, all.slice(0, this.#shown_max).map((entry) => h("li", { key: entry.id },
        h("button", { type: "button", class: entry.isVoid ? "entry void" : "entry", onclick: this.#tap(() => this.#about(entry)) },
          h("b", { class: "place" }, entry.type === "delivery" ? `${entry.data.over + 1}` : ""),
          h("b", { class: "what" }, entry.type === "delivery" ? ballText(entry.data).replace(/^\.$/, "•") : ""),
          h("span", { class: "words" }, sentence(state, entry), marks(entry)))))),
      all.length > this.#shown_max ? h("button", { type: "button", class: "back", onclick: this.#tap(() => { this.#shown_max += SHOWN_MAX; }) }, "Show earlier") : null);
  }

  #tap(act) {
    return this.#questions.tap(act);
  }

  async #about(entry) {
    const { state } = this.#scoring;
    const isBall = entry.type === "delivery";
    const options = [
      [!entry.isVoid && isBall, { value: "change", label: "Change it" }],
      [!entry.isVoid && entry.type === "comment", { value: "reword", label: "Change it" }],
      [entry.type !== "created", { value: "insert", label: "Insert a ball after it" }],
      [!entry.isVoid && entry.type !== "created", { value: "void", label: "Take it back" }],
      [entry.isVoid, { value: "restore", label: "Bring it back" }],
    ].filter(([may]) => may).map(([, option]) => option);
    const what = await this.#questions.choose(sentence(state, entry), options);
    if (what === "change") {
      const data = await this.#askBall("Change the ball", entry.data);
      if (data !== null) await this.#correct({ op: "amend", ref: entry.id, type: "delivery", data });
    } else if (what === "insert") {
      const like = this.#likeAfter(entry);
      const data = like === null ? null : await this.#askBall("Insert a ball", { ...like, runs: 0, extras: undefined, wickets: undefined, boundary: undefined, short_run: undefined });
      if (data !== null) await this.#correct({ op: "insert", ref: entry.id, type: "delivery", data });
    } else if (what === "reword") {
      const filled = await this.#questions.fill("Change the comment", [{ name: "text", label: "Comment", value: entry.data.text, required: true }]);
      if (filled?.text) await this.#scoring.add({ op: "amend", ref: entry.id, type: "comment", data: { ...entry.data, text: filled.text } });
    } else if (what === "void" && entry === this.#scoring.last()) {
      await this.#scoring.undo(entry);
    } else if (what === "void" || what === "restore") {
      await this.#correct({ op: what, ref: entry.id });
    }
  }

  /** The ball that an inserted one resembles: the one before it, else the one after. */
  #likeAfter(entry) {
    const all = this.#scoring.entries();
    const place = all.findIndex(({ id }) => id === entry.id);
    const isBall = ({ type, isVoid }) => type === "delivery" && !isVoid;
    return (all.slice(0, place + 1).findLast(isBall) ?? all.slice(place).find(isBall))?.data ?? null;
  }

  /** Posts a correction, and what follows from it, if the scorer wants that too. */
  async #correct(correction) {
    const scoring = this.#scoring;
    const isBehind = scoring.sending.pending.length > 0;
    const { status, body } = isBehind ? { status: 0, body: null } : await scoring.service.cascade(scoring.match, withId(correction));
    if (status === 422 || status === 400) {
      await this.#questions.tell("This can't be", reasonOf({ status, body }));
      return;
    }
    const cascade = status === 200 ? body.cascade : [];
    const warnings = status === 200 ? body.warnings : [];
    const { state } = scoring;
    const lines = [
      ...(body?.strip?.score === undefined ? [] : [`The score will be ${body.strip.score}.`]),
      ...warnings.map(({ detail }) => `${detail}.`),
      ...cascade.map(({ data }) => `Over ${data.over + 1}: ${nameOf(state, data.batter)} faced, ${nameOf(state, data.non_striker)} at the other end.`),
    ];
    const more = lines.length === 0 ? null : h("ul", { class: "lines" }, lines.map((line) => h("li", {}, clean(line))));
    const options = cascade.length === 0 ? [{ value: [], label: "Save", tone: "main" }]
      : [{ value: cascade, label: `Save, and change ${cascade.length} more`, note: "the batters changed ends", tone: "main" }, { value: [], label: "Save this alone" }];
    const taken = await this.#questions.choose("Correct it?", options, { more, note: status === 200 ? null : "What follows from it can't be looked at without a connection." });
    if (taken !== null) await scoring.add(correction, ...taken);
  }

  async #askBall(title, ball) {
    const { state } = this.#scoring;
    const people = ["a", "b"].flatMap((side) => Object.keys(state.teams[side].players)).map((value) => ({ value, label: nameOf(state, value) }));
    const [wicket] = ball.wickets ?? [];
    const none = { value: "", label: "–" };
    const filled = await this.#questions.fill(title, [
      { name: "runs", label: "Runs off the bat", kind: "number", value: String(ball.runs), required: true },
      { name: "boundary", label: "It crossed the rope", kind: "check", value: ball.boundary !== undefined },
      ...EXTRAS.map(([name, label]) => ({ name, label, kind: "number", value: String(ball.extras?.[name] ?? "") })),
      { name: "short_run", label: "A run was short", kind: "check", value: ball.short_run },
      { name: "batter", label: "Faced", kind: "choice", options: people, value: ball.batter },
      { name: "non_striker", label: "Other end", kind: "choice", options: people, value: ball.non_striker },
      { name: "bowler", label: "Bowled", kind: "choice", options: people, value: ball.bowler },
      { name: "over", label: "Over", kind: "number", value: String(ball.over + 1), required: true },
      { name: "kind", label: "Wicket", kind: "choice", options: [none, ...WICKETS.map((value) => ({ value, label: value }))], value: wicket?.kind ?? "" },
      { name: "player_out", label: "Who is out", kind: "choice", options: [none, ...people], value: wicket?.player_out ?? "" },
      { name: "fielder", label: "Fielder", kind: "choice", options: [none, ...people], value: wicket?.fielders?.[0]?.player ?? "" },
    ]);
    return filled === null ? null : ballOf(ball, filled);
  }
}

/** The ball as it was filled in; what the form does not show stays. */
function ballOf(before, filled) {
  const { extras: _, wickets = [], boundary, short_run, ...kept } = before;
  const extras = Object.fromEntries(EXTRAS.map(([name]) => [name, filled[name]]).filter(([, runs]) => runs > 0));
  const data = { ...kept, over: filled.over - 1, batter: filled.batter, non_striker: filled.non_striker, bowler: filled.bowler, runs: filled.runs };
  for (const name of Object.keys(data)) if (data[name] === undefined) delete data[name];
  if (Object.keys(extras).length > 0) data.extras = extras;
  const crossed = filled.runs === 6 ? 6 : 4;
  if (filled.boundary) data.boundary = boundary ?? crossed;
  if (filled.short_run) data.short_run = true;
  if (filled.kind !== null) {
    const fielders = filled.fielder === null ? [] : [{ player: filled.fielder }, ...(wickets[0]?.fielders ?? []).slice(1)];
    data.wickets = [{ kind: filled.kind, player_out: filled.player_out ?? filled.batter, ...(fielders.length > 0 ? { fielders } : {}) }, ...wickets.slice(1)];
  }
  return data;
}

function marks({ isVoid, isAmended, seq }) {
  const said = [isVoid ? "taken back" : null, isAmended ? "changed" : null, seq === undefined ? "not sent yet" : null].filter(Boolean);
  return said.length === 0 ? null : h("small", {}, ` ${said.join(", ")}`);
}

/** What is only looked at needs an id all the same. */
function withId(correction) {
  return { ...correction, id: correction.id ?? crypto.randomUUID?.() ?? `look-${Date.now().toString(36)}` };
}
