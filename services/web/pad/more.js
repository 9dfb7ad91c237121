// The match beside its balls: what may be entered, the link for a second phone, the board.

import { facts } from "/fan/card.js";
import { inningsOf, scoreText, teamName } from "/fan/state.js";
import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import { whatIs } from "/pad/ball.js";
import { actionsOf, askInnings, askToss, resultText } from "/pad/events.js";
import { nextInnings, resultOf } from "/pad/ends.js";
import { qrOf } from "/pad/qr.js";
import { reasonOf } from "/pad/service.js";

/** What may be done with a match. */
export function more(scoring, questions, leave) {
  const { state } = scoring;
  const tap = (act) => questions.tap(act);
  return h("section", { class: "more-view", "aria-labelledby": "more" },
    h("h1", { id: "more" }, h("bdi", {}, clean(state.strip.title))),
    h("div", { class: "options" }, actionsOf(state).map(({ label, ask }) => h("button", { type: "button", key: label, onclick: tap(() => ask(questions, scoring)) }, label))),
    h("h2", {}, "Others"),
    h("div", { class: "options" },
      h("button", { type: "button", id: "link", onclick: tap(() => showLink(questions, scoring)) }, "Link for another phone"),
      h("a", { class: "button", href: `/board/${scoring.match}` }, "Board for the ground"),
      h("button", { type: "button", onclick: tap(leave) }, "Another match")),
    facts(state));
}

/** Between innings: what comes next. */
export function between(scoring, questions) {
  const { state } = scoring;
  const tap = (act) => questions.tap(act);
  const last = scoring.last();
  // One may be given up before a ball was bowled.
  const isBefore = state.innings === undefined && state.result === undefined;
  const [next, result] = [nextInnings(state), resultOf(state)];
  const isDecided = state.result === undefined && !isBefore && (result !== null || next === null);
  const isNext = !isDecided && state.result === undefined && (!isBefore || state.toss !== undefined);
  const due = isDecided ? "Result" : state.result === undefined ? null : state.player_of_match === undefined ? "Player of the match" : "Sign off";
  const beside = ["Result", "Player of the match", "Sign off", "Break, rain, play on"];
  return h("section", { class: "sheet due", key: "between", "aria-labelledby": "between" },
    h("h1", { id: "between" }, h("bdi", {}, clean(isBefore ? state.strip.title : state.result === undefined ? (isDecided ? "What is the result?" : "Between innings") : resultText(state, state.result)))),
    h("p", { class: "line", id: "line" }, h("bdi", {}, state.innings === undefined ? tossText(state) : scoresOf(state))),
    h("div", { class: "options" },
      isBefore ? h("button", { type: "button", key: "toss", class: state.toss === undefined ? "main" : null, onclick: tap(() => askToss(questions, scoring)) }, state.toss === undefined ? "Toss" : "Toss again") : null,
      state.result !== undefined && state.result.result !== "tie" ? null : h("button", { type: "button", key: "start", class: isNext ? "main" : null, onclick: tap(() => askInnings(questions, scoring)) }, next?.super_over ? "Start a super over" : "Start an innings"),
      isBefore ? null : actionsOf(state).filter(({ label }) => beside.includes(label)).map(({ label, ask }) => h("button", { type: "button", key: label, class: label === due ? "main" : null, onclick: tap(() => ask(questions, scoring)) }, label))),
    last === null ? null : h("button", { type: "button", class: "back", id: "kundo", onclick: tap(() => scoring.undo(last)) }, "↶ Undo ", h("bdi", {}, whatIs(last))));
}

/** Each innings in a few words: the line of the strip is older than what is not sent yet. */
function scoresOf(state) {
  return inningsOf(state).map((innings) => `${innings.label} ${scoreText(state, innings)} (${innings.overs})`).join(" · ");
}

function tossText(state) {
  return state.toss === undefined ? "Not begun" : `${teamName(state, state.toss.winner)} won the toss and chose to ${state.toss.decision}`;
}

/** After it was signed off: nothing is scored any more. */
export function signedOff(scoring, questions) {
  const { state } = scoring;
  const tap = (act) => questions.tap(act);
  return h("section", { class: "sheet due", key: "signed-off", "aria-labelledby": "signed-off" },
    h("h1", { id: "signed-off" }, "Signed off"),
    h("p", { class: "line", id: "line" }, h("bdi", {}, state.result === undefined ? scoresOf(state) : clean(resultText(state, state.result)))),
    h("p", { class: "note" }, "Nothing more is scored. An official may correct it under Balls, or open it again."),
    h("div", { class: "options" }, actionsOf(state).map(({ label, ask }) => h("button", { type: "button", key: label, onclick: tap(() => ask(questions, scoring)) }, label))));
}

async function showLink(questions, scoring) {
  const answer = await scoring.service.access(scoring.match);
  if (answer.status !== 201) {
    await questions.tell("No link now", reasonOf(answer));
    return;
  }
  const { link, pin } = answer.body;
  const url = new URL(link, location.href).href;
  await questions.tell("Link for another phone", "Who opens it needs the PIN. Tell it, do not send it along.", [
    qrView(qrOf(url)),
    h("p", { class: "pin", id: "pin-shown" }, pin),
    h("p", { class: "url", id: "link-shown" }, url),
    h("button", { type: "button", class: "back", onclick: () => navigator.clipboard?.writeText(url) }, "Copy the link"),
  ]);
}

/** A symbol with its quiet zone of four modules; nothing for a link too long for one. */
function qrView(rows) {
  if (rows === null) return null;
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x + 4} ${y + 4}h1v1h-1z`] : [])));
  return h("div", { class: "qr" }, h("svg", { viewBox: `0 0 ${rows.length + 8} ${rows.length + 8}`, "aria-hidden": "true", "shape-rendering": "crispEdges" }, h("path", { d: dark.join(""), fill: "#000" })));
}
