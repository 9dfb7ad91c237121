// When a client that lost its gateway comes back, where to, and when it had better not.

/** The first pause is up to this long. */
const BASE_MS = 250;
/** No pause is longer, unless the server asks for it. */
const CAP_MS = 10_000;
/** Where too much was asked, a client stays away at least so long. */
const LATER_MS = 5_000;
/** A connection that held for so long was a good one: the next failure is the first again. */
export const LASTED_MS = 5_000;
/** A WebSocket that carried for so long was worth climbing for. */
export const LASTED_LONG_MS = 60_000;
/** An attempt that takes longer came to nothing. */
export const OPEN_MAX_MS = 10_000;
/** A connection on which nothing was heard for a heartbeat and so long is dead (noticed at the next look). */
export const SILENCE_MAX_MS = 9_000;
/** How long a worse transport carries before a better one is tried, and at most. */
const CLIMB_MS = 30_000;
const CLIMB_MAX_MS = 300_000;

/**
 * How long to wait before the next attempt: full jitter over a window that doubles, or over the one
 * that the server asked its fans to spread themselves over where that is longer.
 * @param {number} failures attempts that came to nothing since the last good connection
 * @param {number} window_ms
 * @param {() => number} random
 */
export function pauseMs(failures, window_ms, random) {
  const doubled_ms = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures, 16));
  return random() * Math.max(doubled_ms, window_ms);
}

/**
 * How long to go on by a worse transport before the better one is tried: pauses that double, half as long or half as much again.
 * @param {number} climbs attempts that came to nothing
 * @param {() => number} random
 */
export function climbMs(climbs, random) {
  return Math.min(CLIMB_MAX_MS, CLIMB_MS * 2 ** Math.min(climbs, 16)) * (0.5 + random());
}

/** How long to stay away from a server that has too much to do. @param {() => number} random */
export function laterMs(random) {
  return LATER_MS + random() * CAP_MS;
}

/**
 * What a close code means for coming back: `again` soon, `later`, with another `token`, or `never`
 * with the same wish.
 * @param {number} code
 * @returns {"again" | "later" | "token" | "never"}
 */
export function afterClose(code) {
  switch (code) {
    case 1013: // too many here
    case 4429: // too much asked
      return "later";
    case 4401: // the token is no longer good
      return "token";
    case 1002: // what we sent is no WebSocket,
    case 1007: // no UTF-8,
    case 1009: // too large,
    case 4400: // can't be read,
    case 4403: // or is not allowed
      return "never";
    default: // 1012, 4408, and whatever a network does
      return "again";
  }
}

/**
 * What to tell whoever follows, when the gateway will not have this client any more.
 * @param {number} code of the close, or what it would have been
 * @param {string} reason
 * @param {boolean} has_token
 */
export function refusal(code, reason, has_token) {
  const because = `The gateway closed the connection (${code}${reason ? `, ${reason}` : ""}).`;
  if (code === 4401 && !has_token) {
    return { code: "token_refused", title: "You need a token to follow matches here", detail: because };
  }
  if (code === 4401) {
    return { code: "token_refused", title: "Your token is no longer good", detail: `${because} With another one it goes on.` };
  }
  if (code === 4403) {
    return { code: "not_allowed", title: "Your token does not allow this", detail: because };
  }
  return { code: "not_understood", title: "The gateway does not understand this client", detail: `${because} A newer client may do better.` };
}

/**
 * Base URLs as given, as HTTP URLs that end with a slash; relative ones belong to the page.
 * @param {string | URL | (string | URL)[]} given
 * @returns {URL[]}
 */
export function baseUrls(given) {
  const urls = (Array.isArray(given) ? given : [given]).map((url) => {
    const base = new URL(url, globalThis.location?.href);
    base.protocol = base.protocol.replace("ws", "http");
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    base.search = base.hash = "";
    return base;
  });
  if (urls.length === 0) throw new TypeError("a client needs the URL of a gateway");
  return urls;
}

/** Where a gateway takes WebSockets. @param {URL} base */
export function socketUrl(base) {
  const url = new URL("v1/ws", base);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/**
 * Asks over HTTP why a handshake failed, which a page is not told.
 * @param {typeof globalThis.fetch} fetch
 * @param {URL} base
 * @param {string | null} token
 * @returns {Promise<{status: number, retry_after_ms: number} | null>} null: it can't be had
 */
export async function askWhy(fetch, base, token) {
  try {
    const answer = await fetch(new URL("v1/matches", base), {
      method: "HEAD",
      cache: "no-store",
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout?.(LATER_MS),
    });
    const retry_after_s = Number(answer.headers.get("Retry-After"));
    return { status: answer.status, retry_after_ms: 1_000 * (retry_after_s || 0) };
  } catch {
    return null;
  }
}
