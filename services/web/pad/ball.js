// What was tapped, as the data of a delivery.

import { ballText } from "/pad/innings.js";

/** Runs that cross the rope unless the scorer says that they were run. */
const BOUNDARIES = new Set([4, 6]);

/**
 * The data of a ball: `crease` is who faces, stands, bowls, and in which over; of what was tapped,
 * `runs` is the number, `kind` one of `wd nb b lb` or none, `off` whether the runs of a no-ball came
 * off the bat (none), as byes (`b`) or leg-byes (`lb`).
 */
export function deliveryOf(rules, crease, { runs, kind = null, off = null, isRun = false, isShort = false, wickets = [] }) {
  const { over, striker, non_striker, bowler } = crease;
  // The last batter may be alone.
  const data = { over, batter: striker, ...(non_striker === undefined ? {} : { non_striker }), bowler, runs: 0 };
  const extras = {};
  switch (kind) {
    case "wd":
      extras.wides = (rules.wide_runs ?? 1) + runs;
      break;
    case "nb":
      extras.noballs = rules.noball_runs ?? 1;
      if (off === null) data.runs = runs;
      else if (runs > 0) extras[off === "b" ? "byes" : "legbyes"] = runs;
      break;
    case "b":
      extras.byes = runs;
      break;
    case "lb":
      extras.legbyes = runs;
      break;
    default:
      data.runs = runs;
  }
  if (Object.values(extras).some((number) => number > 0)) data.extras = extras;
  if (BOUNDARIES.has(data.runs) && !isRun) data.boundary = data.runs;
  else if (runs === 4 && kind !== null && !isRun && wickets.length === 0) data.boundary = 4;
  if (isShort) data.short_run = true;
  if (wickets.length > 0) data.wickets = wickets;
  return data;
}

/** An event in a word or two: `4`, `W`, `over end`. */
export function whatIs({ type, data }) {
  if (type === "delivery") return ballText(data).replace(/^\.$/, "dot ball");
  return (type === "status" ? data.status : type).replaceAll("_", " ");
}

/** A team's players out of a text with a name in each line; ids are made so that none of `taken` is used again. */
export function playersOf(text, taken) {
  const used = new Set(taken);
  return text.split("\n").map((line) => line.replaceAll(/\p{Cc}+/gu, " ").replace(/^[\s\d.)-]+/u, "").trim()).filter((name) => name !== "").map((name) => {
    const id = freeId(name, used);
    used.add(id);
    return { id, name: [...name].slice(0, NAME_CHARACTERS_MAX).join("") };
  });
}

const NAME_CHARACTERS_MAX = 60;

/** A name as an id that people can read; `other` of one without such letters. */
export function idOf(name, other = "side") {
  return name.normalize("NFKD").replace(/\p{M}+/gu, "").replace(/[^A-Za-z0-9]+/g, "-").replace(/^[^A-Za-z]+|-+$/g, "").toLowerCase().slice(0, 24) || other;
}

/** One that nobody has. */
function freeId(name, used) {
  const plain = idOf(name, "player");
  for (let number = 1; ; number++) {
    const id = number === 1 ? plain : `${plain}-${number}`;
    if (!used.has(id)) return id;
  }
}
