// One match as it is scored on this device: the log as the server has it, the queue on top, and what the scorer chose for the next ball.

import { Book } from "/pad/book.js";
import * as device from "/pad/device.js";
import { keep, keptLog } from "/pad/kept.js";
import { scoringService } from "/pad/queue/post.js";
import { openQueue } from "/pad/queue/queue.js";
import { browserStore } from "/pad/queue/store.js";
import { Impossible } from "/pad/refusals.js";
import { Service } from "/pad/service.js";

/** How often it is asked what other devices scored. */
const LOOK_EVERY_MS = 4_000;
/** A token is renewed when so much of it is left. */
const RENEW_BEFORE_MS = 3_600_000;

/** Who scores a ball need not mind these, whoever else enters them meanwhile. */
const ASIDE = new Set(["comment", "status", "review", "powerplay", "lineup", "toss"]);

/** What was chosen for the next ball is over with these. */
const ENDS_CHOICE = new Set(["delivery", "innings_start", "innings_end"]);
/** A log that does not fit together is read from its beginning, so often. */
const ANEW_MAX = 3;

/** A match that is open; `changed` is called when there is something to show. */
export class Scoring {
  match;
  book = new Book();
  service;
  /** Why the last look at the server brought nothing; null if it did. */
  problem = null;
  /** The token is not good, or there is none. */
  isLocked = false;
  queue = null;
  #changed;
  #looking = null;
  #timer = null;
  #isClosed = false;
  /** The queue's view, made once a change. */
  #view = null;
  #shown = null;
  /** Resolves when what was entered last is kept: what comes next stands on it. */
  settled = Promise.resolve();
  /** What others scored meanwhile, on which the scorer decides; null: nothing. */
  missed = null;

