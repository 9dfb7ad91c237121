// The log of a match that was created here a moment ago, as the answer tells it: it can be scored before it was read.

import { hashOf } from "/sdk/state.js";

/** `{epoch, events}`; null where the hash says that the platform made something else of it. */
export function createdLog(created, { epoch, seq, hash, strip, events }) {
  const state = { sport: "cricket", strip, rules: rulesOf(created.rules), teams: { a: squadOf(created.teams.a), b: squadOf(created.teams.b) }, status: { status: "scheduled" } };
  if (seq !== 1 || hashOf(state) !== hash) return null;
  const [{ id, ts }] = events;
  return { epoch, events: [{ id, type: "created", seq, ts, data: created, patch: state }] };
}

/** With what the Laws say where nothing is said. */
function rulesOf(rules) {
  const { overs, last_batter_stands } = rules;
  const law = { balls_per_over: 6, innings_per_side: overs === undefined ? 2 : 1, wickets_max: last_batter_stands === true ? 11 : 10, noball_runs: 1, wide_runs: 1 };
  return { ...law, ...(overs === undefined ? {} : { super_over: { overs: 1, wickets_max: 2 } }), ...rules };
}

function squadOf({ name, players }) {
  return { name, players: Object.fromEntries(players.map((player) => [player.id, player.name])) };
}
