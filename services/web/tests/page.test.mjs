// What a browser tells its pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { events, page, pass, settle, snapshot, stage, storage } from "./stage.mjs";

async function opened(t, options) {
  const happens = page(t);
  const on = stage(t, options);
  const match = on.client.follow("m");
  await settle();
  on.last().open(snapshot(3));
  return { ...on, match, happens };
}

test("a page that is looked at again asks whether anybody is there", async (t) => {
  const { last, sockets, happens } = await opened(t);
  document.visibilityState = "hidden";
  happens("visibilitychange");
  assert.equal(last().said.length, 1);
  document.visibilityState = "visible";
  happens("visibilitychange");
  happens("online");
  assert.deepEqual(last().said.slice(1), [{ type: "ping" }]);
  await pass(3_000);
  assert.ok(sockets[0].isClosed);
});

test("a page without a network is not connected, and is at once when it is back", async (t) => {
  const { match, sockets, told, last, happens } = await opened(t);

  happens("offline");
  await settle();
  assert.deepEqual([match.status, told.at(-1).state, told.at(-1).reason], ["waiting", "waiting", "offline"]);
  happens("online");
  await settle();
  last().open(events(4, 4));

  assert.deepEqual([sockets.length, match.status, match.seq], [2, "live", 4]);
});

test("a page that is looked at again does not come before it was told to", async (t) => {
  const { sockets, last, happens } = await opened(t, { random: () => 0, transport: "websocket" });
  last().end(1013);
  await settle();
  happens("visibilitychange");
  await pass(4_900);
  assert.equal(sockets.length, 1);
  await pass(100);
  assert.equal(sockets.length, 2);
});

test("a page that is left keeps what it has at once", async (t) => {
  const kept = storage();
  const { happens } = await opened(t, { storage: kept });
  happens("pagehide");
  assert.equal(kept.kept.size, 2);
});

test("a closed client no longer listens", async (t) => {
  const { client, sockets, happens } = await opened(t);
  client.close();
  happens("online");
  await pass(10_000);
  assert.equal(sockets.length, 1);
});
