// The pad's pure modules: what a tap becomes, what is shown ahead of the server, what is proposed next.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./served.mjs";

const { ahead } = await import("/pad/ahead.js");
const { deliveryOf, playersOf } = await import("/pad/ball.js");
const { Book } = await import("/pad/book.js");
const { mayFollowOn, nextInnings, resultOf } = await import("/pad/ends.js");
const { dataOf, fieldsOf } = await import("/pad/forms.js");
const { creaseOf, dueOf, pastOf } = await import("/pad/next.js");

const rules = { balls_per_over: 6, wide_runs: 1, noball_runs: 1, wickets_max: 10, overs: 20, innings_per_side: 1 };
const crease = { over: 3, striker: "ann", non_striker: "bea", bowler: "cat" };
const players = (...ids) => Object.fromEntries(ids.map((id) => [id, id]));

/** A match that has begun, with these events. */
function played(...events) {
  const begun = {
    sport: "cricket", strip: { title: "Reds v Blues", status: "live" }, rules: { ...rules }, status: { status: "scheduled" },
    teams: { a: { name: "Reds", players: players("ann", "bea", "dot") }, b: { name: "Blues", players: players("cat", "eve", "joy") } },
  };
  return ahead(begun, [{ type: "innings_start", data: { batting: "a" } }, { type: "batter_in", data: { player: "ann" } }, { type: "batter_in", data: { player: "bea" } }, ...events]);
}

/** A ball by the one who is expected to bowl it. */
const ball = (more = {}, bowler = "cat") => ({ type: "delivery", data: { over: 0, batter: "ann", non_striker: "bea", bowler, runs: 0, ...more } });

test("each key is the ball that it says", () => {
  const data = (tapped) => {
    const { over, batter, non_striker, bowler, ...rest } = deliveryOf(rules, crease, tapped);
    assert.deepEqual([over, batter, non_striker, bowler], [3, "ann", "bea", "cat"]);
    return rest;
  };
  assert.deepEqual(data({ runs: 0 }), { runs: 0 });
  assert.deepEqual(data({ runs: 4 }), { runs: 4, boundary: 4 });
  assert.deepEqual(data({ runs: 4, isRun: true }), { runs: 4 });
  assert.deepEqual(data({ runs: 5 }), { runs: 5 });
  assert.deepEqual(data({ runs: 0, kind: "wd" }), { runs: 0, extras: { wides: 1 } });
  assert.deepEqual(data({ runs: 4, kind: "wd" }), { runs: 0, extras: { wides: 5 }, boundary: 4 });
  assert.deepEqual(data({ runs: 6, kind: "nb" }), { runs: 6, extras: { noballs: 1 }, boundary: 6 });
  assert.deepEqual(data({ runs: 2, kind: "nb", off: "b" }), { runs: 0, extras: { noballs: 1, byes: 2 } });
  assert.deepEqual(data({ runs: 1, kind: "nb", off: "lb" }), { runs: 0, extras: { noballs: 1, legbyes: 1 } });
  assert.deepEqual(data({ runs: 3, kind: "b" }), { runs: 0, extras: { byes: 3 } });
  assert.deepEqual(data({ runs: 0, kind: "lb" }), { runs: 0 });
  assert.deepEqual(data({ runs: 1, isShort: true }), { runs: 1, short_run: true });
  assert.deepEqual(deliveryOf({ ...rules, noball_runs: 2 }, crease, { runs: 0, kind: "nb" }).extras, { noballs: 2 });
});

test("names that are pasted become players, each with an id of his own", () => {
  assert.deepEqual(playersOf("1. Ann Archer\n\n  2) Żubr\nAnn Archer\n李\n", ["ann-archer"]), [
    { id: "ann-archer-2", name: "Ann Archer" }, { id: "zubr", name: "Żubr" }, { id: "ann-archer-3", name: "Ann Archer" }, { id: "player", name: "李" },
  ]);
});

test("after a ball the strike, the figures and the over are as they should be", () => {
  const state = played(ball({ runs: 1 }), ball({ batter: "bea", non_striker: "ann", extras: { wides: 2 } }), ball({ runs: 4, boundary: 4 }));
  assert.deepEqual(creaseOf(state), { striker: "ann", non_striker: "bea", isAlone: false, bowler: "cat", over: 0 });
  const { runs, overs, extras, per_over, batting, bowling } = state.innings.i1;
  assert.deepEqual([runs, overs, extras, per_over.o001], [7, "0.2", { wides: 2 }, { runs: 7, wickets: 0, balls: "1 2wd 4" }]);
  assert.deepEqual([batting.b01.runs, batting.b01.balls, batting.b01.fours, batting.b02.balls], [5, 2, 1, 0]);
  assert.deepEqual([bowling.w01.balls, bowling.w01.runs, bowling.w01.wides, bowling.w01.dots], [2, 7, 2, 0]);
});

