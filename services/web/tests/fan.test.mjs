// What the fan page says of a match: where a ball stands in its over, by the rules of the match.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { ballsOf } = await import("/fan/over.js");
const { placeOf } = await import("/fan/sentence.js");

/** Where the last ball of an over stands that reads so. */
function place(balls, rules = {}, { over = 1, ...innings } = {}) {
  const key = `o${String(over + 1).padStart(3, "0")}`;
  const event = { type: "delivery", data: { over }, patch: { innings: { i1: { per_over: { [key]: { balls } } } } } };
  return placeOf({ rules, innings: { i1: innings } }, event);
}

test("the third ball of the second over is 1.3, and so is a wide before it", () => {
  assert.deepEqual([place("1"), place(". 4 1wd"), place(". 4 1wd 2"), place(". 4+1nb 1lb W+1wd")], ["1.1", "1.3", "1.3", "1.3"]);
});

test("where wides or no-balls are not bowled again they are balls of the over, but in a last over by the Laws", () => {
  const wides = { wides_rebowled: false, last_over_by_law: true };
  assert.deepEqual([place("2wd 2wd .", wides), place("2wd 1nb .", wides), place("2nb 1nb .", { noballs_rebowled: false })], ["1.3", "1.2", "1.3"]);
  assert.deepEqual([place("2wd 2wd .", wides, { overs_max: 2 }), place("2wd 2wd .", wides, { overs_max: 3 })], ["1.1", "1.3"]);
  assert.equal(place("2wd .", { ...wides, balls_per_over: 5 }, { overs_max: "1.4" }), "1.1");
});

test("what is no ball, or says nothing of its over, has no place", () => {
  const patch = { innings: { i1: { per_over: { o001: { balls: "1" } } } } };
  const events = [{ type: "comment", patch }, { type: "delivery", op: "void", patch }, { type: "delivery", data: { over: 0 } }, { type: "delivery", data: { over: 3 }, patch }];
  assert.deepEqual(events.map((event) => placeOf({ innings: {} }, event)), [null, null, null, null]);
});

test("a ball is said in words", () => {
  const words = ballsOf("4 . 1+W 2lb").map(({ words, isWicket, isBoundary }) => [words, isWicket, isBoundary]);
  assert.deepEqual(words, [["4 runs", false, true], ["no run", false, false], ["1 run and wicket", true, false], ["2 leg byes", false, false]]);
});
