// What the pad makes of a log: what it shows on top of it, what its events tell beside the state, and what may stand at a place of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { rows } = await import("/fan/state.js");
const { ahead } = await import("/pad/ahead.js");
const { besideOf } = await import("/pad/beside.js");
const { resultOf } = await import("/pad/ends.js");
const { Book } = await import("/pad/book.js");
const { dataOf, fieldsOf, insertable, oversValue } = await import("/pad/forms.js");
const { dueOf } = await import("/pad/next.js");
const { ballBetween, placeAfter, placesOf, playersBefore } = await import("/pad/place.js");
const { refusalOf } = await import("/pad/refusals.js");

const squad = (...ids) => ids.map((id) => ({ id, name: id.toUpperCase() }));
const created = { id: "created", type: "created", data: { title: "Reds v Blues", rules: { overs: 20 }, teams: { a: { name: "Reds", players: squad("ann", "bea", "dot") }, b: { name: "Blues", players: squad("cat", "eve") } } } };
const start = (batting, more = {}) => ({ type: "innings_start", data: { batting, ...more } });
const ball = (more = {}) => ({ type: "delivery", data: { over: 0, batter: "ann", non_striker: "bea", bowler: "cat", runs: 0, ...more } });
const overEnd = (over, more = {}) => ({ type: "over_end", data: { over, ...more } });
const comes = (player) => ({ type: "batter_in", data: { player } });
const declared = { type: "innings_end", data: { reason: "declared" } };
const many = (count, one) => Array.from({ length: count }, () => one);

/** The state after these events, by these rules. */
function after(rules, ...events) {
  const nothing = { rules: {}, teams: {}, strip: {}, status: { status: "scheduled" } };
  return ahead(nothing, [{ ...created, data: { ...created.data, rules } }, ...events]);
}

const at = ({ now }) => [now.striker, now.non_striker, now.bowler];

test("what was entered for the innings to come is known when it begins, stored or not", () => {
  const before = [start("a"), ball(), declared];
  const entered = [{ type: "overs_revised", data: { overs: 12 } }, { type: "target_revised", data: { runs: 90, method: "D/L" } }];
  for (const stored of [0, 1, 2]) {
    const [old, fresh] = [[...before, ...entered.slice(0, stored)], entered.slice(stored)];
    const { i2 } = ahead(after({ overs: 20 }, ...old), [...fresh, start("b", { target: { runs: 100 } })], besideOf(old)).innings;
    assert.deepEqual([i2.overs_max, i2.target], [12, { runs: 90, method: "D/L" }], `${stored} stored`);
  }
  // What the innings after that begins with is its own.
  assert.deepEqual(besideOf([...before, ...entered, start("b")]), besideOf([]));
});

test("who has batted and is not out comes in again, and who retired does not by that", () => {
  const pairs = after({ overs: 8, pair_overs: 1 }, start("a"), ball(), overEnd(0));
  assert.deepEqual(at(pairs), [undefined, undefined, undefined]);
  assert.deepEqual(at(ahead(pairs, [comes("bea"), comes("ann")])), ["bea", "ann", undefined]);
  const retired = after({}, start("a"), ball(), { type: "batter_retired", data: { player: "ann", kind: "retired hurt" } });
  assert.deepEqual(at(ahead(retired, [comes("ann")])), [undefined, "bea", "cat"]);
});

test("a ball after the end of its over does not open it again", () => {
  const state = after({}, start("a"), ball(), overEnd(0), ball({ runs: 1 }));
  assert.deepEqual([...at(state), state.innings.i1.overs], ["ann", "bea", undefined, "1"]);
  const next = ahead(state, [ball({ over: 1 })]);
  assert.deepEqual([next.innings.i1.overs, next.innings.i1.runs], ["1.1", 1]);
});

test("a maiden is none any more after another ball that costs runs, and may be another's", () => {
  const six = after({}, start("a"), ...many(6, ball()));
  const maidens = ({ innings }) => Object.values(innings.i1.bowling).map((row) => row.maidens);
  assert.deepEqual(maidens(six), [1]);
  assert.deepEqual(maidens(ahead(six, [ball({ runs: 1 })])), [0]);
  assert.deepEqual(maidens(ahead(six, [ball({ bowler: "eve" })])), [0, 0]);
  assert.deepEqual(maidens(ahead(six, [overEnd(0), ball({ over: 1, runs: 1, bowler: "eve" })])), [1, 0]);
  const five = after({}, start("a"), ...many(5, ball()));
  assert.deepEqual(maidens(ahead(five, [overEnd(0, { miscounted: { balls: 5 } })])), [1]);
});

