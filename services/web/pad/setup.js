// A new match: its sides, its start, and the rules that it is played by.

import { idOf, playersOf } from "/pad/ball.js";
import { createdLog } from "/pad/created.js";
import * as device from "/pad/device.js";
import { keep } from "/pad/kept.js";
import { reasonOf, Service } from "/pad/service.js";

/** What is written is kept under this name until the match is there. */
const DRAFT = "setup";
const ID = "[a-z0-9\\-]{1,64}";
/** Profiles to begin with; `schemas/README.md`, "Rules of leagues", says who plays so. */
const PROFILES = [
  { value: "t20", label: "T20", rules: { overs: 20, bowler_overs_max: 4 } },
  { value: "odi", label: "One day, 50 overs", rules: { overs: 50, bowler_overs_max: 10 } },
  { value: "hundred", label: "The Hundred", rules: { overs: 20, balls_per_over: 5, bowler_overs_max: 4, noball_runs: 2 } },
  { value: "days", label: "Two innings a side", rules: {} },
  { value: "pairs", label: "Juniors in pairs", rules: { overs: 16, pair_overs: 4, start_runs: 200, wicket_runs: 4, wide_runs: 2, wides_rebowled: false, last_over_by_law: true } },
  { value: "juniors", label: "Juniors, 20 balls a batter", rules: { overs: 20, bowler_overs_max: 4, over_deliveries_max: 8, last_over_by_law: true, batter_balls_max: 20 } },
  { value: "retire", label: "Club, retire at 30", rules: { overs: 20, bowler_overs_max: 4, retire_runs: 30 } },
  { value: "stands", label: "Last batter stands", rules: { balls_per_over: 5, overs: 20, wickets_max: 8, last_batter_stands: true, retire_runs: 50 } },
];
/** Every rule that a match may have, as a field; `isNot`: what is ticked is false in the rules. */
const RULES = [
  { name: "overs", label: "Overs (empty: no limit)", kind: "number" }, { name: "bowler_overs_max", label: "Overs a bowler", kind: "number" },
  { name: "balls_per_over", label: "Balls an over", kind: "number", note: "6 by the Laws" }, { name: "innings_per_side", label: "Innings a side", kind: "number" },
  { name: "wickets_max", label: "Wickets", kind: "number", note: "that end an innings" }, { name: "wide_runs", label: "Runs for a wide", kind: "number" },
  { name: "noball_runs", label: "Runs for a no-ball", kind: "number" }, { name: "days", label: "Days", kind: "number" },
  { name: "over_deliveries_max", label: "Most balls an over", kind: "number", note: "wides and all" }, { name: "batter_balls_max", label: "Balls a batter", kind: "number", note: "who then retires" },
  { name: "retire_runs", label: "Retires at runs", kind: "number" }, { name: "pair_overs", label: "Overs a pair", kind: "number", note: "two bat together" },
  { name: "wicket_runs", label: "A wicket costs runs", kind: "number" }, { name: "start_runs", label: "Runs to begin with", kind: "number" },
  { name: "overs_per_end", label: "Overs from an end", kind: "number" },
  { name: "wides_rebowled", label: "A wide is not bowled again", kind: "check", isNot: true }, { name: "noballs_rebowled", label: "A no-ball is not bowled again", kind: "check", isNot: true },
  { name: "last_over_by_law", label: "In the last over they are", kind: "check" }, { name: "last_batter_stands", label: "The last batter bats on alone", kind: "check" },
  { name: "dismissed_bat_on", label: "Who is out bats on", kind: "check" },
  { name: "free_hits", label: "Free hits after no-balls", kind: "choice", options: [{ value: "", label: "as usual" }, { value: "yes", label: "yes" }, { value: "no", label: "no" }] },
];
const VISIBILITIES = [{ value: "public", label: "Everybody" }, { value: "unlisted", label: "Who knows its id" }, { value: "private", label: "Who has a token for it" }];

