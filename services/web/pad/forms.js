// What each type of event is made of, as the fields of a form: to change one that was entered, or to insert one that was missed.

import { ballsPerOver } from "/fan/over.js";
import { teamName } from "/fan/state.js";
import { nameOf } from "/pad/next.js";

export const STATUSES = [
  ["drinks", "Drinks"], ["rain", "Rain"], ["bad_light", "Bad light"], ["lunch", "Lunch"], ["tea", "Tea"], ["timeout", "Time-out"],
  ["stumps", "Stumps"], ["delayed", "Delayed"], ["live", "Play on"], ["abandoned", "Abandoned"],
];
export const END_REASONS = [["all_out", "All out"], ["overs", "Overs bowled"], ["target", "Target reached"], ["declared", "Declared"], ["forfeited", "Forfeited"], ["time", "Out of time"], ["abandoned", "Abandoned"]];
export const WICKETS = ["bowled", "caught", "caught and bowled", "lbw", "stumped", "hit wicket", "run out", "obstructing the field", "hit the ball twice", "handled the ball"];
const RETIREMENTS = ["retired hurt", "retired not out", "retired out"];
const BETWEEN_BALLS = ["timed out", "run out", "obstructing the field", "handled the ball"];
/** As the platform takes them. */
export const FROM_ONE = { pattern: "[1-9][0-9]{0,2}", title: "a number from 1" };
export const TO_100 = { pattern: "[1-9][0-9]?|100", title: "a number from 1 to 100" };
export const TO_500 = { pattern: "[1-9][0-9]?|[1-4][0-9]{2}|500", title: "a number from 1 to 500" };
const SIDES = { a: "One side", b: "The other side" };
const NONE = { value: "", label: "–" };

/** What may be inserted beside balls, with what to call it; the first ones only while an innings is open. */
const OF_INNINGS = [
  ["over_end", "End of an over"], ["batter_in", "A batter comes in"], ["batter_returns", "A batter comes back"], ["batter_retired", "A batter retires"],
  ["dismissal", "A wicket between balls"], ["innings_end", "The end of the innings"],
];
const OF_MATCH = [
  ["penalty", "Penalty runs"], ["review", "A review"], ["powerplay", "A powerplay"],
  ["target_revised", "A revised target"], ["overs_revised", "Revised overs"], ["status", "A break, or play on"],
  ["toss", "The toss"], ["comment", "A comment"],
];

/** What may be inserted where this side bats, or nobody (null). */
export function insertable(side) {
  return side === null ? [["innings_start", "The start of an innings"], ...OF_MATCH] : [...OF_INNINGS, ...OF_MATCH];
}

/** The fields of each type, of a match of this state; names are paths into the data. */
const FIELDS = {
  created: ({ data }) => [
    text("title", "Title", { required: true, maxlength: 100 }), { name: "start", label: "Start", kind: "time" },
    ...["a", "b"].flatMap((side) => [
      text(`teams.${side}.name`, SIDES[side], { required: true, maxlength: 60 }), text(`teams.${side}.short`, `${SIDES[side]}, short`, { maxlength: 8 }),
      ...playerFields(`teams.${side}.players`, data.teams?.[side]?.players, `${SIDES[side]}, player`)]),
  ],
  lineup: ({ data }) => playerFields("players", data.players, "Player"),
  toss: ({ sides }) => [choice("winner", "Won by", sides), choice("decision", "Chose to", pairs([["bat", "Bat"], ["field", "Field"]])), check("uncontested", "There was none to win")],
  innings_start: ({ sides, rules }) => [choice("batting", "Who bats", sides), number("target.runs", "Target", FROM_ONE), overs(rules, "target.overs", "In overs"), check("super_over", "A super over"), check("follow_on", "They follow on")],
  over_end: () => [{ name: "over", label: "Over", kind: "over", required: true }, number("miscounted.balls", "Balls, if miscounted")],
  batter_in: ({ batters }) => [choice("player", "Who comes in", batters)],
  batter_returns: ({ batters }) => [choice("player", "Who comes back", batters)],
  batter_retired: ({ batters }) => [choice("player", "Who retires", batters), choice("kind", "How", same(RETIREMENTS))],
  dismissal: ({ batters, people }) => [choice("player_out", "Who is out", batters), choice("kind", "How", same(BETWEEN_BALLS)), choice("fielders.0.player", "Fielder", [NONE, ...people])],
  penalty: ({ sides }) => [
    choice("team", "To whom", sides), number("runs", "Runs", { ...TO_100, required: true }),
    choice("when", "When", [{ value: "", label: "Now" }, ...pairs([["pre", "Before their innings"], ["post", "After their innings"]])]), text("reason", "Why", { maxlength: 60 }),
  ],
  powerplay: () => [text("from", "From over", { required: true, maxlength: 8 }), text("to", "To over", { required: true, maxlength: 8 }), text("kind", "Kind", { required: true, maxlength: 30 })],
  target_revised: ({ rules }) => [number("runs", "Runs to win", { ...FROM_ONE, required: true }), overs(rules, "overs", "In overs"), number("par", "Par"), text("method", "Method", { maxlength: 20 })],
  overs_revised: ({ rules }) => [overs(rules, "overs", "Overs of the innings", { required: true }), number("bowler_overs_max", "Overs a bowler", TO_500)],
  review: ({ sides }) => [
    choice("by", "Asked by", sides), choice("decision", "What came of it", pairs([["pending", "Being looked at"], ["upheld", "Upheld: the decision is overturned"], ["struck_down", "Struck down: the decision stands"]])),
    check("umpires_call", "Umpire's call"), text("umpire", "Umpire", { maxlength: 60 }),
  ],
  status: () => [choice("status", "What happens", pairs([...STATUSES, ["scheduled", "Not begun"], ["innings_break", "Between innings"], ["ended", "Ended"]])), text("note", "Note for fans", { maxlength: 120 })],
  innings_end: ({ batters }) => [choice("reason", "Why", pairs(END_REASONS)), { name: "absent_hurt", label: "Absent hurt", kind: "several", options: batters }],
  result: ({ sides, people }) => [
    choice("winner", "Winner", [NONE, ...sides]), choice("result", "or without one", [NONE, ...same(["tie", "draw", "no result"])]),
    number("by.runs", "By runs"), number("by.wickets", "By wickets"), number("by.innings", "By innings"), text("method", "Method", { maxlength: 20 }),
    choice("eliminator", "Won the super over", [NONE, ...sides]), check("awarded", "It was awarded"),
    { name: "player_of_match", label: "Player of the match", kind: "several", options: people },
  ],
  comment: () => [text("text", "Comment", { required: true, maxlength: 280 })],
  lock: () => [text("reason", "Why", { maxlength: 60 })],
  unlock: () => [text("reason", "Why", { maxlength: 60 })],
};

