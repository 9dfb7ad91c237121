// Everything beside the balls, as questions that end in events: toss, innings, breaks, penalties, reviews, result, sign-off.

import { teamName } from "/fan/state.js";
import { playersOf } from "/pad/ball.js";
import { besideOf } from "/pad/beside.js";
import * as device from "/pad/device.js";
import { mayFollowOn, nextInnings, otherSide, resultOf } from "/pad/ends.js";
import { END_REASONS, FROM_ONE, overs, oversValue, pairs, peopleOf, sidesOf, STATUSES, TO_100, TO_500 } from "/pad/forms.js";
import { creaseOf, nameOf, openInnings } from "/pad/next.js";
import { askNewPlayer, batterOptions, bowlerOptions } from "/pad/people.js";
import { playersBefore } from "/pad/place.js";

/** What may be entered now: `{label, ask}`; `ask(questions, scoring)` adds what comes of it. */
export function actionsOf(state) {
  if (state.locked) return [{ label: "Open again", ask: askUnlock }];
  const isOpen = state.now !== undefined;
  const all = [
    [state.innings === undefined, "Toss", askToss],
    [!isOpen, "Start an innings", askInnings],
    [isOpen, "End the innings", askInningsEnd],
    [true, "Break, rain, play on", askStatus],
    [true, "Comment", askComment],
    [isOpen, "Review", askReview],
    [true, "Penalty runs", askPenalty],
    [isOpen, "Powerplay", askPowerplay],
    [isOpen, "Replacement", askReplacement],
    [true, "Revised target", askTarget],
    [true, "Revised overs", askOvers],
    [true, "Add players", askPlayers],
    [true, "Result", askResult],
    [state.result !== undefined, "Player of the match", askPlayerOfMatch],
    [true, "Sign off", askLock],
  ];
  return all.filter(([may]) => may).map(([, label, ask]) => ({ label, ask }));
}

export async function askToss(questions, scoring) {
  const winner = await questions.choose("Who won the toss?", sidesOf(scoring.state));
  if (winner === null) return;
  const decision = await questions.choose(`${teamName(scoring.state, winner)} chose to`, [{ value: "bat", label: "Bat" }, { value: "field", label: "Field" }]);
  if (decision !== null) await scoring.add({ type: "toss", data: { winner, decision } });
}

/** The start of an innings: who bats, who opens, who bowls. */
export async function askInnings(questions, scoring) {
  const { state } = scoring;
  const proposed = nextInnings(state, besideOf(scoring.entries()));
  const kinds = [];
  if (proposed !== null) {
    const what = proposed.super_over ? "Super over: " : "";
    const target = proposed.target === undefined ? null : `target ${proposed.target.runs}`;
    kinds.push({ value: proposed, label: `${what}${teamName(state, proposed.batting)} bat`, note: target, tone: "main" });
    const other = proposed.batting === "a" ? "b" : "a";
    const follows = mayFollowOn(state);
    kinds.push({ value: { batting: other, ...(follows ? { follow_on: true } : {}), ...(proposed.super_over ? { super_over: true } : {}) }, label: `${what}${teamName(state, other)} ${follows ? "follow on" : "bat"}` });
  } else {
    kinds.push(...["a", "b"].map((batting) => ({ value: { batting, super_over: true }, label: `Super over: ${teamName(state, batting)} bat first` })));
  }
  const start = await questions.choose("Start an innings", kinds);
  if (start === null) return;
  const players = (side) => Object.keys(state.teams[side].players).length;
  for (const side of ["a", "b"]) {
    if (players(side) < 2 && !(await addPlayers(questions, scoring, side))) return;
  }
  // Who opens is asked of the innings as it will be; nothing is entered before all is known.
  const begun = { ...scoring.state, innings: { i1: { batting_team: start.batting, batting: {}, bowling: {} } }, now: { innings: "i1" } };
  const first = await questions.choose("Who faces the first ball?", batterOptions(begun, {}));
  if (first === null) return;
  const second = await questions.choose("Who opens at the other end?", batterOptions(begun, { striker: first.data.player }));
  if (second === null) return;
  const bowler = await questions.choose("Who bowls the first over?", bowlerOptions(begun, []));
  if (bowler === null) return;
  await scoring.add({ type: "innings_start", data: start }, first, second);
  scoring.choose({ bowler });
}

async function askInningsEnd(questions, scoring) {
  const reason = await questions.choose("Why does the innings end?", pairs(END_REASONS));
  if (reason === null) return;
  const absent_hurt = reason === "all_out" ? await askAbsent(questions, scoring.state) : [];
  if (absent_hurt !== null) await scoring.add({ type: "innings_end", data: { reason, ...(absent_hurt.length === 0 ? {} : { absent_hurt }) } });
}

