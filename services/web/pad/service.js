// The scoring service, but for posts, which are the queue's: each call gives `{status, body}`, status 0 without an answer.

/** An answer takes no longer. */
const ANSWER_MAX_MS = 15_000;

/** What the pad asks of it with a token, which `token()` gives; `refused` is called when it is no longer good. */
export class Service {
  #token;
  #refused;

  constructor(token, refused = () => {}) {
    this.#token = token;
    this.#refused = refused;
  }

  create(match, body) {
    return this.#ask("PUT", `/v1/matches/${match}`, body);
  }

  /** Events after a cursor, the oldest first; from the first one without. */
  events(match, after) {
    const query = after === null ? "" : `&after=${encodeURIComponent(after)}`;
    return this.#ask("GET", `/v1/matches/${match}/events?limit=500${query}`);
  }

  /** The state as it is in the log. */
  state(match) {
    return this.#ask("GET", `/v1/matches/${match}/state`);
  }

  cascade(match, corrections) {
    return this.#ask("POST", `/v1/matches/${match}/cascade`, corrections);
  }

  /** A link and a PIN for others. */
  access(match) {
    return this.#ask("POST", `/v1/matches/${match}/access`, {});
  }

  /** A token for a link's key and its PIN. */
  signIn(match, key, pin) {
    return ask("POST", `/v1/matches/${match}/token`, { key, pin });
  }

  /** Another token for the one that ends. */
  renew(match) {
    return this.#ask("POST", `/v1/matches/${match}/token`, {});
  }

  async #ask(method, path, body) {
    const token = this.#token();
    const answer = await ask(method, path, body, token);
    // There may be another one by now.
    if (answer.status === 401 && token === this.#token()) this.#refused();
    return answer;
  }
}

async function ask(method, path, body, token) {
  const headers = { accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    const response = await fetch(path, { method, headers, body: JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(ANSWER_MAX_MS) });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  } catch {
    return { status: 0, body: null };
  }
}

/** What a refusal says, for people. */
export function reasonOf({ status, body }) {
  if (status === 0) return "There is no connection to the scoring service.";
  const [title, detail] = [body?.title ?? `The service answered ${status}`, body?.detail];
  return detail === undefined ? `${title}.` : `${title}: ${detail}`;
}