/** Whether there is a form for events of this type. */
export function hasForm(type) {
  return Object.hasOwn(FIELDS, type);
}

/** The fields for an event of this type with these data; `side` bats where it stands, null if that is not known. */
export function fieldsOf(state, type, data = {}, side = null) {
  return FIELDS[type]({ data, rules: state.rules, sides: sidesOf(state), people: peopleOf(state), batters: peopleOf(state, side) }).map((field) => {
    const value = at(data, field.name);
    return { ...field, options: withNow(state, field.options, value), value: shownValue(field.kind, value) };
  });
}

/** The data as they were filled in; what the form does not show stays. */
export function dataOf(type, before, filled) {
  const data = structuredClone(before ?? {});
  for (const { name, kind } of FIELDS[type]({ data, rules: {}, sides: [], people: [], batters: [] })) put(data, name.split("."), keptValue(kind, filled[name]));
  return data;
}

/** Options with whoever was chosen before: a correction may have made him one of the other side. */
export function withNow(state, options, value) {
  const isThere = ({ value: one }) => one === value || value === undefined;
  return options === undefined || options.some(isThere) ? options : [...options, ...peopleOf(state).filter(isThere)];
}

export function sidesOf(state) {
  return ["a", "b"].map((value) => ({ value, label: teamName(state, value) }));
}

/** Everybody of a side; of both, if it is null. */
export function peopleOf(state, of = null) {
  return ["a", "b"].filter((side) => of === null || side === of).flatMap((side) => Object.keys(state.teams[side].players)).map((value) => ({ value, label: nameOf(state, value) }));
}

export function pairs(all) {
  return all.map(([value, label]) => ({ value, label }));
}

function same(all) {
  return all.map((value) => ({ value, label: value }));
}

function text(name, label, more) {
  return { name, label, ...more };
}

function number(name, label, more) {
  return { name, label, kind: "number", ...more };
}

/** Such as `20` or `12.3`, with no more balls than there are beside whole overs. */
export function overs(rules, name, label, more) {
  const last = Math.min(9, ballsPerOver(rules) - 1);
  return { name, label, kind: "overs", pattern: `([0-4]?[0-9]{1,2}|500)([.][0-${last}])?`, title: `overs, such as 20 or 12.${Math.min(3, last)}`, ...more };
}

/** As an event has them: whole overs are a number. */
export function oversValue(text) {
  const [whole, balls = "0"] = text.split(".");
  return Number(balls) === 0 ? Number(whole) : `${Number(whole)}.${balls}`;
}

function choice(name, label, options) {
  return { name, label, kind: "choice", options };
}

function check(name, label) {
  return { name, label, kind: "check" };
}

/** A name each: a line that goes from a list would give its name to the next player. */
function playerFields(path, players = [], label) {
  return players.map((_, index) => text(`${path}.${index}.name`, `${label} ${index + 1}`, { required: true, maxlength: 60 }));
}

function shownValue(kind, value) {
  if (kind === "over") return value === undefined ? "" : String(value + 1);
  return kind === "number" || kind === "overs" ? String(value ?? "") : value;
}

/** As the data have it; undefined for what is not there. */
function keptValue(kind, value) {
  if (value === null || value === false || value === "" || (Array.isArray(value) && value.length === 0)) return undefined;
  if (kind === "over") return value - 1;
  return kind === "overs" ? oversValue(value) : value;
}

function at(data, path) {
  return path.split(".").reduce((inside, step) => inside?.[step], data);
}

/** Puts a value where the path leads; nothing takes what is there away, and what is empty then with it. */
function put(data, [step, ...rest], value) {
  if (rest.length === 0) {
    if (value === undefined) delete data[step];
    else data[step] = value;
    return;
  }
  if (data[step] === undefined && value === undefined) return;
  data[step] ??= /^\d+$/.test(rest[0]) ? [] : {};
  put(data[step], rest, value);
  const left = Object.values(data[step]).filter((one) => Object.keys(one ?? {}).length > 0 || typeof one !== "object");
  if (left.length > 0) return;
  if (Array.isArray(data)) data.splice(Number(step), 1);
  else delete data[step];
}
