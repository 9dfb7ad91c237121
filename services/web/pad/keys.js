// Scoring ball by ball: how it stands, what is due, and the keys.

import { ballsOf, ballsPerOver } from "/fan/over.js";
import { oversText, scoreText, teamName } from "/fan/state.js";
import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import { deliveryOf, whatIs } from "/pad/ball.js";
import { lastOver } from "/pad/innings.js";
import { batsOn, pairChangesAfter } from "/pad/league.js";
import { ballsBowled, ballsLeft, creaseOf, dueOf, isInOver, isOverFull, nameOf, openInnings, pastOf, rowOf } from "/pad/next.js";
import { askBatter, askNewPlayer, batterOptions, bowlerOptions } from "/pad/people.js";
import { askWicket } from "/pad/wicket.js";

const KINDS = { wd: "Wide", nb: "No-ball", b: "Byes", lb: "Leg-byes" };
/** Of a crease: where these are others, it is another ball. */
const WHOSE = ["striker", "non_striker", "bowler", "over"];
const REASONS = { target: "The target is reached", all_out: "All out", overs: "All overs are bowled", nobody: "Nobody is left to bat" };
const OTHER_RUNS = [
  { value: { runs: 5 }, label: "5" }, { value: { runs: 7 }, label: "7" },
  { value: { runs: 4, isRun: true }, label: "4, all run" }, { value: { runs: 6, isRun: true }, label: "6, all run" },
  { value: { runs: 1, isShort: true }, label: "1, one short" }, { value: { runs: 2, isShort: true }, label: "2, one short" },
  { value: { runs: 8 }, label: "8" }, { value: { runs: 0, isShort: true }, label: "0, one short" },
];

/** The view of an open innings. */
export class Keys {
  #scoring;
  #questions;
  /** What is armed for the next number: `wd`, `nb`, `b`, `lb` or null, and with a no-ball byes or leg-byes. */
  #kind = null;
  #off = null;
  /** What was due and is put aside until the next event. */
  #aside = null;

  constructor(scoring, questions) {
    this.#scoring = scoring;
    this.#questions = questions;
  }

