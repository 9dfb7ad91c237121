// The balls of an over as the state writes them, `1 . 4 4lb W 1+W 4+1nb`, and which of them count by the match's rules.

import { count } from "/fan/text.js";

const EXTRAS = { wd: "wide", nb: "no ball", b: "bye", lb: "leg bye", p: "penalty run" };
const PART = /^(\d+)(wd|nb|lb|b|p)?$/;
/** The ball that is a wide, and the one that is a no-ball. */
const WIDE = /(^|\+)\d+wd/;
const NOBALL = /(^|\+)\d+nb/;

/** Each ball: its text, its words, whether it is a wicket or worth emphasis. */
export function ballsOf(text) {
  return ballsIn(text).map((ball) => {
    const parts = ball.split("+");
    return {
      text: ball,
      words: parts.map(wordsOf).join(" and "),
      isWicket: parts.includes("W"),
      isBoundary: parts.includes("4") || parts.includes("6"),
    };
  });
}

function wordsOf(part) {
  if (part === ".") return "no run";
  if (part === "W") return "wicket";
  const found = PART.exec(part);
  if (found === null) return part;
  const [, number, extra] = found;
  return count(Number(number), extra === undefined ? "run" : EXTRAS[extra]);
}

/** The texts of its balls. */
export function ballsIn(text) {
  return text.split(" ").filter((ball) => ball !== "");
}

export function ballsPerOver({ balls_per_over }) {
  return balls_per_over ?? 6;
}

/** `12.3` overs as balls. */
export function oversAsBalls(rules, overs) {
  const [whole, balls = 0] = String(overs).split(".").map(Number);
  return whole * ballsPerOver(rules) + balls;
}

/** How many balls of an over count: `balls` is its text, `overs_max` what the innings has. */
export function legalBalls(rules, { number, balls }, overs_max) {
  const isByLaw = isBowledByLaw(rules, number, overs_max);
  const again = (ball) => (WIDE.test(ball) && (isByLaw || rules.wides_rebowled !== false)) || (NOBALL.test(ball) && (isByLaw || rules.noballs_rebowled !== false));
  return ballsIn(balls).filter((ball) => !again(ball)).length;
}

/** In the last over all is bowled again, where the rules say so. */
export function isBowledByLaw({ last_over_by_law, ...rules }, number, overs_max) {
  return last_over_by_law === true && overs_max !== undefined && (number + 1) * ballsPerOver(rules) >= oversAsBalls(rules, overs_max);
}

/** Where the last ball of an over stands, as fans say it: the third ball of the second over is 1.3. */
export function placeOfLast(rules, { number, balls }, overs_max) {
  const before = ballsIn(balls).slice(0, -1).join(" ");
  return `${number}.${legalBalls(rules, { number, balls: before }, overs_max) + 1}`;
}
