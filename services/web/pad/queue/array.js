// Which of the events that wait go together in the next array.

/** So many events, and bytes of them, in one array at most. */
export const EVENTS_MAX = 50;
export const BYTES_MAX = 48 * 1024;

/**
 * @typedef {import("./rows.js").Cursor} Cursor
 * @typedef {import("./rows.js").Row} Row
 */

/**
 * Whole groups that wait for the same, up to one that is refused; of what is not settled, in order.
 * @param {Row[]} unsettled @param {number} array_max
 */
export function nextArray(unsettled, array_max) {
  /** @type {Row[]} */
  const array = [];
  let bytes = 0;
  for (const group of groupsOf(unsettled)) {
    const [first] = array;
    if (group.some(({ state }) => state === "refused")) break;
    if (first && (group[0].sent !== first.sent || group[0].again !== first.again || !isSame(group[0].seen, first.seen))) break;
    bytes += bytesOf(group.map(({ event }) => event));
    if (first && (array.length + group.length > array_max || bytes > BYTES_MAX)) break;
    array.push(...group);
  }
  return array;
}

/** @param {any[]} events */
export function bytesOf(events) {
  return new TextEncoder().encode(JSON.stringify(events)).length;
}

/** By what goes together. @param {Row[]} rows */
function* groupsOf(rows) {
  /** @type {Row[]} */
  let group = [];
  for (const row of rows) {
    if (group.length > 0 && (row.group === undefined || row.group !== group[0].group)) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}

/** @param {Cursor} [one] @param {Cursor} [other] */
function isSame(one, other) {
  return one?.epoch === other?.epoch && one?.seq === other?.seq;
}
