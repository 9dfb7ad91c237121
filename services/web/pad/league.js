// The rules of a match as far as they say which balls count, when ends and pairs change, and who bats on: the Laws, and what leagues play beside them.

/** The ball of an over's text that is a wide, and the one that is a no-ball. */
const WIDE = /(^|\+)\d+wd/;
const NOBALL = /(^|\+)\d+nb/;

export function ballsPerOver({ balls_per_over }) {
  return balls_per_over ?? 6;
}

/** `12.3` overs as balls. */
export function ballsOf(rules, overs) {
  const [whole, balls = 0] = String(overs).split(".").map(Number);
  return whole * ballsPerOver(rules) + balls;
}

/** How many balls of an over count: `balls` is its text, `overs_max` what the innings has. */
export function legalBalls(rules, { number, balls }, overs_max) {
  const isByLaw = isBowledByLaw(rules, number, overs_max);
  const again = (ball) => (WIDE.test(ball) && (isByLaw || rules.wides_rebowled !== false)) || (NOBALL.test(ball) && (isByLaw || rules.noballs_rebowled !== false));
  return ballsIn(balls).filter((ball) => !again(ball)).length;
}

/** Whether an over has as many deliveries as it may have, whatever they were. */
export function isSpent(rules, { number, balls }, overs_max) {
  return rules.over_deliveries_max !== undefined && ballsIn(balls).length >= rules.over_deliveries_max && !isBowledByLaw(rules, number, overs_max);
}

/** In the last over all is bowled again, where the rules say so. */
function isBowledByLaw({ last_over_by_law, ...rules }, number, overs_max) {
  return last_over_by_law === true && overs_max !== undefined && (number + 1) * ballsPerOver(rules) >= ballsOf(rules, overs_max);
}

function ballsIn(text) {
  return text.split(" ").filter((ball) => ball !== "");
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
