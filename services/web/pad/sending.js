// What became of what was entered, in words: sent, waiting and why, refused and what to do; and what other phones still hold.

import { sentence } from "/fan/sentence.js";
import { clean, clock, count } from "/fan/text.js";
import { h } from "/fan/view.js";
import * as device from "/pad/device.js";
import { askData } from "/pad/filling.js";
import { hasForm } from "/pad/forms.js";

const WAITS = {
  token: "sign in again", storage: "this phone can't store more", tab: "another tab sends it",
  network: "there is no connection", server: "the scoring service does not answer as it should", no_match: "the match is not there yet",
  refused: "something was refused", missed: "others scored meanwhile",
};

const OPS = { void: "Taken back", restore: "Brought back", amend: "Changed", insert: "Inserted" };

/** The line that is always there, and leads to more. */
export function sendingBar(scoring, open) {
  const { pending, refused, waiting, online } = scoring.sending;
  const held = pending.every(({ event }) => event.type === "delivery" && event.op === undefined) ? count(pending.length, "ball") : count(pending.length, "entry", "entries");
  const { isAlone } = scoring;
  const [word, text] = waiting?.reason === "storage" ? ["refused", "This phone can't keep what is entered"]
    : refused.length > 0 ? ["refused", `${count(refused.length, "entry", "entries")} refused`]
    : scoring.missed !== null ? ["refused", "Others scored meanwhile: look"]
    : pending.length === 0 ? (isAlone ? ["waiting", "Offline, all sent"] : ["sent", "All sent"])
    : ["token", "storage", "tab", "no_match"].includes(waiting?.reason) ? ["waiting", `${held} kept here: ${WAITS[waiting.reason]}`]
    : online === false || isAlone ? ["waiting", `Offline: ${held} kept here`]
    : ["sending", `Sending ${held}`];
  const others = scoring.sending.others.filter(({ device: one, pending: more }) => more > 0 && one !== device.deviceId());
  // What is in a status gives a button no name, so the status is around it.
  return h("div", { role: "status", key: "sending" }, h("button", { type: "button", class: `sending ${word}`, id: "sending", onclick: open },
    h("span", { class: "sign", "aria-hidden": "true" }, { sent: "✓", sending: "↑", waiting: "◌", refused: "!" }[word]), h("span", {}, text),
    others.length === 0 ? null : h("small", {}, ` · another phone holds ${others.reduce((sum, one) => sum + one.pending, 0)}`)));
}

/** All of it, as a page of its own. */
export function sendingView(scoring, questions) {
  const { pending, refused, confirmed, waiting, others } = scoring.sending;
  const { state } = scoring;
  const entries = scoring.entries();
  const say = (event) => {
    // A correction without content says what it is about.
    const isIt = ({ id }) => id === event.ref;
    const about = event.data === undefined ? (entries.find(isIt) ?? refused.find(isIt)?.event) : event;
    const text = about === undefined ? "an entry" : sentence(state, about);
    return OPS[event.op] === undefined ? text : `${OPS[event.op]}: ${text}`;
  };
  const tap = (act) => questions.tap(act);
  return h("section", { class: "log", "aria-labelledby": "sending-title" },
    h("h1", { id: "sending-title" }, "Waiting and sent"),
    scoring.missed === null ? null : missedView(scoring, say, tap),
    refused.map(({ id, event, problem, isAside, left_with }) => h("div", { class: "trouble", key: id },
      h("p", {}, h("b", {}, event === undefined ? id : clean(say(event)))), h("p", {}, left_with === undefined ? clean(whyOf(problem)) : "It is about an entry that was left."),
      h("div", { class: "options" },
        event?.type === "delivery" || hasForm(event?.type) ? h("button", { type: "button", onclick: tap(() => change(scoring, questions, id, event)) }, "Change it") : null,
        h("button", { type: "button", onclick: tap(() => takeBack(scoring, questions, id, say)) }, "Take it back"),
        h("button", { type: "button", onclick: tap(() => scoring.queue.retry(id)) }, "Send it again"),
        isAside ? null : h("button", { type: "button", onclick: tap(() => scoring.queue.pass(id)) }, "Leave it, send the rest")))),
    pending.length === 0 ? h("p", {}, "Everything entered here is in the log.") : h("div", {},
      h("p", {}, `${count(pending.length, "entry is", "entries are")} kept on this phone, and survive its being switched off.`),
      waiting === null ? null : h("p", { class: "note" }, whenOf(waiting)),
      h("ol", {}, pending.map(({ id, event, sent }) => h("li", { key: id, class: "entry" }, h("span", { class: "words" }, say(event), sent ? h("small", {}, " on its way") : null)))),
      h("div", { class: "options" }, h("button", { type: "button", onclick: tap(() => scoring.queue.kick()) }, "Try now"))),
    warningsOf(confirmed),
    others.length === 0 ? null : h("div", {}, h("h2", {}, "Phones that scored"),
      h("ul", { class: "lines" }, others.map(({ device: one, pending: held, ts }) => h("li", { key: one }, `${one === device.deviceId() ? "This phone" : clean(one)}: ${held === 0 ? "holds nothing" : `held ${count(held, "entry", "entries")} more`} at ${clock(ts / 1000)}`)))));
}

