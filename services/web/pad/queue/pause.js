// When the next attempt may be made, after one that came to nothing.

/** The first pause is up to this long, and no pause of our own is longer. */
const FIRST_MS = 500;
const MAX_MS = 15_000;

/** Pauses that double, each of a random length, so that not all come at once. */
export class Pause {
  /** Why it was begun; null: it ended. @type {string | null} */
  reason = null;
  #since_ms = 0;
  #for_ms = 0;
  #failures = 0;
  #random;

  /** @param {() => number} random */
  constructor(random) {
    this.#random = random;
  }

  get until_ms() {
    return this.#since_ms + this.#for_ms;
  }

  /** @param {number} now_ms @param {string} reason @param {number} retry_after_ms what the server asked for; 0: nothing */
  begin(now_ms, reason, retry_after_ms) {
    const up_to_ms = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    this.reason = reason;
    this.#since_ms = now_ms;
    this.#for_ms = retry_after_ms > 0 ? retry_after_ms + this.#random() * FIRST_MS : this.#random() * up_to_ms;
  }

  /** How long it still is; a clock that was set back ends it. @param {number} now_ms */
  left(now_ms) {
    if (this.reason === null || now_ms < this.#since_ms) return 0;
    return Math.max(0, this.until_ms - now_ms);
  }

  /** It is not needed any more. */
  end() {
    this.reason = null;
  }

  /** All is well: the next one is the first again. */
  reset() {
    this.end();
    this.#failures = 0;
  }
}
