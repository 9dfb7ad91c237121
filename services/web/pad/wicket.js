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

/** Stands for a ball on which both are out. */
const TWO = "two";

/**
 * Asks about a wicket on a ball of `kind` (`wd`, `nb` or none): `{wickets, runs, faces}`, `faces` is
 * who is at the striker's end afterwards, `new` for who comes in, null where the runs tell. Null if
 * the scorer went back.
 */
export async function askWicket(questions, state, chosen, kind) {
  const crease = creaseOf(state, chosen);
  const two = crease.non_striker === undefined ? [] : [{ value: TWO, label: "Two are out", tone: "faint" }];
  const how = await questions.choose("How out?", [...howsOf(state, kind), ...two], { note: state.now.free_hit && kind === null ? "Free hit" : null });
  if (how === null) return null;
  if (how === TWO) return askTwo(questions, state, crease, kind);
  if (EITHER.has(how)) return askEither(questions, state, crease, how);
  const wicket = await askStrikers(questions, state, crease, how);
  return wicket === null ? null : { wickets: [wicket], runs: 0, faces: null };
}

/** The likely ways first. */
function howsOf(state, kind) {
  const may = kind === "wd" ? OFF_A_WIDE : kind === "nb" || state.now.free_hit ? OFF_A_NOBALL : null;
  return may === null ? FIRST : [...FIRST.filter(({ value }) => may.has(value)), ...FIRST.filter(({ value }) => !may.has(value)).map((one) => ({ ...one, tone: "faint" }))];
}

/** A wicket of which only who faced can be the victim. */
async function askStrikers(questions, state, crease, kind) {
  const wicket = { kind, player_out: crease.striker };
  if (kind !== "caught" && kind !== "stumped") return wicket;
  const fielders = await askFielder(questions, state, kind === "caught" ? "Caught by?" : "Stumped by?", kind === "stumped" ? keeperOf(state) : null);
  if (fielders === null) return null;
  // Who catches his own ball is caught and bowled.
  if (kind === "caught" && fielders[0]?.player === crease.bowler) wicket.kind = "caught and bowled";
  else if (fielders.length > 0) wicket.fielders = fielders;
  return wicket;
}

/** A run out, which may be at either end and after runs. */
async function askEither(questions, state, crease, kind) {
  const out = await askWho(questions, state, crease);
  if (out === null) return null;
  const runs = await askRuns(questions);
  if (runs === null) return null;
  const wicket = await askRunOut(questions, state, kind, out);
  if (wicket === null) return null;
  const stays = bothOf(crease).find((id) => id !== out);
  const other = batsOn(state.rules) ? { value: out, label: batterText(state, out) } : { value: "new", label: "The new batter" };
  const faces = stays === undefined ? undefined : await questions.choose("Who faces next?", [{ value: stays, label: batterText(state, stays) }, other]);
  if (faces === null) return null;
  return { wickets: [wicket], runs, faces: faces ?? null };
}

/** Two on one ball: the first in any way, and then the other batter, who can only be out as either may be. */
async function askTwo(questions, state, crease, kind) {
  const how = await questions.choose("How is the first one out?", howsOf(state, kind));
  if (how === null) return null;
  const out = EITHER.has(how) ? await askWho(questions, state, crease) : crease.striker;
  if (out === null) return null;
  const first = EITHER.has(how) ? await askRunOut(questions, state, how, out) : await askStrikers(questions, state, crease, how);
  if (first === null) return null;
  const other = bothOf(crease).find((id) => id !== out);
  const secondHow = await questions.choose(`And ${batterText(state, other)}?`, FIRST.filter(({ value }) => EITHER.has(value)));
  if (secondHow === null) return null;
  const second = await askRunOut(questions, state, secondHow, other);
  if (second === null) return null;
  const runs = await askRuns(questions);
  return runs === null ? null : { wickets: [first, second], runs, faces: null };
}

function bothOf({ striker, non_striker }) {
  return [striker, non_striker].filter((id) => id !== undefined);
}

function askWho(questions, state, crease) {
  return questions.choose("Who is out?", bothOf(crease).map((id, index) => ({ value: id, label: batterText(state, id), note: index === 0 ? "faced" : "other end" })));
}

function askRuns(questions) {
  return questions.choose("Runs completed", [0, 1, 2, 3].map((value) => ({ value, label: String(value) })));
}

/** The wicket of a batter at either end, with who ran him out. */
async function askRunOut(questions, state, kind, player_out) {
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
  return { kind, player_out, ...(fielders.length > 0 ? { fielders } : {}) };
}
