// How a match goes on between innings, and how it ended, as far as its runs tell: proposals, like the platform's own.

import { rows } from "/fan/state.js";
import { batsOn, wicketsMax } from "/pad/league.js";

/** Nothing is left to play of an innings that ended so. */
const COMPLETED = new Set(["all_out", "overs", "target", "declared", "forfeited"]);

/** The match as its innings stand. */
function standing(state) {
  const all = rows(state.innings).map(([, innings]) => innings);
  const main = all.filter(({ super_over }) => !super_over);
  const of = (side) => main.filter(({ batting_team }) => batting_team === side);
  const runs = (side) => of(side).reduce((sum, innings) => sum + innings.runs, 0);
  const perSide = state.rules.innings_per_side ?? 1;
  return { all, main, supers: all.filter(({ super_over }) => super_over), of, runs, perSide, isLast: ["a", "b"].every((side) => of(side).length >= perSide) };
}

export function otherSide(side) {
  return side === "a" ? "b" : "a";
}

/** The `data` of the innings that comes next; null where none does. `target` and `overs` are what was entered for it. */
export function nextInnings(state, { target, overs = state.rules.overs } = {}) {
  const { main, all, supers, of, runs, perSide } = standing(state);
  const last = all.at(-1);
  if (last === undefined) {
    const { toss } = state;
    return { batting: toss === undefined || (toss.decision === "bat") === (toss.winner === "a") ? "a" : "b" };
  }
  if (main.length >= 2 * perSide || last.super_over) return superOver(state, last, supers);
  if (wonByAnInnings(state) !== null) return null;
  const turn = otherSide(last.batting_team);
  const batting = of(turn).length >= perSide ? last.batting_team : turn;
  if (target !== undefined) return { batting, target: kept(target) };
  const lead = runs(otherSide(batting)) - runs(batting);
  return main.length + 1 === 2 * perSide && lead >= 0 ? { batting, target: kept({ runs: lead + 1, overs }) } : { batting };
}

/** What an innings may begin with of a target. */
function kept({ runs, overs }) {
  return overs === undefined ? { runs } : { runs, overs };
}

/** After a tie; who batted second bats first, until one side has more. */
function superOver(state, last, supers) {
  if (supers.length % 2 === 1) return { batting: otherSide(last.batting_team), super_over: true, target: { runs: last.runs + 1 } };
  const [first, second] = supers.slice(-2);
  const isLevel = second === undefined ? resultOf(state)?.result === "tie" && state.rules.overs !== undefined : first.runs === second.runs;
  return isLevel ? { batting: last.batting_team, super_over: true } : null;
}

/** Whether the side that has batted twice and is ahead may ask the other to bat again. */
export function mayFollowOn(state) {
  const { main, perSide } = standing(state);
  if (main.length !== 2 || perSide < 2) return false;
  const lead = { 1: 75, 2: 100, 3: 150, 4: 150 }[state.rules.days] ?? 200;
  return main[0].runs - main[1].runs >= lead;
}

/** What wins the last innings, if its side bats last. */
function needed(state, innings) {
  const { runs, isLast } = standing(state);
  if (innings.target !== undefined) return innings.target.runs;
  const side = innings.batting_team;
  return isLast ? runs(otherSide(side)) + 1 - (runs(side) - innings.runs) : null;
}

/** The `data` of the result that the innings tell; null if they tell none. */
export function resultOf(state) {
  const { main, supers, isLast } = standing(state);
  const last = main.at(-1);
  if (last === undefined || state.now !== undefined) return null;
  if (supers.length > 0) return afterSuperOver(supers);
  const isLimited = state.rules.overs !== undefined;
  if (state.status?.status === "abandoned") return { result: isLimited ? "no result" : "draw" };
  const won = wonByAnInnings(state);
  if (won !== null) return won;
  const drawn = last.end === "time" && !isLimited ? { result: "draw" } : null;
  return isLast ? ofLastInnings(state, last, drawn) : drawn;
}

function ofLastInnings(state, last, drawn) {
  const runs = needed(state, last);
  const side = last.batting_team;
  const { method } = last.target ?? {};
  const told = (result) => (method === undefined ? result : { ...result, method });
  if (last.runs >= runs) {
    const by = batsOn(state.rules) ? { runs: last.runs - (runs - 1) } : { wickets: Math.max(0, wicketsMax(state.rules, last) - last.wickets) };
    return told({ winner: side, by });
  }
  if (!COMPLETED.has(last.end)) {
    const par = last.target?.par;
    if (par === undefined) return drawn;
    const ahead = last.runs - par;
    return ahead === 0 ? { result: "tie" } : told({ winner: ahead > 0 ? side : otherSide(side), by: { runs: Math.abs(ahead) } });
  }
  return told(last.runs + 1 === runs ? { result: "tie" } : { winner: otherSide(side), by: { runs: runs - 1 - last.runs } });
}

function afterSuperOver(supers) {
  const [first, second] = supers.slice(-2);
  if (supers.length % 2 === 1 || first.batting_team === second.batting_team) return null;
  if (first.runs === second.runs) return { result: "tie" };
  return { result: "tie", eliminator: (first.runs > second.runs ? first : second).batting_team };
}

/** The side that is ahead after all innings of the other, with one of its own in hand. */
function wonByAnInnings(state) {
  const { all, of, runs, perSide } = standing(state);
  if (perSide < 2 || !COMPLETED.has(all.at(-1)?.end)) return null;
  for (const winner of ["a", "b"]) {
    const ahead = runs(winner) - runs(otherSide(winner));
    if (of(winner).length < perSide && of(otherSide(winner)).length >= perSide && ahead > 0) return { winner, by: { innings: 1, runs: ahead } };
  }
  return null;
}
