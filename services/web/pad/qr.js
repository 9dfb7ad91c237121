// A QR code of a text, by ISO/IEC 18004: byte mode, error correction M, versions 1 to 10.

/** Codewords for error correction in each block, and blocks, of each version at level M (table 9). */
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
/** Weights of what makes a symbol hard to read (7.8.3). */
const [RUN, SQUARE, FINDER, BALANCE] = [3, 3, 40, 10];
const MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => (x * y) % 2 + (x * y) % 3,
  (x, y) => ((x * y) % 2 + (x * y) % 3) % 2, (x, y) => ((x + y) % 2 + (x * y) % 3) % 2,
];

/** The symbol as rows of dark (true) and light modules, without its quiet zone; null if the text is too long. */
export function qrOf(text) {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_, index) => 12 + (index < 9 ? 0 : 8) + 8 * bytes.length <= 8 * dataWords(index + 1)) + 1;
  if (version === 0) return null;
  const words = interleaved(dataOf(bytes, version), version);
  const candidates = MASKS.map((_, mask) => new Symbol(version).draw(words, mask));
  return candidates.reduce((best, one) => penaltyOf(one) < penaltyOf(best) ? one : best);
}

/** All codewords that a version has room for. */
function allWords(version) {
  const along = Math.floor(version / 7) + 2;
  const alignment = version === 1 ? 0 : (25 * along - 10) * along - 55;
  return ((16 * version + 128) * version + 64 - alignment - (version >= 7 ? 36 : 0)) >> 3;
}

function dataWords(version) {
  return allWords(version) - CORRECTION[version - 1] * BLOCKS[version - 1];
}

/** Mode, length, the bytes, and padding (7.4). */
function dataOf(bytes, version) {
  const bits = [];
  const put = (value, length) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  put(0b0100, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const all = 8 * dataWords(version);
  put(0, Math.min(4, all - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < all; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: bits.length / 8 }, (_, at) => Number.parseInt(bits.slice(8 * at, 8 * at + 8).join(""), 2));
}

/** The blocks with their error correction, taken by turns (7.6). */
function interleaved(data, version) {
  const [count, correction] = [BLOCKS[version - 1], CORRECTION[version - 1]];
  const [each, longer] = [Math.floor(data.length / count), data.length % count];
  const divisor = divisorOf(correction);
  const blocks = [];
  for (let index = 0, at = 0; index < count; index++) {
    const length = each + (index >= count - longer ? 1 : 0);
    const block = data.slice(at, at += length);
    blocks.push({ block, rest: remainderOf(block, divisor) });
  }
  const turns = (pick, length) => Array.from({ length }, (_, at) => blocks.map((one) => pick(one)[at])).flat().filter((word) => word !== undefined);
  return [...turns(({ block }) => block, each + 1), ...turns(({ rest }) => rest, correction)];
}

/** The product in the field of 256 over x^8 + x^4 + x^3 + x^2 + 1. */
function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((other >> bit) & 1) * one);
  return product;
}

function divisorOf(degree) {
  let result = [...Array(degree - 1).fill(0), 1];
  for (let step = 0, root = 1; step < degree; step++, root = times(root, 2)) {
    result = result.map((factor, at) => times(factor, root) ^ (result[at + 1] ?? 0));
  }
  return result;
}

function remainderOf(data, divisor) {
  let rest = divisor.map(() => 0);
  for (const word of data) {
    const factor = word ^ rest[0];
    rest = [...rest.slice(1), 0].map((one, at) => one ^ times(divisor[at], factor));
  }
  return rest;
}

class Symbol {
  #size;
  #version;
  #dark;
  /** Modules that are no data. */
  #fixed;

  constructor(version) {
    this.#version = version;
    this.#size = 4 * version + 17;
    this.#dark = Array.from({ length: this.#size }, () => Array(this.#size).fill(false));
    this.#fixed = this.#dark.map((row) => [...row]);
  }