test("what is due is asked in the order in which it is needed", () => {
  const six = Array.from({ length: 6 }, () => ball());
  assert.deepEqual(dueOf(played()), { word: "bowler" });
  assert.equal(dueOf(played(), { bowler: "cat" }), null);
  assert.equal(dueOf(played(ball())), null);
  assert.deepEqual(dueOf(played(ball({ wickets: [{ kind: "bowled", player_out: "ann" }] }))), { word: "batter" });
  assert.deepEqual(dueOf(played(...six)), { word: "over", over: 0 });
  const ended = played(...six, { type: "over_end", data: { over: 0 } });
  assert.deepEqual([dueOf(ended), creaseOf(ended).over, creaseOf(ended).striker], [{ word: "bowler" }, 1, "bea"]);
  assert.deepEqual(dueOf(played(...six, { type: "overs_revised", data: { overs: 1 } })), { word: "innings", reason: "overs" });
  assert.deepEqual(dueOf(played({ type: "target_revised", data: { runs: 3 } }, ball({ runs: 3 }))), { word: "innings", reason: "target" });
});

test("a maiden is one only if nothing was conceded by one bowler", () => {
  const over = (...bowlers) => played(...bowlers.map((bowler) => ball({}, bowler)));
  assert.equal(over("cat", "cat", "cat", "cat", "cat", "cat").innings.i1.bowling.w01.maidens, 1);
  assert.equal(over("cat", "cat", "cat", "eve", "eve", "eve").innings.i1.bowling.w02.maidens, 0);
  const byes = [...Array(5).fill(ball()), ball({ extras: { byes: 4 } })];
  assert.equal(played(...byes).innings.i1.bowling.w01.maidens, 1);
});

test("the next innings has its target, and the score its result", () => {
  const first = [ball({ runs: 6, boundary: 6 }), { type: "innings_end", data: { reason: "overs" } }];
  assert.deepEqual(nextInnings(played(...first)), { batting: "b", target: { runs: 7, overs: 20 } });
  assert.deepEqual(nextInnings(played(...first), { overs: "12.3" }).target, { runs: 7, overs: "12.3" });
  assert.deepEqual(nextInnings(played(...first), { overs: 12, target: { runs: 5, par: 3 } }).target, { runs: 5 });
  const chase = (...balls) => played(...first, { type: "innings_start", data: { batting: "b", target: { runs: 7 } } }, ...balls.map((runs) => ({ type: "delivery", data: { over: 0, batter: "cat", non_striker: "eve", bowler: "ann", runs } })));
  const over = (state, reason) => ahead(state, [{ type: "innings_end", data: { reason } }]);
  assert.equal(resultOf(chase(3)), null);
  assert.deepEqual(resultOf(over(chase(3), "overs")), { winner: "a", by: { runs: 3 } });
  assert.deepEqual(resultOf(over(chase(6), "overs")), { result: "tie" });
  assert.deepEqual(resultOf(over(chase(6, 1), "target")), { winner: "b", by: { wickets: 10 } });
});

