// Event streams, however they are cut into pieces.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readEvents } from "../sdk/events.js";

async function read(bytes, length) {
  const body = new ReadableStream({
    start(stream) {
      for (let at = 0; at < bytes.length; at += length) stream.enqueue(bytes.slice(at, at + length));
      stream.close();
    },
  });
  const found = [];
  for await (const data of readEvents(body, () => {})) found.push(data);
  return found;
}

test("an event is the same however it is cut into pieces and its lines are ended", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const lines = ["retry: 5", "", "event: x", "id: 1", "data: Żubr", "data:two", "", ": nothing", "", "data: last", "", "data: cut off"];
    const bytes = new TextEncoder().encode(lines.join(end));
    for (let length = 1; length <= bytes.length; length++) {
      assert.deepEqual(await read(bytes, length), ["Żubr\ntwo", "last"], `${JSON.stringify(end)} by ${length}`);
    }
  }
});

test("an event without an end is given up", async () => {
  const endless = new TextEncoder().encode("data: " + "x".repeat(2_000_000));
  await assert.rejects(read(endless, 65_536), /without an end/);
});