  draw(words, mask) {
    this.#timing();
    for (const [x, y] of [[3, 3], [this.#size - 4, 3], [3, this.#size - 4]]) this.#finder(x, y);
    this.#alignment();
    this.#format(mask);
    this.#versionBits();
    this.#data(words, MASKS[mask]);
    return this.#dark;
  }

  #set(x, y, isDark) {
    this.#dark[y][x] = Boolean(isDark);
    this.#fixed[y][x] = true;
  }

  #timing() {
    for (let at = 0; at < this.#size; at++) {
      this.#set(6, at, at % 2 === 0);
      this.#set(at, 6, at % 2 === 0);
    }
  }

  #finder(x, y) {
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
      const [at_x, at_y, ring] = [x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy))];
      if (at_x >= 0 && at_x < this.#size && at_y >= 0 && at_y < this.#size) this.#set(at_x, at_y, ring !== 2 && ring !== 4);
    }
  }

  #alignment() {
    if (this.#version === 1) return;
    const count = Math.floor(this.#version / 7) + 2;
    const step = Math.ceil((this.#version * 4 + 4) / (count * 2 - 2)) * 2;
    const places = [6, ...Array.from({ length: count - 1 }, (_, at) => this.#size - 7 - at * step).reverse()];
    for (const [i, x] of places.entries()) for (const [j, y] of places.entries()) {
      const isFinder = (i === 0 && j === 0) || (i === 0 && j === count - 1) || (i === count - 1 && j === 0);
      if (isFinder) continue;
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) this.#set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
  }

  /** Level and mask, twice, with their own error correction (7.9); level M is 00. */
  #format(mask) {
    let rest = mask;
    for (let step = 0; step < 10; step++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((mask << 10) | rest) ^ 0x5412;
    const bit = (at) => (bits >> at) & 1;
    for (let at = 0; at <= 5; at++) this.#set(8, at, bit(at));
    this.#set(8, 7, bit(6));
    this.#set(8, 8, bit(7));
    this.#set(7, 8, bit(8));
    for (let at = 9; at < 15; at++) this.#set(14 - at, 8, bit(at));
    for (let at = 0; at < 8; at++) this.#set(this.#size - 1 - at, 8, bit(at));
    for (let at = 8; at < 15; at++) this.#set(8, this.#size - 15 + at, bit(at));
    this.#set(8, this.#size - 8, true);
  }

  #versionBits() {
    if (this.#version < 7) return;
    let rest = this.#version;
    for (let step = 0; step < 12; step++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.#version << 12) | rest;
    for (let at = 0; at < 18; at++) {
      const [far, near] = [this.#size - 11 + (at % 3), Math.floor(at / 3)];
      this.#set(far, near, (bits >> at) & 1);
      this.#set(near, far, (bits >> at) & 1);
    }
  }

  /** In columns of two from the right, up and down by turns, past the vertical timing. */
  #data(words, mask) {
    let at = 0;
    for (let right = this.#size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.#size; step++) for (const x of [right, right - 1]) {
        const y = ((right + 1) & 2) === 0 ? this.#size - 1 - step : step;
        if (this.#fixed[y][x]) continue;
        const bit = at < 8 * words.length ? (words[at >> 3] >> (7 - (at & 7))) & 1 : 0;
        this.#dark[y][x] = (bit === 1) !== (mask(x, y) === 0);
        at += 1;
      }
    }
  }
}

/** How hard a symbol is to read: long runs, squares, what looks like a finder, too much of one kind. */
function penaltyOf(rows) {
  const columns = rows.map((_, x) => rows.map((row) => row[x]));
  let penalty = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((isDark) => (isDark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += RUN + run.length - 5;
    for (let at = 0; at + 11 <= text.length; at++) if (["10111010000", "00001011101"].includes(text.slice(at, at + 11))) penalty += FINDER;
  }
  for (let y = 1; y < rows.length; y++) for (let x = 1; x < rows.length; x++) {
    if (rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x - 1]) penalty += SQUARE;
  }
  const dark = rows.flat().filter(Boolean).length / rows.length ** 2;
  return penalty + BALANCE * Math.floor(Math.abs(dark * 20 - 10));
}