/** Who could not bat, where fewer are out than there are wickets; null if the scorer went back. */
async function askAbsent(questions, state) {
  const waiting = batterOptions(state, {}).filter(({ note }) => note === null).map(({ value, label }) => ({ value: value.data.player, label }));
  const isAsked = openInnings(state).wickets < (state.rules.wickets_max ?? 10) && waiting.length > 0;
  if (!isAsked) return [];
  const filled = await questions.fill("All out: was anybody absent hurt?", [{ name: "absent_hurt", label: "Absent hurt (may be nobody)", kind: "several", options: waiting }], { submit: "End the innings" });
  return filled?.absent_hurt ?? null;
}

async function askStatus(questions, scoring) {
  // In a break, that it is over comes first; without one there is nothing to be over.
  const isBreak = !["live", "scheduled"].includes(scoring.state.status?.status);
  const others = pairs(STATUSES.filter(([word]) => word !== "live"));
  const status = await questions.choose("What happens?", isBreak ? [{ value: "live", label: "Play on", tone: "main" }, ...others] : others);
  if (status === null) return;
  if (status === "live") {
    await scoring.add({ type: "status", data: { status } });
    return;
  }
  const more = await questions.fill("What should fans read?", [{ name: "note", label: "Note (may be empty)", maxlength: "120" }], { submit: "Tell them" });
  if (more !== null) await scoring.add({ type: "status", data: { status, ...(more.note === null ? {} : { note: more.note }) } });
}

async function askComment(questions, scoring) {
  const filled = await questions.fill("Comment", [{ name: "text", label: "What is there to say?", required: true, maxlength: "280" }], { submit: "Say it" });
  if (filled?.text) await scoring.add({ type: "comment", data: { text: filled.text } });
}

async function askReview(questions, scoring) {
  const { state } = scoring;
  if (state.now.review === "pending") {
    const by = scoring.entries().findLast(({ type, data, isVoid }) => !isVoid && (type === "review" || data?.review))?.data;
    const decision = await questions.choose("What came of the review?", [
      { value: { decision: "upheld" }, label: "Upheld", note: "the decision is overturned" },
      { value: { decision: "struck_down" }, label: "Struck down", note: "the decision stands" },
      { value: { decision: "struck_down", umpires_call: true }, label: "Umpire's call" },
    ]);
    if (decision !== null) await scoring.add({ type: "review", data: { by: by?.by ?? by?.review?.by ?? openInnings(state).batting_team, ...decision } });
    return;
  }
  const by = await questions.choose("Who asks for a review?", sidesOf(state));
  if (by !== null) await scoring.add({ type: "review", data: { by, decision: "pending" } });
}

async function askPenalty(questions, scoring) {
  const { state } = scoring;
  const batting = openInnings(state)?.batting_team;
  const team = await questions.choose("Penalty runs to whom?", sidesOf(state).map((side) => ({ ...side, note: batting === undefined ? null : side.value === batting ? "batting" : "fielding" })));
  if (team === null) return;
  const filled = await questions.fill(`Penalty runs to ${teamName(state, team)}`, [{ name: "runs", label: "Runs", kind: "number", value: "5", required: true, ...TO_100 }, { name: "reason", label: "Why (may be empty)", maxlength: "60" }]);
  if (filled !== null) await scoring.add({ type: "penalty", data: { team, runs: filled.runs, ...(filled.reason === null ? {} : { reason: filled.reason }) } });
}

async function askPowerplay(questions, scoring) {
  const filled = await questions.fill("Powerplay", [
    { name: "from", label: "From over", value: "0.1", required: true, maxlength: "8" }, { name: "to", label: "To over", value: "5.6", required: true, maxlength: "8" },
    { name: "kind", label: "Kind", value: "mandatory", required: true, maxlength: "30" },
  ]);
  if (filled !== null) await scoring.add({ type: "powerplay", data: filled });
}

/** One player for another: for the rest of the match, or in what he was doing. */
async function askReplacement(questions, scoring) {
  const { state, chosen } = scoring;
  const { striker, non_striker, bowler } = creaseOf(state, chosen);
  const goes = [["bowler", bowler, "bowls on for"], ["batter", striker, "bats for"], ["batter", non_striker, "bats for"]].filter(([, id]) => id !== undefined);
  const what = await questions.choose("A replacement", [
    { value: null, label: "For the rest of the match", note: "concussion, impact player …", tone: "main" },
    ...goes.map(([role, out, does]) => ({ value: { role, out }, label: `Another ${does} ${nameOf(state, out)}`, note: "who stays in the match" })),
  ].map(({ value, ...option }) => ({ ...option, value: { of: value } })));
  if (what === null) return;
  await (what.of === null ? askForTheMatch(questions, scoring) : askForARole(questions, scoring, what.of));
}

