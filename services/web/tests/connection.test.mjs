// The connection: when the client comes back, where to, and when it does not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { events, pass, settle, sleep, snapshot, stage, welcome, EPOCH } from "./stage.mjs";
import { afterClose, baseUrls, pauseMs, socketUrl } from "../sdk/reconnect.js";
import { renewInMs } from "../sdk/token.js";

/** A client that follows `m` and is at seq 3. */
async function connected(t, options, urls) {
  const on = stage(t, options, urls);
  const match = on.client.follow("m");
  await settle();
  on.last().open(snapshot(3));
  return { ...on, match };
}

test("pauses double up to ten seconds, with full jitter, or spread over the window that was asked for", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 60].map((failures) => pauseMs(failures, 0, () => 1));
  assert.deepEqual(longest, [250, 500, 1000, 2000, 4000, 8000, 10000, 10000]);
  assert.equal(pauseMs(5, 0, () => 0), 0);
  assert.equal(pauseMs(0, 2000, () => 0.5), 1000);
});

test("close codes say whether to come back", () => {
  for (const code of [1000, 1001, 1005, 1006, 1012, 4408]) assert.equal(afterClose(code), "again", code);
  for (const code of [1013, 4429]) assert.equal(afterClose(code), "later", code);
  for (const code of [1002, 1007, 1009, 4400, 4403]) assert.equal(afterClose(code), "never", code);
  assert.equal(afterClose(4401), "token");
});

test("a base may be http or ws, with a path or without", () => {
  const urls = baseUrls(["http://a.example", "wss://b.example/scores?x#y"]).map(socketUrl);
  assert.deepEqual(urls, ["ws://a.example/v1/ws", "wss://b.example/scores/v1/ws"]);
  assert.throws(() => baseUrls([]), /needs the URL/);
});

test("it connects when there is something to follow, and says all of it first", async (t) => {
  const { client, sockets, last } = stage(t, { token: "head.body.sign" });
  await settle();
  assert.equal(sockets.length, 0);

  client.follow("m", { policy: "batch" });
  client.follow("n", { after: { seq: 0 }, snapshot: "never" });
  await settle();
  assert.deepEqual([last().url, last().protocols], ["ws://one.example/v1/ws", ["grandstand.v1.json", "grandstand.bearer.head.body.sign"]]);
  last().open();

  assert.deepEqual(last().said, [{
    type: "hello", heartbeat_s: 25,
    subscriptions: [{ match: "m", policy: "batch" }, { match: "n", after: { seq: 0 }, snapshot: "never" }],
  }]);
  assert.deepEqual([client.connection.state, client.tier, client.session], ["open", "premium", "5e5510"]);
});

test("a cut client goes to the next gateway with its session and its cursor", async (t) => {
  const { client, match, sockets, told, last } = await connected(t);

  last().end(1006);
  await pass(250);
  assert.equal(match.status, "waiting");
  last().open(events(4, 5));

  assert.equal(last().url, "ws://two.example/v1/ws");
  assert.deepEqual(last().said[0].subscriptions, [{ match: "m", after: { epoch: EPOCH, seq: 3 } }]);
  assert.equal(last().said[0].session, "5e5510");
  assert.deepEqual([match.seq, match.status, sockets.length], [5, "live", 2]);
  assert.deepEqual(told.map(({ state, retry_in_ms }) => [state, retry_in_ms]),
    [["connecting", null], ["open", null], ["waiting", 250], ["connecting", null], ["open", null]]);
  assert.deepEqual(client.counts, { connects: 2, reconnects: 1, resumes: 1, snapshots: 1, wrong_hashes: 0, holes: 0 });
});

test("pauses grow until a connection lasts", async (t) => {
  const { told, last } = await connected(t);
  const pause = () => told.filter(({ retry_in_ms }) => retry_in_ms !== null).at(-1).retry_in_ms;
  const pauses = [];
  for (let round = 0; round < 4; round++) {
    last().end(1006);
    await settle();
    pauses.push(pause());
    await pass(pause());
    last().open();
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000]);

  await pass(5_000);
  last().end(1006);
  await settle();
  assert.equal(pause(), 250);
});

test("a gateway that is being emptied says when to go elsewhere", async (t) => {
  const { match, sockets, last } = await connected(t, { random: () => 0.5 });

  last().hear({ type: "goaway", reason: "drain", reconnect_in_ms: 1_000, window_ms: 2_000 });
  await pass(1_900);
  sockets[0].hear(events(4, 4));
  assert.deepEqual([sockets.length, match.seq], [1, 4]);
  await pass(100);

  assert.ok(sockets[0].isClosed);
  assert.equal(last().url, "ws://two.example/v1/ws");
});

test("a client that was told when to come does not come before, though it was cut and woke up", async (t) => {
  const { client, sockets, last } = await connected(t, { random: () => 0.5 });
  last().hear({ type: "goaway", reason: "drain", reconnect_in_ms: 8_000, window_ms: 0 });
  last().end(1012);
  await settle();
  assert.equal(client.connection.retry_in_ms, 8_000);
  await pass(7_900);
  assert.equal(sockets.length, 1);
  await pass(100);
  assert.equal(sockets.length, 2);
});

