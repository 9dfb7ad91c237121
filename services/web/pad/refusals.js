// Why an event can't be where it stands, as the platform will say: without a network it would be refused much later.

import { ballsPerOver } from "/fan/over.js";
import { own, rows, teamName } from "/fan/state.js";
import { otherSide } from "/pad/ends.js";
import { lastOver } from "/pad/innings.js";
import { nameOf, openInnings, rowOf } from "/pad/next.js";

/** As `services/sports` has them. */
const RUNS_MAX = 20;
const OVER_MAX = 998;
const OVERS_MAX = 500;
const PENALTY_MAX = 100;
const SQUAD_MAX = 40;
const INNINGS_MAX = 40;
const RETIREMENTS = new Set(["retired hurt", "retired not out", "retired out"]);
/** Who is out so need not have faced. */
const EITHER_BATTER = new Set(["run out", "obstructing the field", "handled the ball"]);
const BETWEEN_BALLS = new Set([...EITHER_BATTER, "timed out"]);

/** An event that was not entered because it can't be; the message says why. */
export class Impossible extends Error {}

/** Why an event of this type can't come after this state: the platform's word for the `rule`, and a sentence; null if it can. */
export function refusalOf(state, type, data) {
  // Only the first is asked for: what comes after it in a check may rely on what was looked at before it.
  return CHECKS[type]?.(state, data ?? {}).next().value ?? null;
}

/** Why this correction can't be of this entry, undefined if there is none; null if it can. */
export function refusalOfCorrection({ op }, entry) {
  if (entry === undefined) return no("unknown_ref", "What it is about is not there any more.");
  if (entry.isVoid && (op === "amend" || op === "void")) return no("void", "It is taken back already.");
  return !entry.isVoid && op === "restore" ? no("not_void", "It stands: nobody took it back.") : null;
}

/** Why nothing is entered any more; null if it is. */
export function refusalOfLocked(state, type) {
  return state.locked && type !== "unlock" ? no("locked", "The scorecard is signed off.") : null;
}

function no(rule, detail) {
  return { rule, detail };
}

/** The checks of each type, in the platform's order; what has none is taken as it is. */
const CHECKS = {
  *lineup(state, { team, players }) {
    const isNew = ({ id }) => sideOf(state, id) === null;
    const other = players.find(({ id }) => sideOf(state, id) === otherSide(team));
    if (other !== undefined) yield no("player_side", `${nameOf(state, other.id)} plays for ${teamName(state, otherSide(team))}.`);
    if (Object.keys(state.teams[team].players).length + players.filter(isNew).length > SQUAD_MAX) yield no("squad_max", `A side has at most ${SQUAD_MAX} players.`);
  },
  *innings_start(state, { target }) {
    if (target !== undefined && target.runs === undefined) yield no("malformed", "A target has runs; its overs alone say nothing.");
    if (state.now !== undefined) yield no("innings_open", "An innings is open here: it ends first.");
    if (rows(state.innings).length >= INNINGS_MAX) yield no("innings_max", `No match has more than ${INNINGS_MAX} innings.`);
    yield* targetChecks(state, target ?? { runs: 1 });
  },
  *delivery(state, ball) {
    const { batter, non_striker, bowler, over, runs, extras = {}, wickets = [], replacements = [], review } = ball;
    const innings = yield* open(state);
    if (non_striker === undefined && !state.rules.last_batter_stands) yield no("malformed", "Somebody is at the other end.");
    if (batter === non_striker) yield no("batter_is_non_striker", "Nobody is at both ends.");
    for (const player of [batter, non_striker]) if (player !== undefined) yield* canBat(state, innings, player);
    yield* isOf(state, bowler, otherSide(innings.batting_team), "fielding_side");
    for (const one of replacements) for (const player of [one.in, one.out]) if (player !== undefined) yield* known(state, player);
    if (review?.batter !== undefined) yield* known(state, review.batter);
    yield* overChecks(state, innings, over);
    if ([runs, ...Object.values(extras)].some((number) => number > RUNS_MAX)) yield no("runs", `No more than ${RUNS_MAX} runs of a kind.`);
    if (extras.wides > 0 && extras.noballs > 0) yield no("extras", "A no-ball is no wide: enter the no-ball alone.");
    for (const [index, { kind, player_out, fielders }] of wickets.entries()) {
      if (RETIREMENTS.has(kind)) yield no("retirement", "Who retires does so between balls.");
      if (kind === "timed out") yield no("timed_out", "Timed out is between balls.");
      if (player_out !== batter && player_out !== non_striker) yield no("player_out", "Who is out is one of the two at the crease.");
      if (player_out !== batter && !EITHER_BATTER.has(kind)) yield no("player_out", "Only who faced is out so.");
      if (wickets.slice(0, index).some((other) => other.player_out === player_out)) yield no("player_out_twice", "Nobody is out twice on one ball.");
      yield* knownFielders(state, fielders);
    }
  },
  *over_end(state, { over }) {
    const last = lastOver(yield* open(state));
    if (last === null) yield no("over", "No over has begun here.");
    if (over !== last.number) yield no("over", `The over here is ${last.number + 1}, not ${over + 1}.`);
    if (hasEnded(state)) yield no("over", `Over ${last.number + 1} has ended already.`);
  },
  *batter_in(state, { player }) {
    yield* canBat(state, yield* open(state), player);
  },
  *batter_returns(state, { player }) {
    yield* canBat(state, yield* open(state), player);
  },
  *batter_retired(state, { player, kind }) {
    const innings = yield* open(state);
    if (!RETIREMENTS.has(kind)) yield no("retirement_kind", "Nobody retires so.");
    yield* canBat(state, innings, player);
  },
  *dismissal(state, { kind, player_out, fielders }) {
    const innings = yield* open(state);
    if (RETIREMENTS.has(kind)) yield no("retirement", "That is a retirement.");
    if (!BETWEEN_BALLS.has(kind)) yield no("dismissal_kind", "That happens on a ball.");
    yield* canBat(state, innings, player_out);
    yield* knownFielders(state, fielders);
  },
  *penalty(state, { runs }) {
    if (runs < 1 || runs > PENALTY_MAX) yield no("penalty", `A penalty is 1 to ${PENALTY_MAX} runs.`);
  },
  *target_revised(state, target) {
    yield* targetChecks(state, target);
  },
  *overs_revised(state, { overs }) {
    yield* fits(state, overs);
  },
  *review(state, { batter }) {
    if (batter !== undefined) yield* known(state, batter);
  },
  *innings_end(state, { absent_hurt = [] }) {
    const innings = yield* open(state);
    for (const player of absent_hurt) yield* isOf(state, player, innings.batting_team, "batting_side");
  },
  *result(state, { winner, by, result, awarded, player_of_match = [] }) {
    if (winner !== undefined && result !== undefined) yield no("result", "A match has a winner, or ends without one: not both.");
    if (winner === undefined && result === undefined) yield no("result", "Say who won, or how it ended without a winner.");
    if (winner === undefined && (by !== undefined || awarded)) yield no("result", "Nobody won, so nobody won by anything.");
    for (const player of player_of_match) yield* known(state, player);
  },
};

