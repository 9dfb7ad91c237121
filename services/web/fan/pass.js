// The fan's token: taken from the address once, kept for this tab, dropped when it is over.

const KEPT_AS = "grandstand.token";

/** Takes `token=…` out of the fragment, so that it is in no address bar, history or bookmark; whether there was one. */
export function takeFromAddress() {
  const parts = location.hash.replace(/^#/, "").split("&");
  const given = parts.find((part) => part.startsWith("token="));
  if (given === undefined) return false;
  sessionStorage.setItem(KEPT_AS, decodeURIComponent(given.slice("token=".length)));
  const rest = parts.filter((part) => part !== given).join("&");
  history.replaceState(null, "", `${location.pathname}${location.search}${rest === "" ? "" : `#${rest}`}`);
  return true;
}

/** The token, while it is good. */
export function token() {
  const kept = sessionStorage.getItem(KEPT_AS);
  if (kept === null) return null;
  if (isOver(kept)) {
    forget();
    return null;
  }
  return kept;
}

/** Goes on without it. */
export function forget() {
  sessionStorage.removeItem(KEPT_AS);
}

/** The subprotocols of a connection, the token among them: a page can send no header. */
export function protocols() {
  const kept = token();
  return ["grandstand.v1.json", ...(kept === null ? [] : [`grandstand.bearer.${kept}`])];
}

/** Headers of a GET. */
export function headers() {
  const kept = token();
  return kept === null ? {} : { authorization: `Bearer ${kept}` };
}

/** Whether its time is over, or it is no token at all. */
function isOver(kept) {
  try {
    const claims = JSON.parse(atob(kept.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return claims.exp * 1000 <= Date.now();
  } catch {
    return true;
  }
}
