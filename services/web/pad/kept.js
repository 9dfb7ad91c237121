// The log of a match as it is kept on this device, so that a page that starts without a network knows the score.

const DATABASE = "grandstand-pad-log";
const STORE = "events";

/** What is kept of a match: `{epoch, events}`; nothing where the browser keeps nothing. */
export async function keptLog(match) {
  try {
    const rows = await inStore("readonly", (store) => store.getAll(rangeOf(match)));
    const epoch = rows.at(-1)?.epoch ?? null;
    return { epoch, events: rows.filter((row) => row.epoch === epoch).map(({ event }) => event) };
  } catch {
    return { epoch: null, events: [] };
  }
}

/** Keeps events; those of another epoch go. */
export async function keep(match, epoch, events, isAnew) {
  try {
    await inStore("readwrite", (store) => {
      if (isAnew) store.delete(rangeOf(match));
      let request = null;
      for (const event of events) request = store.put({ match, seq: event.seq, epoch, event });
      return request;
    });
  } catch {
    // The log is on the server; here it is only sooner.
  }
}

function rangeOf(match) {
  return IDBKeyRange.bound([match, 0], [match, Infinity]);
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return request?.result;
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["match", "seq"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
