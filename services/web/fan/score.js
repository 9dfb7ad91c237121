// The scoreboard: who has how many, what it means, this over, who is in.

import { currentInnings, inningsOf, isOpen, oversText, playerName, rows, scoreText, teamName } from "/fan/state.js";
import { ballsOf } from "/fan/over.js";
import { capital, clean, count, words } from "/fan/text.js";
import { h, wide } from "/fan/view.js";

/** What each state of a match is called. */
export const STATUS_WORDS = { scheduled: "To come", live: "Live", break: "Break", ended: "Finished" };

/** The badge of a match's status, by word and shape. */
export function statusBadge(status) {
  const word = STATUS_WORDS[status];
  return word === undefined ? null : h("span", { class: `badge ${status}` }, word);
}

/** The whole scoreboard of a cricket match. */
export function scoreboard(state) {
  const current = currentInnings(state);
  return h("section", { class: state.now === undefined ? "board resting" : "board", "aria-labelledby": "title" },
    heading(state),
    h("div", { class: "sides" }, sidesInOrder(state).map((side) => sideRow(state, side, current))),
    state.strip?.line ? h("p", { class: "line" }, h("bdi", {}, clean(state.strip.line))) : null,
    current === null ? null : figures(state, current),
    current === null ? null : thisOver(state, current),
    current === null ? null : crease(state, current),
  );
}

function heading(state) {
  const status = state.status?.status;
  const known = state.strip?.status === "break" && status !== undefined ? capital(words(status)) : null;
  // The line below says it as well, unless it says more.
  const pause = known === state.strip?.line ? null : known;
  return h("div", { class: "board-head" },
    h("h1", { id: "title" }, h("bdi", {}, clean(state.strip?.title ?? ""))),
    h("p", { class: "badges" }, statusBadge(state.strip?.status), pause === null ? null : h("span", { class: "pause" }, pause)),
  );
}

/** The side that batted first stands first. */
function sidesInOrder(state) {
  const first = inningsOf(state)[0]?.batting_team;
  return first === "b" ? ["b", "a"] : ["a", "b"];
}

function sideRow(state, side, current) {
  const all = inningsOf(state).filter((innings) => innings.batting_team === side);
  const isBatting = current !== null && isOpen(state, current) && current.batting_team === side;
  const main = all.filter((innings) => !innings.super_over);
  const scores = main.map((innings, index) => h("span", { class: "total" }, index > 0 ? h("span", { class: "and" }, " & ") : null, scoreText(state, innings)));
  const last = main.at(-1);
  const superOvers = all.filter((innings) => innings.super_over);
  return h("div", { class: isBatting ? "side batting" : "side", key: side },
    h("p", { class: "team" }, h("bdi", {}, teamName(state, side)), isBatting ? h("span", { class: "bats" }, " batting") : null),
    h("p", { class: "score" },
      scores.length > 0 ? scores : h("span", { class: "none" }, all.length === 0 && current !== null && state.strip?.status !== "ended" ? "yet to bat" : ""),
      last === undefined ? null : h("span", { class: "overs" }, ` ${oversOf(last)}`),
      superOvers.map((innings) => h("span", { class: "overs super" }, ` Super over ${scoreText(state, innings)}`)),
    ),
  );
}

function oversOf(innings) {
  const most = innings.overs_max === undefined || innings.end !== undefined ? "" : `/${innings.overs_max}`;
  return `(${innings.overs}${most} ov)`;
}

/** Rates and what is needed, as far as the state knows them. */
function figures(state, current) {
  const now = isOpen(state, current) ? state.now : {};
  const pair = rows(current.partnerships).at(-1)?.[1];
  const isTogether = pair?.batters.every((id) => id === now.striker || id === now.non_striker);
  const target = current.target;
  const method = target?.method === undefined ? "" : ` (${clean(target.method)})`;
  const all = [
    ["Run rate", now.run_rate],
    ["Required rate", now.required_rate],
    ["Target", target === undefined || state.result !== undefined ? undefined : `${target.runs}${method}`],
    ["Par", target?.par],
    ["Partnership", isTogether ? `${pair.runs} (${pair.balls})` : undefined],
    ["Next ball", now.free_hit ? "Free hit" : undefined],
    ["Review", now.review === "pending" ? "Being looked at" : undefined],
  ];
  const known = all.filter(([, value]) => value !== undefined);
  return known.length === 0 ? null : h("dl", { class: "figures" }, known.map(([label, value]) =>
    h("div", { key: label }, h("dt", {}, label), h("dd", {}, value))));
}