  view() {
    const { state, chosen } = this.#scoring;
    const due = dueOf(state, chosen, pastOf(this.#scoring.entries()));
    const isDue = due !== null && this.#aside !== this.#mark(due);
    return [this.stand(), isDue ? this.#ask(state, chosen, due) : this.#pad(state)];
  }

  #mark(due) {
    return `${due.word}${this.#scoring.entries().length}`;
  }

  /** How it stands. */
  stand() {
    const { state, chosen } = this.#scoring;
    const innings = openInnings(state);
    const crease = creaseOf(state, chosen);
    const over = lastOver(innings);
    const isThis = over !== null && over.number === crease.over;
    const balls = over === null ? [] : ballsOf(over.balls);
    const bowler = crease.bowler === undefined ? undefined : rowOf(innings.bowling, crease.bowler);
    return h("section", { class: "stand", "aria-labelledby": "score" },
      h("h1", { id: "score" }, h("bdi", { class: "team" }, teamName(state, innings.batting_team)), " ",
        h("span", { class: "total", id: "total" }, scoreText(state, innings)), " ", h("span", { class: "overs", id: "overs" }, `(${innings.overs}${innings.overs_max === undefined ? "" : `/${innings.overs_max}`})`)),
      this.#line(state, innings, chosen),
      h("p", { class: "over" }, h("span", { class: "label" }, isThis || over === null ? `Over ${crease.over + 1}` : `Over ${over.number + 1} was`),
        h("span", { class: "row", id: "over" }, balls.map((ball, index) => h("span", { key: `${over.number}.${index}`, class: ball.isWicket ? "chip wicket" : ball.isBoundary ? "chip boundary" : "chip" }, h("span", { "aria-hidden": "true" }, ball.text === "." ? "•" : ball.text), h("span", { class: "unseen" }, `${ball.words}, `))))),
      h("div", { class: "people" },
        this.#batter(state, crease.striker, true), crease.isAlone ? h("p", { class: "alone", key: "non_striker" }, "bats alone") : this.#batter(state, crease.non_striker, false),
        h("button", { type: "button", id: "bowler", class: "bowler", onclick: this.#tap(() => this.changeBowler()) },
          h("span", { class: "label" }, "Bowling"), " ", h("bdi", {}, crease.bowler === undefined ? "nobody yet" : clean(nameOf(state, crease.bowler))), " ",
          h("span", { class: "figures" }, bowler === undefined ? "" : `${oversText(state, bowler.balls)}-${bowler.maidens}-${bowler.runs}-${bowler.wickets}`))),
    );
  }

  #line(state, innings, chosen) {
    const { target } = innings;
    const parts = [];
    if (target !== undefined) {
      const need = target.runs - innings.runs;
      const balls = ballsLeft(state);
      const left = balls === null ? "" : ` from ${balls}`;
      parts.push(need > 0 ? `Need ${need}${left}` : `Target ${target.runs} reached`);
    }
    if (state.now.free_hit) parts.push("FREE HIT");
    if (state.now.review) parts.push("Review pending");
    parts.push(...(chosen.replacements ?? []).map((one) => `${nameOf(state, one.in)} for ${nameOf(state, one.out)}, with the next ball`));
    if (state.status?.status !== "live") parts.push(clean(state.status.note ?? state.status.status.replace("_", " ")));
    // What is armed is more urgent than anything else.
    const armed = this.#armedText();
    return h("p", { class: armed === "" ? "line" : "line armed", id: "line", role: "status" }, armed === "" ? parts.join(" · ") : armed);
  }

  #batter(state, id, faces) {
    const row = id === undefined ? undefined : rowOf(openInnings(state).batting, id);
    return h("button", { type: "button", key: faces ? "striker" : "non_striker", id: faces ? "striker" : "non-striker", class: faces ? "facing" : null, onclick: this.#tap(() => this.#aboutBatter(id)) },
      h("span", { class: "bat", "aria-hidden": "true" }, faces ? "▸" : ""), h("bdi", {}, id === undefined ? "nobody yet" : clean(nameOf(state, id))),
      faces ? h("span", { class: "unseen" }, " faces") : null, " ", h("span", { class: "figures" }, row === undefined ? "" : `${row.runs} (${row.balls})`));
  }

  #tap(act) {
    return this.#questions.tap(act);
  }

  #pad(state) {
    const number = (runs) => h("button", { type: "button", key: runs, id: `k${runs}`, class: "run", onclick: this.#tap(() => this.#ball({ runs })) }, runs);
    const kind = (word) => h("button", {
      type: "button", key: word, id: `k${word}`, class: "kind", "aria-pressed": this.#kind === word || this.#off === word ? "true" : "false", "aria-label": KINDS[word],
      onclick: this.#tap(() => this.#arm(word)),
    }, { wd: "Wd", nb: "Nb", b: "B", lb: "Lb" }[word]);
    const last = this.#scoring.last();
    return h("section", { class: "keys", key: "keys", "aria-label": "Keys" },
      h("div", { class: "pad" },
        number(0), number(1), number(2), number(3),
        number(4), number(6), h("button", { type: "button", id: "kmore", class: "run", "aria-label": "Other runs", onclick: this.#tap(() => this.#otherRuns()) }, "5…"),
        h("button", { type: "button", id: "kw", class: "wicket", "aria-label": "Wicket", onclick: this.#tap(() => this.#wicket()) }, "W"),
        kind("wd"), kind("nb"), kind("b"), kind("lb"),
        h("button", { type: "button", id: "kswap", class: "small", onclick: this.#tap(() => this.#swap()) }, "⇄ Swap ends"),
        h("button", { type: "button", id: "kend", class: "small", disabled: isInOver(state) ? null : true, onclick: this.#tap(() => this.#endOver()) }, "End over"),
        h("button", { type: "button", id: "kundo", class: "small wide", disabled: last === null ? true : null, onclick: this.#tap(() => this.#scoring.undo(last)) }, "↶ Undo ", h("bdi", {}, last === null ? "" : whatIs(last))),
      ),
    );
  }

  #armedText() {
    if (this.#kind === null) return "";
    const off = this.#off === null ? "" : ` and ${KINDS[this.#off].toLowerCase()}`;
    return { wd: "Wide: tap runs run, or Wd for none", nb: `No-ball${off}: tap runs, or Nb for none`, b: "Byes: tap how many", lb: "Leg-byes: tap how many" }[this.#kind];
  }

  #arm(word) {
    if (this.#kind === "nb" && (word === "b" || word === "lb")) {
      this.#off = this.#off === word ? null : word;
      return;
    }
    if (this.#kind === word) {
      if (word === "wd" || word === "nb") return this.#ball({ runs: 0 });
      this.#kind = null;
      return;
    }
    [this.#kind, this.#off] = [word, null];
  }

  /** Enters a ball; false if it was not. `asked`: who was at the crease as it was asked about. */
  async #ball(tapped, asked = null) {
    const [kind, off] = [this.#kind, this.#off];
    [this.#kind, this.#off] = [null, null];
    // A thumb may be faster than the storage.
    await this.#scoring.settled;
    const { state, chosen } = this.#scoring;
    const crease = state.now === undefined ? null : creaseOf(state, chosen);
    this.#aside = null;
    if (crease === null || (asked !== null && WHOSE.some((one) => asked[one] !== crease[one]))) {
      await this.#questions.tell("Not entered", "Somebody else scored meanwhile. Look at the score, and enter it again.");
      return false;
    }
    // Then it is asked for, in place of the keys.
    if (crease.striker === undefined || (crease.non_striker === undefined && !crease.isAlone) || crease.bowler === undefined) return false;
    const data = deliveryOf(state.rules, crease, { kind, off, ...tapped });
    if (chosen.replacements !== undefined) data.replacements = chosen.replacements;
    await this.#scoring.add({ type: "delivery", data });
    return true;
  }

  async #otherRuns() {
    const picked = await this.#questions.choose("Other runs", OTHER_RUNS);
    if (picked !== null) await this.#ball(picked);
  }

  async #wicket() {
    // Who faces is known once the ball before is kept: a thumb may be faster.
    await this.#scoring.settled;
    const { state, chosen } = this.#scoring;
    const kind = this.#kind;
    const crease = creaseOf(state, chosen);
    const fell = await askWicket(this.#questions, state, chosen, kind);
    if (fell === null) return;
    const { wickets, runs, faces } = fell;
    if (!(await this.#ball({ runs, wickets }, crease)) || faces === null) return;
    const [{ player_out: out }] = wickets;
    const stays = crease.striker === out ? crease.non_striker : crease.striker;
    const other = batsOn(state.rules) ? out : null;
    this.#scoring.choose(faces === stays ? { striker: stays, non_striker: other } : { striker: other, non_striker: stays });
  }

  #swap() {
    const { state, chosen } = this.#scoring;
    const { striker, non_striker } = creaseOf(state, chosen);
    this.#scoring.choose({ ...chosen, striker: non_striker ?? null, non_striker: striker ?? null });
  }

  /** The over ends before its balls are bowled: miscounted, or the bowler can't go on. */
  async #endOver() {
    const { state } = this.#scoring;
    if (!isInOver(state)) return;
    const over = lastOver(openInnings(state));
    const balls = ballsBowled(state);
    const due = ballsPerOver(state.rules);
    if (balls !== due && !isOverFull(state)) {
      const sure = await this.#questions.choose(`End over ${over.number + 1} after ${balls} balls?`, [{ value: true, label: `End it: ${balls} of ${due} balls` }], { note: "It counts as a whole over." });
      if (sure === null) return;
    }
    await this.#scoring.add({ type: "over_end", data: { over: over.number, ...(balls === due || isOverFull(state) ? {} : { miscounted: { balls } }) } });
  }

  #lastBowlers() {
    const overs = new Map();
    let innings = 0;
    for (const { type, data, isVoid } of this.#scoring.entries()) {
      if (isVoid) continue;
      if (type === "innings_start") innings += 1;
      if (type === "delivery") overs.set(`${innings}.${data.over}`, { innings, bowler: data.bowler });
    }
    return [...overs.values()].filter((one) => one.innings === innings).map(({ bowler }) => bowler).slice(-2).reverse();
  }

  /** Another bowler, before the over or in it. */
  async changeBowler() {
    const { state, chosen } = this.#scoring;
    const bowler = await this.#questions.choose("Who bowls?", bowlerOptions(state, this.#lastBowlers()));
    if (bowler !== null) this.#scoring.choose({ ...chosen, bowler });
  }

  async #aboutBatter(id) {
    const { state, chosen } = this.#scoring;
    if (id === undefined) return this.#bringIn();
    const what = await this.#questions.choose(nameOf(state, id), [
      { value: "swap", label: "Swap ends" }, { value: "retired hurt", label: "Retires hurt" },
      { value: "retired not out", label: "Retires, not out" }, { value: "retired out", label: "Retires, out" },
      { value: "other", label: "It is another batter", note: "the wrong one was entered to bat" },
      { value: "run out", label: "Run out before the ball", note: "by the bowler, or between balls" },
      { value: "obstructing the field", label: "Obstructed the field", note: "between balls" },
      { value: "timed out", label: "Next batter timed out" },
    ]);
    if (what === "swap") this.#swap();
    else if (what === "other") {
      const end = creaseOf(state, chosen).striker === id ? "striker" : "non_striker";
      const event = await askBatter(this.#questions, state, chosen, `Who bats in place of ${nameOf(state, id)}?`);
      if (event !== null) this.#scoring.choose({ ...chosen, [end]: event.data.player });
    } else if (what === "timed out") {
      const event = await askBatter(this.#questions, state, chosen, "Who is timed out?");
      if (event !== null) await this.#scoring.add({ type: "dismissal", data: { kind: "timed out", player_out: event.data.player } });
    } else if (what === "run out" || what === "obstructing the field") {
      await this.#goes(id, { type: "dismissal", data: { kind: what, player_out: id } });
    } else if (what !== null) {
      await this.#goes(id, { type: "batter_retired", data: { player: id, kind: what } });
    }
  }

  /** A batter leaves between balls: his end is free, and the other stays where he is. */
  async #goes(id, event) {
    const { state, chosen } = this.#scoring;
    const { striker, non_striker } = creaseOf(state, chosen);
    const isChosen = "striker" in chosen || "non_striker" in chosen;
    await this.#scoring.add(event);
    const left = (player) => (player === id ? null : player);
    if (isChosen) this.#scoring.choose({ ...this.#scoring.chosen, striker: left(striker), non_striker: left(non_striker) });
  }

  async #bringIn() {
    const { state, chosen } = this.#scoring;
    const event = await askBatter(this.#questions, state, chosen);
    if (event !== null) await this.#comesIn(event);
  }

  async #comesIn(event) {
    const { state, chosen } = this.#scoring;
    const { striker, non_striker } = creaseOf(state, chosen);
    const player = event.data.player;
    const isChosen = "striker" in chosen || "non_striker" in chosen;
    await this.#scoring.add(event);
    if (isChosen) this.#scoring.choose({ ...chosen, striker: striker ?? player, non_striker: striker === undefined ? non_striker : non_striker ?? player });
  }

  /** What is due, in place of the keys. */
  #ask(state, chosen, due) {
    const { title, note, options, aside } = this.#question(state, chosen, due);
    const last = this.#scoring.last();
    return h("section", { class: "sheet due", key: this.#mark(due), "aria-labelledby": "due" },
      h("h2", { id: "due" }, title), note === null ? null : h("p", { class: "note" }, note),
      h("div", { class: "options" }, options.map(({ label, note, tone, act }, index) => h("button", { type: "button", class: tone ?? null, key: index, onclick: this.#tap(act) }, h("bdi", {}, clean(label)), note ? h("small", {}, clean(note)) : null))),
      h("div", { class: "ends" },
        h("button", { type: "button", class: "back", onclick: this.#tap(() => { this.#aside = this.#mark(due); }) }, aside),
        h("button", { type: "button", class: "back", id: "kundo", disabled: last === null ? true : null, onclick: this.#tap(() => this.#scoring.undo(last)) }, "↶ Undo ", h("bdi", {}, last === null ? "" : whatIs(last)))));
  }

  /** A player who is in no line-up yet. */
  #somebodyElse(side, act) {
    return {
      label: "Somebody else…", tone: "faint", act: async () => {
        const player = await askNewPlayer(this.#questions, this.#scoring, side);
        if (player !== null) await act(player);
      },
    };
  }

  #question(state, chosen, due) {
    const innings = openInnings(state);
    const fielding = innings.batting_team === "a" ? "b" : "a";
    switch (due.word) {
      case "innings": return {
        title: REASONS[due.reason], note: null, aside: "Not yet, play on",
        options: [
          { label: "End the innings", tone: "main", act: () => this.#endInnings(due.reason === "nobody" ? "all_out" : due.reason) },
          ...(due.reason === "nobody" ? [this.#somebodyElse(innings.batting_team, (player) => this.#comesIn({ type: "batter_in", data: { player } }))] : []),
        ],
      };
      case "retirement": return {
        title: `${nameOf(state, due.player)} is due to retire`, note: "By the rules of this match; who retires so may come back.", aside: "Bats on",
        options: [{ label: "Retires", tone: "main", act: () => this.#goes(due.player, { type: "batter_retired", data: { player: due.player, kind: "retired not out" } }) }],
      };
      case "over": return {
        title: `End of over ${due.over + 1}. Who bowls next?`, note: null, aside: "One more ball",
        options: [...bowlerOptions(state, this.#lastBowlers()).map((option) => ({
          ...option, act: () => this.#nextOver(option.value),
        })), this.#somebodyElse(fielding, (player) => this.#nextOver(player))],
      };
      case "bowler": return {
        title: "Who bowls?", note: null, aside: "Later",
        options: [...bowlerOptions(state, this.#lastBowlers()).map((option) => ({ ...option, act: () => this.#scoring.choose({ ...chosen, bowler: option.value }) })),
          this.#somebodyElse(fielding, (bowler) => this.#scoring.choose({ ...chosen, bowler }))],
      };
      default: return {
        title: "Who comes in?", note: null, aside: "Later",
        options: [...batterOptions(state, chosen).map((option) => ({ ...option, act: () => this.#comesIn(option.value) })),
          this.#somebodyElse(innings.batting_team, (player) => this.#comesIn({ type: "batter_in", data: { player } }))],
      };
    }
  }

  async #nextOver(bowler) {
    const { state, chosen } = this.#scoring;
    const { over, striker, non_striker } = creaseOf(state, chosen);
    const isSwapped = "striker" in chosen;
    await this.#scoring.add({ type: "over_end", data: { over } });
    // What the scorer put right stays right at the other end.
    const changes = this.#scoring.state.now.striker !== state.now.striker;
    const ends = changes ? { striker: non_striker, non_striker: striker } : { striker, non_striker };
    this.#scoring.choose({ ...(isSwapped && !pairChangesAfter(state.rules, over) ? ends : {}), bowler });
  }

  async #endInnings(reason) {
    const { state } = this.#scoring;
    const over = lastOver(openInnings(state));
    const ends = [];
    if (over !== null && isOverFull(state)) ends.push({ type: "over_end", data: { over: over.number } });
    await this.#scoring.add(...ends, { type: "innings_end", data: { reason } });
  }
}