test("a player's new name is in the rows that he has", () => {
  const { batting, bowling } = after({}, start("a"), ball(), { type: "lineup", data: { team: "a", players: [{ id: "ann", name: "Ann Archer" }] } }).innings.i1;
  assert.deepEqual([batting.b01.name, batting.b02.name, bowling.w01.name], ["Ann Archer", "BEA", "CAT"]);
});

test("another result says nothing of the player of the match", () => {
  const state = after({}, { type: "result", data: { result: "tie", player_of_match: ["ann"] } }, { type: "result", data: { winner: "a" } });
  assert.deepEqual([state.result, state.player_of_match], [{ winner: "a" }, undefined]);
});

/** Entries of these events, their ids by their place. */
const entries = (...events) => events.map((event, index) => ({ id: `e${index}`, isVoid: false, ...event }));

test("at a place of the log it is known who bats there, and what may be put in", () => {
  const all = entries(created, start("a"), ball({ runs: 1 }), declared, start("b"), ball({ runs: 2, batter: "cat" }), { type: "comment", data: { text: "x" }, isVoid: true });
  const place = (id) => ({ ...placeAfter(all, id), ball: placeAfter(all, id).ball?.runs ?? null });
  assert.deepEqual(["created", "e1", "e2", "e3", "e4", "e6"].map(place), [
    { side: null, ball: null }, { side: "a", ball: 1 }, { side: "a", ball: 1 }, { side: null, ball: null }, { side: "b", ball: 2 }, { side: "b", ball: 2 },
  ]);
  const words = (side) => insertable(side).map(([word]) => word);
  assert.deepEqual([words(null).includes("innings_start"), words(null).includes("over_end")], [true, false]);
  assert.deepEqual([words("a").includes("innings_start"), words("a").includes("over_end")], [false, true]);
  const who = (side) => fieldsOf(after({}), "batter_in", {}, side).find(({ name }) => name === "player").options.map(({ value }) => value);
  assert.deepEqual([who("b"), who(null)], [["cat", "eve"], ["ann", "bea", "dot", "cat", "eve"]]);
  // Whoever was chosen stays to be chosen, whatever side he turned out to be of.
  assert.equal(fieldsOf(after({}), "batter_in", { player: "ann" }, "b")[0].options.at(-1).value, "ann");
});

test("a ball is told by its over and its place in it, as cricket counts", () => {
  const [wide, noball, last] = [ball({ extras: { wides: 1 } }), ball({ extras: { noballs: 1 } }), ball({ over: 1 })];
  const events = [created, start("a"), ball(), wide, ball(), { ...ball(), isVoid: true }, noball, ball(), overEnd(0), last, last, declared, start("b"), wide, ball()];
  const places = (rules) => {
    const all = entries(...events);
    return placesOf(all, after(rules, ...events.slice(1).filter(({ isVoid }) => !isVoid))).map(({ ball }) => ball).filter((place) => place !== null).join(" ");
  };
  assert.equal(places({}), "0.1 0.2 0.2 0.3 0.3 0.3 1.1 1.2 0.1 0.1");
  assert.equal(places({ wides_rebowled: false }), "0.1 0.2 0.3 0.4 0.4 0.4 1.1 1.2 0.1 0.2");
  // In the last over they are bowled again.
  assert.equal(places({ wides_rebowled: false, last_over_by_law: true, overs: 1 }), "0.1 0.2 0.2 0.3 0.3 0.3 1.1 1.2 0.1 0.1");
  assert.deepEqual(placesOf(entries(...events), after({ overs: 20 })).map(({ over }) => over), [null, null, ...Array(7).fill("1.1"), "1.2", "1.2", "1.2", null, "2.1", "2.1"]);
});

test("who came into a line-up later was in none before", () => {
  const all = entries(created, start("a"), { type: "lineup", data: { team: "a", players: squad("zoe") } }, declared);
  assert.deepEqual([playersBefore(all, "e2").has("zoe"), playersBefore(all, "e3").has("zoe"), playersBefore(all, "e2").has("eve")], [false, true, true]);
});

