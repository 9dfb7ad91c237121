// Given a log as the server tells it, holds what the pad shows ahead of it against what the server then had:
// `node ahead.mjs SERVED < events.json` prints how many looks agreed, and how those that differ do.

import { readFileSync } from "node:fs";

await import(process.argv[2]);
const { Book } = await import("/pad/book.js");

/** How many events at most a phone is ahead here. */
const AHEAD_MAX = 12;
const { epoch, events } = JSON.parse(readFileSync(0, "utf8"));

const whole = new Book();
if (!whole.take(epoch, events)) throw new Error("the log has a hole");
const states = [];
const partly = new Book();
for (const event of events) {
  partly.take(epoch, [event]);
  states.push(partly.state);
}

let looks = 0;
const wrong = [];
for (let seq = 1; seq < events.length; seq++) {
  const book = new Book();
  book.take(epoch, events.slice(0, seq));
  // A different distance each time, so that every kind of event is seen first, last and between.
  const until = Math.min(events.length, seq + 1 + ((seq * 7) % AHEAD_MAX));
  const pending = events.slice(seq, until).map(({ id, type, data, op, ref }) => ({ id, type, data, op, ref }));
  const [shown, right] = [seen(book.shown(pending)), seen(states[until - 1])];
  looks += 1;
  if (shown !== right) wrong.push({ seq, until, difference: difference(JSON.parse(shown), JSON.parse(right), "") });
}
console.log(JSON.stringify({ looks, wrong: wrong.length, examples: wrong.slice(0, 5) }));

/** What a scorer looks at, in one order. */
function seen({ innings, now, teams, toss, result, status, locked, powerplays, player_of_match }) {
  const { run_rate, required_rate, ...at } = now ?? {};
  return sorted({ innings, now: at, teams, toss, result, status, locked, powerplays, player_of_match });
}

function sorted(value) {
  return JSON.stringify(value, (_, one) => one !== null && typeof one === "object" && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one);
}

function difference(shown, right, path) {
  if (typeof shown !== "object" || typeof right !== "object" || shown === null || right === null) return `${path}: ${JSON.stringify(shown)} is ${JSON.stringify(right)}`;
  for (const key of new Set([...Object.keys(shown), ...Object.keys(right)])) {
    if (JSON.stringify(shown[key]) !== JSON.stringify(right[key])) return difference(shown[key], right[key], `${path}/${key}`);
  }
  return `${path}: in another order`;
}
