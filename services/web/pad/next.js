// What comes next in a match, as far as the score tells: proposals, each of which the scorer may overrule.

import { legalBalls, lastOver } from "/pad/innings.js";
import { own, rows } from "/fan/state.js";

/** The innings that is open, with its key; null between innings. */
export function openInnings(state) {
  const key = state.now?.innings;
  return key === undefined ? null : { key, ...state.innings[key] };
}

/** Who faces, stands and bowls the next ball, and in which over: `chosen` by the scorer (null: nobody yet), else proposed. */
export function creaseOf(state, chosen = {}) {
  const [striker, non_striker, bowler] = ["striker", "non_striker", "bowler"].map((who) => (chosen[who] === undefined ? state.now[who] : chosen[who]) ?? undefined);
  return { striker, non_striker, bowler, over: overOf(state) };
}

/** The number of the over that the next ball belongs to. */
export function overOf(state) {
  const last = lastOver(openInnings(state));
  if (last === null) return 0;
  return state.now.bowler === undefined ? last.number + 1 : last.number;
}

/** What the scorer is asked for before the next ball: `innings`, `over`, `batter`, `bowler`, or null. */
export function dueOf(state, chosen = {}) {
  const innings = openInnings(state);
  if (innings === null) return null;
  const reason = endReason(state);
  if (reason !== null) return { word: "innings", reason };
  const crease = creaseOf(state, chosen);
  if (crease.striker === undefined || crease.non_striker === undefined) return { word: "batter" };
  if (isOverFull(state)) return { word: "over", over: crease.over };
  if (crease.bowler === undefined) return { word: "bowler" };
  return null;
}

/** Whether the over that is open has all its balls. */
export function isOverFull(state) {
  const last = lastOver(openInnings(state));
  return last !== null && state.now.bowler !== undefined && legalBalls(last.balls) >= (state.rules.balls_per_over ?? 6);
}

/** Why the open innings should be over; null if it goes on. */
export function endReason(state) {
  const innings = openInnings(state);
  if (innings.target !== undefined && innings.runs >= innings.target.runs) return "target";
  if (isAllOut(state, innings)) return "all_out";
  if (typeof innings.overs_max !== "number") return null;
  const last = lastOver(innings);
  const isComplete = last !== null && (state.now.bowler === undefined || isOverFull(state));
  return isComplete && last.number + 1 >= innings.overs_max ? "overs" : null;
}

function isAllOut(state, innings) {
  const hurt = rows(innings.batting).filter(([, row]) => row.out?.kind === "retired hurt").length;
  const wicketsMax = innings.super_over ? (state.rules.super_over?.wickets_max ?? 2) : (state.rules.wickets_max ?? 10);
  return innings.wickets + hurt + (innings.absent_hurt?.length ?? 0) >= wicketsMax;
}

/** The players who may come in: of the batting side, neither out nor in; who retired may return. */
export function battersToCome(state, chosen = {}) {
  const innings = openInnings(state);
  const { striker, non_striker } = creaseOf(state, chosen);
  const all = rows(innings.batting).map(([, row]) => row);
  return Object.keys(state.teams[innings.batting_team].players)
    .map((id) => ({ id, row: all.find(({ player }) => player === id) }))
    .filter(({ id, row }) => id !== striker && id !== non_striker && (row === undefined || row.out === undefined || row.out.kind.startsWith("retired")))
    .map(({ id, row }) => ({ id, hasRetired: row?.out !== undefined }));
}

/** The bowlers to choose from, the likeliest first: who bowled the over before the last, then who bowled, then the rest. */
export function bowlersToCome(state, lastBowlers) {
  const innings = openInnings(state);
  const fielding = innings.batting_team === "a" ? "b" : "a";
  const figures = rows(innings.bowling).map(([, row]) => row);
  const [last, before] = lastBowlers;
  const weight = (id) => id === before ? 0 : id === last ? 3 : figures.some(({ player }) => player === id) ? 1 : 2;
  const ids = Object.keys(state.teams[fielding].players);
  return ids.map((id) => ({ id, row: figures.find(({ player }) => player === id), isLast: id === last })).sort((one, other) => weight(one.id) - weight(other.id));
}

/** The next innings: who bats, and what they need, if it is the last. */
export function nextInnings(state) {
  const all = rows(state.innings).map(([, innings]) => innings);
  const last = all.at(-1);
  if (last === undefined) {
    const toss = state.toss;
    const first = toss === undefined ? "a" : (toss.decision === "bat") === (toss.winner === "a") ? "a" : "b";
    return { batting: first };
  }
  const batting = last.batting_team === "a" ? "b" : "a";
  const isMain = all.filter(({ super_over }) => !super_over);
  const perSide = state.rules.innings_per_side ?? 1;
  if (last.super_over) return isMain.length < all.length && (all.length - isMain.length) % 2 === 1 ? { batting, super_over: true, target: { runs: last.runs + 1 } } : { batting: last.batting_team, super_over: true };
  if (isMain.length >= 2 * perSide) return null;
  if (isMain.length + 1 < 2 * perSide) return { batting };
  const runs = (side) => isMain.filter(({ batting_team }) => batting_team === side).reduce((sum, innings) => sum + innings.runs, 0);
  return { batting, target: { runs: Math.max(1, runs(last.batting_team) - runs(batting) + 1) } };
}

/** The result that the runs tell; null if they tell none. */
export function resultOf(state) {
  const all = rows(state.innings).map(([, innings]) => innings);
  const main = all.filter(({ super_over }) => !super_over);
  const runs = (side) => main.filter(({ batting_team }) => batting_team === side).reduce((sum, innings) => sum + innings.runs, 0);
  const last = main.at(-1);
  if (last === undefined || state.now !== undefined) return null;
  const batting = last.batting_team;
  const fielding = batting === "a" ? "b" : "a";
  const played = main.filter(({ batting_team }) => batting_team === batting).length;
  if (last.target !== undefined && last.runs >= last.target.runs) {
    return { winner: batting, by: { wickets: Math.max(1, (state.rules.wickets_max ?? 10) - last.wickets) } };
  }
  const perSide = state.rules.innings_per_side ?? 1;
  const isDone = main.length >= 2 * perSide;
  if (!isDone) {
    const ahead = runs(fielding) - runs(batting);
    const isInningsWin = played === perSide && main.length === 2 * perSide - 1 && ahead > 0 && last.end === "all_out";
    return isInningsWin ? { winner: fielding, by: { innings: 1, runs: ahead } } : null;
  }
  if (!["all_out", "overs"].includes(last.end)) return perSide > 1 ? { result: "draw" } : null;
  const short = (last.target?.runs ?? runs(fielding) - (runs(batting) - last.runs) + 1) - 1 - last.runs;
  if (short > 0) return { winner: fielding, by: { runs: short } };
  return short === 0 ? { result: "tie" } : null;
}

/** Who is at the crease or has bowled, by id, as a row of figures. */
export function rowOf(list, player) {
  return rows(list).find(([, row]) => row.player === player)?.[1];
}

/** The name of a player. */
export function nameOf(state, player) {
  return own(state.teams?.a?.players, player) ?? own(state.teams?.b?.players, player) ?? player;
}
