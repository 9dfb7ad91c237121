// Several tabs of one browser with the same match: one of them sends, and each hears when another changed something.

/** Without locks: how long a tab's word that it sends is good, and how often it says so. */
const LEASE_MS = 10_000;
const RENEW_MS = 3_000;

/**
 * @typedef {{say(message: any): void, take(): void, close(): void}} Tabs
 * `take`: this tab is the one that is looked at, so it sends from now on
 * @typedef {{sends: (does: boolean) => void, heard: (message: any) => void}} Owner
 */

/**
 * Two that send at once for a moment do no harm: ids tell what is the same.
 * @param {string} name @param {Owner} owner @returns {Tabs}
 */
export function openTabs(name, owner) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : null;
  // Node would wait for it.
  /** @type {any} */ (channel)?.unref?.();
  if (channel) channel.onmessage = ({ data }) => owner.heard(data);
  const turn = globalThis.navigator?.locks ? byLock(name, owner) : globalThis.localStorage ? byLease(name, owner) : alone(owner);
  return {
    say: (message) => channel?.postMessage(message),
    take: turn.take,
    close() {
      turn.close();
      channel?.close();
    },
  };
}

/** @param {string} name @param {Owner} owner */
function byLock(name, owner) {
  let isClosed = false;
  /** The request of ours that has the lock. @type {LockOptions | null} */
  let holder = null;
  let isInLine = false;
  let release = () => {};
  const hold = async (/** @type {LockOptions} */ options) => {
    try {
      await navigator.locks.request(name, options, () => {
        if (!options.steal) isInLine = false;
        if (isClosed) return undefined;
        holder = options;
        owner.sends(true);
        return new Promise((/** @type {(value?: any) => void} */ resolve) => (release = resolve));
      });
    } catch {
      // Another tab took it, or another request of this one.
    }
    if (isClosed || holder !== options) return;
    holder = null;
    owner.sends(false);
    standInLine();
  };
  const standInLine = () => {
    if (isInLine) return;
    isInLine = true;
    void hold({});
  };
  standInLine();
  return {
    take: () => void (holder || hold({ steal: true })),
    close() {
      isClosed = true;
      release();
    },
  };
}

/** Where there are no locks, as on pages without TLS: a word in the storage that they share. @param {string} name @param {Owner} owner */
function byLease(name, owner) {
  const me = String(Math.random());
  let has = false;
  const look = (/** @type {boolean} */ isWanted) => {
    const now = Date.now();
    const lease = JSON.parse(localStorage.getItem(name) ?? "null");
    // One that ends later than any could was written by another clock.
    const is_free = lease === null || lease.until_ms < now || lease.until_ms > now + LEASE_MS;
    const sends = isWanted || is_free || lease.tab === me;
    if (sends) localStorage.setItem(name, JSON.stringify({ tab: me, until_ms: now + LEASE_MS }));
    if (sends !== has) owner.sends((has = sends));
  };
  const timer = setInterval(look, RENEW_MS, false);
  queueMicrotask(() => look(false));
  return {
    take: () => look(true),
    close() {
      clearInterval(timer);
      if (has) localStorage.removeItem(name);
    },
  };
}

/** @param {Owner} owner */
function alone(owner) {
  queueMicrotask(() => owner.sends(true));
  return { take() {}, close() {} };
}
