// What stands where `fetch` goes: each request waits until the test answers it.

import { settle } from "./stage.mjs";

/** Requests over plain HTTP, as they come. */
export function web() {
  const asked = [];
  const fetch = (url, { method = "GET", headers = {}, signal }) =>
    new Promise((resolve, reject) => {
      const request = {
        method,
        headers,
        url: String(url),
        path: `${new URL(url).pathname}${new URL(url).search}`,
        isCut: false,
        fail: () => (reject(new TypeError("unreachable")), flow()),
        answer: (status, body, more = {}) => {
          const text = body === null ? null : JSON.stringify(body);
          resolve(new Response(text, { status, headers: more }));
          return flow();
        },
        stream: (...messages) => {
          const body = new ReadableStream({ start: (stream) => void (request.body = stream) });
          signal?.addEventListener("abort", () => body.locked && request.body.error(new Error("cut")));
          resolve(new Response(body, { status: 200 }));
          return request.tell(...messages);
        },
        write: (text) => (request.body.enqueue(new TextEncoder().encode(text)), flow()),
        tell: (...messages) => request.write(messages.map((message) => `event: x\ndata: ${JSON.stringify(message)}\n\n`).join("")),
        end: () => (request.body.close(), flow()),
      };
      signal?.addEventListener("abort", () => {
        request.isCut = true;
        reject(new Error("cut"));
      });
      asked.push(request);
    });
  /** The last request of a path that begins so. */
  const last = (path = "") => asked.filter((request) => request.path.startsWith(path)).at(-1);
  return { asked, fetch, last };
}

/** Lets what was answered come to where it is taken. */
export async function flow() {
  for (let turn = 0; turn < 12; turn++) await settle();
}
