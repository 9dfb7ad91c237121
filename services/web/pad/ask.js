// Questions to the scorer: one at a time, in place of the keys, answered by a tap or a form; what it takes several to know reads as one function.

import { clean } from "/fan/text.js";
import { h } from "/fan/view.js";
import * as device from "/pad/device.js";
import { Impossible } from "/pad/refusals.js";

/** A second touch so soon after the first, and so near to it, is a slip of a wet finger. */
const SLIP_MS = 200;
const SLIP_PX = 24;
/** What a row of two options takes, and the score above them with all that is around. */
const ROW_PX = 60;
const REST_PX = 450;

/** Asks, and shows what is asked. */
export class Questions {
  #changed;
  #open = null;
  #count = 0;
  /** The last touch that counted. */
  #touched = { ms: -SLIP_MS, x: 0, y: 0 };
  /** Taps that are not done with. */
  #running = 0;

  constructor(changed) {
    this.#changed = changed;
  }

  get isOpen() {
    return this.#open !== null;
  }

  /** Whether it leaves room for the score above it. */
  get isShort() {
    return Math.ceil((this.#open?.options?.length ?? Infinity) / 2) * ROW_PX + REST_PX <= innerHeight;
  }

  /** Whether a tap is being worked on, and not waiting for an answer. */
  get isBusy() {
    return this.#running > 0 && this.#open === null;
  }

  /** A listener that takes no slip of the finger for a second tap. */
  tap(act) {
    return (event) => {
      event.preventDefault();
      if (this.#isSlip(event)) return;
      if (event.pointerType === "touch") pause(event.currentTarget);
      this.#running += 1;
      Promise.resolve(act()).catch((error) => {
        if (error instanceof Impossible) return this.tell("This can't be", error.message);
        reportError(error);
        return this.tell("That did not work", "It may not have been entered: look at the score.");
      }).finally(() => {
        this.#running -= 1;
        this.#changed();
      });
      this.#changed();
    };
  }

  /** A mouse and a keyboard do not slip; a finger may, and hit what has come in the place of what it tapped. */
  #isSlip({ timeStamp, clientX, clientY, pointerType, detail }) {
    if (detail === 0 || pointerType === "mouse") return false;
    const { ms, x, y } = this.#touched;
    if (timeStamp - ms < SLIP_MS && Math.hypot(clientX - x, clientY - y) < SLIP_PX) return true;
    this.#touched = { ms: timeStamp, x: clientX, y: clientY };
    return false;
  }

  /**
   * Asks to choose one of `options` (`{value, label, note?, tone?}`); null if the scorer went back.
   * `more` is shown above them.
   */
  choose(title, options, { note = null, more = null, back = "Back" } = {}) {
    return this.#ask({ title, note, more, options, back });
  }

  /**
   * Asks to fill in fields (`{name, label, kind?, value?, options?, note?, …}`); their values by name,
   * or null. `problem` says why it is asked again; under the name `draft` it is kept while it is
   * written, until `dropDraft`.
   */
  fill(title, fields, { note = null, problem = null, submit = "Save", back = "Back", draft = null } = {}) {
    const written = draft === null ? {} : device.draftOf(draft);
    return this.#ask({ title, note, problem, fields: fields.map((field) => ({ ...field, value: written[field.name] ?? field.value })), submit, back, draft });
  }

  /** Says something that is to be read. */
  tell(title, note, more = null) {
    return this.#ask({ title, note, more, options: [], back: "Done" });
  }

  /** What is shown has changed. */
  redraw() {
    this.#changed();
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
      setTimeout(() => document.getElementById(firstIn(question))?.focus(), 0);
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
    const { key, title, note, problem = null, more = null, options, fields, submit, back, draft } = this.#open;
    const leave = back === null ? null : h("button", { type: "button", class: "back", onclick: this.tap(() => this.#answer(null)) }, back);
    const head = [h("h2", { id: "question", tabindex: "-1" }, clean(title)), note === null ? null : h("p", { class: "note" }, clean(note)),
      problem === null ? null : h("p", { class: "problem", role: "alert" }, clean(problem)), more];
    if (options !== undefined) {
      return h("section", { class: "sheet", key, "aria-labelledby": "question" }, head,
        h("div", { class: "options" }, options.map((option, index) => this.#option(option, index))), leave);
    }
    return h("form", {
      class: "sheet", key, "aria-labelledby": "question",
      oninput: draft === null ? null : (event) => device.keepDraft(draft, valuesOf(event.currentTarget, fields)),
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

/** The id of what is looked at first: who is asked for one thing can write at once, and hears the title with it. */
function firstIn({ fields }) {
  const [only, another] = fields ?? [];
  const isOne = only !== undefined && another === undefined && WRITTEN.has(only.kind ?? "text");
  return isOne ? `field-${only.name}` : "question";
}

/** Says for as long that another touch of it would count for nothing. */
function pause(button) {
  button.setAttribute("aria-disabled", "true");
  setTimeout(() => button.removeAttribute("aria-disabled"), SLIP_MS);
}

function field({ name, label, kind = "text", value, options, note, ...attributes }) {
  const id = `field-${name}`;
  // Blanks alone are nothing.
  const isWritten = attributes.required && kind === "text" ? { pattern: ".*\\S.*", title: "something to read" } : {};
  const named = { id, name, ...isWritten, ...attributes };
  if (kind === "check") {
    return h("label", { class: "check", key: id }, h("input", { ...named, type: "checkbox", checked: value ? true : null }), h("span", {}, label));
  }
  const isChosen = (one) => (kind === "several" ? (value ?? []).includes(one.value) : one.value === (value ?? ""));
  const input = kind === "choice" || kind === "several" ? h("select", { ...named, multiple: kind === "several" ? true : null }, options.map((one) => h("option", { value: one.value, selected: isChosen(one) ? true : null }, clean(one.label))))
    : kind === "lines" ? h("textarea", { rows: "6", ...named }, value ?? "")
    : h("input", { autocomplete: "off", ...INPUTS[kind], ...named, value: kind === "time" ? localTime(value) : value ?? null });
  return h("div", { class: kind in NUMBERS ? "field number" : "field", key: id }, h("label", { for: id }, label), input, note ? h("small", {}, note) : null);
}

const WRITTEN = new Set(["text", "number", "over", "overs", "lines"]);
/** Kinds that are short enough to stand beside another. */
const NUMBERS = { number: true, over: true, overs: true };
const INPUTS = {
  text: { type: "text" }, time: { type: "datetime-local" },
  number: { type: "text", inputmode: "numeric", pattern: "[0-9]{0,4}", title: "a number" }, over: { type: "text", inputmode: "numeric", pattern: "[1-9][0-9]{0,2}", title: "a number from 1" },
  overs: { type: "text", inputmode: "decimal" },
};

/** A time as a field of a form has it, in the zone of this device. */
function localTime(value) {
  const at = new Date(value ?? NaN);
  return Number.isNaN(at.getTime()) ? null : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What was filled in: numbers as numbers, times as RFC 3339, nothing as null. */
function valuesOf(form, fields) {
  return Object.fromEntries(fields.map(({ name, kind }) => {
    const element = form.elements.namedItem(name);
    if (kind === "check") return [name, element.checked];
    if (kind === "several") return [name, [...element.selectedOptions].map((one) => one.value)];
    // A tab comes with what is pasted from a table.
    const text = kind === "lines" ? element.value : element.value.replaceAll(/\p{Cc}+/gu, " ").trim();
    if (text === "") return [name, null];
    if (kind === "number" || kind === "over") return [name, Number(text)];
    return [name, kind === "time" ? new Date(text).toISOString() : text];
  }));
}
