// The newest operations, which older SDKs do not know: resource servers with machine tokens, two client secrets, sessions.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import {
  AddUserPoolClientSecretCommand, AdminListUserSessionsCommand, AdminRevokeUserSessionCommand, CognitoIdentityProviderClient,
  CreateResourceServerCommand, CreateUserPoolClientCommand, DeleteResourceServerCommand, DeleteUserPoolClientSecretCommand,
  DescribeResourceServerCommand, FeatureUnavailableInTierException, GetClientTokenCommand, GetTokensFromRefreshTokenCommand,
  GetUserCommand, GetUserPoolClientSessionConfigurationCommand, GetUserPoolSessionConfigurationCommand, InitiateAuthCommand,
  LimitExceededException, ListUserPoolClientSecretsCommand, ListUserSessionsCommand, NotAuthorizedException,
  ResourceNotFoundException, RevokeTokenCommand, RevokeUserSessionCommand, ScopeDoesNotExistException,
  SetUserPoolClientSessionConfigurationCommand, SetUserPoolSessionConfigurationCommand, UpdateResourceServerCommand,
  paginateListResourceServers,
} from "@aws-sdk/client-cognito-identity-provider";
import { JwtRsaVerifier } from "aws-jwt-verify";
import { PASSWORD, REGION, claims, makePool, useServer } from "./server.mjs";

const server = useServer();
const send = (command) => server.sdk.send(command);
const scope = (ScopeName) => ({ ScopeName, ScopeDescription: ScopeName });

// A pool with the server https://api.example.com and a machine client.
async function machinePool() {
  const pool = await makePool(server);
  await send(new CreateResourceServerCommand({ UserPoolId: pool.id, Identifier: "https://api.example.com", Name: "API", Scopes: [scope("read"), scope("write")] }));
  const { UserPoolClient } = await send(new CreateUserPoolClientCommand({
    UserPoolId: pool.id, ClientName: "machine", GenerateSecret: true, ExplicitAuthFlows: ["ALLOW_CLIENT_TOKEN_AUTH"],
    AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["client_credentials"],
    AllowedOAuthScopes: ["https://api.example.com/read", "https://api.example.com/write"],
    AccessTokenValidity: 300, TokenValidityUnits: { AccessToken: "seconds" },
  }));
  return { ...pool, clientId: UserPoolClient.ClientId, secret: UserPoolClient.ClientSecret };
}

