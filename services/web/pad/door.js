// The way in: the matches that were opened here, a link with its PIN, or a token.

import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import * as device from "/pad/device.js";
import { reasonOf } from "/pad/service.js";
import { setUp } from "/pad/setup.js";

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
    scoring.problem === null || scoring.problem.status === 0 ? null : h("p", { class: "problem", role: "alert" }, clean(reasonOf(scoring.problem))),
    h("p", { class: "note" }, held === 0 ? "Enter the PIN that you were told, or paste a token: this phone then scores the match." : `${held} entered here and not sent yet: they stay, and are sent once you are let in.`),
    h("div", { class: "options" },
      key === undefined ? null : h("button", { type: "button", class: "main", id: "pin", onclick: tap(() => askPin(questions, scoring, key)) }, "Enter the PIN"),
      h("button", { type: "button", onclick: tap(() => askOtherToken(questions, scoring)) }, "I have a token"),
      h("button", { type: "button", onclick: tap(leave) }, "Another match")));
}

async function askPin(questions, scoring, key) {
  for (let [problem, value] = [null, null]; ;) {
    const filled = await questions.fill("The PIN", [{ name: "pin", label: "Six digits", inputmode: "numeric", pattern: "[0-9]{6}", title: "six digits", required: true, value }], { problem, submit: "Go in" });
    if (filled === null) return;
    const answer = await scoring.service.signIn(scoring.match, key, filled.pin);
    if (answer.status === 200) {
      scoring.useToken(answer.body.token, answer.body.expires);
      return;
    }
    // What came to nothing for want of a network is not to be typed again.
    [problem, value] = [reasonOf(answer), answer.status === 0 ? filled.pin : null];
  }
}

async function askOtherToken(questions, scoring) {
  const filled = await questions.fill("A token", [{ name: "token", label: "The token", required: true, autocapitalize: "none" }], { submit: "Go in" });
  if (filled !== null) scoring.useToken(filled.token);
}
