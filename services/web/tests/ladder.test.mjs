// The transports: down to streams and polling where there is no WebSocket, and up again without a gap.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EPOCH, events, pass, settle, snapshot, stage, welcome } from "./stage.mjs";
import { flow, web } from "./web.mjs";
import { climbMs } from "../sdk/reconnect.js";

const FULL = { type: "error", code: "over_capacity", title: "", detail: "", poll_url: "/v1/matches/m/events", poll_after_ms: 6_000 };
const NO_ROOM = { type: "/problems/over-capacity", title: "", poll_url: "/v1/matches/m/events", poll_after_ms: 7_000 };
const live = (after_ms) => ({ "grandstand-status": "live", "grandstand-poll-after-ms": String(after_ms) });
const at = (seq) => `after=${EPOCH}-${seq}`;

/** A client of `m`, what it saw, and what it asks over plain HTTP. */
async function following(t, options = {}, wish = undefined) {
  const net = web();
  const on = stage(t, { fetch: net.fetch, random: () => 0.5, ...options }, options.urls);
  const match = on.client.follow("m", wish);
  const seqs = [];
  match.addEventListener("change", ({ detail }) => seqs.push(...(detail.events ?? []).map(({ seq }) => seq)));
  await flow();
  return { ...on, net, match, seqs };
}

/** The same, polled at seq 3 since the gateway is full. */
async function polled(t, options) {
  const on = await following(t, options);
  on.last().open(FULL);
  on.last().end(1013);
  await flow();
  await pass(6_000);
  await on.net.last("/v1/matches/m/events").answer(200, snapshot(3), live(0));
  return on;
}

/** The same, listening to a stream at seq 3 since no WebSocket comes through. */
async function streamed(t, options) {
  const on = await following(t, options);
  for (let handshake = 0; handshake < 2; handshake++) {
    on.last().end(1006);
    await flow();
    await on.net.last("/v1/matches").answer(200, null);
    if (handshake === 0) await pass(250);
    await flow();
  }
  await on.net.last("/v1/matches/m/stream").stream(snapshot(3));
  return on;
}

test("where handshakes fail and plain HTTP works, matches come by streams", async (t) => {
  const { client, net, match, seqs, sockets } = await streamed(t, { token: "head.body.sign" });
  const stream = net.last();

  assert.equal(stream.path, "/v1/matches/m/stream?heartbeat_s=25");
  assert.deepEqual([stream.headers.Accept, stream.headers.Authorization], ["text/event-stream", "Bearer head.body.sign"]);
  await stream.tell(events(4, 5), events(6, 6));

  assert.deepEqual([seqs, match.seq, match.status], [[4, 5, 6], 6, "live"]);
  assert.deepEqual([client.connection.state, client.connection.transport, sockets.length], ["open", "sse", 2]);
});

test("where nothing works it is the network, and the WebSocket is tried again as ever", async (t) => {
  const { client, net, sockets, last } = await following(t);
  for (let round = 0; round < 4; round++) {
    last().end(1006);
    await flow();
    await net.last().fail();
    await pass(10_000);
  }
  assert.deepEqual([sockets.length, client.connection.transport], [5, "websocket"]);
});

test("a gateway that is full is polled when it said, and waited for where it may be", async (t) => {
  const { client, net, match, seqs, last } = await following(t, { token: "head.body.sign" });
  last().open(FULL);
  last().end(1013);
  await flow();
  assert.deepEqual([client.connection.state, client.connection.retry_in_ms, client.connection.transport], ["waiting", 6_000, "poll"]);
  await pass(5_900);
  assert.equal(net.asked.length, 0);
  await pass(100);

  const first = net.last();
  assert.deepEqual([first.path, first.headers.Authorization], ["/v1/matches/m/events?wait=25", "Bearer head.body.sign"]);
  await first.answer(200, snapshot(3), live(0));
  assert.equal(net.last().path, `/v1/matches/m/events?${at(3)}&wait=25`);
  await pass(25_000);
  await net.last().answer(204, null, live(0));
  await net.last().answer(200, events(4, 5), live(0));

  assert.deepEqual([seqs, match.seq, match.status, client.counts.snapshots], [[4, 5], 5, "live", 1]);
  assert.equal(net.last().path, `/v1/matches/m/events?${at(5)}&wait=25`);
  assert.deepEqual([client.connection.state, client.connection.every_ms], ["open", null]);
});

