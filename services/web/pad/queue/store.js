// Queues kept in the browser, in IndexedDB: a change is on the disk before its promise resolves.

const DATABASE = "grandstand-pad";
/** A match that holds nothing to send is forgotten when nobody scored it for so long, by this device's clock. */
const IDLE_MAX_MS = 30 * 24 * 3_600_000;

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./rows.js").Head} Head
 * @typedef {import("./rows.js").Changes} Changes
 * @typedef {(kept: {rows: Row[], head: Head | null} | null) => Changes | null} Work is told what is kept, if
 *   that may be other than what it knows, and returns what to keep; it does not throw
 * @typedef {{change(work: Work): Promise<void>, close(): void}} Kept one change after the other; one that
 *   is rejected changed nothing
 * @typedef {{open(match: string): Promise<Kept>}} Store
 */

/**
 * Several tabs may have the same match open: their changes come one after the other, too.
 * @param {{indexedDB?: IDBFactory, now?: () => number}} [options] @returns {Store}
 */
export function browserStore({ indexedDB = globalThis.indexedDB, now = Date.now } = {}) {
  return {
    async open(match) {
      /** @type {IDBDatabase | null} */
      let database = await openDatabase(indexedDB);
      await transaction(database, (queues, events) => forgetIdle(queues, events, match, now()));
      let revision = -1;
      return {
        async change(work) {
          database ??= await openDatabase(indexedDB);
          try {
            await transaction(database, (queues, events) => {
              step(queues, events, match, revision, now(), work, (kept) => (revision = kept));
            });
          } catch (error) {
            // Some browsers lose a database while it is open.
            database.close();
            [database, revision] = [null, -1];
            throw error;
          }
        },
        close: () => database?.close(),
      };
    },
  };
}

/** @param {IDBFactory} indexedDB @returns {Promise<IDBDatabase>} */
function openDatabase(indexedDB) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("queues", { keyPath: "match" });
      opening.result.createObjectStore("events", { keyPath: ["match", "n"] });
    };
    opening.onsuccess = () => {
      // A newer page may need another shape.
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
    opening.onerror = () => reject(opening.error);
  });
}

/**
 * All of it or nothing, and on the disk once it resolves.
 * @param {IDBDatabase} database @param {(queues: IDBObjectStore, events: IDBObjectStore) => void} steps
 */
function transaction(database, steps) {
  return new Promise((resolve, reject) => {
    const writing = database.transaction(["queues", "events"], "readwrite", { durability: "strict" });
    writing.oncomplete = resolve;
    writing.onabort = () => reject(writing.error ?? new Error("it was not kept"));
    steps(writing.objectStore("queues"), writing.objectStore("events"));
  });
}

/** One change; the rows are read only if another tab changed them since `known`. */
function step(queues, events, match, known, now_ms, work, learn) {
  const reading = queues.get(match);
  reading.onsuccess = () => {
    const { revision, head } = reading.result ?? { revision: 0, head: null };
    const take = (/** @type {Row[] | null} */ rows) => {
      const changes = work(rows && { rows, head });
      learn(revision);
      if (changes === null) return;
      learn(revision + 1);
      const { held } = changes;
      queues.put({ match, revision: revision + 1, head: changes.head, held, touched_ms: now_ms });
      for (const n of changes.gone) events.delete([match, n]);
      for (const row of changes.rows) events.put({ ...row, match });
    };
    if (revision === known) return take(null);
    const all = events.getAll(ofMatch(match));
    all.onsuccess = () => take(all.result);
  };
}

/** Forgets other matches that were scored long ago, and hold nothing to send. */
function forgetIdle(queues, events, match, now_ms) {
  const all = queues.getAll();
  all.onsuccess = () => {
    for (const queue of all.result) {
      if (queue.match === match || queue.held > 0 || now_ms - queue.touched_ms < IDLE_MAX_MS) continue;
      queues.delete(queue.match);
      events.delete(ofMatch(queue.match));
    }
  };
}

/** @param {string} match */
function ofMatch(match) {
  return IDBKeyRange.bound([match, -Infinity], [match, Infinity]);
}
