// What outlives a reload of the page: the session, and each match as it was last proved.

/** How often it is written at most. */
const PAUSE_MS = 1_000;
/** A match whose state is larger (in characters) is read anew after a reload. */
const CHARACTERS_MAX = 64 * 1024;

/** A storage that may be full or forbidden: then nothing is kept, and nothing else happens. */
export class Memory {
  /** @type {Map<string, () => unknown>} what is to be written, made when it is */
  #pending = new Map();
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /** @param {Storage | null} storage @param {string} place whose memory it is */
  constructor(storage, place) {
    this.storage = storage;
    this.place = place;
  }

  /** @param {string} name @returns {any} */
  read(name) {
    try {
      return JSON.parse(this.storage?.getItem(this.#key(name)) ?? "null");
    } catch {
      return null;
    }
  }

  /** Writes what `make` makes of it within a second; null: it is forgotten. @param {string} name @param {() => unknown} make */
  write(name, make) {
    if (!this.storage) return;
    this.#pending.set(name, make);
    this.#timer ??= setTimeout(() => this.flush(), PAUSE_MS);
    // Node would wait for it.
    /** @type {any} */ (this.#timer).unref?.();
  }

  /** Writes what is to be written. */
  flush() {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [name, make] of this.#pending) this.#put(name, make());
    this.#pending.clear();
  }

  /** @param {string} name @param {unknown} value */
  #put(name, value) {
    const text = value === null ? "" : JSON.stringify(value);
    try {
      if (text === "" || text.length > CHARACTERS_MAX) this.storage?.removeItem(this.#key(name));
      else this.storage?.setItem(this.#key(name), text);
    } catch {
      // Full, or taken away: the match is read anew after a reload.
    }
  }

  /** @param {string} name */
  #key(name) {
    return `grandstand ${this.place} ${name}`;
  }
}

/** The page's own storage, where there is one and it may be used. @returns {Storage | null} */
export function sessionStorageIfAny() {
  try {
    return typeof document === "undefined" ? null : globalThis.sessionStorage;
  } catch {
    return null;
  }
}
