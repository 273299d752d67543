// Starts the built cognate binary for a test file, with the seed file and settings it asks for.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const root = resolve(import.meta.dirname, "../../..");
const binary = process.env.COGNATE_BIN ?? join(root, "bin/cognate");
export { root };

function freePort() {
  return new Promise((done, fail) => {
    const s = createServer();
    s.on("error", fail);
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

// The caller's environment without settings of Cognate or AWS.
export const environment = (extra = {}) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(COGNATE|AWS)_/.test(k))), ...extra,
});

// seed and flags may be functions, which are asked once other before hooks have run.
export function useServer({ seed, flags = [], env = {} }) {
  const server = { url: "", output: "" };
  const value = (v) => (typeof v === "function" ? v() : v);
  let child, folder;
  before(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), "cognate-test-"));
    const file = join(folder, "seed.yaml");
    writeFileSync(file, value(seed));
    const args = ["dev", "--ephemeral", "--listen", `127.0.0.1:${port}`, "--seed", file, ...value(flags)];
    child = spawn(binary, args, { cwd: folder, env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((_, fail) => child.once("error", fail).once("exit", (code) => fail(new Error(`cognate ended with ${code}\n${server.output}`))));
    ended.catch(() => {});
    child.stdout.on("data", (d) => (server.output += d));
    child.stderr.on("data", (d) => (server.output += d));
    server.url = `http://127.0.0.1:${port}`;
    await Promise.race([ended, ready(server.url)]);
  });
  after(async () => {
    child?.removeAllListeners("exit");
    if (child && child.exitCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await gone;
    }
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  return server;
}

async function ready(url) {
  for (let i = 0; i < 3000; i++) {
    const answer = await fetch(url + "/_cognate/ready").catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(20);
  }
  throw new Error("cognate was not ready in a minute");
}
