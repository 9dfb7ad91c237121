// What the events of a log tell beside the state that they lead to: what waits for an innings, and who bowled the over that is open.

/**
 * Of entries in their order: `penalties` of each side, by `a` and `b`, that wait for its next
 * innings; `overs` and `target` that were entered for the innings to come; `bowlers` of the last over.
 */
export function besideOf(entries) {
  const beside = { penalties: {}, overs: undefined, target: undefined, bowlers: new Set() };
  const began = new Set();
  let [open, over] = [null, -1];
  for (const { type, data, isVoid } of entries) {
    if (isVoid) continue;
    switch (type) {
      case "innings_start":
        [open, over] = [data.batting, -1];
        began.add(open);
        delete beside.penalties[open];
        Object.assign(beside, { overs: undefined, target: undefined, bowlers: new Set() });
        break;
      case "innings_end":
        open = null;
        break;
      case "penalty":
        if (!began.has(data.team) || (data.when === "pre" && data.team !== open)) beside.penalties[data.team] = (beside.penalties[data.team] ?? 0) + data.runs;
        break;
      case "overs_revised":
        if (open === null) beside.overs = data.overs;
        break;
      case "target_revised":
        if (open === null) beside.target = data;
        break;
      case "delivery":
        if (data.over > over) [over, beside.bowlers] = [data.over, new Set()];
        if (data.over === over) beside.bowlers.add(data.bowler);
    }
  }
  return beside;
}
