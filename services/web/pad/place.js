// What is so at a place of the log: which side bats there, which ball it is and which stands near it, and who is in a line-up by then.

import { legalBalls } from "/fan/over.js";
import { ballText } from "/pad/innings.js";
import { creaseOf, openInnings, rowOf } from "/pad/next.js";

/**
 * After the entry of this id: `side` that bats, null between innings, and `ball`, the data of the
 * ball before it in its innings, else of the one after it; null if there is none.
 */
export function placeAfter(entries, id) {
  const place = entries.findIndex((entry) => entry.id === id);
  const counts = ({ isVoid }) => !isVoid;
  const before = entries.slice(0, place + 1).filter(counts);
  const start = before.findLastIndex(({ type }) => type === "innings_start" || type === "innings_end");
  if (before[start]?.type !== "innings_start") return { side: null, ball: null };
  const isBall = ({ type }) => type === "delivery";
  const after = entries.slice(place + 1).filter(counts);
  const end = after.findIndex(({ type }) => type === "innings_end");
  const ball = before.slice(start).findLast(isBall) ?? after.slice(0, end < 0 ? undefined : end).find(isBall);
  return { side: before[start].data.batting, ball: ball?.data ?? null };
}

/** A ball that was missed, to begin with: by who was there in this state, else as of the ball near it. */
export function ballBetween(state, { over, batter, non_striker, bowler }) {
  const crease = state.now === undefined ? {} : creaseOf(state);
  const there = [crease.striker, crease.non_striker];
  const others = [batter, non_striker].filter((player) => player !== undefined && !there.includes(player) && rowOf(openInnings(state)?.batting, player)?.out === undefined);
  const [striker, other] = there.map((player) => player ?? others.shift());
  const ends = crease.isAlone ? { batter: striker } : { batter: striker ?? batter, non_striker: other ?? non_striker };
  return { over: crease.over ?? over, ...ends, bowler: crease.bowler ?? bowler, runs: 0 };
}

/**
 * Each entry with the `over` it stands in, as `innings.over` from 1, null before the first ball; and
 * where a `ball` stands in it, null for what is none. The third ball of the 13th over is 12.3, and so
 * is a wide that is bowled before it.
 */
export function placesOf(entries, state) {
  let [innings, over] = [0, null];
  /** The balls of each over, as far as they came. */
  const texts = new Map();
  return entries.map((entry) => {
    const { type, data, isVoid } = entry;
    if (!isVoid && type === "innings_start") [innings, over] = [innings + 1, null];
    if (type !== "delivery") return { entry, over, ball: null };
    const key = `${innings}.${data.over + 1}`;
    if (!isVoid) over = key;
    const balls = texts.get(key) ?? "";
    const legal = legalBalls(state.rules, { number: data.over, balls }, state.innings?.[`i${innings}`]?.overs_max);
    // What was taken back counts for none after it.
    if (!isVoid) texts.set(key, `${balls} ${ballText(data)}`);
    return { entry, over, ball: `${data.over}.${legal + 1}` };
  });
}

/** The ids of the players of both sides who are in a line-up before the entry of this id. */
export function playersBefore(entries, id) {
  const place = entries.findIndex((entry) => entry.id === id);
  const squads = entries.slice(0, place).filter(({ isVoid }) => !isVoid).flatMap(({ type, data }) => (type === "created" ? [data.teams?.a, data.teams?.b] : type === "lineup" ? [data] : []));
  return new Set(squads.flatMap((squad) => (squad?.players ?? []).map((player) => player.id)));
}
