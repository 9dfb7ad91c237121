// The fan's token: the one in use, and when another is asked for. Only the gateway judges whether it is good.

/** A token is replaced at most so long before its end, later where it is short-lived; a page that is not looked at has a timer once a minute. */
const MARGIN_MAX_MS = 120_000;
/** After a new token could not be had, while the old one is still in use. */
const AGAIN_MS = 10_000;

/**
 * A token, or what makes one: it is told which one was refused or ends soon, if there was one.
 * @typedef {string | ((replaced: string | null) => string | null | Promise<string | null>)} Token
 */

/** The token that a connection shows, made anew where that is possible. */
export class Bearer {
  /** @type {string | null} the one in use */
  token = null;
  /** Whether the function is to be asked before the next connection. */
  #isWanted;
  /** Whether another was asked for since the last good connection. */
  #wasReplaced = false;
  #renew_ms = Infinity;
  /** @type {Promise<void> | null} */
  #asking = null;
  #make;
  #options;

  /** @param {Token | null | undefined} token @param {{now: () => number, random: () => number, log: (text: string) => void}} options */
  constructor(token, options) {
    this.#make = typeof token === "function" ? token : null;
    this.#isWanted = this.#make !== null;
    this.#options = options;
    if (typeof token === "string") this.token = token;
  }

  /** The one for a new connection; a function that fails fails this. */
  async get() {
    // Who comes while it is asked for gets the same.
    if (this.#make !== null && (this.#isWanted || this.isDue())) {
      await (this.#asking ??= this.#ask().finally(() => (this.#asking = null)));
    }
    return this.token;
  }

  /** Uses this one from now on. @param {string} token */
  use(token) {
    this.#wasReplaced = false;
    this.#take(token);
  }

  /** Whether it ends soon. */
  isDue() {
    return this.#options.now() >= this.#renew_ms;
  }

  /** Another one, for the connection that there is; null where there is none yet, or no longer a need. */
  async next() {
    const before = this.token;
    this.#renew_ms = this.#options.now() + AGAIN_MS;
    try {
      const token = (await this.#make?.(before)) || null;
      return before === this.token && token !== before ? token : null;
    } catch (error) {
      this.#options.log(`no new token: ${error}`);
      return null;
    }
  }

  /** The connection lasted. */
  wasGood() {
    this.#wasReplaced = false;
  }

  /** This one was refused: whether it makes sense to come again with another, which is tried once. @param {string | null} refused */
  isReplaceable(refused) {
    // Somebody else was told so before.
    if (refused !== this.token || this.#isWanted) return true;
    if (this.#make === null || this.#wasReplaced) return false;
    this.#options.log("the token was refused: asking for another");
    return (this.#isWanted = this.#wasReplaced = true);
  }

  /** It was refused for good: whoever tries again asks for another. */
  drop() {
    this.#isWanted = this.#make !== null;
  }

  async #ask() {
    const before = this.token;
    const token = await this.#make?.(before);
    // Unless it was told another meanwhile.
    if (before === this.token) this.#take(token || null);
  }

  /** @param {string | null} token */
  #take(token) {
    const { now, random } = this.#options;
    this.token = token;
    this.#isWanted = false;
    this.#renew_ms = now() + (this.#make !== null && token !== null ? renewInMs(token, now(), random) : Infinity);
  }
}

/**
 * In how long to ask for the next token: shortly before this one ends, not all fans at the same
 * moment. Infinity where it does not say; then it is replaced once it was refused.
 * @param {string} token
 * @param {number} now_ms by the clock of this device, which may be wrong
 * @param {() => number} random
 */
export function renewInMs(token, now_ms, random) {
  const { exp, iat } = claimsOf(token);
  const lifetime_ms = (exp - iat) * 1_000;
  let left_ms = exp * 1_000 - now_ms;
  // By this clock it has ended, or was not made yet: the clock is wrong, and the token new.
  if (left_ms <= 0 || left_ms > lifetime_ms) left_ms = lifetime_ms;
  if (!(left_ms > 0)) return Infinity;
  return left_ms - Math.min(MARGIN_MAX_MS, left_ms / 5) * (1 + random()) / 2;
}

/** What a JWT says; nothing where it is none. @param {string} token @returns {{exp: number, iat: number}} */
function claimsOf(token) {
  try {
    const { exp, iat } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return { exp: Number(exp ?? NaN), iat: Number(iat ?? NaN) };
  } catch {
    return { exp: NaN, iat: NaN };
  }
}
