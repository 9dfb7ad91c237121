// Everything beside the balls, as questions that end in events: toss, innings, breaks, penalties, reviews, result, sign-off.

import { teamName } from "/fan/state.js";
import { nextInnings, openInnings, resultOf } from "/pad/next.js";
import { playersOf } from "/pad/ball.js";
import { batterOptions, bowlerOptions } from "/pad/people.js";

const STATUSES = [
  ["drinks", "Drinks"], ["rain", "Rain"], ["bad_light", "Bad light"], ["lunch", "Lunch"], ["tea", "Tea"], ["timeout", "Time-out"],
  ["stumps", "Stumps"], ["delayed", "Delayed"], ["live", "Play on"], ["abandoned", "Abandoned"],
];
const END_REASONS = [["all_out", "All out"], ["overs", "Overs bowled"], ["target", "Target reached"], ["declared", "Declared"], ["forfeited", "Forfeited"], ["time", "Out of time"], ["abandoned", "Abandoned"]];

/** What may be entered now: `{label, ask}`; `ask(questions, scoring)` adds what comes of it. */
export function actionsOf(state) {
  const isOpen = state.now !== undefined;
  const hasBegun = state.innings !== undefined;
  const all = [
    [!hasBegun, "Toss", askToss],
    [!isOpen && !state.result, "Start an innings", askInnings],
    [isOpen, "End the innings", askInningsEnd],
    [true, "Break, rain, play on", askStatus],
    [true, "Comment", askComment],
    [isOpen, "Review", askReview],
    [true, "Penalty runs", askPenalty],
    [isOpen, "Powerplay", askPowerplay],
    [true, "Revised target", askTarget],
    [true, "Revised overs", askOvers],
    [true, "Add players", askPlayers],
    [true, "Result", askResult],
    [state.result !== undefined, "Player of the match", askPlayerOfMatch],
    [!state.locked, "Sign off", askLock],
    [state.locked === true, "Open again", askUnlock],
  ];
  return all.filter(([may]) => may).map(([, label, ask]) => ({ label, ask }));
}

function sides(state) {
  return ["a", "b"].map((value) => ({ value, label: teamName(state, value) }));
}

function pairs(all) {
  return all.map(([value, label]) => ({ value, label }));
}

export async function askToss(questions, scoring) {
  const winner = await questions.choose("Who won the toss?", sides(scoring.state));
  if (winner === null) return;
  const decision = await questions.choose(`${teamName(scoring.state, winner)} chose to`, [{ value: "bat", label: "Bat" }, { value: "field", label: "Field" }]);
  if (decision !== null) await scoring.add({ type: "toss", data: { winner, decision } });
}

