// The blocks of a page of docs, which tests run as they stand there.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const FENCE = /^```\S+[^\n]*\n(?:\/\/|#|<!--) (\S+)(?: -->)?\n(.*?)^```$/gms;

// Returns the blocks by the file names that their first lines give them, with addresses replaced: {"http://localhost:7654": "..."}.
export function guide(addresses = {}, page = "oidc.md") {
  const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
  const blocks = {};
  for (const [, name, code] of text.matchAll(FENCE)) {
    blocks[name] = Object.entries(addresses).reduce((all, [from, to]) => all.replaceAll(from, to), code);
  }
  return blocks;
}
