// The feed of events, newest first: where it was, what it was, how heavy it weighs.

import { clean, clock } from "/fan/text.js";
import { h } from "/fan/view.js";

/** The feed; `earlier` is called for more of the past. */
export function feed({ entries, hasEarlier }, isCricket, earlier) {
  return h("section", { class: "feed", "aria-labelledby": "feed-title" },
    h("h2", { id: "feed-title" }, isCricket ? "Ball by ball" : "What happened"),
    entries.length === 0 ? h("p", { class: "aside" }, "Nothing yet.") : null,
    h("ol", { reversed: true }, entries.map((entry) => item(entry))),
    hasEarlier && entries.length > 0 ? h("button", { type: "button", class: "more", onclick: earlier }, "Show earlier") : null,
  );
}

function item({ seq, at, place, text, weight, milestone, score, fate, isCorrection, isNew }) {
  const look = ["event", weight, isCorrection ? "correction" : "", fate === null ? "" : "fated"].filter(Boolean).join(" ");
  return h("li", { key: seq, class: look, fresh: isNew },
    h("span", { class: "place" }, place ?? (isCorrection ? h("span", { "aria-hidden": "true" }, "✎") : "")),
    h("div", { class: "told" },
      isCorrection ? h("b", { class: "tag" }, "Correction") : null,
      fate === null ? null : h("b", { class: "tag" }, fate === "corrected" ? "Corrected later" : "Taken back later"),
      h(fate === null ? "span" : "s", { class: "words" }, text),
      milestone === null ? null : h("b", { class: "milestone" }, milestone),
      score !== undefined && (weight === "wicket" || weight === "heading" || isCorrection) ? h("span", { class: "after" }, h("bdi", {}, clean(score))) : null,
    ),
    h("time", { datetime: new Date(at / 1000).toISOString() }, clock(at / 1000)),
  );
}