test("where too much was asked it stays away for a while", async (t) => {
  const { client, last } = await connected(t, { random: () => 0, transport: "websocket" });
  last().end(4429);
  await settle();
  assert.equal(client.connection.retry_in_ms, 5_000);
  await pass(5_000);
  last().open({ type: "error", code: "over_capacity", title: "", detail: "", poll_after_ms: 30_000 });
  last().end(1013);
  await settle();
  assert.equal(client.connection.retry_in_ms, 30_000);
});

test("what is not allowed is not asked again before something changes", async (t) => {
  const { client, match, sockets, problems, last } = await connected(t);

  last().end(4403, "not allowed");
  await pass(60_000);

  assert.deepEqual([sockets.length, client.connection.state, match.status, problems], [1, "closed", "refused", ["not_allowed"]]);
  client.follow("n");
  await settle();
  assert.equal(sockets.length, 1);
  client.refresh("other");
  await settle();
  assert.deepEqual(last().protocols[1], "grandstand.bearer.other");
  last().open(events(4, 4));
  assert.deepEqual([match.status, match.seq], ["live", 4]);
});

test("a token that is no longer good is replaced once", async (t) => {
  let made = 0;
  const { client, sockets, problems, last } = await connected(t, { token: () => `token${++made}` });
  assert.equal(last().protocols[1], "grandstand.bearer.token1");

  last().end(1006);
  await pass(250);
  assert.equal(last().protocols[1], "grandstand.bearer.token1", "a good one is kept");
  last().end(4401);
  await pass(500);
  assert.equal(last().protocols[1], "grandstand.bearer.token2");
  last().end(4401);
  await pass(60_000);

  assert.deepEqual([sockets.length, client.connection.state, made, problems], [3, "closed", 2, ["token_refused"]]);
});

test("a token that was refused before the handshake is replaced too", async (t) => {
  let made = 0;
  const asked = [];
  const fetch = async (url, { headers }) => {
    asked.push([url.href, headers.Authorization]);
    return { status: 401, headers: new Headers() };
  };
  const { client, last } = stage(t, { token: async () => `token${++made}`, fetch });
  client.follow("m");
  await settle();

  last().end(1006);
  await settle();
  await pass(250);

  assert.deepEqual(asked, [["http://one.example/v1/matches", "Bearer token1"]]);
  assert.equal(last().protocols[1], "grandstand.bearer.token2");
});

test("a server that is full is asked again when it says", async (t) => {
  const fetch = async () => ({ status: 503, headers: new Headers({ "Retry-After": "7" }) });
  const { client, last } = stage(t, { fetch });
  client.follow("m");
  await settle();
  last().end(1006);
  await settle();
  assert.equal(client.connection.retry_in_ms, 7_000);
});

test("who has no token where one is needed is told so", async (t) => {
  const fetch = async () => ({ status: 401, headers: new Headers() });
  const { client, last } = stage(t, { fetch });
  const titles = [];
  client.follow("m").addEventListener("problem", ({ detail }) => titles.push(detail.title));
  await settle();
  last().end(1006);
  await settle();
  assert.deepEqual(titles, ["You need a token to follow matches here"]);
});

test("who is not allowed before the handshake does not come back", async (t) => {
  const fetch = async () => ({ status: 403, headers: new Headers() });
  const { client, last } = stage(t, { fetch });
  client.follow("m");
  await settle();
  last().end(1006);
  await settle();
  assert.equal(client.connection.state, "closed");
});

test("a token that is none is refused at once", async (t) => {
  class Refusing {
    constructor() {
      throw new DOMException("no subprotocol", "SyntaxError");
    }
  }
  const { client, problems } = stage(t, { token: "no token", WebSocket: Refusing });
  client.follow("m");
  await settle();
  assert.deepEqual([client.connection.state, problems], ["closed", ["not_understood"]]);
});

test("what is no longer wanted when the token comes is not begun", async (t) => {
  const { client, sockets } = stage(t, { token: async () => (await settle(), "late") });
  client.follow("m");
  client.close();
  await settle();
  await settle();
  assert.equal(sockets.length, 0);
});

test("a session does not come back without its matches", async (t) => {
  const { match, last } = await connected(t);
  match.unfollow();
  last().end(1006);
  await pass(250);
  last().open();
  assert.deepEqual(last().said, [{ type: "hello", subscriptions: [], heartbeat_s: 25 }]);
});

test("a handshake that is not answered is given up", async (t) => {
  const { client, sockets } = stage(t);
  client.follow("m");
  await settle();
  await pass(10_250);
  assert.equal(sockets.length, 2);
  assert.ok(sockets[0].isClosed);
});

test("a token function that fails is asked again", async (t) => {
  let asked = 0;
  const token = () => (++asked < 3 ? Promise.reject(new Error("offline")) : "good");
  const { client, sockets, last } = stage(t, { token });
  client.follow("m");
  await settle();
  await pass(2_000);
  assert.deepEqual([sockets.length, last().protocols[1]], [1, "grandstand.bearer.good"]);
});

