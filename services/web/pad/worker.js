// The service worker: the pad starts without a network, and a page is of one version whole. It keeps the pad's own files and nothing of the API.

// The server puts in front which version it has and what that is made of: `VERSION`, a hash over all of it, and `FILES`, their paths.

const CACHES = "grandstand-pad";
/** All of a version is kept under its name. What is asked for names its version too, so nothing is ever of two. */
const nameOf = (version) => `${CACHES}-${version}`;
const OWN = nameOf(VERSION);
const within = (path) => `/files/${VERSION}${path}`;
const IN_A_VERSION = /^\/files\/([0-9a-f]+)\//;
/** Kept last: where it is, everything is. */
const LAST = "/";
const BOARD = "/board/{match}";
/** Beside the files of a version, when which pages were opened with it: a page is not among the open ones at once. */
const PAGES = "/pages/";
const SEEN = 0;
const OPENING_MAX_MS = 60_000;
/** A file takes no longer. */
const FILE_MAX_MS = 120_000;

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
// A page that came says so: whichever it came in place of is gone.
self.addEventListener("message", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (isPage(pathname)) event.respondWith(page(event, pathname === LAST ? LAST : BOARD));
    return;
  }
  const [, version] = IN_A_VERSION.exec(pathname) ?? [];
  if (version !== undefined) event.respondWith(kept(request, pathname, nameOf(version)));
  else if (FILES.includes(pathname)) event.respondWith(kept(request, within(pathname), OWN));
});

function isPage(pathname) {
  return pathname === "/" || /^\/board\/[^/]+$/.test(pathname);
}

/** Keeps all of this version. What was kept before a network went is not asked for again. */
async function fill() {
  const cache = await caches.open(OWN);
  if (await isWhole()) return;
  const take = async (path) => {
    if (await cache.match(within(path)) !== undefined) return;
    const response = await fetch(within(path), { cache: "no-cache", signal: AbortSignal.timeout(FILE_MAX_MS) });
    // A server of another version does not have it.
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await cache.put(within(path), response);
  };
  await Promise.all(FILES.filter((path) => path !== LAST).map(take));
  await take(LAST);
  // What was removed meanwhile is nowhere.
  if (!(await isWhole())) throw new Error("what was kept is gone");
}

async function isWhole() {
  return await caches.match(within(LAST), { cacheName: OWN }) !== undefined;
}

/** A page: of this version, at once. A newer one is another worker's, who has all of it before he takes over. */
async function page(event, path) {
  const html = await isWhole() ? await caches.match(within(path), { cacheName: OWN }) : undefined;
  if (html === undefined) {
    // The browser threw it away; the next time it is there again.
    event.waitUntil(fill().catch(() => {}));
    return fetch(event.request);
  }
  try {
    await (await caches.open(OWN)).put(PAGES + event.resultingClientId, new Response(String(Date.now())));
  } catch {
    // No room: nothing is removed while nobody knows of what version this page is.
  }
  return html;
}

/** A file as it is kept; from the network where it is not. */
async function kept(request, path, cacheName) {
  return await caches.match(path, { cacheName }) ?? fetch(request);
}

/** Removes the versions that no page is of. */
async function tidy() {
  const all = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = new Set(all.filter(({ url }) => isPage(new URL(url).pathname)).map(({ id }) => id));
  const unused = [];
  for (const name of (await caches.keys()).filter((one) => one.startsWith(CACHES))) {
    if (!(await isOfAPage(name, open)) && name !== OWN) unused.push(name);
  }
  // A page that came before there was a worker may be of any version; what is being filled is of no page yet.
  const isSure = open.size === 0 && registration.installing === null && registration.waiting === null;
  if (isSure) await Promise.all(unused.map((name) => caches.delete(name)));
}

/** Whether a page is of this version; those that are known are taken from `open`. */
async function isOfAPage(name, open) {
  const cache = await caches.open(name);
  let isUsed = false;
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(PAGES)) continue;
    const opened_ms = Number(await (await cache.match(request)).text());
    if (open.delete(pathname.slice(PAGES.length))) {
      isUsed = true;
      // From now on it is among the open ones, or gone.
      if (opened_ms !== SEEN) await cache.put(request, new Response(String(SEEN)));
    } else if (Date.now() - opened_ms < OPENING_MAX_MS) isUsed = true;
    else await cache.delete(request);
  }
  return isUsed;
}
