// The strips of all live matches: what a list of matches shows, kept up to date.

/** Says `change` whenever a strip is another, comes or goes; `detail.matches` are the ids of those. */
export class Strips extends EventTarget {
  /** By match id: the live matches that everybody may find. @type {Map<string, any>} */
  live = new Map();
  /** Whether all were told; before that `live` says nothing. */
  isKnown = false;
  /** @type {unknown} which connection, stream or poll they were told by */
  #carrier = null;
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

  /** On another connection all are told first. @param {{strips: Record<string, any>}} message @param {unknown} carrier */
  take({ strips }, carrier) {
    const before = new Map(this.live);
    if (carrier !== this.#carrier) this.live.clear();
    this.#carrier = carrier;
    for (const [id, strip] of Object.entries(strips)) {
      if (strip === null) this.live.delete(id);
      else this.live.set(id, strip);
    }
    const ids = new Set([...before.keys(), ...this.live.keys()]);
    const changed = [...ids].filter((id) => JSON.stringify(before.get(id)) !== JSON.stringify(this.live.get(id)));
    if (changed.length === 0 && this.isKnown) return;
    this.isKnown = true;
    this.dispatchEvent(new CustomEvent("change", { detail: { matches: changed } }));
  }
}
