// Choosing people: batters, bowlers, fielders, as questions with the likeliest first.

import { oversText, rows, teamName } from "/fan/state.js";
import { playersOf } from "/pad/ball.js";
import { battersToCome, bowlersToCome, nameOf, openInnings, rowOf } from "/pad/next.js";

/** Who may come in, each with the event that says so. */
export function batterOptions(state, chosen) {
  return battersToCome(state, chosen).map(({ id, hasRetired, hasBatted }) => ({
    value: { type: hasRetired ? "batter_returns" : "batter_in", data: { player: id } },
    label: nameOf(state, id), note: hasRetired ? "retired, comes back" : hasBatted ? "has batted" : null, tone: hasBatted ? "faint" : null,
  }));
}

/** Who comes in; the event that says so, or null. */
export function askBatter(questions, state, chosen, title = "Who comes in?") {
  return questions.choose(title, batterOptions(state, chosen));
}

/** The name of a player who is in no line-up yet, and comes into it now or after an entry; the id that it gets, or null. */
export async function askNewPlayer(questions, scoring, side, after = null) {
  const { state } = scoring;
  const filled = await questions.fill(`A player of ${teamName(state, side)}`, [{ name: "name", label: "Name", required: true, maxlength: "60" }], { submit: "Add" });
  const [player] = playersOf(filled?.name ?? "", ["a", "b"].flatMap((one) => Object.keys(state.teams[one].players)));
  if (player === undefined) return null;
  await scoring.add({ ...(after === null ? {} : { op: "insert", ref: after }), type: "lineup", data: { team: side, players: [player] } });
  return player.id;
}

/** The choices of a bowler, with figures. */
export function bowlerOptions(state, lastBowlers) {
  const overs_max = state.rules.bowler_overs_max;
  const perOver = state.rules.balls_per_over ?? 6;
  return bowlersToCome(state, lastBowlers).map(({ id, row, isLast }) => {
    const isDone = overs_max !== undefined && row !== undefined && row.balls >= overs_max * perOver;
    const figures = row === undefined ? null : `${oversText(state, row.balls)}-${row.maidens}-${row.runs}-${row.wickets}`;
    const why = isDone ? "all overs bowled" : isLast ? "bowled the last over" : null;
    return { value: id, label: nameOf(state, id), note: [figures, why].filter(Boolean).join(", "), tone: isDone || isLast ? "faint" : null };
  });
}

/** A fielder as an event names him; null if the scorer went back, `[]` if nobody knows. */
export async function askFielder(questions, state, title, likely) {
  const innings = openInnings(state);
  const fielding = innings.batting_team === "a" ? "b" : "a";
  const ids = Object.keys(state.teams[fielding].players);
  const first = ids.includes(likely) ? [likely] : [];
  const options = [...first, ...ids.filter((id) => id !== likely)].map((id) => ({ value: [{ player: id }], label: nameOf(state, id) }));
  return questions.choose(title, [...options, { value: [{ substitute: true }], label: "A substitute", tone: "faint" }, { value: [], label: "Not known yet", tone: "faint" }]);
}

/** Who kept wicket last, as far as stumpings tell. */
export function keeperOf(state) {
  const innings = openInnings(state);
  const side = innings.batting_team;
  const out = rows(state.innings).filter(([, one]) => one.batting_team === side).flatMap(([, one]) => rows(one.batting)).map(([, row]) => row.out);
  return out.findLast((one) => one?.kind === "stumped")?.fielders?.[0];
}

/** A label for somebody at the crease. */
export function batterText(state, id) {
  const row = rowOf(openInnings(state).batting, id);
  return row === undefined ? nameOf(state, id) : `${nameOf(state, id)} ${row.runs} (${row.balls})`;
}
