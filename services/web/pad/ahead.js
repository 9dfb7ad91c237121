// The scorecard ahead of the server: a confirmed state, carried forward over what it does not hold yet.

import { rows } from "/fan/state.js";
import { besideOf } from "/pad/beside.js";
import { OpenInnings } from "/pad/innings.js";

/**
 * The state after these events, in whose order they stand; corrections are not among them (see
 * `Book`). What is not on the way of a ball (rates, the strip's line) is left as it was. `beside` is
 * what the events before them tell beside the state, see `besideOf`.
 */
export function ahead(state, events, beside = besideOf([])) {
  const after = structuredClone(state);
  const known = { ...beside, penalties: { ...beside.penalties }, bowlers: new Set(beside.bowlers) };
  for (const { type, data } of events) STEPS[type]?.(after, data ?? {}, known);
  return after;
}

function open(state, { bowlers }) {
  return state.now === undefined ? null : new OpenInnings(state, bowlers);
}

function setStatus(state, status, note) {
  state.status = note === undefined ? { status } : { status, note };
}

/** What plays on takes the note of a break away. */
function playsOn(state, status) {
  if (state.status?.status !== status) setStatus(state, status);
}

const STEPS = {
  created(state, { title, teams, rules }) {
    state.strip = { ...state.strip, title };
    for (const side of ["a", "b"]) {
      const players = Object.fromEntries((teams[side].players ?? []).map(({ id, name }) => [id, name]));
      state.teams[side] = { ...teams[side], players };
    }
    Object.assign(state.rules, rules);
  },
  lineup(state, { team, players }) {
    for (const { id, name } of players) state.teams[team].players[id] = name;
    const named = new Map(players.map(({ id, name }) => [id, name]));
    for (const [, { batting, bowling }] of rows(state.innings)) {
      for (const [, row] of [...rows(batting), ...rows(bowling)]) row.name = named.get(row.player) ?? row.name;
    }
  },
  toss(state, data) {
    state.toss = data;
  },
  innings_start(state, { batting, super_over, follow_on, target }, beside) {
    const { penalties } = beside;
    const innings = {
      batting_team: batting, runs: super_over ? 0 : (state.rules.start_runs ?? 0), wickets: 0, legal_balls: 0, overs: "0",
      extras: {}, batting: {}, bowling: {}, fall_of_wickets: {}, partnerships: {}, per_over: {},
    };
    const overs = super_over ? (state.rules.super_over?.overs ?? 1) : state.rules.overs;
    if (overs !== undefined) innings.overs_max = overs;
    if (penalties[batting] > 0) {
      innings.penalty_pre = penalties[batting];
      innings.runs += penalties[batting];
      delete penalties[batting];
    }
    if (super_over) innings.super_over = true;
    if (follow_on) innings.follow_on = true;
    const key = `i${Object.keys(state.innings ?? {}).length + 1}`;
    state.innings = { ...state.innings, [key]: innings };
    state.now = { innings: key };
    if (beside.overs !== undefined) innings.overs_max = beside.overs;
    if (beside.target ?? target) setTarget(innings, beside.target ?? target);
    Object.assign(beside, { overs: undefined, target: undefined });
    playsOn(state, "live");
  },
  delivery(state, data, beside) {
    const innings = open(state, beside);
    if (innings === null) return;
    innings.deliver(data);
    if (data.review?.decision === "pending") state.now.review = "pending";
    else delete state.now.review;
    playsOn(state, "live");
  },
  over_end(state, { over, miscounted }, beside) {
    open(state, beside)?.endOver(over, miscounted);
  },
  batter_in(state, { player }, beside) {
    open(state, beside)?.bringIn(player);
  },
  batter_returns(state, { player }, beside) {
    open(state, beside)?.bringBack(player);
  },
  batter_retired(state, { player, kind }, beside) {
    open(state, beside)?.dismiss(player, kind);
  },
  dismissal(state, { player_out, kind, fielders }, beside) {
    open(state, beside)?.dismiss(player_out, kind, fielders);
  },
  penalty(state, { team, runs, when }, { penalties }) {
    const isOpen = state.innings?.[state.now?.innings]?.batting_team === team;
    const mine = rows(state.innings).map(([, innings]) => innings).findLast(({ batting_team }) => batting_team === team);
    // One that has not begun gets them at its start.
    if (mine === undefined || (when === "pre" && !isOpen)) {
      penalties[team] = (penalties[team] ?? 0) + runs;
      return;
    }
    const member = when === "pre" ? "penalty_pre" : "penalty_post";
    mine[member] = (mine[member] ?? 0) + runs;
    mine.runs += runs;
  },
  powerplay(state, data) {
    const key = `q${String(Object.keys(state.powerplays ?? {}).length + 1).padStart(2, "0")}`;
    state.powerplays = { ...state.powerplays, [key]: data };
  },
  target_revised(state, data, beside) {
    const innings = state.innings?.[state.now?.innings];
    if (innings === undefined) beside.target = data;
    else setTarget(innings, data);
  },
  overs_revised(state, { overs }, beside) {
    const innings = state.innings?.[state.now?.innings];
    if (innings === undefined) beside.overs = overs;
    else innings.overs_max = overs;
  },
  review(state, { decision }) {
    if (state.now === undefined) return;
    if (decision === "pending") state.now.review = "pending";
    else delete state.now.review;
  },
  status(state, { status, note }) {
    setStatus(state, status, note);
  },
  innings_end(state, { reason, absent_hurt }) {
    const innings = state.innings?.[state.now?.innings];
    if (innings === undefined) return;
    innings.end = reason;
    if (absent_hurt?.length > 0) innings.absent_hurt = absent_hurt;
    delete state.now;
    playsOn(state, "innings_break");
  },
  result(state, { player_of_match, ...result }) {
    state.result = result;
    delete state.player_of_match;
    if (player_of_match?.length > 0) state.player_of_match = player_of_match;
    playsOn(state, "ended");
  },
  lock(state) {
    state.locked = true;
  },
  unlock(state) {
    delete state.locked;
  },
};

function setTarget(innings, target) {
  if (target.overs !== undefined) innings.overs_max = target.overs;
  innings.target = target;
}