test("a ball that can't be is told from one that is only odd", () => {
  const begun = after({}, start("a"), comes("ann"), comes("bea"));
  const problem = (more) => refusalOf(begun, "delivery", { ...ball().data, ...more });
  for (const more of [{}, { runs: 7 }, { runs: 1, extras: { wides: 1 } }, { extras: { wides: 5 } }, { extras: { noballs: 1, byes: 2 } }, { wickets: [{ kind: "run out", player_out: "bea" }] }, { wickets: [{ kind: "bowled", player_out: "ann" }, { kind: "run out", player_out: "bea" }] }]) assert.equal(problem(more), null, JSON.stringify(more));
  for (const more of [
    { non_striker: "ann" }, { extras: { wides: 1, noballs: 1 } }, { runs: 21 }, { extras: { byes: 21 } },
    { wickets: [{ kind: "run out", player_out: "dot" }] }, { wickets: [{ kind: "lbw", player_out: "bea" }] }, { wickets: [{ kind: "lbw", player_out: "ann" }, { kind: "run out", player_out: "ann" }] },
  ]) assert.notEqual(problem(more), null, JSON.stringify(more));
});

test("a correction is judged where it stands, and not by what came after it", () => {
  const events = [created, start("a"), ball(), overEnd(0), ball({ over: 1 }), declared].map((event, index) => ({ seq: index + 1, id: `e${index}`, ...event }));
  const book = new Book();
  const stored = 4;
  const nothing = { rules: {}, teams: {}, strip: {}, status: { status: "scheduled" } };
  const states = events.slice(0, stored).map((_, index) => ahead(nothing, events.slice(0, index + 1)));
  // Each state takes the place of the one before.
  book.take("e.1", events.slice(0, stored).map((event, index) => ({ ...event, patch: { now: null, innings: null, ...states[index] } })));
  const rule = (event, pending = []) => book.refusal(event, [...events.slice(stored), ...pending])?.rule ?? null;
  const amend = (ref, type, data) => ({ op: "amend", ref, type, data });
  assert.deepEqual([rule(amend("e3", "over_end", { over: 0 })), rule(amend("e3", "over_end", { over: 1 }))], [null, "over"]);
  assert.deepEqual([rule(amend("e2", "delivery", ball().data)), rule(ball({ over: 1 }))], [null, "no_innings"]);
  assert.equal(rule(amend("e2", "delivery", ball().data), [{ id: "v", op: "void", ref: "e1" }]), "no_innings");
  assert.deepEqual([rule({ op: "restore", ref: "e2" }), rule({ op: "void", ref: "gone" }), rule({ op: "void", ref: "e2" })], ["not_void", "unknown_ref", null]);
  assert.equal(rule({ op: "restore", ref: "e1" }, [{ id: "v", op: "void", ref: "e1" }, { id: "s", op: "insert", ref: "created", ...start("b") }]), "innings_open");
});

test("what is entered together is judged one on top of the other", () => {
  const book = new Book();
  book.take("e.1", [{ ...created, seq: 1, patch: after({ overs: 20 }) }]);
  const begins = [start("a"), comes("ann"), comes("bea"), ball()];
  assert.equal(book.refusalOfAll(begins, []), null);
  assert.equal(book.refusalOfAll(begins.slice(1), begins.slice(0, 1).map((event) => ({ id: "s", ...event }))), null);
  assert.equal(book.refusalOfAll([...begins, start("b")], []).rule, "innings_open");
});

test("no form takes a number that the platform does not", () => {
  const pattern = (type, name) => new RegExp(`^(?:${fieldsOf(after({}), type, {}).find((field) => field.name === name).pattern})$`, "u");
  for (const [type, name, good, bad] of [
    ["penalty", "runs", ["1", "5", "99", "100"], ["0", "101", "999"]], ["overs_revised", "bowler_overs_max", ["1", "100", "499", "500"], ["0", "501", "999"]],
    ["overs_revised", "overs", ["0", "20", "499.5", "500"], ["501", "999"]],
  ]) for (const text of [...good, ...bad]) assert.equal(pattern(type, name).test(text), good.includes(text), `${name} ${text}`);
});