function thisOver(state, current) {
  const [key, over] = rows(current.per_over).at(-1) ?? [];
  if (key === undefined || !isOpen(state, current)) return null;
  const number = Number(key.slice(1));
  const isOver = Number(String(current.overs).split(".")[0]) >= number;
  const balls = ballsOf(over.balls);
  return h("div", { class: "this-over" },
    h("h2", { class: "small" }, isOver ? `Last over (${number})` : `This over (${number})`),
    h("ol", { class: "balls", "aria-label": `Over ${number}` }, balls.map((ball, index) => ballChip(ball, `${current.key}${key}${index}`))),
    h("p", { class: "over-sum" }, count(over.runs, "run"), over.wickets > 0 ? `, ${count(over.wickets, "wicket")}` : ""),
  );
}

function ballChip(ball, key) {
  const look = ball.isWicket ? "ball wicket" : ball.isBoundary ? "ball boundary" : ball.text === "." ? "ball dot" : "ball";
  return h("li", { class: look, key, fresh: true },
    h("span", { "aria-hidden": "true" }, ball.text === "." ? "•" : ball.text),
    h("span", { class: "unseen" }, ball.words),
  );
}

/** Who is in, and who bowls; who is not named yet keeps his row. */
function crease(state, current) {
  if (!isOpen(state, current) || rows(current.batting).length === 0) return null;
  const { striker, non_striker, bowler } = state.now;
  const all = rows(current.batting).map(([, row]) => row);
  const isIn = ({ player }) => player === striker || player === non_striker;
  // In order of appearance, so that they do not change places with the strike.
  const named = [...all.filter(isIn).map(({ player }) => player), striker, non_striker].filter((id) => id !== undefined);
  const batters = [...new Set(named), "", ""].slice(0, 2);
  return h("div", { class: "crease" },
    wide("At the crease", h("table", {},
      h("caption", { class: "unseen" }, "At the crease"),
      head("Batter", ["R", "runs"], ["B", "balls"], ["4s", "fours"], ["6s", "sixes"]),
      h("tbody", {}, batters.map((id, index) => {
        const { runs = 0, balls = 0, fours = 0, sixes = 0 } = all.find(({ player }) => player === id) ?? {};
        return person(state, id, id === "" ? index : id, id === striker, [runs, balls, fours, sixes], 0);
      })),
    )),
    wide("Bowling now", h("table", {},
      h("caption", { class: "unseen" }, "Bowling now"),
      head("Bowler", ["O", "overs"], ["M", "maidens"], ["R", "runs"], ["W", "wickets"]),
      h("tbody", {}, bowlerRow(state, current, bowler)),
    )),
  );
}

function bowlerRow(state, current, bowler) {
  const { balls = 0, maidens = 0, runs = 0, wickets = 0 } = rows(current.bowling).map(([, row]) => row).find(({ player }) => player === bowler) ?? {};
  return person(state, bowler ?? "", bowler ?? "none", false, [oversText(state, balls), maidens, runs, wickets], 3);
}

function person(state, id, key, isFacing, figures, main) {
  if (id === "") return h("tr", { key }, h("th", { scope: "row" }, "–"), h("td", { colspan: "4" }));
  return h("tr", { key },
    h("th", { scope: "row" }, h("bdi", {}, playerName(state, id)), isFacing ? h("span", { class: "facing" }, h("span", { "aria-hidden": "true" }, "*"), h("span", { class: "unseen" }, " on strike")) : null),
    figures.map((figure, index) => h("td", { class: index === main ? "main" : null }, figure)));
}

/** The head of a table: columns as `[short, whole]`. */
export function head(first, ...columns) {
  return h("thead", {}, h("tr", {},
    h("th", { scope: "col" }, first),
    columns.map(([label, whole]) => h("th", { scope: "col" }, h("abbr", { title: whole, "aria-label": whole }, label))),
  ));
}
