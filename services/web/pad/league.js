// The rules of a match as far as they say when ends and pairs change, when an over is spent, and who bats on: the Laws, and what leagues play beside them.

import { ballsIn, ballsPerOver, isBowledByLaw } from "/fan/over.js";

/** Whether an over has as many deliveries as it may have, whatever they were. */
export function isSpent(rules, { number, balls }, overs_max) {
  return rules.over_deliveries_max !== undefined && ballsIn(balls).length >= rules.over_deliveries_max && !isBowledByLaw(rules, number, overs_max);
}

/** Whether the over after this one is bowled from the other end. */
export function endsChangeAfter(rules, number) {
  return (number + 1) % (rules.overs_per_end ?? (ballsPerOver(rules) === 5 ? 2 : 1)) === 0;
}

/** Whether another pair comes in after this over. */
export function pairChangesAfter({ pair_overs }, number) {
  return pair_overs !== undefined && (number + 1) % pair_overs === 0;
}

/** Whether who is out bats on; in pairs he does, unless it was said that he does not. */
export function batsOn({ dismissed_bat_on, pair_overs }) {
  return dismissed_bat_on ?? pair_overs !== undefined;
}

export function hasFreeHits({ free_hits, overs }) {
  return free_hits ?? overs !== undefined;
}

/** The wickets that end an innings. */
export function wicketsMax(rules, innings) {
  return innings.super_over ? (rules.super_over?.wickets_max ?? 2) : (rules.wickets_max ?? 10);
}

/** Whether the last batter is in, and bats on alone. */
export function isLastBatter(rules, innings) {
  return rules.last_batter_stands === true && innings.wickets + 1 === wicketsMax(rules, innings);
}

/** What a batter may face or make: whether he has, with so many runs and deliveries. */
export function hasBatted({ retire_runs, batter_balls_max }, runs, faced) {
  return (retire_runs !== undefined && runs >= retire_runs) || (batter_balls_max !== undefined && faced >= batter_balls_max);
}
