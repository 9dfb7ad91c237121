// The strips of all live matches: what a list of matches shows, kept up to date.

/** Says `change` whenever a strip is another, comes or goes, or `status` does; `detail.matches` are the ids of those strips. */
export class Strips extends EventTarget {
  /** By match id: the live matches that everybody may find. @type {Map<string, any>} */
  live = new Map();
  /** Whether all were told; before that `live` says nothing. */
  isKnown = false;
  /** How far they can be trusted: `live`, `delayed` or `stale`. */
  status = "live";
  /** Unix microseconds of what the gateway knew for sure when it told a status that is not `live`. @type {number | null} */
  as_of = null;
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

  /** On another connection all are told first. @param {{strips: Record<string, any>, status?: string, as_of?: number}} message @param {unknown} carrier */
  take({ strips, status, as_of }, carrier) {
    const [before, status_before] = [new Map(this.live), this.status];
    if (carrier !== this.#carrier) {
      this.live.clear();
      this.status = "live";
    }
    this.#carrier = carrier;
    this.status = status ?? this.status;
    this.as_of = this.status === "live" ? null : (as_of ?? this.as_of);
    for (const [id, strip] of Object.entries(strips)) {
      if (strip === null) this.live.delete(id);
      else this.live.set(id, strip);
    }
    const ids = new Set([...before.keys(), ...this.live.keys()]);
    const changed = [...ids].filter((id) => JSON.stringify(before.get(id)) !== JSON.stringify(this.live.get(id)));
    if (changed.length === 0 && this.isKnown && this.status === status_before) return;
    this.isKnown = true;
    this.dispatchEvent(new CustomEvent("change", { detail: { matches: changed } }));
  }
}