test("a result has a winner or none, and a target has runs", () => {
  const empty = (type) => Object.fromEntries(fieldsOf(after({}), type).map(({ name }) => [name, null]));
  const fill = (type, filled) => refusalOf(after({}), type, dataOf(type, {}, { ...empty(type), ...filled }))?.rule ?? null;
  assert.deepEqual([fill("result", { winner: "a", result: "tie" }), fill("result", { winner: "a" }), fill("result", { "by.runs": 3, result: "tie" })], ["result", null, "result"]);
  assert.deepEqual([fill("innings_start", { batting: "a", "target.overs": "9" }), fill("innings_start", { batting: "a", "target.runs": 9 })], ["malformed", null]);
});

test("overs are as the platform has them", () => {
  assert.deepEqual(["20", "12.3", "12.0", "012.3"].map(oversValue), [20, "12.3", 12, "12.3"]);
  const pattern = (rules) => new RegExp(`^(?:${fieldsOf(after(rules), "overs_revised", {})[0].pattern})$`, "u");
  assert.deepEqual(["12", "12.3", "12.6", "12.", ".3"].map((text) => pattern({}).test(text)), [true, true, false, false, false]);
  assert.deepEqual(["12.4", "12.5"].map((text) => pattern({ balls_per_over: 5 }).test(text)), [true, false]);
});

test("who was out before by a correction is not there for the next ball", () => {
  const out = { type: "dismissal", data: { kind: "run out", player_out: "ann" } };
  const state = after({}, start("a"), ball(), out, ball());
  assert.deepEqual(at(state), [undefined, "bea", "cat"]);
});

test("a ball that was missed begins with who was there", () => {
  const near = ball().data;
  const begins = (...events) => ballBetween(after({ overs: 20 }, start("a"), ball(), ...events), near);
  const { over, batter, non_striker, bowler, runs } = begins(ball({ runs: 1 }));
  assert.deepEqual([over, batter, non_striker, bowler, runs], [0, "bea", "ann", "cat", 0]);
  const wicket = ball({ wickets: [{ kind: "bowled", player_out: "ann" }] });
  assert.deepEqual([begins(wicket, comes("dot")).batter, begins(wicket, comes("dot")).non_striker], ["dot", "bea"]);
  assert.deepEqual([begins(overEnd(0)).over, begins(overEnd(0)).batter, begins(overEnd(0)).bowler], [1, "bea", "cat"]);
  assert.deepEqual(ballBetween(after({}, start("a")), near), { over: 0, batter: "ann", non_striker: "bea", bowler: "cat", runs: 0 });
});

test("two super overs of one side say nothing of the result", () => {
  const supers = (other) => ["a", other].map((side) => [start(side, { super_over: true }), ball({ batter: "x", non_striker: "y", runs: 4 }), declared]).flat();
  const tied = [start("a"), ball(), declared, start("b"), declared];
  assert.equal(resultOf(after({ overs: 20 }, ...tied, ...supers("a"))), null);
  assert.deepEqual(resultOf(after({ overs: 20 }, ...tied, ...supers("b"))), { result: "tie" });
});

test("a ball counts as it did when it was bowled, whatever overs are revised afterwards", () => {
  const rules = { overs: 4, wides_rebowled: false, last_over_by_law: true };
  const wide = ball({ extras: { wides: 1 } });
  const shorter = { type: "overs_revised", data: { overs: 1 } };
  const revised = after(rules, start("a"), wide, ball(), shorter);
  assert.equal(ahead(revised, [ball()]).innings.i1.overs, "0.3");
  // Now it is the last over.
  assert.equal(ahead(revised, [wide]).innings.i1.overs, "0.2");
  const wicket = ball({ wickets: [{ kind: "bowled", player_out: "ann" }] });
  assert.equal(ahead(revised, [wicket]).innings.i1.fall_of_wickets.f01.over, "0.3");
  assert.deepEqual(dueOf(ahead(revised, many(4, ball()))), { word: "innings", reason: "overs" });
});

test("the tenth innings comes after the ninth", () => {
  const innings = Array.from({ length: 10 }, (_, n) => [start(n % 2 === 0 ? "a" : "b"), ball({ runs: n % 7 }), declared]);
  const state = after({}, ...innings.flat());
  assert.deepEqual(rows(state.innings).map(([key]) => key), ["i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10"]);
});