  constructor(match, changed) {
    this.match = match;
    this.#changed = changed;
    this.service = new Service(() => device.known(match)?.token, () => this.#lock());
  }

  async open() {
    const { match } = this;
    const { epoch, events } = await keptLog(match);
    if (epoch !== null && !this.book.take(epoch, events)) this.book.forget();
    const { send, look } = scoringService({ match, device: device.deviceId() });
    const token = device.known(match)?.token ?? null;
    this.queue = await openQueue({ match, device: device.deviceId(), store: browserStore(), send, look, token });
    this.queue.onchange = () => this.#onQueue();
    this.queue.onmissed = (missed) => this.#onMissed(missed);
    this.isLocked = token === null;
    this.#touch();
    this.look();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.queue?.close();
  }

  /** What is pending, confirmed and refused. */
  get sending() {
    return (this.#view ??= this.queue.snapshot());
  }

  /** The state as it will be when all that is pending is in the log; null while nothing is known. */
  get state() {
    return (this.#shown ??= this.book.shown(this.#onTop()));
  }

  /** There is no way to the server just now, as far as is known. */
  get isAlone() {
    return this.problem?.status === 0 || globalThis.navigator?.onLine === false;
  }

  /** What the queue holds that the book does not, in order, without what was refused; up to a place in it. */
  #onTop(n_max = Infinity) {
    const { pending, confirmed, head } = this.sending;
    // What was confirmed a moment ago, and is not read back yet.
    const isNews = ({ seq }) => head?.epoch === this.book.epoch && seq > this.book.seq;
    const taken = confirmed.filter(isNews).sort((one, other) => one.seq - other.seq);
    return [...taken, ...pending.filter(({ n }) => n < n_max)].map(({ event }) => event);
  }

  /** Why an event can't be, entered now; null if it can. */
  refusal(event) {
    return this.book.refusal(event, this.#onTop());
  }

  /** Why something can't be in the place of what was refused; null if it can. */
  refusalInPlace(id, event) {
    const refused = this.sending.refused.find((one) => one.id === id);
    return this.book.refusal(event, this.#onTop(refused?.n));
  }

  /** The events that count, pending ones included. */
  entries() {
    return this.book.entries(this.#onTop().filter(({ id }) => !this.book.events.some((event) => event.id === id)));
  }

  /** The state as it was after an entry. */
  stateAfter(id) {
    return this.book.after(id, this.#onTop());
  }

  /** The newest entry that stands, which undo takes back; null if there is none. */
  last() {
    const entry = this.entries().findLast(({ isVoid }) => !isVoid);
    return entry === undefined || entry.type === "created" ? null : entry;
  }

  /**
   * Enters events; they are shown at once. What was chosen for the next ball counts for it alone.
   * Rejected if one of them can't be: then none is entered.
   */
  add(...events) {
    return this.#settle(this.#add(events));
  }

  /** What comes next waits for it, and does not fail with it. */
  #settle(entering) {
    this.settled = entering.catch(() => {});
    return entering;
  }

  async #add(events) {
    const refusal = this.book.refusalOfAll(events, this.#onTop());
    if (refusal !== null) throw new Impossible(refusal.detail);
    if (events.some(({ type }) => ENDS_CHOICE.has(type))) device.choose(this.match, {});
    // A ball is right on top of what the scorer saw; a correction names what it is about.
    const isOnTop = this.book.epoch !== null && events.every(({ op = "add" }) => op === "add");
    await this.queue.add(events, { seen: isOnTop ? { epoch: this.book.epoch, seq: this.book.seq } : null });
  }

  /** What others scored is on the server; ours goes on top of it. */
  async goOn() {
    this.missed = null;
    await this.queue.rebase();
  }

  /** What others scored counts, and ours is taken back. */
  async giveWay() {
    for (const { id } of [...this.sending.pending].reverse()) {
      // What may be in the log goes by another event.
      if (!(await this.queue.drop(id))) await this.queue.add([{ op: "void", ref: id }]);
    }
    await this.goOn();
  }

  /** Takes an entry back: out of the queue if it was not sent, else by another event. */
  undo(entry) {
    return this.#settle(this.#undo(entry));
  }

  async #undo(entry) {
    // Whoever bowled the ball that is taken back bowls the one in its place.
    if (entry.type === "delivery") this.choose({ bowler: entry.data.bowler });
    else if (entry.type === "over_end") this.choose({});
    if (entry.seq === undefined && await this.queue.drop(entry.id)) return;
    await this.queue.add([{ op: "void", ref: entry.id }]);
  }

  /** What was chosen for the next ball, over what is proposed. */
  get chosen() {
    return device.chosenIn(this.match);
  }

  choose(chosen) {
    device.choose(this.match, chosen);
    this.#touch();
  }

  /** Another token: everything goes on. */
  useToken(token, expires) {
    device.remember(this.match, { token, expires_ms: expires === undefined ? undefined : Date.parse(expires) });
    this.isLocked = false;
    this.queue?.token(token);
    this.#touch();
    this.look();
  }

  /** Looks now what the server has. */
  look() {
    clearTimeout(this.#timer);
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.look(), LOOK_EVERY_MS);
      this.#changed();
    });
    return this.#looking;
  }

  async #read() {
    const { match, book } = this;
    if (this.isLocked) return;
    await this.#renew();
    for (let anew = 0; anew < ANEW_MAX;) {
      const after = book.epoch === null ? null : `${book.epoch}-${book.seq}`;
      const { status, body } = await this.service.events(match, after);
      if (status === 409 && after !== null) {
        book.forget();
        anew += 1;
        continue;
      }
      this.problem = status === 200 ? null : { status, body };
      // This token is for other matches.
      if (status === 403) this.#lock();
      if (status !== 200) return;
      const isAnew = book.epoch !== body.epoch;
      if (!book.take(body.epoch, body.events)) {
        book.forget();
        anew += 1;
        continue;
      }
      if (body.events.length > 0 || isAnew) {
        await keep(match, body.epoch, body.events, isAnew);
        this.#touch();
      }
      if (!body.more) break;
    }
    const { head } = this.sending;
    if (head?.epoch === book.epoch && head.hash !== null && !book.proves(head.seq, head.hash)) book.forget();
    device.remember(match, { title: book.state?.strip?.title });
  }

  async #renew() {
    const { expires_ms } = device.known(this.match) ?? {};
    if (expires_ms === undefined || expires_ms - Date.now() > RENEW_BEFORE_MS) return;
    const { status, body } = await this.service.renew(this.match);
    if (status === 200) this.useToken(body.token, body.expires);
  }

  #onMissed(missed) {
    // A log that lost something gets what this device said of it again; there is nothing to choose.
    const isHarmless = missed.events.length > 0 && missed.events.every(({ type, op }) => op === undefined && ASIDE.has(type));
    if (missed.wentBack || isHarmless) {
      this.queue.rebase();
      return;
    }
    this.missed = missed;
    this.look();
    this.#touch();
  }

  #lock() {
    this.isLocked = true;
    this.#touch();
  }

  #onQueue() {
    const before = this.#view?.head?.seq;
    this.#view = null;
    const { waiting, head } = this.sending;
    if (waiting?.reason === "token") this.isLocked = true;
    this.#touch();
    if (head !== null && head?.seq !== before) this.look();
  }

  #touch() {
    this.#view = null;
    this.#shown = null;
    this.#changed();
  }
}
