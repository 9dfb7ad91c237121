// A wicket: how, who, by whom, and who faces next.

import { askFielder, batterText, keeperOf } from "/pad/people.js";
import { batsOn } from "/pad/league.js";
import { creaseOf } from "/pad/next.js";

const FIRST = [
  ["bowled", "Bowled"], ["caught", "Caught"], ["lbw", "LBW"], ["run out", "Run out"],
  ["stumped", "Stumped"], ["caught and bowled", "Caught & bowled"], ["hit wicket", "Hit wicket"],
  ["obstructing the field", "Obstructing"], ["hit the ball twice", "Hit twice"], ["handled the ball", "Handled ball"],
].map(([value, label]) => ({ value, label }));
/** Off a wide, and off a no-ball or a free hit, nobody is out otherwise. */
const OFF_A_WIDE = new Set(["run out", "stumped", "hit wicket", "obstructing the field", "handled the ball"]);
const OFF_A_NOBALL = new Set(["run out", "obstructing the field", "hit the ball twice", "handled the ball"]);
/** Either batter may be out so. */
const EITHER = new Set(["run out", "obstructing the field", "handled the ball"]);

/**
 * Asks about a wicket on a ball of `kind` (`wd`, `nb` or none): `{wickets, runs, faces}`, `faces` is
 * who is at the striker's end afterwards, `new` for who comes in, null where the runs tell. Null if
 * the scorer went back.
 */
export async function askWicket(questions, state, chosen, kind) {
  const crease = creaseOf(state, chosen);
  const may = kind === "wd" ? OFF_A_WIDE : kind === "nb" || state.now.free_hit ? OFF_A_NOBALL : null;
  const hows = may === null ? FIRST : [...FIRST.filter(({ value }) => may.has(value)), ...FIRST.filter(({ value }) => !may.has(value)).map((one) => ({ ...one, tone: "faint" }))];
  const how = await questions.choose("How out?", hows, { note: state.now.free_hit && kind === null ? "Free hit" : null });
  if (how === null) return null;
  if (EITHER.has(how)) return askEither(questions, state, crease, how);
  const wicket = { kind: how, player_out: crease.striker };
  if (how === "caught" || how === "stumped") {
    const fielders = await askFielder(questions, state, how === "caught" ? "Caught by?" : "Stumped by?", how === "stumped" ? keeperOf(state) : null);
    if (fielders === null) return null;
    // Who catches his own ball is caught and bowled.
    if (how === "caught" && fielders[0]?.player === crease.bowler) wicket.kind = "caught and bowled";
    else if (fielders.length > 0) wicket.fielders = fielders;
  }
  return { wickets: [wicket], runs: 0, faces: null };
}

/** A run out, which may be at either end and after runs. */
async function askEither(questions, state, crease, kind) {
  const both = [crease.striker, crease.non_striker].filter((id) => id !== undefined);
  const out = await questions.choose("Who is out?", both.map((id, index) => ({ value: id, label: batterText(state, id), note: index === 0 ? "faced" : "other end" })));
  if (out === null) return null;
  const runs = await questions.choose("Runs completed", [0, 1, 2, 3].map((value) => ({ value, label: String(value) })));
  if (runs === null) return null;
  const fielders = [];
  if (kind === "run out") {
    const first = await askFielder(questions, state, "Run out by?");
    if (first === null) return null;
    fielders.push(...first);
    if (first.length > 0) {
      const second = await questions.choose("Was another fielder part of it?", [{ value: "no", label: "No" }, { value: "yes", label: "Yes" }]);
      if (second === null) return null;
      if (second === "yes") fielders.push(...(await askFielder(questions, state, "And who?")) ?? []);
    }
  }
  const stays = both.find((id) => id !== out);
  const other = batsOn(state.rules) ? { value: out, label: batterText(state, out) } : { value: "new", label: "The new batter" };
  const faces = stays === undefined ? undefined : await questions.choose("Who faces next?", [{ value: stays, label: batterText(state, stays) }, other]);
  if (faces === null) return null;
  return { wickets: [{ kind, player_out: out, ...(fielders.length > 0 ? { fielders } : {}) }], runs, faces: faces ?? null };
}
