// A complete fan: follows a match through every cut, and proves that it has the right state.
// TOKEN=… node fan.mjs http://127.0.0.1:7002 MATCH (no TOKEN: as nobody; Node 20: --experimental-websocket)
import { createHash } from "node:crypto";
const FATAL = { 4400: "this client is wrong", 4401: "another TOKEN is needed", 4403: "not allowed" };
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function apply(state, patch) { // JSON Merge Patch, RFC 7396
  if (!isObject(patch)) return patch;
  const after = isObject(state) ? { ...state } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else after[key] = apply(after[key], value);
  }
  return after;
}

function canonical(value) { // RFC 8785, which is plain JSON over sorted keys for what a state may hold
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
}
const hashOf = (state) => createHash("sha256").update(canonical(state)).digest("hex").slice(0, 16);

function take(fan, { type, epoch, seq, state, events = [], ...message }) { // throws: what we have is worth nothing
  if (type === "snapshot") Object.assign(fan, { epoch, seq, state });
  for (const event of events) {
    if (epoch !== (fan.epoch ??= epoch) || event.seq !== fan.seq + 1)
      throw new Error(`${epoch}-${event.seq} after ${fan.epoch}-${fan.seq}`);
    Object.assign(fan, { seq: event.seq, state: apply(fan.state, event.patch) });
  }
  const right = hashOf(fan.state);
  if ((seq ?? fan.seq) === fan.seq && (message.hash ?? right) !== right) throw new Error(`the hash at ${fan.seq} is wrong`);
  console.log(message.reason ? `${type}:${message.reason}` : type, fan.seq, right, JSON.stringify(fan.state.strip ?? message));
}

const connected = (fan, url, match, token) => new Promise((resolve) => { // to why it ended, and when to come again
  const address = `${url.replace("http", "ws")}/v1/ws?match=${match}&after=${fan.epoch ? `${fan.epoch}-${fan.seq}` : ""}`;
  const socket = new WebSocket(address, ["grandstand.v1.json", ...(token ? [`grandstand.bearer.${token}`] : [])]);
  let silence_s = 10, watch = setTimeout(() => end({ why: "silence" }), silence_s * 1000);
  const end = (ended) => { clearTimeout(watch); socket.onmessage = socket.onclose = socket.onerror = null; socket.close(); resolve(ended); };
  socket.onclose = ({ code }) => end({ why: `closed with ${code}`, fatal: FATAL[code] });
  socket.onerror = () => end({ why: "no connection" }); // onclose may not follow
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "goaway") return end({ why: "goaway", ms: message.reconnect_in_ms + Math.random() * message.window_ms });
    if (message.type === "welcome") silence_s = message.heartbeat_s + 10; // who says nothing for longer is dead
    clearTimeout(watch), watch = setTimeout(() => end({ why: "silence" }), silence_s * 1000);
    try { take(fan, message); } catch (error) { end({ why: error.message, worthless: true }); }
  };
});

for (let fan = { seq: 0, state: {} }, attempt = 0; ;) {
  const seen = fan.seq, { why, fatal, worthless, ms } = await connected(fan, process.argv[2], process.argv[3], process.env.TOKEN);
  if (fatal) { console.error(`${why}: ${fatal}`); process.exit(1); }
  if (worthless) fan = { seq: 0, state: {} }; // without a cursor the next connection begins with a snapshot
  attempt = fan.seq > seen ? 0 : attempt + 1; // what brought something was no failure
  const wait_ms = ms ?? Math.random() * Math.min(10_000, 250 * 2 ** attempt);
  console.log(`again in ${(wait_ms / 1000).toFixed(2)} s, after ${fan.seq}: ${why}`);
  await new Promise((resolve) => setTimeout(resolve, wait_ms));
}
