// Gets events of the past out of a match's log: what the list of events lacks when a page is opened.

import { headers } from "/fan/pass.js";

const ANSWER_MAX_MS = 10000;

/** The events `first` to `last` of an epoch, or the first of them: a gateway says so many at once as are a message. */
export async function fetchEvents(match, epoch, first, last) {
  const after = first === 1 ? "0" : `${epoch}-${first - 1}`;
  const answer = await fetch(`/v1/matches/${match}/events?after=${after}&snapshot=never`, { headers: headers(), signal: AbortSignal.timeout?.(ANSWER_MAX_MS) });
  if (answer.status !== 200) throw new Error("the log can't be read now");
  const message = await answer.json();
  if (message.type !== "events" || message.epoch !== epoch) return [];
  return message.events.filter(({ seq }) => seq >= first && seq <= last);
}
