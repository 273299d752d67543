// The SDK of the Model Context Protocol: a client that has never heard of the server registers itself, sends its person over
// the pages, and calls a tool of an MCP server that takes tokens of the pool only when they are meant for it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreateResourceServerCommand, CreateUserPoolDomainCommand, ListUserPoolClientsCommand, UpdateUserPoolCommand } from "@aws-sdk/client-cognito-identity-provider";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { Browser } from "../pages.mjs";
import { PASSWORD } from "./openid.mjs";
import { claims, makePool, useServer } from "./server.mjs";

const CALLBACK = "http://localhost:3334/callback";

let server, pool, issuer, address, listener;

// The MCP server, with one tool: who is asking.
async function startTools() {
  const app = createMcpExpressApp();
  listener = await new Promise((done) => { const s = app.listen(0, "127.0.0.1", () => done(s)); });
  address = new URL(`http://localhost:${listener.address().port}/mcp`);
  const oauthMetadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
  const keys = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));
  const verifier = {
    async verifyAccessToken(token) {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: address.href }).catch((e) => { throw new InvalidTokenError(e.message); });
      return { token, clientId: payload.client_id, scopes: payload.scope.split(" "), expiresAt: payload.exp, resource: new URL(payload.aud), extra: { username: payload.username } };
    },
  };
  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: address, scopesSupported: ["openid", "orders/read"] }));
  app.post("/mcp", requireBearerAuth({
    verifier, requiredScopes: ["orders/read"], resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(address), expectedResource: address,
  }), async (request, response) => {
    const mcp = new McpServer({ name: "orders", version: "1.0.0" });
    mcp.registerTool("whoami", { description: "Who is asking" }, ({ authInfo }) => ({ content: [{ type: "text", text: authInfo.extra.username }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on("close", () => { transport.close(); mcp.close(); });
    await mcp.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
}

// What an agent keeps, and where it sends its person.
class Agent {
  redirectUrl = CALLBACK;
  clientMetadata = {
    client_name: "Agent", redirect_uris: [CALLBACK], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  kept = {};
  state = () => "s-1";
  clientInformation = () => this.kept.client;
  saveClientInformation(client) { this.kept.client = client; }
  tokens = () => this.kept.tokens;
  saveTokens(tokens) { this.kept.tokens = tokens; }
  saveCodeVerifier(verifier) { this.kept.verifier = verifier; }
  codeVerifier = () => this.kept.verifier;
  redirectToAuthorization(url) { this.sentTo = url; }
}

describe("the Model Context Protocol", () => {
  // Without a login domain the pool's endpoints stand below its issuer, whose host name resolves everywhere. The hooks of a
  // suite run in order, unlike those of a file.
  server = useServer(async () => ["--login-domain="]);
  before(async () => {
    pool = await makePool(server);
    issuer = `${server.url.replace("127.0.0.1", "localhost")}/${pool.id}`;
    await pool.user("ana");
    await server.sdk.send(new CreateResourceServerCommand({
      UserPoolId: pool.id, Identifier: "orders", Name: "Orders", Scopes: [{ ScopeName: "read", ScopeDescription: "read" }],
    }));
    await server.sdk.send(new CreateUserPoolDomainCommand({ UserPoolId: pool.id, Domain: "agents" }));
    await server.sdk.send(new UpdateUserPoolCommand({ UserPoolId: pool.id, DcrConfiguration: { OpenDcrEnabled: true, AllowedScopes: ["orders/read"] } }));
    await startTools();
  });
  after(() => listener?.close());

  test("an MCP client registers itself, is let in by its person, and refreshes", async () => {
    const agent = new Agent();
    const connect = async () => {
      const transport = new StreamableHTTPClientTransport(address, { authProvider: agent });
      const client = new Client({ name: "agent", version: "1.0.0" });
      await client.connect(transport).catch((error) => { throw Object.assign(error, { transport }); });
      return client;
    };
    const { transport } = await connect().then(assert.fail, (error) => { assert.ok(error instanceof UnauthorizedError, error.stack); return error; });
    assert.equal(agent.sentTo.searchParams.get("resource"), address.href);
    const { UserPoolClients } = await server.sdk.send(new ListUserPoolClientsCommand({ UserPoolId: pool.id }));
    assert.ok(UserPoolClients.some((c) => c.ClientId === agent.kept.client.client_id && c.ClientName === "Agent"));

    const left = await new Browser().signIn(agent.sentTo, "ana", PASSWORD);
    assert.deepEqual([left.origin + left.pathname, left.searchParams.get("state"), left.searchParams.get("iss")], [CALLBACK, "s-1", issuer]);
    await transport.finishAuth(left.searchParams.get("code"));
    const { aud, scope } = claims(agent.kept.tokens.access_token);
    assert.deepEqual([aud, scope], [address.href, "orders/read"]);
    const client = await connect();
    assert.equal((await client.callTool({ name: "whoami" })).content[0].text, "ana");

    // Once the access token is refused the client refreshes; the public client's refresh token rotates.
    const first = agent.kept.tokens;
    agent.kept.tokens = { ...first, access_token: first.access_token.slice(0, -4) + "AAAA" };
    assert.equal((await client.callTool({ name: "whoami" })).content[0].text, "ana");
    assert.notEqual(agent.kept.tokens.refresh_token, first.refresh_token);
    assert.equal(claims(agent.kept.tokens.access_token).aud, address.href);
    await client.close();
  });
});
