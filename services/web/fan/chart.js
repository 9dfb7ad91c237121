// Two charts of an innings, as SVG with the same figures as a table: worm and manhattan.

import { inningsOf, rows } from "/fan/state.js";
import { h, wide } from "/fan/view.js";

const WIDTH = 640;
const HEIGHT = 260;
const EDGE = { left: 40, right: 12, top: 14, bottom: 28 };

/** Both charts; the manhattan is of the chosen innings. */
export function charts(state, chosen) {
  const drawn = inningsOf(state).filter((innings) => !innings.super_over && rows(innings.per_over).length > 0);
  if (drawn.length === 0) return null;
  return h("section", { class: "charts", "aria-labelledby": "charts-title" },
    h("h2", { id: "charts-title" }, "Charts"),
    worm(state, drawn),
    rows(chosen.per_over).length > 0 ? manhattan(state, chosen) : null,
  );
}

/** Where an innings stood after each over: overs gone by, runs, wickets in it. */
function progress(state, innings) {
  let runs = 0;
  const points = [{ overs: 0, runs: 0, wickets: 0 }];
  for (const [key, over] of rows(innings.per_over)) {
    runs += over.runs;
    points.push({ overs: Math.min(Number(key.slice(1)), oversGone(state, innings)), runs, wickets: over.wickets });
  }
  return points;
}

function oversGone(state, innings) {
  const [whole, balls = "0"] = String(innings.overs).split(".");
  return Number(whole) + Number(balls) / (state.rules?.balls_per_over ?? 6);
}

/** Steps of a scale that has at most five. */
function steps(most) {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((size) => most / size <= 5) ?? 500;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function scales(oversMax, runsMax) {
  const width = WIDTH - EDGE.left - EDGE.right;
  const height = HEIGHT - EDGE.top - EDGE.bottom;
  return {
    x: (overs) => EDGE.left + overs / oversMax * width,
    y: (runs) => HEIGHT - EDGE.bottom - runs / runsMax * height,
  };
}

function grid({ x, y }, oversMax, runsMax) {
  return [
    steps(runsMax).map((runs) => h("g", { class: "grid", key: `y${runs}` },
      h("line", { x1: x(0), x2: x(oversMax), y1: y(runs), y2: y(runs) }),
      h("text", { x: x(0) - 6, y: y(runs) + 4, "text-anchor": "end" }, runs))),
    steps(oversMax).filter((overs) => overs > 0).map((overs) => h("text", { class: "tick", key: `x${overs}`, x: x(overs), y: HEIGHT - 8, "text-anchor": "middle" }, overs)),
  ];
}

function worm(state, drawn) {
  const lines = drawn.map((innings) => ({ innings, points: progress(state, innings) }));
  const longest = Math.max(...lines.map(({ points }) => points.at(-1).overs));
  const oversMax = Math.max(longest, ...drawn.map((innings) => innings.overs_max ?? 1), 1);
  const runsMax = Math.max(10, ...drawn.map((innings) => Math.max(innings.runs, innings.target?.runs ?? 0)));
  const scale = scales(oversMax, runsMax);
  return figure("worm", "Runs over by over", "A ring marks an over with a wicket.",
    h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": "worm-title" },
      grid(scale, oversMax, runsMax),
      lines.map(({ innings, points }, index) => h("g", { class: `series s${index + 1}`, key: innings.key },
        h("polyline", { points: points.map(({ overs, runs }) => `${scale.x(overs).toFixed(1)},${scale.y(runs).toFixed(1)}`).join(" ") }),
        points.filter(({ wickets }) => wickets > 0).map(({ overs, runs }) => h("circle", { key: overs, cx: scale.x(overs).toFixed(1), cy: scale.y(runs).toFixed(1), r: 4.5 })),
      )),
    ),
    h("ul", { class: "legend" }, lines.map(({ innings }, index) => h("li", { key: innings.key, class: `s${index + 1}` },
      h("svg", { viewBox: "0 0 32 8", "aria-hidden": "true" }, h("g", { class: `series s${index + 1}` }, h("polyline", { points: "0,4 32,4" }))),
      h("bdi", {}, innings.label)))),
    table("Runs after each over", lines),
  );
}

function table(caption, lines) {
  const overs = Math.max(...lines.map(({ points }) => points.length - 1));
  return asTable(h("table", {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Over"), lines.map(({ innings }) => h("th", { scope: "col" }, h("bdi", {}, innings.label))))),
    h("tbody", {}, Array.from({ length: overs }, (_, index) => h("tr", { key: index },
      h("th", { scope: "row" }, index + 1),
      lines.map(({ points }) => h("td", {}, points[index + 1] === undefined ? "" : withWickets(points[index + 1].runs, points[index + 1].wickets)))))),
  ));
}

function withWickets(runs, wickets) {
  return wickets > 0 ? `${runs}, ${wickets} W` : runs;
}

function manhattan(state, innings) {
  const overs = rows(innings.per_over);
  const last = Number(overs.at(-1)[0].slice(1));
  const oversMax = Math.max(innings.overs_max ?? last, last);
  const runsMax = Math.max(10, ...overs.map(([, over]) => over.runs + 2));
  const scale = scales(oversMax, runsMax);
  const width = Math.max(1, (scale.x(1) - scale.x(0)) * 0.74);
  return figure("manhattan", ["Runs an over: ", h("bdi", {}, innings.label)], "A dot above is a wicket.",
    h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": "manhattan-title" },
      grid(scale, oversMax, runsMax),
      overs.map(([key, over]) => {
        const middle = scale.x(Number(key.slice(1)) - 0.5);
        return h("g", { key, class: "bar" },
          h("rect", { x: (middle - width / 2).toFixed(1), width: width.toFixed(1), y: scale.y(over.runs).toFixed(1), height: (scale.y(0) - scale.y(over.runs)).toFixed(1) }),
          Array.from({ length: over.wickets }, (_, index) => h("circle", { cx: middle.toFixed(1), cy: (scale.y(over.runs) - 7 - index * 10).toFixed(1), r: Math.min(4, width / 2 + 1).toFixed(1) })));
      }),
    ),
    asTable(h("table", {},
      h("caption", {}, "Runs of each over"),
      h("thead", {}, h("tr", {}, ["Over", "Runs", "Wickets", "Balls"].map((label) => h("th", { scope: "col", class: label === "Balls" ? "text" : null }, label)))),
      h("tbody", {}, overs.map(([key, over]) => h("tr", { key }, h("th", { scope: "row" }, Number(key.slice(1))), h("td", {}, over.runs), h("td", {}, over.wickets), h("td", { class: "text" }, over.balls)))),
    )),
  );
}

function figure(id, title, note, ...content) {
  return h("figure", { class: "chart", key: id },
    h("figcaption", { id: `${id}-title` }, h("b", {}, title), h("span", { class: "note" }, ` ${note}`)), ...content);
}

function asTable(figures) {
  return h("details", {}, h("summary", {}, "As a table"), wide("Figures of the chart", figures));
}
