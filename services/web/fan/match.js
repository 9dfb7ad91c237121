// One followed match as a view: board, feed, card and charts; or a notice why there is none.

import { charts } from "/fan/chart.js";
import { facts, printedCard, scorecard } from "/fan/card.js";
import { details } from "/fan/connection.js";
import { feed } from "/fan/feed.js";
import { fetchEvents } from "/fan/history.js";
import { forget, token } from "/fan/pass.js";
import { scoreboard } from "/fan/score.js";
import { sentence, weightOf } from "/fan/sentence.js";
import { currentInnings, inningsOf, isCricket } from "/fan/state.js";
import { Story } from "/fan/story.js";
import { name } from "/fan/text.js";
import { stripBoard, tree } from "/fan/tree.js";
import { h } from "/fan/view.js";

const WEIGHTS = ["plain", "heading", "boundary", "wicket"];

/** A match that is followed through `client`; `changed` is called when there is something to show. */
export class MatchView {
  match;
  /** A sentence for those who listen, and which event it is of. */
  announcement = "";
  #client;
  #story;
  #problem = null;
  #isHashWrong = false;
  #chosenInnings = null;
  #changed;
  #startOver;

  constructor(client, id, changed, startOver) {
    this.#client = client;
    this.#changed = changed;
    this.#startOver = startOver;
    this.#story = new Story((epoch, first, last) => fetchEvents(id, epoch, first, last), () => changed(false));
    this.match = client.follow(id);
    this.match.addEventListener("change", ({ detail }) => this.#change(detail));
    this.match.addEventListener("problem", ({ detail }) => {
      if (detail.code === "wrong_hash") this.#isHashWrong = true;
      else this.#problem = detail;
      changed(false);
    });
    if (this.match.events.length > 0) this.#story.take(this.match.epoch, this.match.events);
  }

  /** Follows it no more. */
  end() {
    this.match.unfollow();
  }

  #change({ cause, events }) {
    const { match } = this;
    if (cause === "events") {
      this.#story.take(match.epoch, events);
      this.#announce(events);
    }
    if (cause !== "status") this.#problem = null;
    if (cause === "snapshot") this.#isHashWrong = false;
    this.#changed(cause !== "status");
  }

  /** One short sentence, of what weighs most in what came. */
  #announce(events) {
    const { state } = this.match;
    if (state === null) return;
    const weight = (event) => WEIGHTS.indexOf(weightOf(event)) + (event.op && event.op !== "add" ? 4 : 0);
    const heaviest = events.reduce((best, event) => weight(event) >= weight(best) ? event : best);
    const isCorrection = heaviest.op !== undefined && heaviest.op !== "add";
    const told = isCorrection ? "Score corrected" : isCricket(state) ? sentence(state, heaviest) : "";
    this.announcement = [told, name(state.strip?.score ?? state.strip?.line ?? "")].filter(Boolean).join(". ");
  }

  /** What is shown of it now, or goes on paper. */
  view(isPrinted) {
    const { match } = this;
    if (match.state === null || match.state === undefined) return this.#notice();
    this.#story.fill(match.epoch, match.seq, Date.now());
    const { state } = match;
    const told = feed(this.#story.told(state, match.seq), isCricket(state), () => this.#story.tellEarlier());
    const aside = details(this.#client, match, this.#isHashWrong, token() === null ? null : () => { forget(); this.#startOver(); });
    const end = this.#end();
    if (isCricket(state)) {
      try {
        return isPrinted ? [end, scoreboard(state), printedCard(state), facts(state)] : this.#cricketView(state, end, told, aside);
      } catch {
        // It is of newer rules than this page, or only says that it is cricket: the tree is right for all.
      }
    }
    return [
      end,
      stripBoard(state.strip),
      h("div", { class: "columns" }, h("div", { class: "column side-column" }, told, aside), h("div", { class: "column" }, tree(state))),
    ];
  }

  /** Why the match does not go on here, if it does not. */
  #end() {
    const [title, text] = {
      refused: [this.#problem?.title ?? "You follow this match no longer", this.#problem?.detail ?? ""],
      unknown: ["This match is not here any more", "What you see is how it was. It goes on by itself if it is brought back."],
    }[this.match.status] ?? [];
    return title === undefined ? null : h("p", { class: "no-more", key: "no-more" }, h("b", {}, title), " ", text);
  }

  #cricketView(state, end, told, aside) {
    const chosen = inningsOf(state).find((innings) => innings.key === this.#chosenInnings) ?? currentInnings(state);
    const choose = (key) => {
      this.#chosenInnings = key;
      this.#changed(false);
    };
    return [
      end,
      scoreboard(state),
      h("div", { class: "columns" },
        h("div", { class: "column side-column" }, told, facts(state), aside),
        h("div", { class: "column" }, chosen === null ? null : [scorecard(state, chosen, choose), charts(state, chosen)])),
    ];
  }

  #notice() {
    const { status, id } = this.match;
    const [title, text] = {
      unknown: ["There is no such match yet", `Nothing is known of “${id}”. It appears here by itself as soon as a scorer starts it.`],
      refused: [this.#problem?.title ?? "You may not see this match", this.#problem?.detail ?? "Ask whoever runs it for a token that names it."],
    }[status] ?? ["Getting the score…", this.#problem === null ? "" : this.#problem.title];
    return [h("section", { class: "notice" }, h("h1", {}, title), text === "" ? null : h("p", {}, text))];
  }
}
