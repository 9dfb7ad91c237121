// Describes what is shown as plain objects, and brings the page there by changing only what differs.
// Text from a match only ever becomes a text node or an attribute's value.

const SVG = "http://www.w3.org/2000/svg";

/** What was last shown in an element: its attributes and its key. */
const shown = new WeakMap();

/**
 * A description of an element. Attributes: `key` tells siblings apart, `fresh` highlights it if it
 * joins what is already shown, `on…` is a listener; one that is null or false is not there.
 * Children may be texts, numbers, descriptions, nothing, or arrays of these.
 */
export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes ?? {}, children: flat(children) };
}

/** What may be wider than its place is scrolled by itself, also by keys. */
export function wide(label, ...content) {
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, ...content);
}

/** Makes the children of `parent` be these. */
export function show(parent, ...children) {
  showChildren(parent, flat(children), false);
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

function showChildren(parent, children, parentIsNew) {
  const isFirst = parentIsNew || parent.firstChild === null;
  const keyed = new Map();
  for (const node of parent.childNodes) {
    const key = shown.get(node)?.key;
    if (key !== undefined) keyed.set(key, node);
  }
  let place = parent.firstChild;
  for (const child of children) {
    const found = find(child, place, keyed);
    const node = found ?? make(child, parent);
    // One that moves up leaves its place, which must not be `place` any more.
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, child, found === null, isFirst);
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** The node that shows this child already, or could. */
function find(child, place, keyed) {
  if (typeof child !== "object") return place?.nodeType === Node.TEXT_NODE ? place : null;
  const { key } = child.attributes;
  if (key !== undefined) {
    const node = keyed.get(key);
    keyed.delete(key);
    return node !== undefined && node.localName === child.tag ? node : null;
  }
  const fits = place?.nodeType === Node.ELEMENT_NODE && place.localName === child.tag;
  return fits && shown.get(place)?.key === undefined ? place : null;
}

function make(child, parent) {
  if (typeof child !== "object") return document.createTextNode("");
  const isSvg = child.tag === "svg" || parent.namespaceURI === SVG;
  return isSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
}

function update(node, child, isNew, isFirst) {
  if (typeof child !== "object") {
    const text = String(child);
    if (node.data !== text) node.data = text;
    return;
  }
  const before = shown.get(node)?.attributes ?? {};
  const { key, fresh, ...attributes } = child.attributes;
  for (const name of new Set([...Object.keys(before), ...Object.keys(attributes)])) {
    if (before[name] !== attributes[name]) setAttribute(node, name, attributes[name]);
  }
  shown.set(node, { key, attributes });
  if (isNew && fresh && !isFirst) node.classList.add("fresh");
  showChildren(node, child.children, isNew);
}

function setAttribute(node, name, value) {
  if (name.startsWith("on")) node[name] = value ?? null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
