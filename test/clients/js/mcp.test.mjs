// The SDK of the Model Context Protocol, as docs/mcp.md uses it: an agent that has never heard of the server registers itself,
// sends its person over the pages, and calls a tool of an MCP server that takes tokens of the pool only when they are meant for it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateUserPoolClientCommand, ListUserPoolClientsCommand } from "@aws-sdk/client-cognito-identity-provider";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { certificate } from "../../browser/certificate.mjs";
import { guide } from "../guide.mjs";
import { Browser } from "../pages.mjs";
import { environment, freePort, seeded } from "../server.mjs";
import { claims, useServer } from "./server.mjs";

const POOL = "us-east-1_Tools0001", ANA = "ana@example.com", SECRET = "Passw0rd!";

describe("the Model Context Protocol", () => {
  const addresses = {}, children = [];
  let folder, tools, callback, blocks;
  const { key, cert } = certificate("localhost");
  const server = useServer(async (place) => {
    process.env.SSL_CERT_FILE = join(place, "documents.pem"); // whom the server trusts when it fetches documents of clients
    writeFileSync(process.env.SSL_CERT_FILE, cert);
    tools = addresses["http://localhost:3333"] = `http://localhost:${await freePort()}`;
    callback = addresses["http://localhost:3334"] = `http://localhost:${await freePort()}`;
    return seeded(guide({}, "mcp.md")["tools.yaml"], () => ["--login-domain="])(place);
  });
  const issuer = () => `${server.url.replace("127.0.0.1", "localhost")}/${POOL}`;

  // Runs a block of the page as a program; what it prints is in output.
  const run = (name) => {
    const file = join(folder, name);
    writeFileSync(file, blocks[name]);
    const child = spawn(process.execPath, [file], { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    const program = { child, output: "", ended: new Promise((done) => child.once("exit", done)) };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (d) => (program.output += d));
    children.push(child);
    return program;
  };
  const until = async (what, program) => {
    for (let i = 0; i < 500; i++) {
      const found = await what();
      if (found) return found;
      await sleep(20);
    }
    assert.fail(program.output);
  };

  // The hooks of a suite run in order, unlike those of a file.
  before(async () => {
    addresses["http://localhost:7654"] = server.url.replace("127.0.0.1", "localhost");
    blocks = guide(addresses, "mcp.md");
    folder = mkdtempSync(join(import.meta.dirname, ".mcp-")); // below the packages
    const program = run("server.mjs");
    await until(() => fetch(`${tools}/mcp`, { method: "POST" }).then((r) => r.status === 401, () => false), program);
  });
  after(() => {
    delete process.env.SSL_CERT_FILE;
    for (const child of children) child.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test("the agent of the page registers itself and is let in by its person", async () => {
    const program = run("agent.mjs");
    const [, url] = await until(() => program.output.match(/Open (\S+)/), program);
    const left = await new Browser().signIn(url, ANA, SECRET);
    assert.equal(left.origin + left.pathname, `${callback}/callback`);
    const forged = new URL(left);
    forged.searchParams.set("state", "another");
    assert.equal((await fetch(forged)).status, 400);
    assert.equal(await (await fetch(left)).text(), "You can close this window.");
    assert.equal(await program.ended, 0, program.output);
    assert.match(program.output, /^No orders of [0-9a-f-]{36} yet$/m);
    const { UserPoolClients } = await server.sdk.send(new ListUserPoolClientsCommand({ UserPoolId: POOL }));
    assert.deepEqual(UserPoolClients.map((c) => c.ClientName), ["My agent"]);
  });

  // What an agent keeps, and where it sends its person.
  class Agent {
    redirectUrl = "http://localhost:3334/callback";
    clientMetadata = { client_name: "Agent", redirect_uris: [this.redirectUrl], grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none" };
    clientInformation = () => this.client;
    saveClientInformation(client) { this.client = client; }
    tokens = () => this.kept;
    saveTokens(tokens) { this.kept = tokens; }
    saveCodeVerifier(verifier) { this.verifier = verifier; }
    codeVerifier = () => this.verifier;
    redirectToAuthorization(url) { this.sentTo = url; }

    async connect() {
      this.transport = new StreamableHTTPClientTransport(new URL(`${tools}/mcp`), { authProvider: this });
      const client = new Client({ name: "agent", version: "1.0.0" });
      await client.connect(this.transport);
      return client;
    }
    // Connects for the first time, by way of the pages.
    async introduce() {
      await assert.rejects(this.connect(), UnauthorizedError);
      const left = await new Browser().signIn(this.sentTo, ANA, SECRET);
      assert.equal(left.searchParams.get("iss"), issuer());
      await this.transport.finishAuth(left.searchParams.get("code"));
      return this.connect();
    }
  }

  test("its token is for the server alone, and is refreshed when it is refused", async () => {
    const agent = new Agent();
    const client = await agent.introduce();
    const first = agent.kept;
    const { aud, scope } = claims(first.access_token);
    assert.deepEqual([aud, scope], [`${tools}/mcp`, "orders/read"]);
    agent.kept = { ...first, access_token: first.access_token.slice(0, -4) + "AAAA" };
    assert.match((await client.callTool({ name: "orders" })).content[0].text, /No orders/);
    assert.notEqual(agent.kept.refresh_token, first.refresh_token); // those of public clients rotate
    assert.equal(claims(agent.kept.access_token).aud, `${tools}/mcp`);
    await client.close();
  });

  test("a token of the pool for something else is refused", async () => {
    const agent = new Agent();
    agent.validateResourceURL = async () => new URL("http://localhost:1/mcp");
    await assert.rejects(agent.introduce(), /401|Unauthorized/);
    assert.equal(claims(agent.kept.access_token).aud, "http://localhost:1/mcp");
  });

  // Calls an operation that the SDK does not know yet.
  async function operation(name, body) {
    const answer = await fetch(server.url, {
      method: "POST", body: JSON.stringify(body), headers: {
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${name}`, "X-Amz-Date": "20260101T000000Z",
        Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
      },
    });
    const out = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(out));
    return out;
  }

  test("an agent goes by the address of its metadata document", async (t) => {
    const agent = new Agent();
    let asked = 0;
    const library = createServer({ key, cert }, (_, response) => {
      asked++;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ ...agent.clientMetadata, client_id: agent.clientMetadataUrl }));
    });
    await once(library.listen(0, "localhost"), "listening");
    t.after(() => library.close());
    const base = `https://localhost:${library.address().port}`;
    agent.clientMetadataUrl = `${base}/agent.json`;
    const { UserPoolClient } = await server.sdk.send(new CreateUserPoolClientCommand({
      UserPoolId: POOL, ClientName: "agents", AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["code"],
      AllowedOAuthScopes: ["openid", "orders/read"], CallbackURLs: ["https://unused.example"], SupportedIdentityProviders: ["COGNITO"],
      RefreshTokenRotation: { Feature: "ENABLED", RetryGracePeriodSeconds: 0 }, ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH"],
    }));
    const { CIMDPolicy } = await operation("CreateCIMDPolicy", {
      UserPoolId: POOL, ClientId: UserPoolClient.ClientId, PolicyName: "agents", URLPatterns: [`${base}/*`],
    });
    const client = await agent.introduce();
    assert.equal(agent.sentTo.searchParams.get("client_id"), agent.clientMetadataUrl);
    assert.equal(claims(agent.kept.access_token).client_id, UserPoolClient.ClientId);
    assert.match((await client.callTool({ name: "orders" })).content[0].text, /No orders/);
    const first = agent.kept;
    agent.kept = { ...first, access_token: first.access_token.slice(0, -4) + "AAAA" };
    assert.match((await client.callTool({ name: "orders" })).content[0].text, /No orders/);
    assert.notEqual(agent.kept.refresh_token, first.refresh_token);
    const { ClientMetadataURLs } = await operation("ListClientMetadataURLs", { UserPoolId: POOL, CIMDPolicyId: CIMDPolicy.CIMDPolicyId });
    assert.deepEqual([asked, ClientMetadataURLs.map((u) => u.URL)], [1, [agent.clientMetadataUrl]]);
    await client.close();
  });
});