// Calls an operation as plain HTTP with the given further headers.
async function raw(operation, body, headers = {}) {
  const answer = await fetch(server.url, {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`, ...headers },
  });
  return { status: answer.status, body: await answer.json() };
}

async function signIn(pool, name, clientId = pool.clientId, more = {}) {
  const { AuthenticationResult } = await send(new InitiateAuthCommand({
    ClientId: clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: name, PASSWORD, ...more },
  }));
  return AuthenticationResult;
}

const revoked = { name: "NotAuthorizedException", message: "Access Token has been revoked" };

describe("machines", () => {
  test("resource servers", async () => {
    const pool = await machinePool();
    const { ResourceServer } = await send(new DescribeResourceServerCommand({ UserPoolId: pool.id, Identifier: "https://api.example.com" }));
    assert.deepEqual(ResourceServer, { UserPoolId: pool.id, Identifier: "https://api.example.com", Name: "API", Scopes: [scope("read"), scope("write")] });
    for (const Identifier of ["b", "c", "d"]) await send(new CreateResourceServerCommand({ UserPoolId: pool.id, Identifier, Name: "n" }));
    const found = [];
    for await (const page of paginateListResourceServers({ client: server.sdk, pageSize: 2 }, { UserPoolId: pool.id })) {
      found.push(...page.ResourceServers.map((s) => s.Identifier));
    }
    assert.deepEqual(found, ["b", "c", "d", "https://api.example.com"]);
    await assert.rejects(send(new CreateUserPoolClientCommand({ UserPoolId: pool.id, ClientName: "x", AllowedOAuthScopes: ["b/none"] })), ScopeDoesNotExistException);
    await send(new DeleteResourceServerCommand({ UserPoolId: pool.id, Identifier: "b" }));
    await assert.rejects(send(new DescribeResourceServerCommand({ UserPoolId: pool.id, Identifier: "b" })), ResourceNotFoundException);
  });

  test("GetClientToken signed with any key, with a bad signature and unsigned", async () => {
    const pool = await machinePool();
    const garbage = new CognitoIdentityProviderClient({
      region: "eu-north-1", endpoint: server.url, maxAttempts: 1, credentials: { accessKeyId: "AKIAGARBAGE000000000", secretAccessKey: "garbage" },
    });
    const request = { ClientId: pool.clientId, Secret: pool.secret };
    const { ClientAuthenticationResult: result } = await garbage.send(new GetClientTokenCommand(request));
    garbage.destroy();
    assert.deepEqual([result.TokenType, result.ExpiresIn], ["Bearer", 300]);
    const token = claims(result.AccessToken);
    assert.equal(token.scope, "https://api.example.com/read https://api.example.com/write");
    assert.deepEqual([token.sub, token.client_id, token.token_use, token.version, token.exp - token.iat], [pool.clientId, pool.clientId, "access", 2, 300]);
    assert.ok(!("username" in token) && !("origin_jti" in token) && token.jti && token.auth_time);
    const bad = "AWS4-HMAC-SHA256 Credential=AKIAX/20200101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00";
    for (const headers of [{}, { Authorization: bad }, { Authorization: "rubbish" }]) {
      const { status, body } = await raw("GetClientToken", { ...request, Scopes: ["https://api.example.com/read"] }, headers);
      assert.equal(status, 200);
      assert.equal(claims(body.ClientAuthenticationResult.AccessToken).scope, "https://api.example.com/read");
    }
    const verifier = JwtRsaVerifier.create({ issuer: token.iss, audience: null, jwksUri: `${server.url}/${pool.id}/.well-known/jwks.json` });
    await fetch(`${server.url}/${pool.id}/.well-known/jwks.json`).then((r) => r.json()).then((jwks) => verifier.cacheJwks(jwks));
    assert.equal((await verifier.verify(result.AccessToken)).client_id, pool.clientId);
    await assert.rejects(send(new GetUserCommand({ AccessToken: result.AccessToken })), { name: "NotAuthorizedException", message: "Invalid Access Token" });
    await assert.rejects(send(new GetClientTokenCommand({ ...request, Secret: "x".repeat(30) })),
      (e) => e instanceof NotAuthorizedException && e.message === "Invalid client or secret");
    await assert.rejects(send(new GetClientTokenCommand({ ...request, Scopes: ["https://api.example.com/admin"] })), { name: "InvalidParameterException" });
    await send(new UpdateResourceServerCommand({ UserPoolId: pool.id, Identifier: "https://api.example.com", Name: "API", Scopes: [scope("write")] }));
    const left = await send(new GetClientTokenCommand(request));
    assert.equal(claims(left.ClientAuthenticationResult.AccessToken).scope, "https://api.example.com/write");
  });

  test("two secrets at a time serve everywhere", async () => {
    const pool = await makePool(server, {}, { GenerateSecret: true });
    await pool.user("ana");
    const at = { UserPoolId: pool.id, ClientId: pool.clientId };
    const { ClientSecretDescriptor: added } = await send(new AddUserPoolClientSecretCommand(at));
    assert.match(added.ClientSecretId, new RegExp(`^${pool.clientId}--\\d{10}$`));
    assert.ok(added.ClientSecretCreateDate instanceof Date);
    await assert.rejects(send(new AddUserPoolClientSecretCommand(at)), LimitExceededException);
    for (const secret of [pool.secret, added.ClientSecretValue]) {
      const SECRET_HASH = createHmac("sha256", secret).update("ana" + pool.clientId).digest("base64");
      const tokens = await signIn(pool, "ana", pool.clientId, { SECRET_HASH });
      await send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, ClientSecret: secret, RefreshToken: tokens.RefreshToken }));
      await send(new RevokeTokenCommand({ ClientId: pool.clientId, ClientSecret: secret, Token: tokens.RefreshToken }));
    }
    const { ClientSecrets } = await send(new ListUserPoolClientSecretsCommand(at));
    assert.deepEqual(ClientSecrets.map((s) => s.ClientSecretValue), [undefined, undefined]);
    await send(new DeleteUserPoolClientSecretCommand({ ...at, ClientSecretId: added.ClientSecretId }));
    await assert.rejects(send(new DeleteUserPoolClientSecretCommand({ ...at, ClientSecretId: ClientSecrets[1].ClientSecretId })), { name: "InvalidParameterException" });
    const own = "an_own+secret_of_24_chars";
    const { ClientSecretDescriptor: chosen } = await send(new AddUserPoolClientSecretCommand({ ...at, ClientSecret: own }));
    assert.equal(chosen.ClientSecretValue, undefined);
    const SECRET_HASH = createHmac("sha256", own).update("ana" + pool.clientId).digest("base64");
    assert.ok((await signIn(pool, "ana", pool.clientId, { SECRET_HASH })).AccessToken);
  });
});

describe("sessions", () => {
  test("settings", async () => {
    const pool = await makePool(server);
    const at = { UserPoolId: pool.id };
    const { UserSessionTracking, TokenSession } = await send(new GetUserPoolSessionConfigurationCommand(at));
    assert.deepEqual([UserSessionTracking, TokenSession], ["DISABLED", { MaxPerUser: 20 }]);
    const client = { ...at, ClientId: pool.clientId };
    assert.deepEqual((await send(new GetUserPoolClientSessionConfigurationCommand(client))).SSOSession, { MaxValidityMinutes: 60 });
    for (const MaxPerUser of [0, 101]) {
      await assert.rejects(send(new SetUserPoolSessionConfigurationCommand({ ...at, UserSessionTracking: "ENABLED", TokenSession: { MaxPerUser } })), { name: "InvalidParameterException" });
    }
    await send(new SetUserPoolSessionConfigurationCommand({ ...at, UserSessionTracking: "ENABLED", TokenSession: { MaxPerUser: 2 } }));
    const set = await send(new SetUserPoolClientSessionConfigurationCommand({ ...client, SSOSession: { MaxValidityMinutes: 0 } }));
    assert.deepEqual(set.SSOSession, { MaxValidityMinutes: 0 });
    const lite = await makePool(server, { UserPoolTier: "LITE" });
    await assert.rejects(send(new SetUserPoolSessionConfigurationCommand({ UserPoolId: lite.id, UserSessionTracking: "ENABLED", TokenSession: { MaxPerUser: 2 } })), FeatureUnavailableInTierException);
  });

  test("list, number and revoke", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    await send(new SetUserPoolSessionConfigurationCommand({ UserPoolId: pool.id, UserSessionTracking: "ENABLED", TokenSession: { MaxPerUser: 2 } }));
    const first = await signIn(pool, "ana");
    const second = await signIn(pool, "ana");
    await send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken: first.RefreshToken }));
    const third = await signIn(pool, "ana");
    await assert.rejects(send(new GetUserCommand({ AccessToken: second.AccessToken })), revoked);
    await assert.rejects(send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken: second.RefreshToken })), NotAuthorizedException);

    const { Sessions } = await send(new ListUserSessionsCommand({ AccessToken: third.AccessToken }));
    assert.equal(Sessions.length, 2);
    const mine = Sessions.find((s) => s.IsCurrentSession);
    const other = Sessions.find((s) => !s.IsCurrentSession);
    assert.match(mine.SessionId, /^tkn[a-z0-9]{25}$/);
    assert.deepEqual([mine.SessionType, mine.ClientId, mine.LastIPAddress, mine.LastLocation.Country], ["TOKEN", pool.clientId, "127.0.0.1", "unknown"]);
    assert.ok(mine.CreateDate instanceof Date && typeof mine.DeviceType === "string");

    const browser = await raw("InitiateAuth", { ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ana", PASSWORD } },
      { "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36" });
    assert.equal(browser.status, 200);
    const seen = await send(new AdminListUserSessionsCommand({ UserPoolId: pool.id, Username: "ana" }));
    assert.equal(seen.Sessions[0].DeviceType, "Chrome 125 / macOS 15.0");
    assert.ok(seen.Sessions.every((s) => s.IsCurrentSession === false) && seen.Sessions.length === 2);

    await assert.rejects(send(new RevokeUserSessionCommand({ AccessToken: third.AccessToken, SessionId: mine.SessionId })), { name: "InvalidParameterException" });
    await assert.rejects(send(new RevokeUserSessionCommand({ AccessToken: third.AccessToken, SessionId: other.SessionId })), ResourceNotFoundException); // made room
    await send(new RevokeUserSessionCommand({ AccessToken: third.AccessToken, SessionId: seen.Sessions[0].SessionId, RevokeAssociatedSessions: "LINKED" }));
    await assert.rejects(send(new GetUserCommand({ AccessToken: browser.body.AuthenticationResult.AccessToken })), revoked);
    await send(new AdminRevokeUserSessionCommand({ UserPoolId: pool.id, Username: "ana", SessionId: mine.SessionId }));
    await assert.rejects(send(new ListUserSessionsCommand({ AccessToken: third.AccessToken })), revoked);
    await assert.rejects(send(new AdminRevokeUserSessionCommand({ UserPoolId: pool.id, Username: "ana", SessionId: mine.SessionId })), ResourceNotFoundException);
  });

  test("RevokeToken with LINKED, and access by token needs no credentials", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    await send(new SetUserPoolSessionConfigurationCommand({ UserPoolId: pool.id, UserSessionTracking: "ENABLED", TokenSession: { MaxPerUser: 5 } }));
    const tokens = await signIn(pool, "ana");
    const anonymous = new CognitoIdentityProviderClient({
      region: REGION, endpoint: server.url, maxAttempts: 1, credentials: () => Promise.reject(new Error("no credentials")),
    });
    assert.equal((await anonymous.send(new ListUserSessionsCommand({ AccessToken: tokens.AccessToken }))).Sessions.length, 1);
    anonymous.destroy();
    await send(new RevokeTokenCommand({ ClientId: pool.clientId, Token: tokens.RefreshToken, RevokeAssociatedSessions: "LINKED" }));
    await assert.rejects(send(new ListUserSessionsCommand({ AccessToken: tokens.AccessToken })), revoked);
  });

  test("limits set by tags", async () => {
    const pool = await makePool(server, { UserPoolTags: { "cognate:session-idle": "30m", "cognate:session-absolute": "1h" } });
    await pool.user("ana");
    const tokens = await signIn(pool, "ana");
    const advance = (by) => fetch(`${server.url}/_cognate/clock`, { method: "POST", body: JSON.stringify({ advance: by }) });
    const refresh = () => send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken: tokens.RefreshToken }));
    await advance("29m");
    await refresh();
    await advance("29m");
    await refresh();
    await advance("3m");
    await assert.rejects(refresh(), { name: "NotAuthorizedException", message: "Refresh Token has expired" });
    await assert.rejects(makePool(server, { UserPoolTags: { "cognate:session-idle": "soon" } }), { name: "UserPoolTaggingException" });
  });
});
