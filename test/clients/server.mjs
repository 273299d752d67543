// Starts the built cognate binary for one test file. It needs nothing but Node.js, so that the folders of all clients share it.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

export const root = resolve(import.meta.dirname, "../..");
const binary = process.env.COGNATE_BIN ?? join(root, "bin/cognate");

// The caller's environment without settings of Cognate or AWS.
export const environment = () => Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(COGNATE|AWS)_/.test(k)));

// Registers a server for the calling test file; its fields are there once tests run. prepare, when given, is called with a
// folder of the server's own before the start and returns further arguments.
export function startServer(prepare = async () => []) {
  const server = { url: "", output: "" };
  let child, folder;
  before(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), "cognate-test-"));
    const args = ["dev", "--ephemeral", "--listen", `127.0.0.1:${port}`, ...await prepare(folder)];
    child = spawn(binary, args, { cwd: folder, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
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

// A prepare of startServer that writes a seed file. flags are asked for once other before hooks have run.
export const seeded = (seed, flags = () => []) => async (folder) => {
  const file = join(folder, "seed.yaml");
  writeFileSync(file, seed);
  return ["--seed", file, ...flags()];
};

export function freePort() {
  return new Promise((done, fail) => {
    const s = createServer();
    s.on("error", fail);
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

async function ready(url) {
  for (let i = 0; i < 3000; i++) {
    const answer = await fetch(url + "/_cognate/ready").catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(20);
  }
  throw new Error("cognate was not ready in a minute");
}