test("a connection that follows nothing any more is ended, but not while a page changes matches", async (t) => {
  const { client, match, sockets, last } = await connected(t);

  match.unfollow();
  await pass(4_000);
  const next = client.follow("n");
  await pass(4_000);
  assert.deepEqual([sockets.length, sockets[0].isClosed], [1, false]);
  assert.deepEqual(last().said.slice(1), [{ type: "unsubscribe", match: "m" }, { type: "subscribe", match: "n" }]);
  next.unfollow();
  await pass(5_000);

  assert.ok(sockets[0].isClosed);
  assert.equal(client.connection.state, "closed");
});

test("what is no match id never reaches a gateway", async (t) => {
  const { client, sockets } = stage(t);
  for (const id of ["", "A", "a b", "x".repeat(65)]) assert.throws(() => client.follow(id), TypeError);
  await settle();
  assert.equal(sockets.length, 0);
});

test("a match that is asked for before the welcome is not forgotten", async (t) => {
  const { client, last } = stage(t);
  client.follow("m");
  await settle();
  last().readyState = 1;
  last().onopen();
  client.follow("n");
  assert.deepEqual(last().said.map(({ type }) => type), ["hello", "subscribe"]);
});

test("another policy and another token go over the same connection", async (t) => {
  const { client, match, last } = await connected(t, { token: "one" });
  match.setPolicy("digest", { delay_s: 30 });
  client.refresh("two");
  const after = { epoch: EPOCH, seq: 3 };
  assert.deepEqual(last().said.slice(1), [
    { type: "subscribe", match: "m", after, policy: "digest", delay_s: 30 },
    { type: "refresh", token: "two" },
    { type: "hello" },
  ]);
});

/** A token that says when it was made and when it ends, in Unix seconds. */
const jwt = (iat, exp) => `e30.${Buffer.from(JSON.stringify({ iat, exp })).toString("base64url")}.x`;

test("a token is replaced shortly before it ends, over the same connection", async (t) => {
  const tokens = [jwt(1_000, 1_600), jwt(1_480, 2_080), jwt(1_960, 2_560)];
  const replaced = [];
  const token = (before) => (replaced.push(before), tokens[replaced.length - 1]);
  const { client, match, sockets, told, last } = await connected(t, { token });
  const tiers = [];
  client.addEventListener("connection", () => tiers.push(client.tier));
  const refreshed = () => last().said.filter(({ type }) => type === "refresh").map(({ token }) => token);
  const alive = async (s) => {
    for (let gone_s = 0; gone_s < s; gone_s += 20) {
      last().hear({ type: "pong", heads: [] });
      await pass(20_000);
    }
  };

  await alive(460);
  assert.deepEqual(refreshed(), []);
  await alive(40);
  assert.deepEqual(refreshed(), [tokens[1]]);
  last().hear({ ...welcome, tier: "free" });
  assert.deepEqual([tiers, sockets.length, match.status], [["free"], 1, "live"]);
  await alive(480);
  assert.deepEqual(refreshed(), tokens.slice(1));
  assert.deepEqual(replaced, [null, ...tokens.slice(0, 2)]);
  assert.equal(told.filter(({ state }) => state === "connecting").length, 1);
});

test("a token that ended while there was no connection is not tried", async (t) => {
  const tokens = [jwt(1_000, 1_060), jwt(1_100, 1_160)];
  const { last } = await connected(t, { token: () => tokens.shift() });
  const second = tokens[0];
  last().end(1012);
  await sleep(120_000);
  assert.equal(last().protocols[1], `grandstand.bearer.${second}`);
});

test("a token function that fails or has nothing newer leaves the connection as it is", async (t) => {
  const first = jwt(1_000, 1_100);
  let asked = 0;
  const token = () => (++asked === 2 ? Promise.reject(new Error("offline")) : first);
  const { sockets, last } = await connected(t, { token });
  for (let round = 0; round < 5; round++) {
    last().hear({ type: "pong", heads: [] });
    await pass(22_000);
  }
  assert.ok(asked >= 3 && asked < 8, `${asked}`);
  assert.deepEqual([sockets.length, last().said.length], [1, 1]);
});

test("a clock that is wrong by an hour renews no token early, nor again and again", () => {
  const now_ms = 1_000_000_000;
  const token = jwt(now_ms / 1_000, now_ms / 1_000 + 600);
  for (const wrong_ms of [0, 3_600_000, -3_600_000]) assert.equal(renewInMs(token, now_ms + wrong_ms, () => 1), 480_000);
  assert.equal(renewInMs(jwt(0, 10), 0, () => 0), 9_000);
  for (const none of ["", "a.b.c", "e30.e30.x", jwt(undefined, 5)]) assert.equal(renewInMs(none, now_ms, () => 1), Infinity, none);
});

test("a closed client does nothing any more", async (t) => {
  const { client, match, sockets, last } = await connected(t);
  client.close();
  last().hear(events(4, 4));
  await pass(60_000);
  assert.deepEqual([sockets.length, match.seq, client.connection.state], [1, 3, "closed"]);
});
