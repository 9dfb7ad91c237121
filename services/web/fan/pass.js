// The fan's token: taken from the address once, kept for this tab, dropped when it was refused and is over.

const KEPT_AS = "grandstand.token";
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Where the tab's storage is forbidden, the token lasts as long as the page. */
let kept = read();

/** Takes `token=…` out of the fragment, so that it is in no address bar, history or bookmark; whether there was one. */
export function takeFromAddress() {
  const parts = location.hash.replace(/^#/, "").split("&");
  const given = parts.find((part) => part.startsWith("token="));
  if (given === undefined) return false;
  const token = given.slice("token=".length);
  if (JWT.test(token)) keep(token);
  const rest = parts.filter((part) => part !== given).join("&");
  history.replaceState(null, "", `${location.pathname}${location.search}${rest === "" ? "" : `#${rest}`}`);
  return true;
}

/** The token, if there is one; whether it is good is for the gateway to say, whose clock is right. */
export function token() {
  return kept;
}

/** Goes on without it. */
export function forget() {
  keep(null);
}

/** The token after `refused` was refused, or ends now: none if its time is over. */
export function tokenAfter(refused) {
  if (refused !== null && refused === kept && isOver(refused)) forget();
  return kept;
}

/** Headers of a GET. */
export function headers() {
  return kept === null ? {} : { authorization: `Bearer ${kept}` };
}

function read() {
  try {
    return sessionStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}

function keep(token) {
  kept = token;
  try {
    if (token === null) sessionStorage.removeItem(KEPT_AS);
    else sessionStorage.setItem(KEPT_AS, token);
  } catch {
    // Forbidden, or full.
  }
}

/** Whether its time is over. */
function isOver(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return claims.exp * 1000 <= Date.now();
  } catch {
    return true;
  }
}
