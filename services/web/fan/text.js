// Makes texts of strangers fit to be shown: they may be hostile, long, or run from right to left.

/** Characters that turn the direction of what comes after them. */
const TURNS = /[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]/gu;
/** More marks on one letter than any language has; they would be drawn over their neighbours. */
const PILE = /(\p{M}{4})\p{M}+/gu;
/** Made once: a feed of a thousand events would make a thousand of them at every ball. */
const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const DAY_AND_TIME = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/** The text without what disturbs its surroundings. */
export function clean(text) {
  return String(text).replace(TURNS, "").replace(PILE, "$1");
}

/** A name for use inside a sentence, whichever way it runs. */
export function name(text) {
  const cleaned = clean(text);
  return RIGHT_TO_LEFT.test(cleaned) ? `\u2068${cleaned}\u2069` : cleaned;
}

/** The text with no more than so many characters. */
export function short(text, charactersMax) {
  const characters = [...clean(text)];
  return characters.length <= charactersMax ? characters.join("") : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

/** `1 run`, `2 runs`. */
export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** `innings_break` as words: `innings break`. */
export function words(identifier) {
  return clean(identifier).replace(/[_.-]+/g, " ");
}

/** With a capital letter. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `ann, bea and cat`. */
export function list(texts) {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
}

/** The time of day here, of Unix milliseconds. */
export function clock(unix_ms) {
  const isToday = new Date(unix_ms).toDateString() === new Date().toDateString();
  return (isToday ? TIME : DAY_AND_TIME).format(unix_ms);
}