/** The start of an innings: who bats, who opens, who bowls. */
export async function askInnings(questions, scoring) {
  const { state } = scoring;
  const proposed = nextInnings(state);
  const kinds = [];
  if (proposed !== null) {
    const what = proposed.super_over ? "Super over: " : "";
    const target = proposed.target === undefined ? null : `target ${proposed.target.runs}`;
    kinds.push({ value: proposed, label: `${what}${teamName(state, proposed.batting)} bat`, note: target, tone: "main" });
    const other = proposed.batting === "a" ? "b" : "a";
    const isSecond = !proposed.super_over && Object.keys(state.innings ?? {}).length === 2 && (state.rules.innings_per_side ?? 1) > 1;
    kinds.push({ value: { batting: other, ...(isSecond ? { follow_on: true } : {}) }, label: `${teamName(state, other)} ${isSecond ? "follow on" : "bat"}` });
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
  const second = await questions.choose("Who opens with him?", batterOptions(begun, { striker: first.data.player }));
  if (second === null) return;
  const bowler = await questions.choose("Who bowls the first over?", bowlerOptions(begun, []));
  if (bowler === null) return;
  await scoring.add({ type: "innings_start", data: start }, first, second);
  scoring.choose({ bowler });
}

async function askInningsEnd(questions, scoring) {
  const reason = await questions.choose("Why does the innings end?", pairs(END_REASONS));
  if (reason !== null) await scoring.add({ type: "innings_end", data: { reason } });
}

async function askStatus(questions, scoring) {
  const status = await questions.choose("What happens?", pairs(STATUSES));
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
  const by = await questions.choose("Who asks for a review?", sides(state));
  if (by !== null) await scoring.add({ type: "review", data: { by, decision: "pending" } });
}

async function askPenalty(questions, scoring) {
  const team = await questions.choose("Five penalty runs to whom?", sides(scoring.state));
  if (team === null) return;
  const filled = await questions.fill("Penalty runs", [{ name: "runs", label: "Runs", kind: "number", value: "5", required: true }, { name: "reason", label: "Why (may be empty)", maxlength: "60" }]);
  if (filled !== null) await scoring.add({ type: "penalty", data: { team, runs: filled.runs, ...(filled.reason === null ? {} : { reason: filled.reason }) } });
}

async function askPowerplay(questions, scoring) {
  const filled = await questions.fill("Powerplay", [
    { name: "from", label: "From over", value: "0.1", required: true }, { name: "to", label: "To over", value: "5.6", required: true },
    { name: "kind", label: "Kind", value: "mandatory", required: true },
  ]);
  if (filled !== null) await scoring.add({ type: "powerplay", data: filled });
}

async function askTarget(questions, scoring) {
  const filled = await questions.fill("Revised target", [
    { name: "runs", label: "Runs to win", kind: "number", required: true }, { name: "overs", label: "In overs (may be empty)", kind: "number" },
    { name: "method", label: "Method (may be empty)", value: "D/L", maxlength: "20" },
  ]);
  if (filled !== null) await scoring.add({ type: "target_revised", data: withoutNulls(filled) });
}

async function askOvers(questions, scoring) {
  const filled = await questions.fill("Revised overs", [
    { name: "overs", label: "Overs of the innings", kind: "number", required: true }, { name: "bowler_overs_max", label: "Overs a bowler (may be empty)", kind: "number" },
  ]);
  if (filled !== null) await scoring.add({ type: "overs_revised", data: withoutNulls(filled) });
}

async function askPlayers(questions, scoring) {
  const side = await questions.choose("For which side?", sides(scoring.state));
  if (side !== null) await addPlayers(questions, scoring, side);
}

async function addPlayers(questions, scoring, side) {
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
  const { status, body } = scoring.sending.pending.length === 0 ? await scoring.service.proposals(scoring.match) : { status: 0 };
  const proposed = (status === 200 ? body.proposals?.result : undefined) ?? resultOf(state);
  const options = [
    ...(proposed === null || proposed === undefined ? [] : [{ value: proposed, label: resultText(state, proposed), note: "by the score", tone: "main" }]),
    ...["a", "b"].map((winner) => ({ value: { winner }, label: `${teamName(state, winner)} won otherwise` })),
    { value: { result: "tie" }, label: "Tie" }, { value: { result: "draw" }, label: "Draw" }, { value: { result: "no result" }, label: "No result" },
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

function resultText(state, { winner, by, result }) {
  if (winner === undefined) return { tie: "Tie", draw: "Draw" }[result] ?? "No result";
  const margin = Object.entries(by ?? {}).map(([what, number]) => what === "innings" ? "an innings" : `${number} ${number === 1 ? what.replace(/s$/, "") : what}`);
  return `${teamName(state, winner)} won${margin.length === 0 ? "" : ` by ${margin.join(" and ")}`}`;
}

/** It belongs to the result, which is amended. */
async function askPlayerOfMatch(questions, scoring) {
  const { state } = scoring;
  const result = scoring.entries().findLast(({ type, isVoid }) => type === "result" && !isVoid);
  const players = ["a", "b"].flatMap((side) => Object.entries(state.teams[side].players).map(([value, label]) => ({ value, label })));
  const player = await questions.choose("Player of the match", players);
  if (player !== null) await scoring.add({ op: "amend", ref: result.id, type: "result", data: { ...result.data, player_of_match: [player] } });
}

async function askLock(questions, scoring) {
  const sure = await questions.choose("Sign off the scorecard?", [{ value: true, label: "Sign off", tone: "main" }], { note: "After that only an official corrects it." });
  if (sure !== null) await scoring.add({ type: "lock", data: {} });
}

async function askUnlock(questions, scoring) {
  const filled = await questions.fill("Open the scorecard again", [{ name: "reason", label: "Why", maxlength: "60" }], { submit: "Open it" });
  if (filled !== null) await scoring.add({ type: "unlock", data: withoutNulls(filled) });
}

function withoutNulls(members) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
