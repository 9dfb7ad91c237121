// Every figure of one ball as a form: for a ball that is changed, or inserted.

import { peopleOf, WICKETS, withNow } from "/pad/forms.js";

const EXTRAS = [["wides", "Wides (all runs of it)"], ["noballs", "No-ball runs"], ["byes", "Byes"], ["legbyes", "Leg-byes"], ["penalty", "Penalty runs"]];
const NONE = { value: "", label: "–" };
/** Who is out so need not have faced. */
const SECOND_WICKETS = ["run out", "obstructing the field", "handled the ball"];

/** The fields of a ball; `side` bats where it stands, null if that is not known. */
export function ballFields(state, ball, side) {
  const people = peopleOf(state);
  const batters = peopleOf(state, side);
  const bowlers = peopleOf(state, side === null ? null : side === "a" ? "b" : "a");
  const [wicket, second] = ball.wickets ?? [];
  const hows = (all) => [NONE, ...all.map((value) => ({ value, label: value }))];
  return [
    { name: "runs", label: "Runs off the bat", kind: "number", value: String(ball.runs), required: true },
    { name: "boundary", label: "It crossed the rope", kind: "check", value: ball.boundary !== undefined },
    ...EXTRAS.map(([name, label]) => ({ name, label, kind: "number", value: String(ball.extras?.[name] ?? "") })),
    { name: "short_run", label: "A run was short", kind: "check", value: ball.short_run },
    { name: "batter", label: "Faced", kind: "choice", options: batters, value: ball.batter },
    { name: "non_striker", label: "Other end", kind: "choice", options: state.rules.last_batter_stands ? [NONE, ...batters] : batters, value: ball.non_striker },
    { name: "bowler", label: "Bowled", kind: "choice", options: bowlers, value: ball.bowler },
    { name: "over", label: "Over", kind: "over", value: String(ball.over + 1), required: true },
    { name: "kind", label: "Wicket", kind: "choice", options: hows(WICKETS), value: wicket?.kind },
    { name: "player_out", label: "Who is out (empty: who faced)", kind: "choice", options: [NONE, ...batters], value: wicket?.player_out },
    { name: "fielder", label: "Fielder", kind: "choice", options: [NONE, ...people], value: wicket?.fielders?.[0]?.player },
    { name: "fielder_2", label: "Another fielder", kind: "choice", options: [NONE, ...people], value: wicket?.fielders?.[1]?.player },
    { name: "second_kind", label: "A second wicket on it", kind: "choice", options: hows(SECOND_WICKETS), value: second?.kind },
    { name: "second_out", label: "Who is out there", kind: "choice", options: [NONE, ...batters], value: second?.player_out },
  ].map((field) => ({ ...field, options: withNow(state, field.options, field.value) }));
}

/** The ball as it was filled in; what the form does not show stays. */
export function ballOf(before, filled) {
  const { extras: _, wickets = [], boundary, short_run, non_striker, ...kept } = before;
  const data = { ...kept, over: filled.over - 1, batter: filled.batter, bowler: filled.bowler, runs: filled.runs };
  if (filled.non_striker !== null) data.non_striker = filled.non_striker;
  const extras = Object.fromEntries(EXTRAS.map(([name]) => [name, filled[name]]).filter(([, runs]) => runs > 0));
  if (Object.keys(extras).length > 0) data.extras = extras;
  const crossed = filled.runs === 6 ? 6 : 4;
  if (filled.boundary) data.boundary = filled.runs === before.runs ? (boundary ?? crossed) : crossed;
  if (filled.short_run) data.short_run = true;
  const fell = [wicketOf(wickets[0], filled.kind, filled.player_out ?? filled.batter, [filled.fielder, filled.fielder_2]), wicketOf(wickets[1], filled.second_kind, filled.second_out)].filter((one) => one !== null);
  if (fell.length > 0) data.wickets = fell;
  return data;
}

/** A wicket of this kind; fielders that the form does not show stay. */
function wicketOf(before, kind, player_out, named = null) {
  if (kind === null || player_out === null) return null;
  const all = before?.fielders ?? [];
  const fielders = named === null ? all : [...named.flatMap((player, index) => player !== null ? [{ player }] : all[index] !== undefined && all[index].player === undefined ? [all[index]] : []), ...all.slice(named.length)];
  return fielders.length === 0 ? { kind, player_out } : { kind, player_out, fielders };
}
