// Questions to the scorer: one at a time, in place of the keys, answered by a tap or a form; what it takes several to know reads as one function.

import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";

/** A second tap so soon after the first is a slip of a wet finger. */
const SLIP_MS = 200;
/** So many options leave room for the score above them. */
const SHORT_MAX = 10;

/** Asks, and shows what is asked. */
export class Questions {
  #changed;
  #open = null;
  #count = 0;
  #tapped_ms = -SLIP_MS;
  /** Taps that are not done with. */
  #running = 0;

  constructor(changed) {
    this.#changed = changed;
  }

  get isOpen() {
    return this.#open !== null;
  }

  /** Whether it leaves room for something else. */
  get isShort() {
    return (this.#open?.options?.length ?? Infinity) <= SHORT_MAX;
  }

  /** Whether a tap is being worked on, and not waiting for an answer. */
  get isBusy() {
    return this.#running > 0 && this.#open === null;
  }

  /** A listener that takes no slip of the finger for a second tap. */
  tap(act) {
    return (event) => {
      event.preventDefault();
      if (event.timeStamp - this.#tapped_ms < SLIP_MS) return;
      this.#tapped_ms = event.timeStamp;
      this.#running += 1;
      Promise.resolve(act()).finally(() => {
        this.#running -= 1;
        this.#changed();
      });
      this.#changed();
    };
  }

  /**
   * Asks to choose one of `options` (`{value, label, note?, tone?}`); null if the scorer went back.
   * `more` is shown above them.
   */
  choose(title, options, { note = null, more = null, back = "Back" } = {}) {
    return this.#ask({ title, note, more, options, back });
  }

  /** Asks to fill in fields (`{name, label, kind?, value?, options?, note?, …}`); their values by name, or null. */
  fill(title, fields, { note = null, submit = "Save", back = "Back" } = {}) {
    return this.#ask({ title, note, fields, submit, back });
  }

  /** Says something that is to be read. */
  tell(title, note, more = null) {
    return this.#ask({ title, note, more, options: [], back: "Done" });
  }

  /** Goes back from whatever is asked. */
  leave() {
    this.#answer(null);
  }

  #ask(question) {
    this.leave();
    this.#count += 1;
    return new Promise((resolve) => {
      this.#open = { ...question, resolve, key: `question${this.#count}` };
      this.#changed();
      setTimeout(() => document.getElementById("question")?.focus(), 0);
    });
  }

  #answer(value) {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    open.resolve(value);
    this.#changed();
  }

  view() {
    const { key, title, note, more, options, fields, submit, back } = this.#open;
    const leave = back === null ? null : h("button", { type: "button", class: "back", onclick: this.tap(() => this.#answer(null)) }, back);
    const head = [h("h2", { id: "question", tabindex: "-1" }, clean(title)), note === null ? null : h("p", { class: "note" }, clean(note)), more];
    if (options !== undefined) {
      return h("section", { class: "sheet", key, "aria-labelledby": "question" }, head,
        h("div", { class: "options" }, options.map((option, index) => this.#option(option, index))), leave);
    }
    return h("form", {
      class: "sheet", key, "aria-labelledby": "question",
      onsubmit: (event) => {
        event.preventDefault();
        this.#answer(valuesOf(event.target, fields));
      },
    }, head, fields.map((one) => field(one)), h("div", { class: "ends" }, leave, h("button", { type: "submit", class: "main" }, submit)));
  }

  #option({ value, label, note, tone }, index) {
    return h("button", { type: "button", class: tone ?? null, key: index, onclick: this.tap(() => this.#answer(value)) },
      h("bdi", {}, clean(label)), note ? h("small", {}, clean(note)) : null);
  }
}

function field({ name, label, kind = "text", value, options, note, ...attributes }) {
  const id = `field-${name}`;
  const named = { id, name, ...attributes };
  if (kind === "check") {
    return h("label", { class: "check", key: id }, h("input", { ...named, type: "checkbox", checked: value ? true : null }), h("span", {}, label));
  }
  const input = kind === "choice" ? h("select", named, options.map((one) => h("option", { value: one.value, selected: one.value === value ? true : null }, clean(one.label))))
    : kind === "lines" ? h("textarea", { rows: "6", ...named }, value ?? "")
    : h("input", { autocomplete: "off", ...named, type: kind === "number" ? "text" : kind, inputmode: kind === "number" ? "numeric" : null, pattern: kind === "number" ? "[0-9]*" : null, value: value ?? null });
  return h("div", { class: kind === "number" ? "field number" : "field", key: id }, h("label", { for: id }, label), input, note ? h("small", {}, note) : null);
}

/** What was filled in: numbers as numbers, nothing as null. */
function valuesOf(form, fields) {
  return Object.fromEntries(fields.map(({ name, kind }) => {
    const element = form.elements.namedItem(name);
    if (kind === "check") return [name, element.checked];
    const text = kind === "lines" ? element.value : element.value.trim();
    if (kind === "number") return [name, text === "" ? null : Number(text)];
    return [name, text === "" ? null : text];
  }));
}
