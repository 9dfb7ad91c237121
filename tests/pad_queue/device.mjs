// A scorer's device with the pad's queue: does what it is told on standard input, a line of JSON each, and prints what a page would show.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const { queue: folder, url, match, device, token, file } = JSON.parse(process.argv[2]);
const { openQueue } = await import(`${folder}/queue.js`);
const { scoringService } = await import(`${folder}/post.js`);
const say = (what) => console.log(JSON.stringify(what));

/** A browser's storage as a file, which is replaced as a whole. */
const store = {
  async open() {
    let kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { head: null, rows: [] };
    let isFirst = true;
    return {
      async change(work) {
        const changes = work(isFirst ? kept : null);
        isFirst = false;
        if (changes === null) return;
        const rows = new Map(kept.rows.map((row) => [row.n, row]));
        for (const n of changes.gone) rows.delete(n);
        for (const row of changes.rows) rows.set(row.n, row);
        kept = { head: changes.head, rows: [...rows.values()] };
        const next = openSync(`${file}.next`, "w");
        writeSync(next, JSON.stringify(kept));
        fsyncSync(next);
        closeSync(next);
        renameSync(`${file}.next`, file);
      },
      close() {},
    };
  },
};

// Short pauses: it is cut more often than any phone.
const options = { match, device, token, store, random: () => 0.05, ...scoringService({ base: url, match, device }) };
const queue = await openQueue(options);
queue.onchange = () => {
  const { confirmed, ...shown } = queue.snapshot();
  const warnings = confirmed.flatMap(({ id, warnings }) => warnings.map(({ rule }) => ({ id, rule })));
  say({ shown: { ...shown, confirmed: confirmed.length, warnings } });
};
queue.onchange();

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, words } = JSON.parse(line);
  const [name, ...given] = words;
  const asked = name === "add" && given[1] === "seen" ? [given[0], { seen: queue.snapshot().head }] : given;
  say({ done: ask, result: (await queue[name](...asked)) ?? null });
}
queue.close();
