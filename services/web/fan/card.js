// The scorecard: a tab for each innings, and in it batting, bowling, falls and partnerships; on paper all innings.

import { dismissalText } from "/fan/dismissal.js";
import { head } from "/fan/score.js";
import { inningsOf, isOpen, oversText, playerName, rows, scoreText, teamName } from "/fan/state.js";
import { clean, count, list, name, words } from "/fan/text.js";
import { h, wide } from "/fan/view.js";

const EXTRA_LETTERS = [["byes", "b"], ["legbyes", "lb"], ["wides", "w"], ["noballs", "nb"], ["penalty", "p"]];

/** The tabs and the panel of the chosen innings; `choose` is told another's key. */
export function scorecard(state, chosen, choose) {
  const all = inningsOf(state);
  return h("section", { class: "card", "aria-labelledby": "card-title" },
    h("h2", { id: "card-title" }, "Scorecard"),
    h("div", { class: "tabs", role: "tablist", "aria-label": "Innings", onkeydown: (event) => walk(event, all, chosen, choose) },
      all.map((innings) => tab(state, innings, innings.key === chosen.key, choose))),
    h("div", { class: "panel", role: "tabpanel", id: "innings", "aria-labelledby": `tab-${chosen.key}`, key: chosen.key },
      figures(state, chosen)),
  );
}

/** All innings one below the other, as they go on paper. */
export function printedCard(state) {
  return inningsOf(state).map((innings) => h("section", { class: "printed", key: `printed-${innings.key}` },
    h("h2", {}, h("bdi", {}, innings.label), " ", scoreText(state, innings)), figures(state, innings)));
}

function figures(state, innings) {
  return [batting, stillToBat, bowling, falls, partnerships].map((part) => part(state, innings));
}

function tab(state, innings, isChosen, choose) {
  return h("button", {
    key: innings.key, id: `tab-${innings.key}`, type: "button", role: "tab", "aria-controls": "innings",
    "aria-selected": isChosen ? "true" : "false", tabindex: isChosen ? "0" : "-1", onclick: () => choose(innings.key),
  }, h("bdi", {}, innings.label), " ", h("span", { class: "tab-score" }, scoreText(state, innings)));
}

/** Left and right, home and end, as tabs have it. */
function walk(event, all, chosen, choose) {
  const at = all.findIndex((innings) => innings.key === chosen.key);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = all[(to + all.length) % all.length];
  choose(next.key);
  document.getElementById(`tab-${next.key}`)?.focus();
}

function batting(state, innings) {
  const at = isOpen(state, innings) ? [state.now.striker, state.now.non_striker] : [];
  return wide("Batting", h("table", { class: "figures-table" },
    h("caption", {}, "Batting"),
    head("Batter", ["R", "runs"], ["B", "balls"], ["4s", "fours"], ["6s", "sixes"], ["SR", "strike rate"]),
    h("tbody", {}, rows(innings.batting).map(([key, row]) => h("tr", { key, class: row.out === undefined ? "in" : null },
      h("th", { scope: "row" },
        h("bdi", {}, clean(row.name)), at.includes(row.player) ? h("span", { class: "at-crease", "aria-hidden": "true" }, row.player === state.now.striker ? " *" : "") : null,
        h("span", { class: "how" }, row.out === undefined ? "not out" : dismissalText(state, row.out))),
      h("td", { class: "main" }, row.runs), h("td", {}, row.balls), h("td", {}, row.fours), h("td", {}, row.sixes),
      h("td", {}, row.balls === 0 ? "–" : (row.runs * 100 / row.balls).toFixed(1))))),
    h("tfoot", {},
      h("tr", {}, h("th", { scope: "row" }, "Extras", h("span", { class: "how" }, extrasText(innings))), h("td", { class: "main" }, extrasSum(innings)), h("td", { colspan: "4" })),
      penalties(innings),
      h("tr", { class: "sum" }, h("th", { scope: "row" }, "Total"), h("td", { class: "main" }, scoreText(state, innings)), h("td", { colspan: "4", class: "note" }, innings.overs === "1" ? "1 over" : `${innings.overs} overs`)),
    ),
  ));
}

function extrasSum(innings) {
  return Object.values(innings.extras ?? {}).reduce((sum, runs) => sum + runs, 0);
}

function extrasText(innings) {
  const there = EXTRA_LETTERS.filter(([word]) => innings.extras?.[word] > 0);
  return there.map(([word, letter]) => `${letter} ${innings.extras[word]}`).join(", ");
}

/** Penalty runs that belong to no ball. */
function penalties(innings) {
  const runs = (innings.penalty_pre ?? 0) + (innings.penalty_post ?? 0);
  return runs === 0 ? null : h("tr", {}, h("th", { scope: "row" }, "Penalty runs"), h("td", { class: "main" }, runs), h("td", { colspan: "4" }));
}

