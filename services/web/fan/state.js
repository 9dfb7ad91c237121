// Reads a scorecard: rows in order, names by id, what is open.

import { clean } from "/fan/text.js";

/** A member of an object that is its own, whatever the key says. */
export function own(object, key) {
  return object !== null && typeof object === "object" && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The rows of a list of the state, in order, as `[key, row]`: `i2` before `i10`. */
export function rows(list) {
  const byNumber = (one, other) => one.length - other.length || (one < other ? -1 : 1);
  return Object.keys(list ?? {}).sort(byNumber).map((key) => [key, list[key]]);
}

/** Whether the state is one of cricket. */
export function isCricket(state) {
  const { a, b } = state?.teams ?? {};
  return state?.sport === "cricket" && typeof a?.name === "string" && typeof b?.name === "string";
}

/** The name of a player by his id; fielders may be known by name only, or as `sub`. */
export function playerName(state, id) {
  if (typeof id !== "string") throw new TypeError("a player has an id");
  for (const side of ["a", "b"]) {
    const found = own(state?.teams?.[side]?.players, id);
    if (found !== undefined) return clean(found);
  }
  return id === "sub" ? "substitute" : clean(id);
}

/** The name of a side. */
export function teamName(state, side) {
  return clean(own(own(state?.teams, side), "name") ?? own(state?.strip?.sides, side) ?? "");
}

/** The short name of a side. */
export function teamShort(state, side) {
  return clean(own(state?.strip?.sides, side) ?? teamName(state, side));
}

/** The innings of the match in order, each with its key and what to call it. */
export function inningsOf(state) {
  const all = rows(state?.innings).map(([key, innings]) => ({ key, ...innings }));
  const perSide = state?.rules?.innings_per_side ?? 1;
  const seen = { a: 0, b: 0 };
  return all.map((innings) => {
    const team = teamName(state, innings.batting_team);
    if (innings.super_over) return { ...innings, label: `${team}, super over` };
    seen[innings.batting_team] += 1;
    const ordinal = ["1st", "2nd", "3rd", "4th"][seen[innings.batting_team] - 1];
    return { ...innings, label: perSide > 1 ? `${team}, ${ordinal} innings` : team };
  });
}

/** The innings that is open, else the last one. */
export function currentInnings(state) {
  const all = inningsOf(state);
  return all.find((innings) => innings.key === state?.now?.innings) ?? all.at(-1) ?? null;
}

/** Whether that innings is the open one. */
export function isOpen(state, innings) {
  return state?.now?.innings === innings.key;
}

/** `188/5`, `241`, `430/4d`. */
export function scoreText(state, innings) {
  const wicketsMax = innings.super_over ? (state.rules?.super_over?.wickets_max ?? 2) : (state.rules?.wickets_max ?? 10);
  const isAllOut = innings.end === "all_out" || innings.wickets >= wicketsMax;
  return `${innings.runs}${isAllOut ? "" : `/${innings.wickets}`}${innings.end === "declared" ? "d" : ""}`;
}

/** Balls as overs: `3.4`. */
export function oversText(state, balls) {
  const perOver = state.rules?.balls_per_over ?? 6;
  return balls % perOver === 0 ? String(balls / perOver) : `${Math.floor(balls / perOver)}.${balls % perOver}`;
}
