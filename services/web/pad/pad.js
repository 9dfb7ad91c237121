// The pad: which match is open, which part of it is shown, and when it is drawn.

import { scorecard } from "/fan/card.js";
import { currentInnings, inningsOf } from "/fan/state.js";
import { clean } from "/fan/text.js";
import { h, show } from "/fan/view.js";
import { Questions } from "/pad/ask.js";
import { Balls } from "/pad/balls.js";
import * as device from "/pad/device.js";
import { door, locked } from "/pad/door.js";
import { Keys } from "/pad/keys.js";
import { between, more, signedOff } from "/pad/more.js";
import { Scoring } from "/pad/scoring.js";
import { sendingBar, sendingView } from "/pad/sending.js";
import { reasonOf } from "/pad/service.js";
import { setUp } from "/pad/setup.js";

const PARTS = [["score", "Score"], ["balls", "Balls"], ["card", "Card"], ["more", "Match"]];
const main = document.getElementById("main");

const questions = new Questions(draw);
let scoring = null;
let [keys, balls] = [null, null];
let part = "score";
let chosenInnings = null;
let isDrawing = false;
/** The match that is being opened. */
let opening = null;

addEventListener("hashchange", () => open(device.takeFromAddress()));
addEventListener("online", () => awake());
addEventListener("offline", draw);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && awake());
open(device.takeFromAddress());
// The policy of the page allows only scripts that were named to it.
const worker = globalThis.trustedTypes?.createPolicy("pad", { createScriptURL: () => "/worker.js" }).createScriptURL("") ?? "/worker.js";
const hadWorker = Boolean(navigator.serviceWorker?.controller);
/** Another version was kept whole meanwhile: the next load is of it. */
let isNewer = false;
navigator.serviceWorker?.controller?.postMessage("here");
navigator.serviceWorker?.addEventListener("controllerchange", () => {
  isNewer = hadWorker;
  draw();
});
install();

/** Makes the page start without a network; one that goes meanwhile leaves nothing to start from, so it is tried again. */
function install() {
  navigator.serviceWorker?.register(worker).catch(() => {});
}

/** Opens a match, or the door without one. */
async function open(match) {
  if (match === scoring?.match) return draw();
  if (match !== null && match === opening) return;
  questions.leave();
  scoring?.close();
  [scoring, part, chosenInnings, opening] = [null, "score", null, match];
  if (match === null) return draw();
  if (location.hash !== `#match=${match}`) history.replaceState(null, "", `#match=${match}`);
  device.remember(match, {});
  const opened = new Scoring(match, draw);
  try {
    await opened.open();
  } catch (error) {
    if (opening === match) opening = null;
    await questions.tell("This browser keeps nothing", `What is scored must outlive this page, and it can't: ${error?.message ?? error}. Leave private browsing, or free some space.`);
    return;
  }
  // Another one was opened meanwhile.
  if (opening !== match) return opened.close();
  opening = null;
  [scoring, keys, balls] = [opened, new Keys(opened, questions), new Balls(opened, questions)];
  draw();
}

function leave() {
  history.replaceState(null, "", location.pathname);
  open(null);
}

function awake() {
  if (navigator.serviceWorker?.controller === null) install();
  scoring?.queue.kick();
  scoring?.look();
  draw();
}

function go(to) {
  questions.leave();
  part = to;
  scrollTo(0, 0);
  draw();
}

/** Shows what there is, soon: what comes together is shown once. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  queueMicrotask(() => {
    isDrawing = false;
    drawNow();
  });
}

function drawNow() {
  document.title = scoring?.state?.strip === undefined ? "Grandstand pad" : `${clean(scoring.state.strip.title)} · pad`;
  main.ariaBusy = String(questions.isBusy);
  document.body.dataset.part = scoring === null ? "door" : part;
  if (opening !== null) return show(main, h("section", { class: "door", key: "opening" }, h("h1", {}, "Opening…")));
  if (scoring === null) return show(main, questions.isOpen ? questions.view() : door(questions, open));
  if (scoring.isLocked) return show(main, questions.isOpen ? questions.view() : locked(questions, scoring, leave));
  show(main, sendingBar(scoring, () => go(part === "sending" ? "score" : "sending")), h("div", { class: "part", key: "part" }, partView()), nav());
}

function nav() {
  return h("nav", { class: "parts", key: "nav", "aria-label": "Parts" }, PARTS.map(([word, label]) => h("button", { type: "button", key: word, id: `go-${word}`, "aria-current": part === word ? "page" : null, onclick: () => go(word) }, label)));
}

function partView() {
  const { state } = scoring;
  if (part === "sending" && state !== null) return questions.isOpen ? questions.view() : sendingView(scoring, questions);
  if (state === null) return questions.isOpen ? questions.view() : isNowhere() ? notSetUp() : h("section", { class: "sheet", key: "empty" }, h("h1", {}, "Getting the score…"), scoring.problem === null ? null : h("p", { class: "note" }, reasonOf(scoring.problem)), h("button", { type: "button", class: "back", onclick: leave }, "Another match"));
  if (state.sport !== "cricket") return h("section", { class: "sheet", key: "other" }, h("h1", {}, "This pad scores cricket"), h("button", { type: "button", class: "back", onclick: leave }, "Another match"));
  // The score stays in sight, unless there is much to choose from.
  if (questions.isOpen) return part === "score" && state.now !== undefined && !state.locked && questions.isShort ? [keys.stand(), questions.view()] : questions.view();
  switch (part) {
    case "balls": return balls.view();
    case "card": return cardView(state);
    case "more": return [isNewer ? h("button", { type: "button", key: "newer", id: "newer", onclick: () => location.reload() }, "A newer pad is here: load it") : null, more(scoring, questions, leave)];
    default: return state.locked ? signedOff(scoring, questions) : state.now === undefined ? between(scoring, questions) : keys.view();
  }
}

/** Nobody has set the match up: whoever was given its link may come first. */
function isNowhere() {
  return scoring.problem?.status === 404 && scoring.sending.pending.length === 0;
}

function notSetUp() {
  const { match } = scoring;
  // It is read anew: what was made of it is kept on this phone.
  const reopen = () => {
    scoring.close();
    scoring = null;
    return open(match);
  };
  return h("section", { class: "sheet", key: "nowhere" },
    h("h1", {}, "Not set up yet"), h("p", { class: "note" }, h("bdi", {}, match), ": nobody has said who plays, and by which rules."),
    h("button", { type: "button", class: "main", id: "set-up", onclick: questions.tap(() => setUp(questions, reopen, match)) }, "Set it up"),
    h("button", { type: "button", class: "back", onclick: leave }, "Another match"));
}

function cardView(state) {
  const chosen = inningsOf(state).find(({ key }) => key === chosenInnings) ?? currentInnings(state);
  if (chosen === null) return h("section", { class: "sheet", key: "none" }, h("h1", {}, "Nobody has batted yet"));
  return h("div", { class: "card-view", key: "card" }, h("h1", { class: "unseen" }, "Scorecard"), scorecard(state, chosen, (key) => {
    chosenInnings = key;
    draw();
  }));
}
