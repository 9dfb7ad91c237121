// A match's state: how a patch changes it, and the hash that proves it.

/**
 * Any JSON value.
 * @typedef {null | boolean | number | string | Json[] | {[key: string]: Json}} Json
 */

/** How many hex digits of the digest make a hash. */
const HASH_DIGITS = 16;

/**
 * Applies a JSON Merge Patch (RFC 7396). Nothing given is changed: what the patch leaves alone is
 * shared between the old value and the new one, so a state that was handed out stays as it was.
 * @param {Json | undefined} target
 * @param {Json} patch
 * @returns {Json}
 */
export function applyPatch(target, patch) {
  if (!isObject(patch)) return patch;
  const before = isObject(target) ? target : {};
  const after = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    // No state has such a key (they begin with a letter), and here it would change more than a member.
    if (key === "__proto__") continue;
    if (value === null) delete after[key];
    else after[key] = applyPatch(before[key], value);
  }
  return after;
}

/**
 * The canonical JSON (RFC 8785) of a state, which is its plain JSON over sorted keys: a state holds
 * no fraction, and its keys are ASCII.
 * @param {Json} value
 * @returns {string}
 */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/**
 * The hash of a state: the first 16 hex digits of SHA-256 over its canonical JSON. A page on plain
 * HTTP has no WebCrypto, and elsewhere it would only answer later; a state is hashed here within a
 * millisecond, before anybody is shown it.
 * @param {Json} state
 * @returns {string}
 */
export function hashOf(state) {
  return sha256(new TextEncoder().encode(canonical(state))).slice(0, HASH_DIGITS);
}

/**
 * SHA-256 (FIPS 180-4) in hexadecimal.
 * @param {Uint8Array} message
 * @returns {string}
 */
export function sha256(message) {
  const blocks = padded(message);
  const hash = Int32Array.from(START);
  const schedule = new Int32Array(64);
  for (let offset = 0; offset < blocks.byteLength; offset += 64) {
    for (let i = 0; i < 16; i++) schedule[i] = blocks.getInt32(offset + 4 * i);
    for (let i = 16; i < 64; i++) {
      const [x, y] = [schedule[i - 15], schedule[i - 2]];
      const small0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const small1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      schedule[i] = schedule[i - 16] + small0 + schedule[i - 7] + small1;
    }
    compress(hash, schedule);
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The message, a one, zeros, and its length in bits: whole blocks of 64 bytes. @param {Uint8Array} message */
function padded(message) {
  const bytes = new Uint8Array((((message.length + 8) >> 6) + 1) << 6);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor(message.length / 0x20000000));
  view.setUint32(bytes.length - 4, message.length << 3);
  return view;
}

/** @param {Int32Array} hash @param {Int32Array} schedule */
function compress(hash, schedule) {
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i++) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const one = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[i] + schedule[i]) | 0;
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (hash[i] += word));
}

/** @param {number} word @param {number} bits */
function turn(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

/** The first 64 primes. */
const PRIMES = [...Array(312).keys()].filter(
  (n) => n > 1 && ![...Array(n).keys()].some((divisor) => divisor > 1 && n % divisor === 0),
);
/** The first 32 bits of what follows the point. @param {number} root */
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

/** @param {unknown} value @returns {value is {[key: string]: Json}} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
