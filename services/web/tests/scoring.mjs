// A scoring service in memory, for the queue's tests: ids, repeats, If-Match, refusals and epochs as `schemas/README.md` says.

/** As many missed events as the real one tells. */
const MISSED_MAX = 100;

export class Scoring {
  epoch = "1790000000000000.1";
  /** @type {{seq: number, ts: number, event: any, device: string, last: number}[]} `last`: the seq after its record */
  log = [];
  goodToken = "good";
  bytesMax = 64 * 1024;
  #devices = new Map();

  constructor(match, now) {
    this.match = match;
    this.now = now;
  }

  get seq() {
    return this.log.length;
  }

  /** What happens to a post that reached it. */
  post(device, { events, ifMatch, pending, token }) {
    if (token !== this.goodToken) return problem(401, "token-expired");
    if (JSON.stringify(events).length > this.bytesMax) return problem(413, "record-too-large", { bytes_max: this.bytesMax });
    const fresh = [];
    for (const [index, event] of events.entries()) {
      const known = this.log.find((one) => one.event.id === event.id);
      if (known === undefined) fresh.push([index, event]);
      else if (JSON.stringify(known.event) !== JSON.stringify(event)) {
        return problem(422, "id-reused", { field: "id", rule: "id_used", id: event.id });
      }
    }
    if (fresh.length > 0) {
      if (ifMatch !== null && ifMatch !== `${this.epoch}-${this.seq}`) return this.#stale(ifMatch);
      const here = new Set(this.log.map(({ event }) => event.id));
      for (const [index, event] of fresh) {
        const { id } = event;
        if (event.ref !== undefined && !here.has(event.ref)) return problem(409, "unknown-ref", { rule: "ref", id, index });
        if (event.data?.needs > this.seq) return problem(422, "impossible", { rule: "over", field: "data.needs", id, index });
        here.add(id);
      }
      const last = this.seq + fresh.length;
      for (const [, event] of fresh) this.log.push({ seq: this.seq + 1, ts: this.now() * 1_000 + this.seq, event, device, last });
      this.#devices.set(device, { device, seq: last, ts: this.now() * 1_000, pending });
    }
    return { ...this.#answer(events), status: fresh.length > 0 ? 201 : 200 };
  }

  devices({ token }) {
    if (token !== this.goodToken) return problem(401, "token-expired");
    const { match, epoch, seq } = this;
    return answer(200, { match, epoch, seq, devices: [...this.#devices.values()] });
  }

  /** The log is brought back as it was after so many events, and those that were stored with them. */
  restore(seq) {
    const [created, life] = this.epoch.split(".");
    this.epoch = `${created}.${Number(life) + 1}`;
    this.log.length = Math.min(this.log[seq - 1]?.last ?? 0, this.seq);
  }

  #answer(events) {
    const stored = events.map(({ id }) => this.log.find(({ event }) => event.id === id));
    const seq = Math.max(...stored.map(({ last }) => last));
    return answer(200, {
      match: this.match, epoch: this.epoch, seq, hash: `after ${seq}`, strip: { title: "", count: seq },
      events: stored.map(({ seq, ts, event }) => ({ id: event.id, seq, ts, warnings: [] })),
    });
  }

  #stale(ifMatch) {
    const [epoch, seen] = ifMatch.split("-");
    const first = Math.max(epoch === this.epoch ? Number(seen) : 0, this.seq - MISSED_MAX);
    const events = this.log.slice(first).map(({ seq, ts, event }) => ({ ...event, seq, ts, patch: {} }));
    return problem(409, "stale", { epoch: this.epoch, seq: this.seq, events });
  }
}

export function answer(status, body, headers = {}) {
  return { status, headers: new Headers(headers), body };
}

export function problem(status, word, members = {}, headers = {}) {
  return answer(status, { type: `/problems/${word}`, title: word, status, ...members }, headers);
}