test("who may not wait polls when the gateway says, a little later than others, less what a cache took", async (t) => {
  const { client, net } = await polled(t);
  const count = net.asked.length;
  await net.last().answer(200, events(4, 4), { ...live(8_000), Age: "3" });
  assert.equal(client.connection.every_ms, 5_000);
  await pass(5_200);
  assert.equal(net.asked.length, count);
  await pass(100);
  assert.equal(net.last().path, `/v1/matches/m/events?${at(4)}&wait=25`);
});

test("an answer that is there at once again and again is not asked for more than once a second", async (t) => {
  const { net } = await polled(t);
  const before = net.asked.length;
  for (let second = 0; second < 5; second++) {
    await net.last().answer(204, null, live(0));
    assert.equal(net.asked.length, before + second);
    await pass(1_000);
  }
  assert.equal(net.asked.length, before + 5);
});

test("a poll says what can be relied on", async (t) => {
  const { net, match } = await polled(t);
  await net.last().answer(204, null, { ...live(0), "grandstand-status": "stale" });
  assert.equal(match.status, "stale");
  await pass(1_000);
  await net.last().fail();
  assert.equal(match.status, "waiting");
});

test("where streams are full too, it is polled when that was said", async (t) => {
  const { client, net, match } = await streamed(t);
  const stream = net.last();
  await pass(6_000);
  await stream.end();
  assert.deepEqual([match.status, client.connection.state], ["waiting", "waiting"]);
  await pass(125);
  assert.equal(net.last().path, `/v1/matches/m/stream?${at(3)}&heartbeat_s=25`);
  assert.match(net.last().url, /two\.example/);
  await net.last().answer(503, NO_ROOM, { "Retry-After": "7" });
  const count = net.asked.length;
  await pass(6_900);
  assert.equal(net.asked.length, count);
  await pass(200);
  assert.equal(net.last().path, `/v1/matches/m/events?${at(3)}&wait=25`);
});

test("a stream that is cut in the middle of an event goes on at its cursor", async (t) => {
  const { net, match, seqs } = await streamed(t);
  const [whole, half] = [events(4, 4), events(5, 5)].map((message) => `data: ${JSON.stringify(message)}\n\n`);
  await net.last().write(whole + half.slice(0, 40));
  await net.last().end();
  assert.equal(match.seq, 4);
  await pass(125);
  assert.equal(net.last().path, `/v1/matches/m/stream?${at(4)}&heartbeat_s=25`);
  await net.last().stream(events(5, 6));
  assert.deepEqual([seqs, match.status], [[4, 5, 6], "live"]);
});

test("streams that bring nothing, while plain HTTP works, are given up for polling", async (t) => {
  const { net, client } = await streamed(t);
  await net.last().end();
  for (let round = 0; round < 2; round++) {
    await pass(250);
    // A proxy that keeps all of it to itself.
    assert.match(net.last().path, /stream/);
    await pass(10_000);
    await flow();
    await net.last("/v1/matches").answer(200, null);
  }
  await pass(1_000);
  assert.match(net.last().path, /events/);
  assert.equal(client.connection.transport, "poll");
});

test("a stream that falls silent is cut within a heartbeat and ten seconds", async (t) => {
  const { net } = await streamed(t);
  const stream = net.last();
  await pass(20_000);
  await stream.write(": still here\n\n");
  await pass(33_900);
  assert.equal(stream.isCut, false);
  await pass(100);
  assert.equal(stream.isCut, true);
});

test("a stream that is sent away goes elsewhere when it was told", async (t) => {
  const { net } = await streamed(t);
  await net.last().tell({ type: "goaway", reason: "drain", reconnect_in_ms: 1_000, window_ms: 2_000 });
  const count = net.asked.length;
  await pass(1_900);
  assert.equal(net.asked.length, count);
  await pass(100);
  assert.match(net.last().url, /two\.example.*stream/);
});

