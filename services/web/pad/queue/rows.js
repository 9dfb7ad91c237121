// The events of one device for one match, in its order, and what about them is not on the disk yet.

/**
 * @typedef {{epoch: string, seq: number}} Cursor
 * @typedef {Cursor & {hash: string | null, strip: any}} Head
 * @typedef {object} Row one event; a changed row is another object
 * @property {number} n its place in the device's order
 * @property {string} id
 * @property {any} event as it is posted
 * @property {"waiting" | "refused" | "aside" | "confirmed"} state `aside`: refused, and what comes after it went on
 * @property {boolean} sent it may be in the log
 * @property {boolean} [again] it was in the log, in another life of it
 * @property {number} [group] what was added with it, and goes in one array with it
 * @property {Cursor} [seen] it is right only on top of this and of what this device said
 * @property {any} [problem] why it was refused
 * @property {string} [left_with] it was not refused itself, but is about this event, which was, and was left
 * @property {number} [seq] @property {number} [ts] @property {any[]} [warnings] what the log says
 * @typedef {{rows: Row[], gone: number[], head: Head | null, held: number}} Changes `gone` before `rows`; `held` are not confirmed
 */

/** What is kept. */
export class Rows {
  /** The newest of the log that is known. @type {Head | null} */
  head = null;
  /** @type {Map<string, Row>} by id */
  #rows = new Map();
  /** @type {Row[] | null} in order, made when it is asked for */
  #ordered = null;
  /** What is not kept yet: of each changed row, how it was. @type {Map<string, Row | undefined>} */
  #before = new Map();
  /** @type {{head: Head | null} | null} */
  #head_before = null;

  /** Begins with what was kept. @param {Row[]} rows @param {Head | null} head */
  load(rows, head) {
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#ordered = null;
    this.head = head;
    this.settle();
  }

  /** What is to be kept; null: nothing. @returns {Changes | null} */
  changes() {
    if (this.#before.size === 0 && this.#head_before === null) return null;
    const [rows, gone] = [[], []];
    for (const [id, before] of this.#before) {
      const row = this.#rows.get(id);
      if (row !== undefined) rows.push(row);
      else if (before !== undefined) gone.push(before.n);
    }
    return { rows, gone, head: this.head, held: this.held().length };
  }

  /** The changes are kept. */
  settle() {
    this.#before.clear();
    this.#head_before = null;
  }

  /** The changes could not be kept: they did not happen. */
  undo() {
    for (const [id, before] of this.#before) {
      if (before === undefined) this.#rows.delete(id);
      else this.#rows.set(id, before);
    }
    if (this.#head_before !== null) this.head = this.#head_before.head;
    this.#ordered = null;
    this.settle();
  }

  /** @param {string} id */
  get(id) {
    return this.#rows.get(id);
  }

  /** @param {string} id */
  has(id) {
    return this.#rows.has(id);
  }

  /** All of them in order. */
  ordered() {
    return (this.#ordered ??= [...this.#rows.values()].sort((one, other) => one.n - other.n));
  }

  /** Those that are not confirmed. */
  held() {
    return this.ordered().filter(({ state }) => state !== "confirmed");
  }

  /** Those that are to be sent, and those that stop them. */
  unsettled() {
    return this.ordered().filter(({ state }) => state === "waiting" || state === "refused");
  }

  /** @param {Row} row */
  put(row) {
    this.#note(row.id);
    this.#rows.set(row.id, row);
  }

  /** @param {Row} row */
  remove(row) {
    this.#note(row.id);
    this.#rows.delete(row.id);
  }

  /** @param {Head | null} head */
  setHead(head) {
    this.#head_before ??= { head: this.head };
    this.head = head;
  }

  /** @param {string} id */
  #note(id) {
    if (!this.#before.has(id)) this.#before.set(id, this.#rows.get(id));
    this.#ordered = null;
  }
}
