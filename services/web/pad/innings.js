// One innings of a scorecard, carried forward by a ball: the same figures as the server counts, in the same places.

import { ballsPerOver, legalBalls } from "/fan/over.js";
import { own, rows } from "/fan/state.js";
import { batsOn, endsChangeAfter, hasFreeHits, isSpent, pairChangesAfter } from "/pad/league.js";

const LETTERS = { wides: "wd", noballs: "nb", byes: "b", legbyes: "lb", penalty: "p" };
/** Those that are no wicket, and those that the bowler is credited with. */
const NO_WICKET = new Set(["retired hurt", "retired not out"]);
const BOWLERS = new Set(["bowled", "caught", "caught and bowled", "lbw", "stumped", "hit wicket"]);

/** Whether a ball is neither a wide nor a no-ball. */
function isLegal({ extras }) {
  return !(extras?.wides > 0) && !(extras?.noballs > 0);
}

/** Every run of a ball. */
export function totalOf({ runs, extras }) {
  return Object.values(extras ?? {}).reduce((sum, more) => sum + more, runs);
}

/** How often the batters crossed on a ball, as far as its runs tell. */
export function runsRun(rules, { runs, extras = {}, short_run }) {
  const beyond = (kind, fixed) => Math.max(0, (extras[kind] ?? 0) - fixed);
  return runs + (extras.byes ?? 0) + (extras.legbyes ?? 0) + beyond("wides", rules.wide_runs ?? 1) + beyond("noballs", rules.noball_runs ?? 1) + (short_run ? 1 : 0);
}

/** A ball as an over shows it: `.`, `4`, `1nb+4`, `W`. */
export function ballText({ runs, extras, wickets }) {
  const parts = runs > 0 ? [String(runs)] : [];
  for (const [kind, letters] of Object.entries(LETTERS)) {
    if (extras?.[kind] > 0) parts.push(`${extras[kind]}${letters}`);
  }
  if (wickets?.some(({ kind }) => !NO_WICKET.has(kind))) parts.push("W");
  return parts.length === 0 ? "." : parts.join("+");
}

/** The open innings of a state that is ours to change. */
export class OpenInnings {
  #state;
  #rules;
  #innings;
  #now;

  /** Who bowled of the last over: known by whoever carried it here, else who bowls now. */
  #bowlers;
  /** The ball that is taken comes after the end of its over. */
  #isLate = false;
  /** Of the last over, as each ball counted when it was bowled: how many are legal, and whether that is all. */
  #legal;
  #isFull;