test("what ends a match of other rules is told as the platform tells it", () => {
  const innings = (batting_team, runs, end, more = {}) => ({ batting_team, runs, wickets: 3, end, ...more });
  const state = (all, more = {}) => ({ rules: { ...rules, ...more }, status: { status: "innings_break" }, innings: Object.fromEntries(all.map((one, index) => [`i${index + 1}`, one])) });
  const tied = [innings("a", 9, "overs"), innings("b", 9, "overs", { target: { runs: 10 } })];
  assert.deepEqual([resultOf(state(tied)), nextInnings(state(tied))], [{ result: "tie" }, { batting: "b", super_over: true }]);
  const one = [...tied, innings("b", 6, "overs", { super_over: true })];
  assert.deepEqual([resultOf(state(one)), nextInnings(state(one))], [null, { batting: "a", super_over: true, target: { runs: 7 } }]);
  const both = (runs) => state([...one, innings("a", runs, "overs", { super_over: true })]);
  assert.deepEqual([resultOf(both(7)), nextInnings(both(7))], [{ result: "tie", eliminator: "a" }, null]);
  assert.deepEqual([resultOf(both(6)), nextInnings(both(6))], [{ result: "tie" }, { batting: "a", super_over: true }]);

  const chase = (end, target) => state([innings("a", 99, "overs"), innings("b", 40, end, { target })]);
  assert.equal(resultOf(chase("time", { runs: 80 })), null);
  assert.deepEqual(resultOf(chase("time", { runs: 80, par: 35, method: "D/L" })), { winner: "b", by: { runs: 5 }, method: "D/L" });
  assert.deepEqual(resultOf({ ...chase("abandoned", { runs: 80 }), status: { status: "abandoned" } }), { result: "no result" });

  const days = { overs: undefined, innings_per_side: 2 };
  const behind = [innings("a", 300, "all_out"), innings("b", 90, "all_out")];
  assert.deepEqual(nextInnings(state(behind, days)), { batting: "a" });
  assert.deepEqual([mayFollowOn(state(behind, days)), mayFollowOn(state([innings("a", 280, "all_out"), behind[1]], days))], [true, false]);
  const followed = state([...behind, innings("b", 150, "all_out", { follow_on: true })], days);
  assert.deepEqual([resultOf(followed), nextInnings(followed)], [{ winner: "a", by: { innings: 1, runs: 60 } }, null]);
  const last = (runs, end) => state([...behind, innings("b", 250, "all_out"), innings("a", runs, end, { target: { runs: 41 } })], days);
  assert.deepEqual(nextInnings(state([...behind, innings("b", 250, "all_out")], days)), { batting: "a", target: { runs: 41 } });
  assert.deepEqual([resultOf(last(20, "time")), resultOf(last(41, "target"))], [{ result: "draw" }, { winner: "a", by: { wickets: 7 } }]);

  const pairs = state([innings("a", 210, "overs"), innings("b", 214, "overs")], { pair_overs: 2 });
  assert.deepEqual(resultOf(pairs), { winner: "b", by: { runs: 4 } });
});

test("a side of which nobody is left is asked to end its innings", () => {
  const bowled = (batter, non_striker) => ball({ batter, non_striker, wickets: [{ kind: "bowled", player_out: batter }] });
  assert.deepEqual(dueOf(played(bowled("ann", "bea"))), { word: "batter" });
  assert.deepEqual(dueOf(played(bowled("ann", "bea"), bowled("dot", "bea"))), { word: "innings", reason: "nobody" });
});

test("a batter in whose place another came is not missing when all are out", () => {
  const hurt = { type: "batter_retired", data: { player: "bea", kind: "retired hurt" } };
  const state = { ...played(ball(), hurt), rules: { ...rules, wickets_max: 1 } };
  const entries = (more) => [{ type: "innings_start", data: {} }, { type: "delivery", data: { ...ball().data, ...more } }, hurt];
  assert.deepEqual(dueOf(state, {}, pastOf(entries({}))), { word: "innings", reason: "all_out" });
  const replacements = [{ scope: "match", in: "dot", out: "bea", team: "a", reason: "concussion_substitute" }];
  assert.deepEqual(dueOf(state, {}, pastOf(entries({ replacements }))), { word: "batter" });
});

test("who may face or make no more is asked to retire, until he is back", () => {
  const state = played(ball({ runs: 2 }), ball({ extras: { wides: 1 } }), ball());
  const entries = (...more) => [{ type: "innings_start", data: {} }, { type: "delivery", data: ball().data }, { type: "delivery", data: ball().data, isVoid: true }, { type: "delivery", data: ball().data }, ...more];
  const due = (rules, ...more) => dueOf({ ...state, rules: { ...state.rules, ...rules } }, {}, pastOf(entries(...more)));
  assert.equal(due({ batter_balls_max: 3, retire_runs: 3 }), null);
  assert.deepEqual(due({ batter_balls_max: 2 }), { word: "retirement", player: "ann" });
  assert.deepEqual(due({ retire_runs: 2 }), { word: "retirement", player: "ann" });
  const back = [{ type: "batter_retired", data: { player: "ann" } }, { type: "batter_returns", data: { player: "ann" } }];
  assert.equal(due({ batter_balls_max: 2, retire_runs: 2 }, ...back), null);
});

