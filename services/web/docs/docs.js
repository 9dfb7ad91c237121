// Shows the OpenAPI document of whoever serves this page: every call, what it takes and answers.

const METHODS = ["get", "put", "post"];

/** An element; texts are only ever set as text. */
function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return element;
}

/** A line of our Markdown: `code` and [links](to). */
function inline(text) {
  const parts = text.split(/(`[^`]+`|\[[^\]]+\]\([^)]+\))/u);
  return parts.map((part) => {
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/u.exec(part);
    if (link) {
      return h("a", { href: link[2] }, inline(link[1]));
    }
    return part.length > 2 && part.startsWith("`") && part.endsWith("`") ? h("code", {}, part.slice(1, -1)) : part;
  });
}

/** Paragraphs, and lists of lines that begin with a dash. */
function prose(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((block) => {
    const lines = block.split("\n");
    return lines.every((line) => line.startsWith("- "))
      ? h("ul", {}, lines.map((line) => h("li", {}, inline(line.slice(2)))))
      : h("p", {}, inline(block));
  });
}

/** A schema in a few words, with a link to its own section where it has a name. */
function kind(schema) {
  if (schema?.$ref) {
    const [name, ...inside] = schema.$ref.replace("#/components/schemas/", "").split("/");
    return h("a", { href: `#schema-${name}` }, [name, ...inside.slice(1)].join(" / "));
  }
  const range = ["minimum", "maximum", "pattern"].filter((key) => schema?.[key] !== undefined);
  const words = [schema?.type, schema?.enum?.join(" | "), ...range.map((key) => `${key} ${schema[key]}`)];
  return h("code", {}, words.filter(Boolean).join(", ") || "any");
}

function parameters(operation) {
  const all = operation.parameters ?? [];
  const entries = all.flatMap((one) => [
    h("dt", {}, h("code", {}, one.name), " ", h("span", { class: "soft" }, `${one.in}${one.required ? ", required" : ""}`), " ", kind(one.schema)),
    h("dd", {}, prose(one.description)),
  ]);
  return all.length ? [h("h3", {}, "Parameters"), h("dl", {}, entries)] : [];
}

function contents(content) {
  return Object.entries(content ?? {}).map(([type, media]) => h("p", {}, h("code", {}, type), ": ", kind(media.schema)));
}

function body(operation) {
  const taken = operation.requestBody;
  return taken ? [h("h3", {}, "Body"), ...prose(taken.description), ...contents(taken.content)] : [];
}

function answers(operation) {
  const entries = Object.entries(operation.responses).flatMap(([status, answer]) => {
    const headers = Object.keys(answer.headers ?? {});
    const named = headers.length ? h("p", { class: "soft" }, `Headers: ${headers.join(", ")}`) : "";
    return [h("dt", {}, status), h("dd", {}, prose(answer.description), contents(answer.content), named)];
  });
  return [h("h3", {}, "Answers"), h("dl", {}, entries)];
}

/** Who may call, by the security of the operation. */
function caller(operation) {
  const ways = operation.security ?? [];
  const anybody = ways.length === 0 || ways.some((way) => Object.keys(way).length === 0);
  const needs = anybody ? (ways.length ? "A token shows more." : "No token.") : "Needs a token.";
  return h("p", { class: "soft" }, needs);
}

function call(path, method, operation) {
  const title = h("h2", {}, h("span", { class: "method" }, method), " ", h("code", {}, path));
  return h("section", { id: operation.operationId }, title, h("p", {}, h("strong", {}, operation.summary)),
    prose(operation.description), caller(operation), parameters(operation), body(operation), answers(operation));
}

function schema([name, text]) {
  return h("section", { id: `schema-${name}` }, h("h2", {}, h("code", {}, name)), prose(text.description),
    h("details", {}, h("summary", {}, "JSON Schema"), h("pre", { tabindex: "0" }, JSON.stringify(text, null, 2))));
}

function show(api) {
  const calls = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => [path, method, item[method]]));
  document.title = api.info.title;
  document.getElementById("title").textContent = api.info.title;
  document.getElementById("calls").append(h("ul", {}, calls.map(([path, method, operation]) =>
    h("li", {}, h("a", { href: `#${operation.operationId}` }, h("span", { class: "method" }, method), ` ${path}`)))));
  document.getElementById("main").replaceChildren(
    ...prose(api.info.description),
    ...calls.map((one) => call(...one)),
    h("h2", {}, "Schemas"),
    ...Object.entries(api.components.schemas).map(schema));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

const main = document.getElementById("main");
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) {
    throw new Error(`openapi.json was answered ${answer.status}`);
  }
  show(await answer.json());
} catch (error) {
  main.replaceChildren(h("p", { role: "alert" }, `The document can't be shown: ${error.message}`));
}