  constructor(state, bowlers) {
    this.#bowlers = bowlers;
    this.#state = state;
    this.#rules = state.rules ?? {};
    this.#now = state.now;
    this.#innings = state.innings[state.now.innings];
    const last = lastOver(this.#innings);
    [this.#legal, this.#isFull] = last === null ? [0, false] : [last.legal ?? this.#legalBalls(last.number), last.isComplete];
  }

  /** Takes a ball. */
  deliver(ball) {
    const innings = this.#innings;
    this.#beginOver(ball.over);
    // A correction may have moved the end of its over before it.
    const last = lastOver(innings);
    this.#isLate = last !== null && last.number >= ball.over && this.#now.bowler === undefined;
    const batters = battersOf(ball);
    for (const player of batters) this.bringIn(player);
    for (const player of batters) this.bringBack(player);
    const bowler = this.#bowler(ball.bowler);
    const key = overKey(ball.over);
    const maiden = this.#maiden();
    if (last === null || last.number < ball.over) this.#bowlers.clear();
    else if (this.#bowlers.size === 0 && this.#now.bowler !== undefined) this.#bowlers.add(this.#now.bowler);
    if (last === null || last.number <= ball.over) this.#bowlers.add(ball.bowler);
    const over = innings.per_over[key] ??= { runs: 0, wickets: 0, balls: "" };
    const [batter] = this.#batter(ball.batter);
    const conceded = concededOf(ball);
    over.runs += totalOf(ball);
    over.balls = over.balls === "" ? ballText(ball) : `${over.balls} ${ballText(ball)}`;
    const legal = legalBalls(this.#rules, { number: ball.over, balls: ballText(ball) }, innings.overs_max);
    if (last === null || last.number < ball.over) this.#legal = 0;
    if (last === null || last.number <= ball.over) {
      this.#legal += legal;
      this.#isFull = this.#legal >= ballsPerOver(this.#rules) || isSpent(this.#rules, this.#over(ball.over), innings.overs_max);
    }
    bowler.runs += conceded;
    bowler.wides += ball.extras?.wides ?? 0;
    bowler.noballs += ball.extras?.noballs ?? 0;
    bowler.balls += legal;
    bowler.dots += conceded === 0 ? legal : 0;
    batter.runs += ball.runs;
    batter.balls += ball.extras?.wides > 0 && legal === 0 ? 0 : 1;
    batter.fours += ball.runs === 4 && ball.boundary !== undefined ? 1 : 0;
    batter.sixes += ball.runs === 6 && ball.boundary !== undefined ? 1 : 0;
    innings.runs += totalOf(ball);
    innings.legal_balls += legal;
    for (const kind of Object.keys(LETTERS)) {
      if (ball.extras?.[kind] > 0) innings.extras[kind] = (innings.extras[kind] ?? 0) + ball.extras[kind];
    }
    this.#partnership(ball, legal);
    this.#crease(ball);
    for (const { player_out, kind, fielders } of ball.wickets ?? []) this.dismiss(player_out, kind, fielders, { over: ball.over, bowler });
    if (this.#isLate) this.#leaveOver(lastOver(innings).number);
    this.#countOvers();
    // The over before is settled.
    this.#countMaiden(last === null || last.number < ball.over ? null : maiden);
  }

  /** The over is said to be at its end. */
  endOver(number, miscounted) {
    const key = overKey(number);
    if (own(this.#innings.per_over, key) === undefined) return;
    if (miscounted !== undefined) (this.#innings.miscounted ??= {})[key] = miscounted.balls;
    if (lastOver(this.#innings).number !== number || this.#now.bowler === undefined) return;
    const maiden = this.#maiden();
    if (this.#bowlers.size === 0) this.#bowlers.add(this.#now.bowler);
    this.#leaveOver(number);
    this.#countOvers();
    this.#countMaiden(maiden);
  }

  /** The next ball is of another over. */
  #leaveOver(number) {
    if (endsChangeAfter(this.#rules, number)) this.changeEnds();
    if (pairChangesAfter(this.#rules, number)) {
      delete this.#now.striker;
      delete this.#now.non_striker;
    }
    delete this.#now.bowler;
  }

  /** A batter comes to bat, at the end that is free; who has batted and is not out may come again. */
  bringIn(player) {
    const [row] = this.#batter(player);
    if (row.out === undefined) this.#occupy(player);
  }

  /** A batter who had retired bats again; who is new comes in. */
  bringBack(player) {
    const [row, isNew] = this.#batter(player);
    if (isNew) this.#occupy(player);
    else if (row.out?.kind.startsWith("retired")) {
      delete row.out;
      this.#occupy(player);
    }
  }

  /** A batter goes; `place` is the over and the bowler's row, if it was on a ball. */
  dismiss(player, kind, fielders = [], place = null) {
    const innings = this.#innings;
    const [row] = this.#batter(player);
    const isToBatOn = batsOn(this.#rules) && !kind.startsWith("retired");
    if (isToBatOn) this.#spare(player);
    else this.#vacate(player);
    if (row.out !== undefined && !NO_WICKET.has(row.out.kind)) return;
    const isBowlers = place !== null && BOWLERS.has(kind);
    if (isToBatOn) row.outs = (row.outs ?? 0) + 1;
    else {
      row.out = { kind };
      if (isBowlers) row.out.bowler = place.bowler.player;
      if (fielders.length > 0) row.out.fielders = fielders.map((one) => one.player ?? one.name ?? "sub");
    }
    if (NO_WICKET.has(kind)) return;
    if (isBowlers) place.bowler.wickets += 1;
    innings.wickets += 1;
    const cost = this.#rules.wicket_runs ?? 0;
    if (cost > 0) innings.wicket_cost = (innings.wicket_cost ?? 0) + cost;
    innings.runs -= cost;
    const number = place?.over ?? lastOver(innings)?.number ?? 0;
    const over = own(innings.per_over, overKey(number));
    if (over !== undefined) over.wickets += 1;
    const legal = lastOver(innings)?.number === number ? this.#legal : this.#legalBalls(number);
    const balls = Math.min(legal, ballsPerOver(this.#rules));
    addRow(innings.fall_of_wickets, "f", { player, runs: innings.runs, over: `${number}.${balls}` });
  }

  #vacate(player) {
    for (const end of ["striker", "non_striker"]) if (this.#now[end] === player) delete this.#now[end];
  }

  /** The batters stand at each other's end; who bats alone faces every ball. */
  changeEnds() {
    if (this.#isAlone()) return;
    const { striker, non_striker } = this.#now;
    for (const [end, player] of [["striker", non_striker], ["non_striker", striker]]) {
      if (player === undefined) delete this.#now[end];
      else this.#now[end] = player;
    }
  }

  /** Whether the last over has all its balls, or was ended. */
  isOverComplete() {
    const last = lastOver(this.#innings);
    return last !== null && (this.#now.bowler === undefined || this.#isFull);
  }

  /** Who has bowled the last over as a maiden: it is complete, long enough, all his, and nothing conceded; else null. */
  #maiden() {
    const last = lastOver(this.#innings);
    if (last === null || !this.isOverComplete() || this.#bowlers.size > 1) return null;
    const conceded = last.balls.split(/[ +]/).some((part) => /^\d+(wd|nb)?$/.test(part));
    const isLong = this.#legal >= Math.min(ballsPerOver(this.#rules), 5);
    return conceded || !isLong ? null : [...this.#bowlers][0] ?? this.#now.bowler ?? null;
  }

  /** The last over was `before`'s maiden, and may be another's now, or none. */
  #countMaiden(before) {
    const after = this.#maiden();
    if (before === after) return;
    if (before !== null) this.#bowler(before).maidens -= 1;
    if (after !== null) this.#bowler(after).maidens += 1;
  }

  #over(number) {
    return { number, balls: own(this.#innings.per_over, overKey(number))?.balls ?? "" };
  }

  #legalBalls(number) {
    return legalBalls(this.#rules, this.#over(number), this.#innings.overs_max);
  }

  /** The last ball was faced by a batter alone, and nobody has come in since. */
  #isAlone() {
    const { striker, non_striker } = this.#now;
    return rows(this.#innings.partnerships).at(-1)?.[1].batters.length === 1 && (striker === undefined || non_striker === undefined);
  }

  /** Who is out and bats on does not face the next ball. */
  #spare(player) {
    const last = lastOver(this.#innings);
    const isOfAnother = last !== null && this.#now.bowler !== undefined && (this.#isLate || this.#isFull);
    if ((isOfAnother ? this.#now.non_striker : this.#now.striker) === player) this.changeEnds();
  }

  /** Another over than the last one ends that one. */
  #beginOver(number) {
    const last = lastOver(this.#innings);
    if (last !== null && last.number < number) this.endOver(last.number);
  }

  #crease(ball) {
    const now = this.#now;
    Object.assign(now, { striker: ball.batter, bowler: ball.bowler });
    if (ball.non_striker === undefined) delete now.non_striker;
    else now.non_striker = ball.non_striker;
    if (runsRun(this.#rules, ball) % 2 === 1) this.changeEnds();
    // A correction may say of who faced or stood that he was out before.
    for (const player of battersOf(ball)) if (this.#batter(player)[0].out !== undefined) this.#vacate(player);
    const isFree = now.free_hit || ball.free_hit;
    delete now.free_hit;
    if (hasFreeHits(this.#rules) && (ball.extras?.noballs > 0 || (isFree && !isLegal(ball)))) now.free_hit = true;
  }

  #occupy(player) {
    const now = this.#now;
    if (now.striker === player || now.non_striker === player) return;
    if (now.striker === undefined) now.striker = player;
    else if (now.non_striker === undefined) now.non_striker = player;
  }

  #partnership(ball, legal) {
    const { partnerships, batting } = this.#innings;
    const pair = battersOf(ball);
    let last = rows(partnerships).at(-1)?.[1];
    if (last === undefined || last.batters.length !== pair.length || !pair.every((player) => last.batters.includes(player))) {
      const came = rows(batting).map(([, row]) => row.player);
      last = addRow(partnerships, "p", { batters: pair.sort((one, other) => came.indexOf(one) - came.indexOf(other)), runs: 0, balls: 0 });
    }
    last.runs += totalOf(ball);
    last.balls += legal;
  }

  /** The row of a batter, and whether it is new. */
  #batter(player) {
    const found = rows(this.#innings.batting).find(([, row]) => row.player === player)?.[1];
    if (found !== undefined) return [found, false];
    return [addRow(this.#innings.batting, "b", { player, name: this.#name(player), runs: 0, balls: 0, fours: 0, sixes: 0 }), true];
  }

  #bowler(player) {
    const found = rows(this.#innings.bowling).find(([, row]) => row.player === player)?.[1];
    return found ?? addRow(this.#innings.bowling, "w", { player, name: this.#name(player), balls: 0, maidens: 0, runs: 0, wickets: 0, wides: 0, noballs: 0, dots: 0 });
  }

  #name(player) {
    const { a, b } = this.#state.teams;
    return own(a.players, player) ?? own(b.players, player) ?? player;
  }

  /** Overs as people say them: how many are complete, and the balls of the open one. */
  #countOvers() {
    const all = rows(this.#innings.per_over);
    const [complete, last] = [this.isOverComplete(), lastOver(this.#innings)];
    const balls = complete || last === null ? 0 : this.#legal;
    const overs = all.length - (complete ? 0 : 1);
    this.#innings.overs = balls === 0 ? String(Math.max(0, overs)) : `${overs}.${balls}`;
  }
}

/**
 * The last over of an innings of which a ball was bowled: its number from 0, its balls, whether it is
 * complete, and if not, how many of them are legal. That is as it was told ball by ball: the overs of
 * the innings may have been revised since, and with them how balls count.
 */
export function lastOver(innings) {
  const all = rows(innings.per_over);
  const found = all.at(-1);
  if (found === undefined) return null;
  const [complete, legal = "0"] = innings.overs.split(".");
  const isComplete = Number(complete) >= all.length;
  return { number: Number(found[0].slice(1)) - 1, balls: found[1].balls, isComplete, legal: isComplete ? undefined : Number(legal) };
}

/** Who bats on a ball: two, or the last batter alone. */
function battersOf({ batter, non_striker }) {
  return non_striker === undefined ? [batter] : [batter, non_striker];
}

function concededOf({ runs, extras = {} }) {
  return runs + (extras.wides ?? 0) + (extras.noballs ?? 0);
}

function overKey(number) {
  return `o${String(number + 1).padStart(3, "0")}`;
}

function addRow(list, letter, row) {
  list[`${letter}${String(Object.keys(list).length + 1).padStart(2, "0")}`] = row;
  return row;
}
