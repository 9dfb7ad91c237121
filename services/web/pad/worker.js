// The service worker: the pad starts without a network. It keeps the page's own files and nothing of the API.

const CACHE = "grandstand-pad";
/** What the page is made of, but for the modules, which it names by being asked for them. */
const SHELL = ["/", "/pad/manifest.json", "/pad/icon.svg", "/pad/icon-maskable.svg", "/fan/fan.css", "/fan/match.css", "/pad/pad.css", "/pad/pad.js"];
const IMPORT = /^import .* from "([^"]+)";$/gm;
/** A network that does not answer is none. */
const PATIENCE_MS = 3_000;

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isOurs = url.origin === location.origin && (url.pathname === "/" || /^\/(pad|fan|sdk|board)\//.test(url.pathname));
  if (event.request.method === "GET" && isOurs) event.respondWith(newest(event.request, url));
});

/** Keeps the whole page: its files, and every module that they import. */
async function fill() {
  const cache = await caches.open(CACHE);
  const wanted = [...SHELL];
  for (const path of wanted) {
    const response = await fetch(path, { cache: "no-cache" });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await cache.put(path, response.clone());
    if (!path.endsWith(".js")) continue;
    for (const [, module] of (await response.text()).matchAll(IMPORT)) {
      const { pathname } = new URL(module, new URL(path, location.origin));
      if (!wanted.includes(pathname)) wanted.push(pathname);
    }
  }
}

/** From the network, so that a newer page is the one that is shown; from the cache where there is none. */
async function newest(request, { pathname }) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(pathname);
  const coming = fetch(request).then(async (response) => {
    if (response.ok) await cache.put(pathname, response.clone());
    return response;
  });
  if (kept === undefined) return coming;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([coming.then((response) => response.ok ? response : kept, () => kept), late]);
}
