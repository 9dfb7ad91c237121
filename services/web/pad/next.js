// What comes next while an innings is open, as far as the score tells: proposals, each of which the scorer may overrule.

import { ballsPerOver, legalBalls, oversAsBalls } from "/fan/over.js";
import { own, rows } from "/fan/state.js";
import { lastOver } from "/pad/innings.js";
import { batsOn, hasBatted, isLastBatter, wicketsMax } from "/pad/league.js";

/** The innings that is open, with its key; null between innings. */
export function openInnings(state) {
  const key = state.now?.innings;
  return key === undefined ? null : { key, ...state.innings[key] };
}

/**
 * Who faces, stands and bowls the next ball, and in which over: `chosen` by the scorer (null: nobody
 * yet), else proposed. `isAlone`: the last batter, at whose other end is nobody.
 */
export function creaseOf(state, chosen = {}) {
  const [striker, non_striker, bowler] = ["striker", "non_striker", "bowler"].map((who) => (chosen[who] === undefined ? state.now[who] : chosen[who]) ?? undefined);
  const isAlone = isLastBatter(state.rules, openInnings(state));
  const ends = isAlone ? { striker: striker ?? non_striker, non_striker: undefined } : { striker, non_striker };
  return { ...ends, isAlone, bowler, over: overOf(state) };
}

/** The number of the over that the next ball belongs to. */
export function overOf(state) {
  const last = lastOver(openInnings(state));
  if (last === null) return 0;
  return state.now.bowler === undefined ? last.number + 1 : last.number;
}

/**
 * What the scorer is asked for before the next ball: `innings`, `retirement`, `over`, `batter`,
 * `bowler`, or null. `past` is what the events of the innings tell beside its state, see `pastOf`.
 */
export function dueOf(state, chosen = {}, past = NOTHING) {
  const innings = openInnings(state);
  if (innings === null) return null;
  const reason = endReason(state, past);
  if (reason !== null) return { word: "innings", reason };
  const crease = creaseOf(state, chosen);
  const player = retiring(state, crease, past);
  if (player !== null) return { word: "retirement", player };
  if (crease.striker === undefined || (crease.non_striker === undefined && !crease.isAlone)) {
    return battersToCome(state, chosen).length === 0 ? { word: "innings", reason: "nobody" } : { word: "batter" };
  }
  if (isOverFull(state)) return { word: "over", over: crease.over };
  if (crease.bowler === undefined) return { word: "bowler" };
  return null;
}

/** Nothing is known beside the state. */
const NOTHING = { faced: new Map(), back: new Set(), replaced: new Set() };

/** Of the open innings: how many deliveries each batter faced, who had retired and is back, and in whose place another came for the match. */
export function pastOf(entries) {
  const start = entries.findLastIndex(({ type, isVoid }) => type === "innings_start" && !isVoid);
  const [faced, retired, back, replaced] = [new Map(), new Set(), new Set(), new Set()];
  const comes = (player) => retired.has(player) && back.add(player);
  for (const { type, data, isVoid } of entries.slice(start + 1)) {
    if (isVoid) continue;
    if (type === "batter_retired") retired.add(data.player);
    if (type === "batter_returns") comes(data.player);
    if (type !== "delivery") continue;
    for (const { scope, out } of data.replacements ?? []) if (scope === "match" && out !== undefined) replaced.add(out);
    for (const player of [data.batter, data.non_striker]) comes(player);
    faced.set(data.batter, (faced.get(data.batter) ?? 0) + 1);
  }
  return { faced, back, replaced };
}

/** A batter who has faced or made what he may by the rules of his league; null if there is none. */
function retiring(state, { striker, non_striker }, { faced, back }) {
  const has = (player) => player !== undefined && !back.has(player) && hasBatted(state.rules, rowOf(openInnings(state).batting, player)?.runs ?? 0, faced.get(player) ?? 0);
  return [striker, non_striker].find(has) ?? null;
}

/** Whether an over is open, of which a ball was bowled. */
export function isInOver(state) {
  return lastOver(openInnings(state)) !== null && state.now.bowler !== undefined;
}

/** Whether the over that is open has all its balls. */
export function isOverFull(state) {
  return isInOver(state) && lastOver(openInnings(state)).isComplete;
}

/** How many balls of the last over count. */
export function ballsBowled(state) {
  const innings = openInnings(state);
  const last = lastOver(innings);
  return last.legal ?? legalBalls(state.rules, last, innings.overs_max);
}

/** Why the open innings should be over; null if it goes on. */
function endReason(state, { replaced }) {
  const { rules } = state;
  const innings = openInnings(state);
  if (isAllOut(rules, innings, replaced)) return "all_out";
  // Where who is out bats on, a wicket may cost the lead.
  if (!batsOn(rules) && innings.target !== undefined && innings.runs >= innings.target.runs) return "target";
  return ballsLeft(state) === 0 ? "overs" : null;
}

/** Balls left of the overs that there are; null if they are unlimited. */
export function ballsLeft(state) {
  const { rules } = state;
  const innings = openInnings(state);
  if (innings.overs_max === undefined) return null;
  const last = lastOver(innings);
  const gone = last === null ? 0 : last.isComplete ? (last.number + 1) * ballsPerOver(rules) : last.number * ballsPerOver(rules) + last.legal;
  return Math.max(0, oversAsBalls(rules, innings.overs_max) - gone);
}

/** Nobody is left to bat: who is hurt and not back counts here, unless another bats in his place. */
function isAllOut(rules, innings, replaced) {
  if (batsOn(rules)) return false;
  const hurt = rows(innings.batting).filter(([, row]) => row.out?.kind === "retired hurt" && !replaced.has(row.player)).length;
  return innings.wickets + hurt >= wicketsMax(rules, innings);
}

/** The players who may come in: of the batting side, neither out nor in; who retired may return, and who has batted comes last. */
export function battersToCome(state, chosen = {}) {
  const innings = openInnings(state);
  const { striker, non_striker } = creaseOf(state, chosen);
  const all = rows(innings.batting).map(([, row]) => row);
  return Object.keys(state.teams[innings.batting_team].players)
    .map((id) => ({ id, row: all.find(({ player }) => player === id) }))
    .filter(({ id, row }) => id !== striker && id !== non_striker && (row === undefined || row.out === undefined || row.out.kind.startsWith("retired")))
    .map(({ id, row }) => ({ id, hasRetired: row?.out !== undefined, hasBatted: row !== undefined }))
    .sort((one, other) => Number(one.hasBatted) - Number(other.hasBatted));
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

/** Who is at the crease or has bowled, by id, as a row of figures. */
export function rowOf(list, player) {
  return rows(list).find(([, row]) => row.player === player)?.[1];
}

/** The name of a player. */
export function nameOf(state, player) {
  return own(state.teams?.a?.players, player) ?? own(state.teams?.b?.players, player) ?? player;
}
