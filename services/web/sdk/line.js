// One followed match, or `*`, over one door: the request that is under way, or the pause before the next.

/** @typedef {"sse" | "poll"} Door */

/** Asks again and again, until it is ended. */
export class Line {
  /** @type {"connecting" | "open" | "waiting"} */
  state = "connecting";
  /** @type {number | null} in how long it asks again, where it waits */
  retry_in_ms = null;
  /** @type {number | null} how often it asks, where nobody waits for news */
  every_ms = null;
  isEnded = false;
  /** Attempts that came to nothing since the last good one. */
  failures = 0;
  /** Streams in a row that brought nothing. */
  mute = 0;
  /** @type {number | null} when the stream that is there brought its first message */
  open_ms = null;
  heard_ms = 0;
  /** It was told not to ask before. */
  not_before_ms = 0;
  /** @type {string | null} what the last request was asked with */
  token = null;
  /** @type {URL | null} where it was asked */
  base = null;
  /** @type {AbortController | null} */
  #request = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  /** @type {(() => void) | null} */
  #endPause = null;

  /** @param {string} id @param {Door} door */
  constructor(id, door) {
    this.id = id;
    this.door = door;
  }

  /** A request begins, which has to be answered within. @param {number} max_ms */
  begin(max_ms) {
    this.cut();
    const request = (this.#request = new AbortController());
    this.expect(max_ms);
    return request.signal;
  }

  /** Whoever is asked has to say something within. @param {number} max_ms */
  expect(max_ms) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.cut(), max_ms);
  }

  /** The request is over, or is to be. */
  cut() {
    clearTimeout(this.#deadline);
    this.#request?.abort();
    this.#request = null;
  }

  /** Waits, unless it is ended or woken. @param {number} for_ms */
  async pause(for_ms) {
    if (this.isEnded) return;
    await /** @type {Promise<void>} */ (new Promise((resolve) => {
      const timer = setTimeout(resolve, for_ms);
      this.#endPause = () => (clearTimeout(timer), resolve());
    }));
    this.#endPause = null;
  }

  /** Goes on at once. */
  wake() {
    this.#endPause?.();
  }

  /** Asks no more. */
  end() {
    this.isEnded = true;
    this.cut();
    this.wake();
  }
}
