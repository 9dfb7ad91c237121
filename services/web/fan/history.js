// Gets events of the past out of a match's log: what the list of events lacks when a page is opened.

import { protocols } from "/fan/pass.js";

const ANSWER_MAX_MS = 10000;

/** The events `first` to `last` of an epoch, or fewer if the log has no more; one connection, then gone. */
export function fetchEvents(match, epoch, first, last) {
  return new Promise((resolve, reject) => {
    const after = first === 1 ? "0" : `${epoch}-${first - 1}`;
    const url = new URL(`/v1/ws?match=${encodeURIComponent(match)}&after=${after}&snapshot=never`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, protocols());
    const events = [];
    const end = () => {
      clearTimeout(deadline);
      socket.close();
      resolve(events);
    };
    const deadline = setTimeout(end, ANSWER_MAX_MS);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "events" && message.epoch === epoch) {
        events.push(...message.events.filter(({ seq }) => seq >= first && seq <= last));
        if (message.events.at(-1).seq >= last) end();
      } else if (["events", "snapshot", "error", "goaway"].includes(message.type)) {
        end();
      }
    };
    socket.onclose = end;
    socket.onerror = () => reject(new Error("the log can't be read now"));
  });
}