test("the WebSocket takes over once it has caught up, and nothing is missing or twice", async (t) => {
  const { client, net, match, seqs, sockets, told, last } = await polled(t);
  assert.equal(sockets.length, 1);
  // The first poll was after 6 of 30 seconds.
  await pass(24_000);
  assert.equal(sockets.length, 2);
  const poll = net.last();
  last().open();
  assert.deepEqual(last().said[0].subscriptions, [{ match: "m", after: { epoch: EPOCH, seq: 3 } }]);
  await poll.answer(200, events(4, 6), live(0));
  last().hear({ type: "status", match: "m", status: "live", as_of: 1, epoch: EPOCH, seq: 3 }, events(4, 5));
  assert.deepEqual([match.seq, client.connection.transport, net.last().isCut], [6, "poll", false]);

  last().hear(events(6, 7));
  await flow();

  assert.equal(net.last().isCut, true);
  assert.deepEqual([seqs, match.seq, match.status], [[4, 5, 6, 7], 7, "live"]);
  assert.deepEqual([client.connection.state, client.connection.transport], ["open", "websocket"]);
  assert.deepEqual(client.counts, { connects: 2, reconnects: 1, resumes: 1, snapshots: 1, wrong_hashes: 0, holes: 0 });
  assert.ok(told.slice(-2).every(({ state }) => state === "open"), "nobody is told of a gap");
  const count = net.asked.length;
  await pass(30_000);
  assert.equal(net.asked.length, count);
});

test("a WebSocket that ends before it has caught up leaves all to the polls again", async (t) => {
  const { client, net, match, seqs, sockets, last } = await polled(t);
  client.follow("n");
  await flow();
  await net.last("/v1/matches/n/stream").stream(snapshot(2, { match: "n" }));
  await pass(24_000);
  last().open(snapshot(2, { match: "n", reason: "asked" }));
  await flow();
  assert.equal(net.last("/v1/matches/n/stream").isCut, true);
  last().end(1006);
  await flow();

  assert.equal(match.status, "live");
  assert.equal(net.last("/v1/matches/n/").path, `/v1/matches/n/stream?${at(2)}&heartbeat_s=25`);
  await net.last("/v1/matches/m/events").answer(200, events(4, 4), live(0));
  assert.deepEqual([seqs, client.connection.state], [[4], "open"]);
  const count = sockets.length;
  await pass(59_000);
  assert.equal(sockets.length, count);
  await pass(1_000);
  assert.equal(sockets.length, count + 1);
});

