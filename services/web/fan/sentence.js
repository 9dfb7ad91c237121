// What an event says in a sentence, as a fan would tell another.

import { dismissalText, howOut } from "/fan/dismissal.js";
import { placeOfLast } from "/fan/over.js";
import { isCricket, own, playerName, rows, teamName } from "/fan/state.js";
import { capital, clean, count, list, name, short, words } from "/fan/text.js";

/** Longer data of events that we do not know is cut. */
const DATA_CHARACTERS_MAX = 300;

const EXTRAS = { wides: "wide", noballs: "no ball", byes: "bye", legbyes: "leg bye", penalty: "penalty run" };
const ENDS = { all_out: "all out", overs: "the overs are bowled", target: "target reached", time: "out of time" };
const DECISIONS = { pending: "being looked at", upheld: "upheld", struck_down: "not upheld" };

/** The place of a ball (`2.3`) by the event that brought it; null for what is no ball or unclear. */
export function placeOf(state, event) {
  if (event.type !== "delivery" || (event.op ?? "add") !== "add") return null;
  const number = event.data?.over;
  const key = `o${String(number + 1).padStart(3, "0")}`;
  for (const [id, innings] of rows(event.patch?.innings)) {
    const balls = own(innings?.per_over, key)?.balls;
    if (typeof balls === "string") return placeOfLast(state.rules ?? {}, { number, balls }, own(state.innings, id)?.overs_max);
  }
  return null;
}

/** How much an event weighs for a reader: `wicket`, `boundary`, `heading` or `plain`. */
export function weightOf({ type, data }) {
  if (type === "delivery" && data?.wickets?.length > 0) return "wicket";
  if (type === "dismissal") return "wicket";
  if (type === "delivery" && data?.boundary !== undefined) return "boundary";
  return ["innings_start", "innings_end", "result", "over_end"].includes(type) ? "heading" : "plain";
}

/** The sentence of an event: in cricket's words where they fit, else by what it holds. */
export function sentence(state, event) {
  const { type, data = {} } = event;
  if (!isCricket(state)) return type === "created" ? `The match is set up: ${name(data.title ?? "")}` : other(type, data);
  try {
    return cricketSentence(state, event);
  } catch {
    // It is of newer rules than this page.
    return other(type, data);
  }
}

function cricketSentence(state, event) {
  const { type, data = {} } = event;
  const player = (id) => name(playerName(state, id));
  const team = (side) => name(teamName(state, side));
  switch (type) {
    case "delivery": return `${player(data.bowler)} to ${player(data.batter)}: ${outcome(state, data)}`;
    case "created": return `The match is set up: ${name(data.title ?? "")}`;
    case "lineup": return `${team(data.team)}: ${list((data.players ?? []).slice(0, 15).map((one) => name(one.name)))} in the squad`;
    case "toss": return `${team(data.winner)} won the toss and chose to ${data.decision}`;
    case "innings_start": return `${team(data.batting)} bat${data.super_over ? " in the super over" : ""}${data.target ? `; the target is ${data.target.runs}` : ""}`;
    case "innings_end": return `End of the innings: ${ENDS[data.reason] ?? words(data.reason)}`;
    case "over_end": return `End of over ${data.over + 1}`;
    case "batter_in": return `${player(data.player)} comes in`;
    case "batter_returns": return `${player(data.player)} comes back in`;
    case "batter_retired": return `${player(data.player)}: ${data.kind}`;
    case "dismissal": return `OUT! ${player(data.player_out)} ${dismissalText(state, data)}`;
    case "penalty": return `${count(data.runs, "penalty run")} to ${team(data.team)}${data.reason ? `: ${name(data.reason)}` : ""}`;
    case "powerplay": return `Powerplay${data.kind ? ` (${words(data.kind)})` : ""}: overs ${clean(data.from)} to ${clean(data.to)}`;
    case "target_revised": return `The target is now ${data.runs}${data.overs === undefined ? "" : ` in ${data.overs} overs`}${data.method ? ` (${name(data.method)})` : ""}`;
    case "overs_revised": return `The innings is now of ${data.overs} overs`;
    case "review": return reviewText(state, data);
    case "status": return capital(data.note ? name(data.note) : words(data.status));
    case "result": return name(event.patch?.strip?.line ?? "Result");
    case "comment": return name(data.text);
    case "lock": return "The scorecard is signed off";
    case "unlock": return "The scorecard is opened again";
    default: return other(type, data);
  }
}

/** What came of a ball. */
export function outcome(state, data) {
  const parts = [];
  const extras = data.extras ?? {};
  for (const [kind, word] of Object.entries(EXTRAS)) {
    if (extras[kind] > 0) parts.push(extras[kind] === 1 ? word : count(extras[kind], word));
  }
  if (data.runs > 0) parts.push(batRuns(data));
  if (data.short_run) parts.push("one short");
  for (const wicket of data.wickets ?? []) {
    // Who bowled to whom stands before it already.
    const who = wicket.player_out === data.batter ? "" : `${name(playerName(state, wicket.player_out))} `;
    parts.push(`OUT! ${who}${howOut(state, wicket)}`);
  }
  const free = data.free_hit ? " (free hit)" : "";
  const review = data.review === undefined ? "" : `. ${reviewText(state, data.review)}`;
  return `${parts.length === 0 ? "no run" : parts.join(", ")}${free}${review}`;
}

function batRuns({ runs, boundary }) {
  if (boundary !== undefined && runs === 4) return "FOUR";
  if (boundary !== undefined && runs === 6) return "SIX";
  return count(runs, "run");
}

function reviewText(state, { by, decision, umpires_call }) {
  const call = umpires_call ? " (umpire's call)" : "";
  return `Review by ${name(teamName(state, by))}: ${DECISIONS[decision] ?? words(decision ?? "")}${call}`;
}

/** An event of a sport, or of a time, that this page does not know. */
function other(type, data) {
  const parts = Object.entries(data).map(([key, value]) => `${words(key)}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return short(parts.length === 0 ? capital(words(type)) : `${capital(words(type))} – ${parts.join(", ")}`, DATA_CHARACTERS_MAX);
}

/** A batter's fifty or a bowler's five, if this event brought it. */
export function milestone(state, event) {
  if (event.type !== "delivery" || event.data === undefined || !event.tags?.includes("milestone")) return null;
  const { batter, bowler, runs } = event.data;
  for (const [, innings] of rows(event.patch?.innings)) {
    for (const [, row] of rows(innings?.batting)) {
      const reached = Math.floor(row?.runs / 50) * 50;
      if (row?.runs !== undefined && row.runs - runs < reached) return `${reached} for ${name(playerName(state, batter))} (${row.runs})`;
    }
    for (const [, row] of rows(innings?.bowling)) {
      if (row?.wickets >= 5) return `${row.wickets} wickets for ${name(playerName(state, bowler))}`;
    }
  }
  return null;
}
