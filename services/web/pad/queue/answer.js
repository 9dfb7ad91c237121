// What an answer to a post means, whoever gave it: on a bad network that may be a proxy or a hotel's login page.

/** The server is obeyed for so long at most when it says when to come again. */
const RETRY_AFTER_MAX_MS = 300_000;

/**
 * @typedef {{status: number, headers: {get(name: string): string | null}, body: any}} Answer
 * `body` is the parsed JSON, null where there is none
 * @typedef {{id: string, seq: number, ts: number, warnings: {rule: string, detail: string}[]}} StoredEvent
 * @typedef {{is: "stored", isNew: boolean, epoch: string, seq: number, hash: string, strip: object, events: StoredEvent[]}
 *   | {is: "refused", id: string | null, problem: object}
 *   | {is: "stale", epoch: string, seq: number, events: any[]}
 *   | {is: "too_large", problem: object | null}
 *   | {is: "token", problem: object}
 *   | {is: "later", reason: "server" | "no_match", isUnknown: boolean, retry_after_ms: number}} Meaning
 * `isUnknown`: it may be stored all the same
 */

/**
 * @param {Answer} answer
 * @param {string} match
 * @param {string[]} ids of the events that were posted, in their order
 * @returns {Meaning}
 */
export function meaningOf({ status, headers, body }, match, ids) {
  if (status === 200 || status === 201) {
    if (!isStored(body, match, ids)) return later(headers, "unknown");
    const { epoch, seq, hash, strip, events } = body;
    return { is: "stored", isNew: status === 201, epoch, seq, hash, strip, events };
  }
  const problem = typeof body?.type === "string" && body.type.startsWith("/problems") ? body : null;
  // A proxy's own limit is one as well.
  if (status === 413) return { is: "too_large", problem };
  if (problem === null) return later(headers, "unknown");
  const id = ids.includes(problem.id) ? problem.id : (ids[problem.index] ?? null);
  switch (status) {
    case 401:
      return { is: "token", problem };
    case 403: // the token, or what this event needs
      return id === null ? { is: "token", problem } : { is: "refused", id, problem };
    case 400:
    case 422:
      return { is: "refused", id, problem };
    case 409:
      return typeof problem.epoch === "string" && Number.isSafeInteger(problem.seq)
        ? { is: "stale", epoch: problem.epoch, seq: problem.seq, events: problem.events ?? [] }
        : { is: "refused", id, problem };
    case 404:
      return later(headers, "nothing", "no_match");
    default:
      return later(headers, status === 500 || problem.outcome === "unknown" ? "unknown" : "nothing");
  }
}

/** Whether the log has them all: nobody else would say so. */
function isStored(body, match, ids) {
  return body?.match === match
    && typeof body.epoch === "string"
    && Number.isSafeInteger(body.seq)
    && Array.isArray(body.events)
    && ids.every((id, index) => body.events[index]?.id === id && Number.isSafeInteger(body.events[index].seq));
}

/** @returns {Meaning} */
function later(headers, outcome, reason = "server") {
  const retry_after_ms = 1_000 * Number(headers.get("Retry-After") ?? 0);
  return {
    is: "later",
    reason,
    isUnknown: outcome === "unknown",
    // It may also be a date, which nobody who serves this says.
    retry_after_ms: retry_after_ms > 0 ? Math.min(retry_after_ms, RETRY_AFTER_MAX_MS) : 0,
  };
}