/** Somebody does on what another can't: it is told with the next ball. A batter who can't retires. */
async function askForARole(questions, scoring, { role, out }) {
  const { state, chosen } = scoring;
  const batting = openInnings(state).batting_team;
  const isBatter = role === "batter";
  const options = (isBatter ? batterOptions(state, chosen).map((one) => ({ ...one, value: { event: one.value, player: one.value.data.player } }))
    : bowlerOptions(state, [out]).filter(({ value }) => value !== out).map((one) => ({ ...one, value: { player: one.value } })));
  const comes = await questions.choose(`Who ${isBatter ? "bats" : "bowls on"} for ${nameOf(state, out)}?`, options);
  if (comes === null) return;
  const reason = await questions.choose("Why?", pairs(isBatter ? [["injury", "Injury"], ["illness", "Illness"]] : BOWLER_GOES));
  if (reason === null) return;
  if (isBatter) await scoring.add({ type: "batter_retired", data: { player: out, kind: "retired hurt" } }, comes.event);
  const at = (end) => (chosen[end] === out ? { [end]: comes.player } : {});
  const replacement = { scope: "role", in: comes.player, out, team: isBatter ? batting : otherSide(batting), role, reason };
  scoring.choose({ ...chosen, ...at("striker"), ...at("non_striker"), ...(isBatter ? {} : { bowler: comes.player }), replacements: [...(chosen.replacements ?? []), replacement] });
}

const BOWLER_GOES = [["injury", "Injury"], ["illness", "Illness"], ["excluded - high full pitched balls", "High full tosses"], ["excluded - running on the pitch", "Ran on the pitch"], ["too many overs", "Too many overs"]];

/** For the rest of the match: it is told with the last ball. */
async function askForTheMatch(questions, scoring) {
  const { state } = scoring;
  const entries = scoring.entries();
  const place = entries.findLastIndex(({ type, isVoid }) => !isVoid && (type === "delivery" || type === "innings_start"));
  const ball = entries[place];
  if (ball?.type !== "delivery") {
    await questions.tell("Replacement", "It is told with a ball of this innings: enter it after the first one.");
    return;
  }
  const team = await questions.choose("Whose player goes?", sidesOf(state));
  if (team === null) return;
  const players = peopleOf(state).filter(({ value }) => Object.hasOwn(state.teams[team].players, value));
  const out = await questions.choose("Who goes?", players);
  if (out === null) return;
  const others = players.filter(({ value }) => value !== out);
  const comes = await questions.choose("Who comes?", [...others, { value: SOMEBODY, label: "Somebody else…", tone: "faint" }]);
  if (comes === null) return;
  // Who comes with a ball was in the line-up before it.
  const player = comes === SOMEBODY ? await askNewPlayer(questions, scoring, team, entries[place - 1].id) : comes;
  if (player === null) return;
  const reason = await questions.choose("Why?", pairs([["concussion_substitute", "Concussion"], ["injury_substitute", "Injury"], ["covid_replacement", "Illness"], ["impact_player", "Impact player"], ["national_callup", "Called away"]]));
  if (reason === null) return;
  const replacements = [...(ball.data.replacements ?? []), { scope: "match", in: player, out, team, reason }];
  await scoring.add({ op: "amend", ref: ball.id, type: "delivery", data: { ...ball.data, replacements } });
}

/** Stands for who is in no line-up yet. */
const SOMEBODY = " ";

async function askTarget(questions, scoring) {
  const filled = await questions.fill("Revised target", [
    { name: "runs", label: "Runs to win", kind: "number", required: true, ...FROM_ONE }, overs(scoring.state.rules, "overs", "In overs (may be empty)"),
    { name: "par", label: "Par (may be empty)", kind: "number" }, { name: "method", label: "Method (may be empty)", value: "D/L", maxlength: "20" },
  ]);
  if (filled !== null) await scoring.add({ type: "target_revised", data: withOvers(filled) });
}

async function askOvers(questions, scoring) {
  const filled = await questions.fill("Revised overs", [
    overs(scoring.state.rules, "overs", "Overs of the innings", { required: true }), { name: "bowler_overs_max", label: "Overs a bowler (may be empty)", kind: "number", ...TO_500 },
  ]);
  if (filled !== null) await scoring.add({ type: "overs_revised", data: withOvers(filled) });
}

async function askPlayers(questions, scoring) {
  const side = await questions.choose("For which side?", sidesOf(scoring.state));
  if (side !== null) await addPlayers(questions, scoring, side);
}