/** Puts right what was refused, in its place. */
async function change(scoring, questions, id, event) {
  const title = event.type === "delivery" ? "Change the ball" : "Change it";
  const data = await askData(questions, scoring.state, title, event.type, event.data, null, (data) => scoring.refusalInPlace(id, { ...event, data }));
  if (data !== null) await scoring.queue.replace(id, { ...event, data });
}

/** Takes back what was refused; what goes with it is told before. */
async function takeBack(scoring, questions, id, say) {
  const more = scoring.queue.about(id);
  if (more.length > 0) {
    const what = count(more.length, "entry is", "entries are");
    const sure = await questions.choose("Take it back?", [{ value: true, label: `Take back all ${more.length + 1}`, tone: "main" }], {
      note: `${what} about it, and can't be without it:`, more: h("ul", { class: "lines" }, more.map((one) => h("li", { key: one.id }, clean(say(one.event))))),
    });
    if (sure === null) return;
  }
  await scoring.queue.drop(id);
}

function missedView(scoring, say, tap) {
  const { events } = scoring.missed;
  return h("div", { class: "trouble", key: "missed" },
    h("p", {}, h("b", {}, "Others scored while you were away")),
    h("ul", { class: "lines" }, events.slice(0, 20).map((event) => h("li", { key: event.id }, clean(say(event))))),
    h("p", {}, "What you hold stands below. Is it the same, or does it come after?"),
    h("div", { class: "options" },
      h("button", { type: "button", onclick: tap(() => scoring.goOn()) }, "Mine comes after: send it"),
      h("button", { type: "button", onclick: tap(() => scoring.giveWay()) }, "It is the same: drop mine")));
}

function warningsOf(confirmed) {
  const odd = confirmed.slice(-20).flatMap(({ id, warnings }) => (warnings ?? []).map(({ detail }) => ({ id, detail })));
  return odd.length === 0 ? null : h("div", {}, h("h2", {}, "Accepted, but unusual"),
    h("ul", { class: "lines" }, odd.reverse().slice(0, 10).map(({ id, detail }, index) => h("li", { key: `${id}${index}` }, clean(detail)))));
}

function whyOf(problem) {
  return [problem?.title, problem?.detail].filter(Boolean).join(": ") || "The server refused it.";
}

function whenOf({ reason, until_ms, problem }) {
  const why = WAITS[reason] ?? (problem?.detail ?? problem?.title ?? String(reason));
  return until_ms === null || until_ms === undefined ? `Waits: ${why}.` : `Waits until ${clock(until_ms)}: ${why}.`;
}
