// The way in: the matches that were opened here, a link with its PIN, a token, and a new match.

import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import { playersOf } from "/pad/ball.js";
import * as device from "/pad/device.js";
import { reasonOf, Service } from "/pad/service.js";

const PROFILES = [
  { value: "t20", label: "T20", rules: { overs: 20, bowler_overs_max: 4 } },
  { value: "odi", label: "One day, 50 overs", rules: { overs: 50, bowler_overs_max: 10 } },
  { value: "hundred", label: "The Hundred", rules: { overs: 20, balls_per_over: 5, bowler_overs_max: 4, noball_runs: 2 } },
  { value: "days", label: "Two innings a side", rules: {} },
  { value: "other", label: "Overs as below", rules: null },
];
const LINK = /#match=([a-z0-9-]{1,64})(?:&key=([^&\s]+))?/;

/** What is shown while no match is open. */
export function door(questions, open) {
  const matches = device.knownMatches();
  const tap = (act) => questions.tap(act);
  return h("section", { class: "door", "aria-labelledby": "door" },
    h("h1", { id: "door" }, "Score a match"),
    matches.length === 0 ? h("p", { class: "note" }, "Open the link that you were given: it needs its PIN once.") : h("ul", { class: "matches" }, matches.map(({ match, title }) => h("li", { key: match },
      h("button", { type: "button", onclick: tap(() => open(match)) }, h("bdi", {}, clean(title ?? match)), h("small", {}, match))))),
    h("div", { class: "options" },
      h("button", { type: "button", onclick: tap(() => askLink(questions, open)) }, "I have a link"),
      h("button", { type: "button", onclick: tap(() => askToken(questions, open)) }, "I have a token"),
      h("button", { type: "button", onclick: tap(() => setUp(questions, open)) }, "Set up a match")));
}

async function askLink(questions, open) {
  const filled = await questions.fill("Open a match", [{ name: "link", label: "The link", required: true }], { submit: "Open" });
  if (filled === null) return;
  const [, match, key] = LINK.exec(filled.link) ?? [];
  if (match === undefined) {
    await questions.tell("This is no link to a match", "It ends with #match=… and &key=…");
    return;
  }
  if (key !== undefined) device.remember(match, { key: decodeURIComponent(key) });
  open(match);
}

async function askToken(questions, open) {
  const filled = await questions.fill("Open a match", [
    { name: "match", label: "The match's id", required: true, pattern: "[a-z0-9\\-]{1,64}", autocapitalize: "none" },
    { name: "token", label: "The token", required: true, autocapitalize: "none" },
  ], { submit: "Open" });
  if (filled === null) return;
  device.remember(filled.match, { token: filled.token, expires_ms: undefined });
  open(filled.match);
}

/** Asks for the PIN, or a token, of a match whose token is no longer good, or was never there. */
export function locked(questions, scoring, leave) {
  const { match } = scoring;
  const { key, title } = device.known(match) ?? {};
  const held = scoring.sending.pending.length;
  const tap = (act) => questions.tap(act);
  return h("section", { class: "door", "aria-labelledby": "door" },
    h("h1", { id: "door" }, h("bdi", {}, clean(title ?? match))),
    h("p", { class: "note" }, held === 0 ? "Who scores this match shows it by its PIN or a token." : `${held} entered here and not sent yet: they stay, and are sent once you are let in.`),
    h("div", { class: "options" },
      key === undefined ? null : h("button", { type: "button", class: "main", id: "pin", onclick: tap(() => askPin(questions, scoring, key)) }, "Enter the PIN"),
      h("button", { type: "button", onclick: tap(() => askOtherToken(questions, scoring)) }, "I have a token"),
      h("button", { type: "button", onclick: tap(leave) }, "Another match")));
}

async function askPin(questions, scoring, key) {
  for (let note = null; ;) {
    const filled = await questions.fill("The PIN", [{ name: "pin", label: "Six digits", kind: "text", inputmode: "numeric", pattern: "[0-9]{6}", required: true }], { note, submit: "Go in" });
    if (filled === null) return;
    const answer = await scoring.service.signIn(scoring.match, key, filled.pin);
    if (answer.status === 200) {
      scoring.useToken(answer.body.token, answer.body.expires);
      return;
    }
    note = reasonOf(answer);
  }
}

async function askOtherToken(questions, scoring) {
  const filled = await questions.fill("A token", [{ name: "token", label: "The token", required: true, autocapitalize: "none" }], { submit: "Go in" });
  if (filled !== null) scoring.useToken(filled.token);
}

async function setUp(questions, open) {
  const filled = await questions.fill("Set up a match", [
    { name: "token", label: "A token that may create it", required: true, autocapitalize: "none" },
    { name: "match", label: "Id: small letters, digits and -", required: true, pattern: "[a-z0-9\\-]{1,64}", autocapitalize: "none" },
    { name: "title", label: "Title (empty: the sides' names)", maxlength: "100" },
    { name: "a", label: "One side", required: true, maxlength: "60" }, { name: "players_a", label: "Its players, one name a line", kind: "lines" },
    { name: "b", label: "The other side", required: true, maxlength: "60" }, { name: "players_b", label: "Its players, one name a line", kind: "lines" },
    { name: "profile", label: "Rules", kind: "choice", options: PROFILES, value: "t20" },
    { name: "overs", label: "Overs, where they are others", kind: "number" }, { name: "bowler_overs_max", label: "Overs a bowler", kind: "number" },
    { name: "visibility", label: "Who may find it", kind: "choice", options: [{ value: "public", label: "Everybody" }, { value: "unlisted", label: "Who knows its id" }, { value: "private", label: "Who has a token for it" }], value: "public" },
  ], { submit: "Create it" });
  if (filled === null) return;
  const { token, match } = filled;
  const answer = await new Service(() => token).create(match, creationOf(filled));
  if (answer.status !== 200 && answer.status !== 201) {
    await questions.tell("It was not created", reasonOf(answer));
    return;
  }
  device.remember(match, { token, expires_ms: undefined });
  open(match);
}

function creationOf({ title, a, b, players_a, players_b, profile, overs, bowler_overs_max, visibility }) {
  const squad_a = playersOf(players_a ?? "", []);
  const squad_b = playersOf(players_b ?? "", squad_a.map(({ id }) => id));
  const rules = { ...(PROFILES.find(({ value }) => value === profile)?.rules ?? {}) };
  if (overs !== null) rules.overs = overs;
  if (bowler_overs_max !== null) rules.bowler_overs_max = bowler_overs_max;
  return {
    sport: "cricket", title: title ?? `${a} v ${b}`, visibility, rules,
    teams: { a: { name: a, players: squad_a }, b: { name: b, players: squad_b } },
  };
}
