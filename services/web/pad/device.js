// What this device remembers: its own name, the matches that were opened on it with their tokens, and small choices.

const PREFIX = "grandstand.pad.";
const MATCH_ID = /^[a-z0-9-]{1,64}$/;
/** Where storage is forbidden, it lasts as long as the page. */
const fallback = new Map();

/** The name of this device in the records: made once. */
export function deviceId() {
  const known = read("device");
  if (typeof known === "string") return known;
  const made = `pad-${Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(36).padStart(2, "0")).join("")}`;
  write("device", made);
  return made;
}

/** The matches opened here, the last one first: `{match, token, expires_ms?, key?, title?}`. */
export function knownMatches() {
  const all = read("matches");
  return Array.isArray(all) ? all.filter((one) => MATCH_ID.test(one?.match)) : [];
}

/** One of them. */
export function known(match) {
  return knownMatches().find((one) => one.match === match) ?? null;
}

/** Remembers more of a match, and that it was the last one. */
export function remember(match, more) {
  const others = knownMatches().filter((one) => one.match !== match);
  write("matches", [{ ...known(match), ...more, match }, ...others].slice(0, MATCHES_MAX));
}

const MATCHES_MAX = 50;

/** Removes a match from the list. */
export function forget(match) {
  write("matches", knownMatches().filter((one) => one.match !== match));
}

/** What the scorer chose for the next ball of a match. */
export function chosenIn(match) {
  return read(`chosen.${match}`) ?? {};
}

export function choose(match, chosen) {
  write(`chosen.${match}`, chosen);
}

/** What was written into a form that was not sent. */
export function draftOf(name) {
  return read(`draft.${name}`) ?? {};
}

export function keepDraft(name, values) {
  write(`draft.${name}`, values);
}

export function dropDraft(name) {
  write(`draft.${name}`, {});
}

/** What the token of a match allows beside scoring, such as `official`; null where it does not say. */
export function rightsIn(match) {
  const claims = claimsOf(known(match)?.token);
  return claims === null ? null : (claims.rights ?? []);
}

/** A token that is here, is for any match, and lasts; null if there is none. */
export function tokenForAny() {
  const isForAny = (claims) => Array.isArray(claims?.matches) && claims.matches.includes("*") && claims.exp * 1000 > Date.now();
  return knownMatches().find(({ token }) => isForAny(claimsOf(token)))?.token ?? null;
}

/** What a token says of itself; null where it says nothing. */
function claimsOf(token) {
  try {
    const [, claims] = token.split(".");
    return JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return null;
  }
}

/** The match that the address names, with the key of a link; the key leaves the address. */
export function takeFromAddress() {
  const parts = new URLSearchParams(location.hash.replace(/^#/, ""));
  const match = parts.get("match");
  if (!MATCH_ID.test(match ?? "")) return null;
  const key = parts.get("key");
  if (key !== null) {
    remember(match, { key });
    history.replaceState(null, "", `#match=${match}`);
  }
  return match;
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return fallback.get(name) ?? null;
  }
}

function write(name, value) {
  fallback.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Forbidden, or full.
  }
}
