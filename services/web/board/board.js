// The board for the ground: the score as large as the screen, kept up to date.

import { currentInnings, inningsOf, isOpen, playerName, rows, scoreText, teamName } from "/fan/state.js";
import { clean } from "/fan/text.js";
import { h, show } from "/fan/view.js";
import * as device from "/pad/device.js";
import { reasonOf, Service } from "/pad/service.js";

const LOOK_EVERY_MS = 2_000;
const match = decodeURIComponent(location.pathname.slice("/board/".length));
const place = document.getElementById("board");
const service = new Service(() => device.known(match)?.token);
let state = null;
let problem = null;

look();

async function look() {
  const answer = await service.state(match);
  problem = answer.status === 200 ? null : answer;
  if (answer.status === 200) state = answer.body.state;
  draw();
  setTimeout(look, LOOK_EVERY_MS);
}

function draw() {
  document.body.className = problem === null ? "" : "old";
  if (state === null) {
    const text = problem?.status === 401 ? "Open this match on the pad of this device first: the board uses its token." : problem === null ? "" : reasonOf(problem);
    return show(place, h("h1", {}, "Board"), h("p", {}, text), h("p", {}, h("a", { href: `/#match=${match}` }, "To the pad")));
  }
  document.title = clean(state.strip.title);
  const innings = currentInnings(state);
  show(place, h("h1", { class: "title" }, clean(state.strip.title)),
    innings === null ? h("p", { class: "line" }, clean(state.strip.line ?? "")) : board(innings),
    problem === null ? null : h("p", { class: "problem", role: "status" }, "No connection: this may be old"));
}

function board(innings) {
  const { striker, non_striker, bowler } = isOpen(state, innings) ? state.now : {};
  const batters = [...new Set(rows(innings.batting).map(([, row]) => row.player))].filter((id) => id === striker || id === non_striker);
  const row = (id) => rows(innings.batting).find(([, one]) => one.player === id)?.[1];
  const bowling = rows(innings.bowling).find(([, one]) => one.player === bowler)?.[1];
  const fall = rows(innings.fall_of_wickets).at(-1)?.[1];
  const before = inningsOf(state).filter(({ key }) => key !== innings.key).at(-1);
  return [
    h("p", { class: "team" }, teamName(state, innings.batting_team)),
    h("p", { class: "total", id: "total" }, scoreText(state, innings)),
    h("p", { class: "overs" }, `${innings.overs} overs`),
    h("div", { class: "pair" }, batters.map((id) => h("p", { key: id, class: id === striker ? "facing" : null }, h("span", { class: "who" }, clean(playerName(state, id))), h("b", {}, row(id)?.runs ?? 0)))),
    h("dl", { class: "more" }, [
      ["Target", innings.target?.runs], ["Last wicket", fall === undefined ? undefined : `${fall.runs} (${clean(playerName(state, fall.player))})`],
      ["Bowling", bowling === undefined ? undefined : `${clean(playerName(state, bowler))} ${bowling.wickets}-${bowling.runs}`],
      ["Before", before === undefined ? undefined : `${before.label} ${scoreText(state, before)}`],
    ].filter(([, value]) => value !== undefined).map(([label, value]) => h("div", { key: label }, h("dt", {}, label), h("dd", {}, value)))),
    h("p", { class: "line" }, clean(state.strip.line ?? "")),
  ];
}
