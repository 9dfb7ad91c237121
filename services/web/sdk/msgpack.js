// MessagePack, as much of it as messages of the protocol use: JSON's types, without extensions.

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Deeper than any message. */
const DEPTH_MAX = 32;

/**
 * Reads one value, which must be all there is.
 * @param {ArrayBuffer | Uint8Array} bytes
 * @returns {any}
 */
export function decode(bytes) {
  const reader = new Reader(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const value = reader.value(0);
  if (reader.at !== reader.bytes.length) throw new RangeError("more than one value");
  return value;
}

class Reader {
  at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @param {number} depth @returns {any} */
  value(depth) {
    if (depth > DEPTH_MAX) throw new RangeError("nested too deep");
    const head = this.uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.map(head & 0x0f, depth);
    if (head < 0xa0) return this.array(head & 0x0f, depth);
    if (head < 0xc0) return this.text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xca: return this.view.getFloat32(this.skip(4));
      case 0xcb: return this.view.getFloat64(this.skip(8));
      case 0xcc: return this.uint(1);
      case 0xcd: return this.uint(2);
      case 0xce: return this.uint(4);
      case 0xcf: return Number(this.view.getBigUint64(this.skip(8)));
      case 0xd0: return this.view.getInt8(this.skip(1));
      case 0xd1: return this.view.getInt16(this.skip(2));
      case 0xd2: return this.view.getInt32(this.skip(4));
      case 0xd3: return Number(this.view.getBigInt64(this.skip(8)));
      case 0xd9: return this.text(this.uint(1));
      case 0xda: return this.text(this.uint(2));
      case 0xdb: return this.text(this.uint(4));
      case 0xdc: return this.array(this.uint(2), depth);
      case 0xdd: return this.array(this.uint(4), depth);
      case 0xde: return this.map(this.uint(2), depth);
      case 0xdf: return this.map(this.uint(4), depth);
      default: throw new RangeError(`no JSON type: 0x${head.toString(16)}`);
    }
  }

  /** @param {number} length */
  skip(length) {
    const start = this.at;
    if (start + length > this.bytes.length) throw new RangeError("cut off");
    this.at += length;
    return start;
  }

  /** @param {1 | 2 | 4} size */
  uint(size) {
    const start = this.skip(size);
    if (size === 1) return this.bytes[start];
    return size === 2 ? this.view.getUint16(start) : this.view.getUint32(start);
  }

  /** @param {number} length */
  text(length) {
    const start = this.skip(length);
    return utf8.decode(this.bytes.subarray(start, start + length));
  }

  /** @param {number} length @param {number} depth */
  array(length, depth) {
    const values = [];
    for (let i = 0; i < length; i++) values.push(this.value(depth + 1));
    return values;
  }

  /** @param {number} length @param {number} depth */
  map(length, depth) {
    /** @type {[string, any][]} */
    const members = [];
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw new RangeError("a key that is no text");
      members.push([key, this.value(depth + 1)]);
    }
    return Object.fromEntries(members);
  }
}

/**
 * Writes one value.
 * @param {any} value
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encode(value) {
  /** @type {number[]} */
  const out = [];
  put(out, value);
  return Uint8Array.from(out);
}

/** @param {number[]} out @param {any} value */
function put(out, value) {
  if (value === null) out.push(0xc0);
  else if (typeof value === "boolean") out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "number") putNumber(out, value);
  else if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    putHead(out, bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
    for (const byte of bytes) out.push(byte);
  } else if (Array.isArray(value)) {
    putHead(out, value.length, 0x90, 16, [undefined, 0xdc, 0xdd]);
    for (const one of value) put(out, one);
  } else {
    // As in JSON, what is undefined is not there.
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    putHead(out, members.length, 0x80, 16, [undefined, 0xde, 0xdf]);
    for (const [key, member] of members) {
      put(out, key);
      put(out, member);
    }
  }
}

/** @param {number[]} out @param {number} value */
function putNumber(out, value) {
  const bytes = new DataView(new ArrayBuffer(8));
  if (!Number.isSafeInteger(value)) {
    bytes.setFloat64(0, value);
    out.push(0xcb, ...new Uint8Array(bytes.buffer));
  } else if (value >= 0) {
    if (value < 0x80) out.push(value);
    else if (value <= 0xffffffff) putHead(out, value, 0, 0, [0xcc, 0xcd, 0xce]);
    else {
      bytes.setBigUint64(0, BigInt(value));
      out.push(0xcf, ...new Uint8Array(bytes.buffer));
    }
  } else if (value >= -32) out.push(value + 0x100);
  else {
    bytes.setBigInt64(0, BigInt(value));
    out.push(0xd3, ...new Uint8Array(bytes.buffer));
  }
}

/**
 * A length (or a small number) behind the shortest head there is for it.
 * @param {number[]} out @param {number} length @param {number} short @param {number} shortMax
 * @param {(number | undefined)[]} heads for one, two and four bytes
 */
function putHead(out, length, short, shortMax, heads) {
  if (length < shortMax) out.push(short | length);
  else if (length <= 0xff && heads[0] !== undefined) out.push(heads[0], length);
  else if (length <= 0xffff) out.push(heads[1] ?? 0, length >> 8, length & 0xff);
  else out.push(heads[2] ?? 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
}
