// The fan page: the list, the chosen match and the state of the connection, kept up to date.

import { Client } from "/sdk/grandstand.js";
import { Connection } from "/fan/connection.js";
import { MatchList } from "/fan/list.js";
import { MatchView } from "/fan/match.js";
import { takeFromAddress, tokenAfter } from "/fan/pass.js";
import { clean } from "/fan/text.js";
import { h, show } from "/fan/view.js";

const place = {
  matches: document.getElementById("matches"),
  main: document.getElementById("main"),
  connection: document.getElementById("connection"),
  announcement: document.getElementById("announcement"),
};
const MATCH_ID = /^[a-z0-9-]{1,64}$/;
/** Between two sentences for those who listen. */
const ANNOUNCE_EVERY_MS = 3000;

takeFromAddress();
let client = newClient();
let connection = new Connection();
const list = new MatchList(onList, startOver);
let view = null;
let showsAllEnded = false;
let isDrawing = false;
let isPrinted = false;
let announced_ms = 0;
let announcing = null;
/** Whoever comes without a choice is shown the one match that is on; who goes back to the list is not. */
let mayChoose = true;

addEventListener("hashchange", () => (takeFromAddress() ? startOver() : route()));
addEventListener("online", () => draw(false));
addEventListener("offline", () => draw(false));
addEventListener("beforeprint", () => drawForPaper(true));
addEventListener("afterprint", () => drawForPaper(false));
document.getElementById("skip").onclick = (event) => {
  event.preventDefault();
  place.main.focus();
};
route();
list.start();

function newClient() {
  const client = new Client(location.origin, { token: tokenAfter });
  client.addEventListener("connection", () => draw(false));
  return client;
}

/** Another token, or none, is another fan. */
function startOver() {
  // What it kept of the match is for nobody else.
  view?.end();
  client.close();
  client = newClient();
  view = null;
  route();
  list.start();
}

/** The match that the address names. */
function chosenId() {
  const asked = location.hash === "" ? new URLSearchParams(location.search).get("match") : /^#\/m\/(.*)$/.exec(location.hash)?.[1];
  return MATCH_ID.test(asked ?? "") ? asked : null;
}

function route() {
  const id = chosenId();
  if (id !== null || location.hash === "#/") mayChoose = false;
  if ((view?.match.id ?? null) !== id) {
    view?.end();
    connection = new Connection();
    view = id === null ? null : new MatchView(client, id, draw, startOver);
    scrollTo(0, 0);
  }
  draw(false);
}

function onList() {
  const of = (status) => (list.matches ?? []).filter(({ strip }) => strip?.status === status);
  const on = of("live").length > 0 ? of("live") : of("break");
  if (mayChoose && on.length === 1) {
    mayChoose = false;
    location.replace(`#/m/${on[0].match}`);
  }
  draw(false);
}

/** What goes on paper stands there at once: it is taken as soon as this returns. */
function drawForPaper(begins) {
  isPrinted = begins;
  drawNow();
}

/** Shows what there is, soon: what comes together is shown once. */
function draw(heard) {
  if (view !== null) connection.look(client, view.match, Date.now(), heard);
  if (isDrawing) return;
  isDrawing = true;
  setTimeout(() => {
    isDrawing = false;
    try {
      drawNow();
    } catch (error) {
      show(place.main, h("section", { class: "notice", key: "fault" }, h("h1", {}, "This can't be shown here"), h("p", {}, "A part of it is too new for this page, or the page for this browser. Load it again, or use a newer browser.")));
      throw error;
    }
  }, 0);
}

function drawNow() {
  const strip = view?.match.state?.strip ?? null;
  document.body.dataset.view = view === null ? "list" : "match";
  show(place.matches, list.view(view?.match.id ?? null, strip, showsAllEnded, () => {
    showsAllEnded = true;
    draw(false);
  }));
  show(place.main, view === null ? h("section", { class: "notice", key: "none" }, h("h1", {}, "Live scores"), h("p", {}, inviting())) : h("div", { key: view.match.id, class: "match" }, view.view(isPrinted)));
  show(place.connection, view === null ? [] : connection.view(client.tier));
  const title = strip === null ? "Grandstand" : `${[strip.score, strip.title].filter(Boolean).map(clean).join(" · ")} · Grandstand`;
  if (document.title !== title) document.title = title;
  announce();
}

function inviting() {
  if (list.matches === null) return "";
  return list.matches.length === 0 ? "No match is on. One appears here as soon as a scorer starts it." : "Choose a match to follow it ball by ball.";
}

/** Says the newest sentence, and not more than one every few seconds. */
function announce() {
  const text = view?.announcement ?? "";
  clearTimeout(announcing);
  if (text === place.announcement.textContent) return;
  const wait_ms = announced_ms + ANNOUNCE_EVERY_MS - Date.now();
  if (wait_ms > 0) {
    announcing = setTimeout(announce, wait_ms);
    return;
  }
  announced_ms = Date.now();
  place.announcement.textContent = text;
}