test("attempts to climb grow from half a minute to five", async (t) => {
  assert.deepEqual([0, 1, 2, 3, 4, 60].map((climbs) => climbMs(climbs, () => 0.5)), [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  assert.deepEqual([climbMs(0, () => 0), climbMs(0, () => 1)], [15_000, 45_000]);

  const { sockets, net, last } = await polled(t);
  const pauses = [];
  let since_ms = Date.now() - 6_000;
  for (let climb = 0; climb < 5; climb++) {
    const count = sockets.length;
    while (sockets.length === count) {
      await pass(1_000);
      if (!net.last("/v1/matches/m/events").isCut) await net.last("/v1/matches/m/events").answer(204, null, live(0));
    }
    pauses.push(Math.round((Date.now() - since_ms) / 1_000));
    since_ms = Date.now();
    last().open(FULL);
    last().end(1013);
    await flow();
  }
  assert.deepEqual(pauses, [30, 60, 120, 240, 300]);
});

test("who polls climbs to a stream where there is still no WebSocket", async (t) => {
  const { client, net, match, seqs, last } = await polled(t);
  await pass(24_000);
  last().end(1006);
  await flow();
  await net.last("/v1/matches").answer(200, null);
  const [poll, stream] = [net.last("/v1/matches/m/events"), net.last("/v1/matches/m/stream")];
  assert.equal(stream.path, `/v1/matches/m/stream?${at(3)}&heartbeat_s=25`);

  await poll.answer(200, events(4, 5), live(0));
  await stream.stream(events(4, 4));
  assert.deepEqual([match.seq, client.connection.transport], [5, "poll"]);
  await stream.tell(events(5, 6));

  assert.deepEqual([seqs, client.connection.transport, net.last("/v1/matches/m/events").isCut], [[4, 5, 6], "sse", true]);
});

test("a stream that can't be had changes nothing for who polls", async (t) => {
  const { client, net, match, last } = await polled(t);
  await pass(24_000);
  last().end(1006);
  await flow();
  await net.last("/v1/matches").answer(200, null);
  await net.last("/v1/matches/m/stream").answer(503, NO_ROOM);
  assert.deepEqual([client.connection.state, client.connection.transport, match.status], ["open", "poll", "live"]);
  await net.last("/v1/matches/m/events").answer(200, events(4, 4), live(0));
  assert.equal(match.seq, 4);
});

test("one transport alone may be asked for", async (t) => {
  for (const [transport, path] of [["sse", "/v1/matches/m/stream?heartbeat_s=25"], ["poll", "/v1/matches/m/events?wait=25"]]) {
    const { client, net, match, sockets } = await following(t, { transport, WebSocket: undefined });
    assert.deepEqual([net.asked.filter(({ isCut }) => !isCut).map((request) => request.path), sockets.length], [[path], 0]);
    await net.last().answer(503, NO_ROOM);
    await pass(8_000);
    assert.equal(net.last().path, path, "whatever else there were");
    client.close();
    await flow();
    assert.deepEqual([client.connection.state, match.seq], ["closed", 0]);
  }
  assert.throws(() => stage(t, { transport: "pigeon" }), /no transport/);
});

test("a token that is no longer good at the doors is replaced once, whoever finds out", async (t) => {
  let made = 0;
  const { client, net, problems } = await following(t, { transport: "poll", token: () => `token${++made}` });
  const other = client.follow("n");
  await flow();
  const refused = [net.last("/v1/matches/m"), net.last("/v1/matches/n")];
  for (const request of refused) await request.answer(401, { title: "Too old" });
  await pass(1_000);
  assert.deepEqual(["m", "n"].map((id) => net.last(`/v1/matches/${id}`).headers.Authorization), ["Bearer token2", "Bearer token2"]);
  await net.last("/v1/matches/m").answer(401, { title: "No good" });
  assert.deepEqual([client.connection.state, problems, other.status, made], ["closed", ["token_refused"], "refused", 2]);
  await pass(60_000);
  const count = net.asked.length;
  client.refresh("mine");
  await flow();
  assert.ok(net.asked.length > count);
  assert.equal(net.last().headers.Authorization, "Bearer mine");
});

test("what is not there is looked for again, and what is not allowed is not", async (t) => {
  const { client, net, match } = await following(t, { transport: "poll" });
  await net.last().answer(404, { title: "There is no such match" });
  assert.deepEqual([match.status, client.connection.state], ["unknown", "open"]);
  await pass(10_000);
  await net.last().answer(403, { title: "Not yours" });
  assert.equal(match.status, "refused");
  const count = net.asked.length;
  await pass(60_000);
  assert.equal(net.asked.length, count);
});

test("a match that is to be kept behind is kept so by every door", async (t) => {
  const { net, last } = await following(t, {}, { delay_s: 30 });
  last().open(FULL);
  last().end(1013);
  await pass(6_000);
  assert.equal(net.last().path, "/v1/matches/m/events?wait=25&delay_s=30");
  await net.last().answer(204, null, live(0));
  await pass(60_000);
  assert.ok(net.asked.some(({ path }) => path === "/v1/matches/m/stream?delay_s=30&heartbeat_s=25"));
});

test("a wrong state is fetched anew by whatever door", async (t) => {
  const { client, net, match } = await polled(t);
  await net.last().answer(200, events(4, 4, { hash: "0000000000000000" }), live(0));
  await pass(10);
  await flow();
  assert.equal(net.last().path, "/v1/matches/m/events?wait=25");
  await net.last().answer(200, snapshot(4), live(0));
  assert.deepEqual([match.seq, client.counts.wrong_hashes, match.status], [4, 1, "live"]);
});

test("the strips of live matches come by every door", async (t) => {
  const { client, net, last } = await polled(t);
  const strips = client.followStrips();
  const changes = [];
  strips.addEventListener("change", ({ detail }) => changes.push(detail.matches));
  await flow();
  const stream = net.last("/v1/live");
  assert.deepEqual([stream.path, stream.headers.Accept], ["/v1/live?heartbeat_s=25", "text/event-stream"]);
  await stream.answer(503, NO_ROOM);
  await pass(7_000);
  await net.last("/v1/live").answer(200, { matches: [{ match: "a", strip: { score: "1/0" } }, { match: "b", strip: { score: "2/0" } }] });
  await pass(6_000);
  await net.last("/v1/live").answer(200, { matches: [{ match: "a", strip: { score: "1/0" } }] });
  assert.deepEqual([[...strips.live.keys()], changes], [["a"], [["a", "b"], ["b"]]]);

  await pass(17_000);
  last().open({ type: "strips", strips: { c: { score: "3/0" } } });
  await flow();
  assert.deepEqual([[...strips.live.keys()], changes.at(-1)], [["c"], ["a", "c"]]);
});

test("a client without fetch stays with its WebSocket", async (t) => {
  const { client, sockets, last } = stage(t, { fetch: null, random: () => 0 });
  client.follow("m");
  await settle();
  last().open(FULL);
  last().end(1013);
  await pass(6_000);
  assert.equal(sockets.length, 2);
  last().hear(welcome);
  assert.equal(client.connection.transport, "websocket");
});
