// An executable model of what Obsidian does to front-matter when a property is edited: it parses the whole block and
// writes it anew, with this version of this library and these options.
//
// One JSON string (a head, without its --- lines) a line in; one JSON object a line out: {"head": "...", "values": {...}}
// or, where the head is no valid front-matter, {"error": "<the library's code>"}. Numbers JSON has no word for are text.

import { createInterface } from "node:readline";
import { parseDocument, stringify } from "yaml";

const WRITE = { nullStr: "", lineWidth: 0, aliasDuplicateObjects: false };

function rewrite(head) {
  const document = parseDocument(head, { logLevel: "silent" });
  if (document.errors.length > 0) {
    return { error: document.errors[0].code };
  }
  let properties;
  try {
    properties = document.toJS() ?? {};
  } catch (error) {
    return { error: error.name }; // an alias without its anchor is found only here
  }
  if (typeof properties !== "object" || Array.isArray(properties)) {
    return { error: "NOT_A_MAP" };
  }
  return { head: Object.keys(properties).length > 0 ? stringify(properties, WRITE) : "", values: properties };
}

function spell(_, value) {
  return typeof value === "number" && !Number.isFinite(value) ? `(${value})` : value;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(rewrite(JSON.parse(line)), spell) + "\n");
}
