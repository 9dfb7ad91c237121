// How a batter was out, as a scorecard writes it and as a fan says it.

import { list, name } from "/fan/text.js";
import { playerName } from "/fan/state.js";

const BY_FIELDERS = new Set(["run out", "obstructing the field"]);

/** `c Jurel b Archer`, from a row's `out` or a wicket's data with its bowler. */
export function dismissalText(state, { kind, bowler, fielders }) {
  const names = (fielders ?? []).map((fielder) => name(fielderName(state, fielder)));
  const by = bowler === undefined ? "" : ` b ${name(playerName(state, bowler))}`;
  const first = names[0] === undefined ? "" : ` ${names[0]}`;
  switch (kind) {
    case "caught": return `c${first}${by}`.trim();
    case "caught and bowled": return bowler === undefined ? kind : `c & b ${name(playerName(state, bowler))}`;
    case "bowled": return by.trim() || kind;
    case "lbw": return `lbw${by}`;
    case "stumped": return `st${first}${by}`;
    case "hit wicket": return `hit wicket${by}`;
    default: return BY_FIELDERS.has(kind) && names.length > 0 ? `${kind} (${names.join("/")})` : kind;
  }
}

/** `caught by Jurel`, as is said after who bowled to whom. */
export function howOut(state, { kind, fielders }) {
  const names = (fielders ?? []).map((fielder) => name(fielderName(state, fielder)));
  if (names.length === 0) return kind;
  return BY_FIELDERS.has(kind) ? `${kind} (${names.join("/")})` : `${kind} by ${list(names)}`;
}

/** A fielder is an id, a name or `sub` in the state, and an object in an event. */
function fielderName(state, fielder) {
  if (typeof fielder === "string") return playerName(state, fielder);
  const named = fielder.player === undefined ? (fielder.name ?? "substitute") : playerName(state, fielder.player);
  return fielder.substitute && named !== "substitute" ? `sub ${named}` : named;
}
