// The strips of all live matches: what a list of matches shows, kept up to date.

/** Says `change` whenever a strip is another, comes or goes; `detail.matches` are the ids of those. */
export class Strips extends EventTarget {
  /** By match id: the live matches that everybody may find. @type {Map<string, any>} */
  live = new Map();
  /** Whether all were told; before that `live` says nothing. */
  isKnown = false;
  #startsOver = true;
  #end;

  /** @param {() => void} end */
  constructor(end) {
    super();
    this.#end = end;
  }

  /** No longer, please. */
  unfollow() {
    this.#end();
  }

  /** On another connection all are told first. Until then these are the newest there are. */
  startOver() {
    this.#startsOver = true;
  }

  /** @param {{strips: Record<string, any>}} message */
  take({ strips }) {
    const changed = new Set(Object.keys(strips));
    if (this.#startsOver) {
      for (const id of this.live.keys()) changed.add(id);
      this.live.clear();
      this.#startsOver = false;
    }
    for (const [id, strip] of Object.entries(strips)) {
      if (strip === null) this.live.delete(id);
      else this.live.set(id, strip);
    }
    this.isKnown = true;
    this.dispatchEvent(new CustomEvent("change", { detail: { matches: [...changed] } }));
  }
}
