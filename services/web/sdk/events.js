// Reads an event stream (WHATWG HTML, section 9.2) through `fetch`, which can show a token, as EventSource can't.

/** More of an event than this is not ours. */
const CHARACTERS_MAX = 1024 * 1024;

/**
 * The data of each event of a stream. One that was cut off is none.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} heard called whenever anything came
 */
export async function* readEvents(body, heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  /** @type {string[]} */
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      // A carriage return at the end may be half of a line's end.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) {
        if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
        if (line !== "") continue;
        if (data.length > 0) yield data.join("\n");
        data = [];
      }
      if (rest.length > CHARACTERS_MAX || data.length > CHARACTERS_MAX) throw new Error("an event without an end");
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
