// The golden vectors of the contract, which hold for every client.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Match, applyPatch, canonical, hashOf } from "../sdk/grandstand.js";
import { decode, encode } from "../sdk/msgpack.js";
import { sha256 } from "../sdk/state.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../../schemas/vectors/${name}.json`, import.meta.url), "utf8"));
const copy = (value) => JSON.parse(JSON.stringify(value));

test("a patch leads to the state and the hash that the vectors say, and changes nothing that was there", () => {
  for (const { before, patch, after, hash } of vectors("patches")) {
    const untouched = copy(before);

    const patched = applyPatch(before, patch);

    assert.deepEqual(patched, after);
    assert.deepEqual(before, untouched);
    assert.equal(hashOf(patched), hash);
  }
});

test("every message of the server reads the same in both codecs", () => {
  for (const { name, json, messagepack } of vectors("server-messages")) {
    assert.deepEqual(decode(Buffer.from(messagepack, "hex")), json, name);
  }
  for (const name of ["record", "record-of-corrections"]) {
    const { json, messagepack } = vectors(name);
    assert.deepEqual(decode(Buffer.from(messagepack, "hex")), json, name);
  }
});

test("every message of a client is written as it is read", () => {
  for (const message of vectors("client-messages")) {
    assert.deepEqual(decode(encode(message)), message);
  }
});

test("a match takes the vectors' snapshot and events, and proves them", () => {
  const messages = Object.fromEntries(vectors("server-messages").map(({ name, json }) => [name, json]));
  const [joined, whole] = [new Match("final-2026", {}, () => {}), new Match("final-2026", {}, () => {})];

  assert.equal(joined.take(messages.snapshot), null);
  assert.equal(whole.take(messages["events that end with a record"]), null);

  assert.deepEqual(whole.state, joined.state);
  assert.equal(whole.hash, messages.snapshot.hash);
  assert.deepEqual(whole.place(), joined.place());
});

test("SHA-256 is right at every length around its blocks", () => {
  const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256(new TextEncoder().encode("abc")), known);
  for (let length = 0; length < 300; length++) {
    const message = Uint8Array.from({ length }, (_, index) => index * 7 + length);
    assert.equal(sha256(message), createHash("sha256").update(message).digest("hex"), `${length} bytes`);
  }
});

test("the canonical form sorts keys at every depth and escapes only what JSON demands", () => {
  const state = { b: [{ d: 1, c: "\u2028\"\n/é" }], a: { i2: -1, i10: true } };
  assert.equal(canonical(state), '{"a":{"i10":true,"i2":-1},"b":[{"c":"\u2028\\"\\n/é","d":1}]}');
});

test("keys that mean something to JavaScript are members like any other, or none", () => {
  const patched = applyPatch({}, JSON.parse('{"constructor":{"toString":1},"__proto__":{"evil":1}}'));
  assert.equal(canonical(patched), '{"constructor":{"toString":1}}');
  assert.equal(patched.evil, undefined);
  assert.equal({}.evil, undefined);
});

test("MessagePack of every size and kind survives both ways", () => {
  const numbers = [0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const values = [null, true, false, 0.5, ...numbers, ...numbers.slice(1).map((number) => -number), -32, -33, -128, -129];
  for (const length of [0, 15, 16, 31, 32, 255, 256, 65535, 65536]) {
    values.push("ä".repeat(length), Array.from({ length }, () => 1));
    values.push(Object.fromEntries(Array.from({ length: Math.min(length, 70000) }, (_, index) => [`k${index}`, index])));
  }
  for (const value of values) assert.deepEqual(decode(encode(value)), value);
});

test("bytes that are no MessagePack message are refused", () => {
  for (const hex of ["", "c1", "a5aa", "92", "8101c0", "c0c0", "d40000", "91".repeat(40) + "c0", "a1ff"]) {
    assert.throws(() => decode(Buffer.from(hex, "hex")), hex);
  }
});