/** Those who have not batted: only known where the squad is the eleven. */
function stillToBat(state, innings) {
  const players = Object.keys(state.teams?.[innings.batting_team]?.players ?? {});
  const batted = new Set(rows(innings.batting).map(([, row]) => row.player));
  const absent = innings.absent_hurt ?? [];
  const others = players.filter((id) => !batted.has(id) && !absent.includes(id));
  const named = (ids) => list(ids.map((id) => name(playerName(state, id))));
  return [
    players.length <= 11 && others.length > 0 && innings.end !== "all_out"
      ? h("p", { class: "aside", key: "rest" }, h("b", {}, innings.end === undefined ? "Yet to bat: " : "Did not bat: "), named(others)) : null,
    absent.length > 0 ? h("p", { class: "aside", key: "absent" }, h("b", {}, "Absent hurt: "), named(absent)) : null,
  ];
}

function bowling(state, innings) {
  const all = rows(innings.bowling);
  const perOver = state.rules?.balls_per_over ?? 6;
  return all.length === 0 ? null : wide("Bowling", h("table", { class: "figures-table" },
    h("caption", {}, "Bowling"),
    head("Bowler", ["O", "overs"], ["M", "maidens"], ["R", "runs"], ["W", "wickets"], ["Econ", "runs an over"]),
    h("tbody", {}, all.map(([key, row]) => h("tr", { key },
      h("th", { scope: "row" }, h("bdi", {}, clean(row.name)), h("span", { class: "how" }, bowlingNote(row))),
      h("td", {}, oversText(state, row.balls)), h("td", {}, row.maidens), h("td", {}, row.runs), h("td", { class: "main" }, row.wickets),
      h("td", {}, row.balls === 0 ? "–" : (row.runs * perOver / row.balls).toFixed(2))))),
  ));
}

function bowlingNote(row) {
  const notes = [[row.dots, "dot"], [row.wides, "wide"], [row.noballs, "no-ball"]].filter(([number]) => number > 0);
  return notes.map(([number, word]) => count(number, word)).join(", ");
}

function falls(state, innings) {
  const all = rows(innings.fall_of_wickets);
  return all.length === 0 ? null : wide("Fall of wickets", h("table", {},
    h("caption", {}, "Fall of wickets"),
    h("thead", {}, h("tr", {}, ["Wicket", "Score", "Batter", "Over"].map((label) => h("th", { scope: "col", class: label === "Batter" ? "text" : null }, label)))),
    h("tbody", {}, all.map(([key, fall], index) => h("tr", { key },
      h("th", { scope: "row" }, index + 1), h("td", {}, fall.runs), h("td", { class: "text" }, h("bdi", {}, playerName(state, fall.player))), h("td", {}, fall.over)))),
  ));
}

function partnerships(state, innings) {
  const all = rows(innings.partnerships);
  return all.length === 0 ? null : wide("Partnerships", h("table", {},
    h("caption", {}, "Partnerships"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Batters"), h("th", { scope: "col" }, "Runs"), h("th", { scope: "col" }, "Balls"))),
    h("tbody", {}, all.map(([key, row]) => h("tr", { key },
      h("th", { scope: "row" }, row.batters.map((id, index) => [index > 0 ? " & " : null, h("bdi", {}, playerName(state, id))])),
      h("td", { class: "main" }, row.runs), h("td", {}, row.balls)))),
  ));
}

/** What else is known of the match. */
export function facts(state) {
  const toss = state.toss;
  const result = state.result;
  const powerplays = [...new Set(rows(state.powerplays).map(([, play]) => `${clean(play.from)} to ${clean(play.to)}${play.kind ? ` (${words(play.kind)})` : ""}`))];
  const all = [
    ["Result", result === undefined ? undefined : name(state.strip?.line ?? "")],
    ["Player of the match", state.player_of_match === undefined ? undefined : list(state.player_of_match.map((id) => name(playerName(state, id))))],
    ["Toss", toss === undefined ? undefined : `${name(teamName(state, toss.winner))} chose to ${toss.decision}${toss.uncontested ? " (uncontested)" : ""}`],
    [powerplays.length > 1 ? "Powerplays" : "Powerplay", powerplays.length > 0 ? `Overs ${powerplays.join(", ")}` : undefined],
    ["Overs a side", state.rules?.overs],
    ["Note", state.status?.note === undefined ? undefined : name(state.status.note)],
    ["Scorecard", state.locked ? "Signed off" : undefined],
  ];
  const known = all.filter(([, value]) => value !== undefined);
  return known.length === 0 ? null : h("section", { class: "facts", "aria-labelledby": "facts-title" },
    h("h2", { id: "facts-title" }, "Match"),
    h("dl", {}, known.map(([label, value]) => h("div", { key: label }, h("dt", {}, label), h("dd", {}, value)))));
}