function* open(state) {
  const innings = openInnings(state);
  if (innings === null) yield no("no_innings", "No innings is open here.");
  return innings;
}

function* known(state, player) {
  if (sideOf(state, player) === null) yield no("unknown_player", `${nameOf(state, player)} is in no line-up by then.`);
}

function* knownFielders(state, fielders = []) {
  for (const { player } of fielders) if (player !== undefined) yield* known(state, player);
}

function* isOf(state, player, side, rule) {
  yield* known(state, player);
  if (sideOf(state, player) !== side) yield no(rule, `${nameOf(state, player)} plays for ${teamName(state, otherSide(side))}.`);
}

/** Of the side that bats, and not out: who retired may come back. */
function* canBat(state, { batting, batting_team }, player) {
  yield* isOf(state, player, batting_team, "batting_side");
  const kind = rowOf(batting, player)?.out?.kind;
  if (kind !== undefined && !RETIREMENTS.has(kind)) yield no("batter_out", `${nameOf(state, player)} is out already: ${kind}.`);
}

function* overChecks(state, innings, over) {
  if (over > OVER_MAX) yield no("over", `No innings has over ${over + 1}.`);
  const last = lastOver(innings);
  if (last === null) return;
  if (over < last.number) yield no("over", `Over ${last.number + 1} has begun: a ball of over ${over + 1} is put in where that was bowled.`);
  if (over === last.number && hasEnded(state)) yield no("over", `Over ${over + 1} has ended: take its end back to go on with it.`);
}

function* targetChecks(state, { runs, overs }) {
  if (runs < 1) yield no("target", "A target is one run at least.");
  if (overs !== undefined) yield* fits(state, overs);
}

function* fits({ rules }, overs) {
  const [whole, balls = 0] = String(overs).split(".").map(Number);
  if (whole > OVERS_MAX) yield no("malformed", `No innings has more than ${OVERS_MAX} overs.`);
  if (balls >= ballsPerOver(rules)) yield no("overs", `${balls} balls are no part of an over of ${ballsPerOver(rules)}.`);
}

/** Whether the last over was ended: its last ball names nobody who bowls on. */
function hasEnded({ now }) {
  return now.bowler === undefined;
}

function sideOf({ teams }, player) {
  return ["a", "b"].find((side) => own(teams[side].players, player) !== undefined) ?? null;
}
