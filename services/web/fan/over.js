// The balls of an over as the state writes them: `1 . 4 4lb W 1+W 4+1nb`.

import { count } from "/fan/text.js";

const EXTRAS = { wd: "wide", nb: "no ball", b: "bye", lb: "leg bye", p: "penalty run" };
const PART = /^(\d+)(wd|nb|lb|b|p)?$/;

/** Each ball: its text, its words, whether it is a wicket or worth emphasis, whether it counts. */
export function ballsOf(text) {
  return text.split(" ").filter((ball) => ball !== "").map((ball) => {
    const parts = ball.split("+");
    return {
      text: ball,
      words: parts.map(wordsOf).join(" and "),
      isWicket: parts.includes("W"),
      isBoundary: parts.includes("4") || parts.includes("6"),
      isLegal: !parts.some((part) => /^\d+(wd|nb)$/.test(part)),
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

/** Where the last ball of an over stands, as fans say it: the third ball of the second over is 1.3. */
export function placeOfLast(overKey, text) {
  const balls = ballsOf(text);
  const legalBefore = balls.slice(0, -1).filter((ball) => ball.isLegal).length;
  return `${Number(overKey.slice(1)) - 1}.${legalBefore + 1}`;
}
