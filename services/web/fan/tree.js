// The state of any sport as a readable tree: for matches whose words this page does not know.

import { clean, capital, short, words } from "/fan/text.js";
import { statusBadge } from "/fan/score.js";
import { h, wide } from "/fan/view.js";

/** Longer texts of a tree are cut: a state may be one text of 64 KiB. */
const TEXT_CHARACTERS_MAX = 400;
/** From this depth on members are folded. */
const OPEN_DEPTH = 2;
/** A list of the state has keys such as `b01`; its rows make a table if they have few columns. */
const LIST_KEY = /^[A-Za-z]\d+$/;
const COLUMNS_MAX = 6;

/** The strip of a match, as every sport has one. */
export function stripBoard(strip) {
  return h("section", { class: "board", "aria-labelledby": "title" },
    h("div", { class: "board-head" },
      h("h1", { id: "title" }, h("bdi", {}, clean(strip?.title ?? ""))),
      h("p", { class: "badges" }, statusBadge(strip?.status))),
    strip?.score ? h("p", { class: "big" }, h("bdi", {}, clean(strip.score))) : null,
    strip?.line ? h("p", { class: "line" }, h("bdi", {}, clean(strip.line))) : null,
  );
}

/** Everything in a state but its strip. */
export function tree(state) {
  const members = Object.keys(state).filter((key) => key !== "strip" && key !== "sport");
  return members.length === 0 ? null : h("section", { class: "tree", "aria-labelledby": "tree-title" },
    h("h2", { id: "tree-title" }, "All there is to know"),
    object(Object.fromEntries(members.map((key) => [key, state[key]])), 1));
}

function object(value, depth) {
  return h("dl", {}, Object.keys(value).sort().map((key) => member(key, value[key], depth)));
}

/** The columns of a list whose rows are plain; null if it is no such list. */
function columnsOf(value) {
  const listed = Object.keys(value);
  const isPlain = (row) => typeof row === "object" && Object.values(row).every((one) => typeof one !== "object");
  if (listed.length < 2 || !listed.every((key) => LIST_KEY.test(key) && isPlain(value[key]))) return null;
  const columns = [...new Set(Object.values(value).flatMap((row) => Object.keys(row)))];
  return columns.length > 0 && columns.length <= COLUMNS_MAX ? columns : null;
}

function table(value, columns, label) {
  return wide(label, h("table", {},
    h("caption", { class: "unseen" }, label),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "#"), columns.map((column) => h("th", { scope: "col", class: "text" }, short(capital(words(column)), 80))))),
    h("tbody", {}, Object.keys(value).sort().map((key, index) => h("tr", { key, fresh: true },
      h("th", { scope: "row" }, index + 1),
      columns.map((column) => h("td", { class: "text" }, Object.hasOwn(value[key], column) ? leaf(value[key][column]) : "")))))));
}

function member(key, value, depth) {
  const label = h("bdi", {}, short(capital(words(key)), 80));
  if (typeof value !== "object" || value === null) return h("div", { key, class: "leaf" }, h("dt", {}, label), h("dd", {}, leaf(value)));
  const inner = Array.isArray(value) ? Object.fromEntries(value.map((one, index) => [`${index + 1}`, one])) : value;
  const size = Object.keys(inner).length;
  if (size === 0) return h("div", { key, class: "leaf" }, h("dt", {}, label), h("dd", { class: "none" }, "none"));
  const columns = columnsOf(inner);
  const content = columns === null ? object(inner, depth + 1) : table(inner, columns, short(capital(words(key)), 80));
  // `open` only for the first time: afterwards it is the reader's.
  return h("div", { key, class: "branch" },
    h("dt", {}, depth < OPEN_DEPTH ? label : null),
    h("dd", {}, depth < OPEN_DEPTH ? content : h("details", { open: size <= 12 }, h("summary", {}, label, h("span", { class: "note" }, ` ${size}`)), content)));
}

function leaf(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  return h("bdi", {}, short(value, TEXT_CHARACTERS_MAX));
}
