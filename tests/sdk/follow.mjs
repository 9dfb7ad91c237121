// Follows one match with the client, as the argument says, and prints what it sees as lines of JSON.
// `report` on standard input is answered by one; `spoil` makes its state a wrong one; the end ends it.

import { createInterface } from "node:readline";

const { sdk, urls, tokens, match: id, codec, wish, heartbeat_s, transport } = JSON.parse(process.argv[2]);
const { Client, hashOf } = await import(sdk);
const say = (what) => console.log(JSON.stringify(what));

const client = new Client(urls, {
  codec,
  heartbeat_s: heartbeat_s ?? 25,
  transport: transport ?? "auto",
  token: () => (tokens.length > 1 ? tokens.shift() : tokens[0]),
  // Short pauses: it is cut more often than any fan.
  random: () => 0.02,
  log: (text) => console.error(text),
});
const match = client.follow(id, wish);
client.addEventListener("connection", ({ detail }) => say({ connection: detail.state, transport: detail.transport, code: detail.code, why: detail.reason, tier: client.tier }));
client.addEventListener("problem", ({ detail }) => say({ problem: detail }));
match.addEventListener("problem", ({ detail }) => say({ problem: detail }));
match.addEventListener("change", ({ detail }) => {
  const seqs = (detail.events ?? []).map(({ seq }) => seq);
  say({ change: detail.cause, reason: detail.reason, seqs, seq: match.seq, status: match.status });
});

for await (const word of createInterface({ input: process.stdin })) {
  if (word === "spoil") {
    match.state = { ...match.state, spoilt: true };
    say({ spoilt: true });
    continue;
  }
  const { epoch, seq, hash, state } = match;
  say({ report: { epoch, seq, hash, hash_now: hashOf(state), counts: client.counts, tier: client.tier } });
}
client.close();
