// Given a log, and what was posted on top of parts of it with the platform's word, holds the pad's word against it:
// `node refused.mjs SERVED < {epoch, events, posts}` prints how many agreed, and those that differ.

import { readFileSync } from "node:fs";

await import(process.argv[2]);
const { Book } = await import("/pad/book.js");

const { epoch, events, posts } = JSON.parse(readFileSync(0, "utf8"));

/** The pad's word, where the last events are kept on the phone alone. */
function wordOf({ seq, event }, ahead) {
  const stored = Math.max(1, seq - ahead);
  const book = new Book();
  book.take(epoch, events.slice(0, stored));
  const pending = events.slice(stored, seq).map(({ id, type, data, op, ref }) => ({ id, type, data, op, ref }));
  return book.refusal(event, pending);
}

const wrong = [];
for (const [index, post] of posts.entries()) {
  for (const ahead of new Set([0, index % 9])) {
    const refusal = wordOf(post, ahead);
    if ((refusal?.rule ?? null) !== post.rule) wrong.push({ ...post, ahead, refusal });
  }
}
console.log(JSON.stringify({ posts: posts.length, wrong: wrong.length, examples: wrong.slice(0, 5) }));
