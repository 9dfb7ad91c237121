// The pad's QR codes, held against another encoder (the Python package `qrcode` 8, byte mode, level M).

import assert from "node:assert/strict";
import { test } from "node:test";

import { qrOf } from "../pad/qr.js";
import { sha256 } from "../sdk/state.js";

/** Version, text, and the beginning of SHA-256 over the symbol's rows of 0 and 1 for each mask. */
const VECTORS = [
  [1, "x".repeat(14), ["ca4e5f866901", "ce179c5d0e1c", "57987d1ffbed", "fa8504592724", "948367ed7076", "f25a9f30dd1c", "400be42d20a6", "7a0b3210bc28"]],
  [3, "http://127.0.0.1:7001/#match=a", ["2da7b516f7b7", "ed937f82041a", "273b205b8ea6", "86f423f7e0f2", "d5326861559d", "efb733b0ef17", "236f44a3d391", "bd5e763de20f"]],
  [7, "https://pad.example/#match=reds-v-blues&key=abcdefghijklmnopqrstuvwxyz0123456789ABCDEF-and-more-of-it-here-0123456789", ["5fed64aebfd2", "8b03b53bfc31", "861113f27f1f", "4c2c49bba935", "d8bde46a9e76", "bb92a16ca376", "63927c343a55", "181ccc7e1e47"]],
  [10, `https://score.example.org/#match=final-2026-11-30&key=${"Qw3-_".repeat(30)}`, ["6082ba5e1a74", "8b3e28b650f0", "21f51b65a88d", "472f05848078", "b03967e7e99b", "33221ae21b97", "8a83f4682580", "9b6c2848a853"]],
];

test("a symbol is the one that another encoder draws", () => {
  for (const [version, text, hashes] of VECTORS) {
    const rows = qrOf(text).map((row) => row.map((isDark) => (isDark ? "1" : "0")).join(""));
    assert.equal(rows.length, 4 * version + 17);
    const hash = sha256(new TextEncoder().encode(rows.join("\n"))).slice(0, 12);
    assert.ok(hashes.includes(hash), `version ${version}: ${hash}`);
  }
});

test("a text that does not fit has no symbol", () => {
  assert.equal(qrOf("x".repeat(213)).length, 57);
  assert.equal(qrOf("x".repeat(214)), null);
});