test("what a form does not touch stays, and what is emptied goes", () => {
  const state = played();
  const through = (type, data, changes = {}) => {
    const filled = Object.fromEntries(fieldsOf(state, type, data).map(({ name, kind, value }) => [name, kind === "check" ? value === true : (kind === "number" || kind === "over") && value !== "" ? Number(value) : value ?? null]));
    return dataOf(type, data, { ...filled, ...changes });
  };
  for (const [type, data] of [
    ["toss", { winner: "a", decision: "bat", uncontested: true }], ["over_end", { over: 3, miscounted: { balls: 7, umpire: "Ump" } }],
    ["target_revised", { runs: 90, overs: "12.3", par: 80 }], ["review", { by: "a", decision: "upheld", batter: "ann" }],
    ["dismissal", { kind: "run out", player_out: "ann", fielders: [{ player: "cat" }, { name: "Somebody" }] }],
    ["result", { winner: "a", by: { innings: 1, runs: 5 }, player_of_match: ["ann", "cat"] }], ["innings_end", { reason: "all_out", absent_hurt: ["dot"] }],
    ["created", { sport: "cricket", title: "T", teams: { a: { name: "A", players: [{ id: "x", name: "X" }] }, b: { name: "B", players: [] } } }],
  ]) assert.deepEqual(through(type, data), data, type);
  assert.deepEqual(through("over_end", { over: 3, miscounted: { balls: 7 } }, { "miscounted.balls": null, over: 5 }), { over: 4 });
  assert.deepEqual(through("dismissal", { kind: "run out", player_out: "ann", fielders: [{ player: "cat" }, { player: "eve" }] }, { "fielders.0.player": null }), { kind: "run out", player_out: "ann", fielders: [{ player: "eve" }] });
  assert.deepEqual(through("overs_revised", { overs: "12.3" }, { overs: "12" }), { overs: 12 });
});

/** A log whose events change nothing but a list of what was scored. */
function logged(...events) {
  const book = new Book();
  book.take("e.1", events.map((event, index) => ({ seq: index + 1, ...event, patch: event.patch ?? {} })));
  return book;
}

test("a penalty to a side that has not batted is there when it does, whatever of it was stored", () => {
  const begun = played();
  const created = { id: "created", type: "created", data: { title: "T", teams: {}, rules } };
  const events = [{ id: "p", type: "penalty", data: { team: "b", runs: 5 } }, { id: "e", type: "innings_end", data: { reason: "declared" } }, { id: "s", type: "innings_start", data: { batting: "b" } }];
  for (const stored of [0, 1, 2]) {
    const states = [begun, begun, ahead(begun, [events[1]])];
    const start = { id: "s1", type: "innings_start", data: { batting: "a" } };
    const book = logged({ ...created }, { ...start, patch: begun }, ...events.slice(0, stored).map((event, index) => ({ ...event, patch: { ...states[index + 1], now: index === 1 ? null : begun.now } })));
    const { runs, penalty_pre } = book.shown(events.slice(stored)).innings.i2;
    assert.deepEqual([runs, penalty_pre], [5, 5], `${stored} stored`);
  }
});

test("corrections stand where the event stands that they are about", () => {
  const book = logged({ id: "a", type: "x", data: 1 }, { id: "b", type: "x", data: 2 }, { id: "a1", op: "insert", ref: "a", type: "x", data: 3 }, { id: "v", op: "void", ref: "b" });
  const shown = (...pending) => book.entries(pending).map(({ id, data, isVoid }) => `${id}${data}${isVoid ? "-" : ""}`).join(" ");
  assert.equal(shown(), "a1 a13 b2-");
  assert.equal(shown({ id: "r", op: "restore", ref: "b" }, { id: "m", op: "amend", ref: "a", type: "x", data: 9 }), "a9 a13 b2");
  assert.equal(shown({ id: "a2", op: "insert", ref: "a", type: "x", data: 4 }, { id: "c", type: "x", data: 5 }), "a1 a13 a24 b2- c5");
});

test("a log of another epoch begins anew, and a hole is told", () => {
  const book = logged({ id: "a", type: "x" });
  assert.equal(book.take("e.1", [{ seq: 3, id: "c", type: "x", patch: {} }]), false);
  assert.equal(book.take("f.1", [{ seq: 1, id: "a", type: "x", patch: { n: 1 } }]), true);
  assert.deepEqual([book.epoch, book.seq, book.state], ["f.1", 1, { n: 1 }]);
  assert.equal(book.proves(1, "0000000000000000"), false);
});