/** Asks for a match, and makes it; whatever fails, nothing has to be written twice. `known` is the id of one that is to be made with the token that this phone has for it. */
export async function setUp(questions, open, known = null) {
  for (let problem = null; ;) {
    const filled = await questions.fill("Set up a match", matchFields(known), { problem, draft: DRAFT, submit: "Create it" });
    if (filled === null) return;
    const profile = PROFILES.find(({ value }) => value === filled.profile)?.rules ?? {};
    const rules = filled.looks ? await askRules(questions, profile) : profile;
    if (rules === null) continue;
    const token = known === null ? filled.token : device.known(known)?.token;
    const match = known ?? filled.match ?? idOfMatch(filled);
    // It is the same match when it is created again, be it tomorrow.
    device.keepDraft(DRAFT, { ...device.draftOf(DRAFT), match });
    const creation = creationOf(filled, rules);
    const answer = await new Service(() => token).create(match, creation);
    const isThere = answer.status === 409 && await isToOpen(questions, match);
    if (answer.status === 200 || answer.status === 201 || isThere) {
      device.dropDraft(DRAFT);
      device.remember(match, { ...(known === null ? { token, expires_ms: undefined } : {}), ...(isThere ? {} : { title: creation.title }) });
      // The network may be gone with the answer: what there is to know of the match is known.
      const log = isThere ? null : createdLog(creation, answer.body);
      if (log !== null) await keep(match, log.epoch, log.events, true);
      return open(match);
    }
    problem = answer.status === 0 ? "There is no connection. What you wrote is kept on this phone: create it again when there is one; it is never made twice." : reasonOf(answer);
  }
}

/** Which match it is need not be asked where that is known, nor for a token to it. */
function matchFields(known) {
  const fields = [
    { name: "a", label: "One side", required: true, maxlength: "60" }, { name: "players_a", label: "Players of the one side, one name a line", kind: "lines" },
    { name: "b", label: "The other side", required: true, maxlength: "60" }, { name: "players_b", label: "Players of the other side, one name a line", kind: "lines" },
    { name: "profile", label: "Rules", kind: "choice", options: PROFILES, value: "t20" },
    { name: "looks", label: "Look at the rules and change them", kind: "check" },
    { name: "start", label: "Start (may be empty)", kind: "time" },
    { name: "title", label: "Title (empty: the sides' names)", maxlength: "100" },
    { name: "visibility", label: "Who may find it", kind: "choice", options: VISIBILITIES, value: "public" },
    { name: "match", label: "Id (empty: the sides and the day)", pattern: ID, title: "small letters, digits and -", autocapitalize: "none" },
    { name: "token", label: "A token that may create it", required: true, autocapitalize: "none", value: device.tokenForAny() },
  ];
  return known === null ? fields : fields.filter(({ name }) => name !== "match" && name !== "token");
}

/** Such as `reds-v-blues-20270516`. */
function idOfMatch({ a, b, start }) {
  const day = (start ?? new Date().toISOString()).slice(0, 10).replaceAll("-", "");
  return `${idOf(a)}-v-${idOf(b)}-${day}`;
}

/** The rules as the scorer leaves them; null if he went back. */
async function askRules(questions, profile) {
  const fields = RULES.map((rule) => ({ ...rule, value: ruleShown(rule, profile[rule.name]) }));
  const filled = await questions.fill("Rules of the match", fields, { note: "What is empty is by the Laws.", submit: "Create it" });
  if (filled === null) return null;
  const kept = RULES.map((rule) => [rule.name, ruleKept(rule, filled[rule.name])]).filter(([, value]) => value !== null);
  return Object.fromEntries(kept);
}

function ruleShown({ kind, isNot, options }, value) {
  if (options !== undefined) return { true: "yes", false: "no" }[value] ?? "";
  return kind === "check" ? (isNot ? value === false : value) : value;
}

function ruleKept({ kind, isNot, options }, value) {
  if (options !== undefined) return value === null ? null : value === "yes";
  return kind === "check" ? (value ? !isNot : null) : value;
}

/** Whether a match that is there already, otherwise, is to be scored as it is. */
async function isToOpen(questions, match) {
  const note = "Somebody created it with other sides, players or rules; perhaps this phone, before you changed what you wrote.";
  return await questions.choose(`${match} is there already`, [{ value: true, label: "Score it as it is", tone: "main" }], { note, back: "Change what I wrote" }) !== null;
}

function creationOf({ title, start, a, b, players_a, players_b, visibility }, rules) {
  const squad_a = playersOf(players_a ?? "", []);
  const squad_b = playersOf(players_b ?? "", squad_a.map(({ id }) => id));
  return {
    sport: "cricket", title: title ?? `${a} v ${b}`, ...(start === null ? {} : { start }), visibility, rules,
    teams: { a: { name: a, players: squad_a }, b: { name: b, players: squad_b } },
  };
}