/** Adds players to a side; false if the scorer went back. */
export async function addPlayers(questions, scoring, side) {
  const { state } = scoring;
  const filled = await questions.fill(`Players of ${teamName(state, side)}`, [{ name: "names", label: "One name a line", kind: "lines", required: true }]);
  if (filled === null) return false;
  const players = playersOf(filled.names, ["a", "b"].flatMap((one) => Object.keys(state.teams[one].players)));
  if (players.length === 0) return false;
  await scoring.add({ type: "lineup", data: { team: side, players } });
  return true;
}

async function askResult(questions, scoring) {
  const { state } = scoring;
  const proposed = resultOf(state);
  const options = [
    ...(proposed === null ? [] : [{ value: proposed, label: resultText(state, proposed), note: "by the score", tone: "main" }]),
    ...["a", "b"].map((winner) => ({ value: { winner }, label: `${teamName(state, winner)} won${proposed === null ? "" : " otherwise"}` })),
    ...["tie", "draw", "no result"].filter((result) => result !== proposed?.result || proposed.eliminator !== undefined).map((result) => ({ value: { result }, label: resultText(state, { result }) })),
  ];
  let result = await questions.choose("Result", options);
  if (result === null) return;
  if (result.winner !== undefined && result.by === undefined && result !== proposed) {
    const filled = await questions.fill(`${teamName(state, result.winner)} won by`, [
      { name: "runs", label: "Runs", kind: "number" }, { name: "wickets", label: "or wickets", kind: "number" },
      { name: "method", label: "Method, such as D/L (may be empty)", maxlength: "20" }, { name: "awarded", label: "The match was awarded", kind: "check" },
    ]);
    if (filled === null) return;
    const by = withoutNulls({ runs: filled.runs, wickets: filled.wickets });
    result = withoutNulls({ winner: result.winner, by: Object.keys(by).length > 0 ? by : null, method: filled.method, awarded: filled.awarded || null });
  }
  await scoring.add({ type: "result", data: result });
}

/** A result in words. */
export function resultText(state, { winner, by, result, eliminator }) {
  if (eliminator !== undefined) return `Tie; ${teamName(state, eliminator)} won the super over`;
  if (winner === undefined) return { tie: "Tie", draw: "Draw" }[result] ?? "No result";
  const margin = Object.entries(by ?? {}).map(([what, number]) => what === "innings" ? "an innings" : `${number} ${number === 1 ? what.replace(/s$/, "") : what}`);
  return `${teamName(state, winner)} won${margin.length === 0 ? "" : ` by ${margin.join(" and ")}`}`;
}

/** It belongs to the result, which is amended; who came into a line-up after it needs another one. */
async function askPlayerOfMatch(questions, scoring) {
  const { state } = scoring;
  const player = await questions.choose("Player of the match", peopleOf(state));
  if (player === null) return;
  const entries = scoring.entries();
  const result = entries.findLast(({ type, isVoid }) => type === "result" && !isVoid);
  const isLater = !playersBefore(entries, result.id).has(player);
  await scoring.add({ ...(isLater ? {} : { op: "amend", ref: result.id }), type: "result", data: { ...result.data, player_of_match: [player] } });
}

/** To sign off takes an official: a token that says so. False if there is none. */
async function isOfficial(questions, scoring, what) {
  if (device.rightsIn(scoring.match)?.includes("official") !== false) return true;
  const filled = await questions.fill(what, [{ name: "token", label: "An official's token", required: true, autocapitalize: "none" }], { note: "The token on this phone may score, and no more.", submit: "Go on" });
  if (filled === null) return false;
  scoring.useToken(filled.token);
  return true;
}

async function askLock(questions, scoring) {
  const held = scoring.sending.pending.length;
  const note = held === 0 ? "After that only an official corrects it." : `After that only an official corrects it. ${held} entered here and not sent yet go first.`;
  const sure = await questions.choose("Sign off the scorecard?", [{ value: true, label: "Sign off", tone: "main" }], { note });
  if (sure !== null && await isOfficial(questions, scoring, "Sign off")) await scoring.add({ type: "lock", data: {} });
}

async function askUnlock(questions, scoring) {
  if (!(await isOfficial(questions, scoring, "Open the scorecard again"))) return;
  const filled = await questions.fill("Open the scorecard again", [{ name: "reason", label: "Why", maxlength: "60" }], { submit: "Open it" });
  if (filled !== null) await scoring.add({ type: "unlock", data: withoutNulls(filled) });
}

/** Overs are a number, or such as `12.3`. */
function withOvers(filled) {
  const { overs: text, ...data } = withoutNulls(filled);
  return text === undefined ? data : { ...data, overs: oversValue(text) };
}

function withoutNulls(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
