// `cognate branding preview` as a process: every sign-in page in every state.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

// Starts a preview on a port of its own. names are its pages; page is the address of one; close ends it.
export async function startPreview(...flags) {
  const binary = process.env.COGNATE_BIN ?? join(import.meta.dirname, "../../bin/cognate");
  const child = spawn(binary, ["branding", "preview", "--listen", "127.0.0.1:0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([
    new Promise((done) => lines.on("line", (line) => done(/http:\S+\//.exec(line)?.[0]))),
    ended.then((status) => { throw new Error(`the preview ended with status ${status}`); }),
  ]);
  const names = async (query = "") => {
    const gallery = await (await fetch(url + query)).text();
    return [...gallery.matchAll(/<section id="([\w-]+)">/g)].map((m) => m[1]);
  };
  return {
    url, names,
    page: (name, more = {}) => `${url}page?${new URLSearchParams({ name, ...more })}`,
    close: () => { child.kill(); return ended; },
  };
}
