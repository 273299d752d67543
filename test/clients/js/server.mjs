// Starts the built cognate binary for one test file and gives it the few things every test needs.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, CognitoIdentityProviderClient, CreateUserPoolClientCommand, CreateUserPoolCommand,
  SetUserPoolMfaConfigCommand,
} from "@aws-sdk/client-cognito-identity-provider";

export const PASSWORD = "Correct-Horse-1";
export const REGION = "us-east-1";
const binary = process.env.COGNATE_BIN ?? resolve(import.meta.dirname, "../../../bin/cognate");

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

// Registers a server for the calling test file; its fields are there once tests run. prepare, when given, is called
// before the start and returns further arguments.
export function useServer(prepare = async () => []) {
  const server = { url: "", sdk: undefined, output: "" };
  let child, folder;
  before(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), "cognate-test-"));
    const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(COGNATE|AWS)_/.test(k)));
    child = spawn(binary, ["dev", "--ephemeral", "--listen", `127.0.0.1:${port}`, ...await prepare(folder)], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((_, fail) => child.once("error", fail).once("exit", (code) => fail(new Error(`cognate ended with ${code}\n${server.output}`))));
    ended.catch(() => {});
    child.stdout.on("data", (d) => (server.output += d));
    child.stderr.on("data", (d) => (server.output += d));
    server.url = `http://127.0.0.1:${port}`;
    server.sdk = new CognitoIdentityProviderClient({
      region: REGION, endpoint: server.url, maxAttempts: 1, credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await Promise.race([ended, ready(server.url)]);
  });
  after(async () => {
    server.sdk?.destroy();
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

// Makes a pool with one client without secret; returns ids and shorthands.
export async function makePool(server, settings = {}, clientSettings = {}) {
  const { UserPool } = await server.sdk.send(new CreateUserPoolCommand({ PoolName: "js", ...settings }));
  const { UserPoolClient } = await server.sdk.send(new CreateUserPoolClientCommand({
    UserPoolId: UserPool.Id, ClientName: "js",
    ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], ...clientSettings,
  }));
  const id = UserPool.Id;
  return {
    id, clientId: UserPoolClient.ClientId, secret: UserPoolClient.ClientSecret,
    async user(name, attributes = {}, password = PASSWORD) {
      const list = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
      await server.sdk.send(new AdminCreateUserCommand({ UserPoolId: id, Username: name, MessageAction: "SUPPRESS", UserAttributes: list }));
      await server.sdk.send(new AdminSetUserPasswordCommand({ UserPoolId: id, Username: name, Password: password, Permanent: true }));
    },
    mfa: (config) => server.sdk.send(new SetUserPoolMfaConfigCommand({ UserPoolId: id, MfaConfiguration: "OFF", ...config })),
    // The code of the newest message to an address, once `count` messages have arrived there.
    async code(to, count = 1) {
      const query = new URLSearchParams({ format: "json", to, userPoolId: id });
      for (let i = 0; i < 500; i++) {
        const { messages } = await (await fetch(`${server.url}/_cognate/inbox?${query}`)).json();
        if (messages.length >= count) return messages[0].code;
        await sleep(20);
      }
      throw new Error(`no ${count} messages to ${to}`);
    },
  };
}

// Reads the claims of a token without looking at its signature.
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
