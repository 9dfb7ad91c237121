// The scoring service as a queue knows it: one call to post, one that tells what other devices hold.

/**
 * @param {{base?: string | URL, match: string, device: string, fetch?: typeof globalThis.fetch}} options
 * `base` is the scoring service's URL, the page's own unless given
 */
export function scoringService({ base = globalThis.location?.href, match, device, fetch = globalThis.fetch.bind(globalThis) }) {
  const url = (/** @type {string} */ call) => new URL(`/v1/matches/${match}/${call}`, base);
  const ask = async (/** @type {URL} */ at, /** @type {RequestInit} */ request) => {
    const { status, headers, body } = await readWhole(await fetch(at, { cache: "no-store", ...request }));
    return { status, headers, body };
  };
  return {
    /** Posts events; throws if no answer came. */
    send({ events, ifMatch, pending, token, signal }) {
      const headers = {
        ...authorization(token),
        "Content-Type": "application/json",
        "Grandstand-Device": device,
        "Grandstand-Pending": String(pending),
        ...(ifMatch === null ? {} : { "If-Match": `"${ifMatch}"` }),
      };
      return ask(url("events"), { method: "POST", headers, body: JSON.stringify(events), signal });
    },
    /** Asks what each device still holds; throws if no answer came. */
    look({ token, signal }) {
      return ask(url("devices"), { headers: authorization(token), signal });
    },
  };
}

/** @param {string | null} token @returns {Record<string, string>} */
function authorization(token) {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/** An answer that breaks off is none. @param {Response} response */
async function readWhole(response) {
  const text = await response.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Whoever answers so is not the scoring service.
  }
  return { status: response.status, headers: response.headers, body };
}
