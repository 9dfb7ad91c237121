// Resolves the addresses that pages import by (`/pad/x.js`) to the files that are served there.

import { register } from "node:module";

const root = new URL("..", import.meta.url).href;
const hook = `
export function resolve(specifier, context, next) {
  return next(/^\\/(pad|fan|sdk)\\//.test(specifier) ? ${JSON.stringify(root)} + specifier.slice(1) : specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hook)}`);
