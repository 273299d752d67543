// openid-client, the client library of OpenID Connect for Node.js that is certified, against managed login.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as client from "openid-client";
import { Browser } from "../pages.mjs";
import { CALLBACK, OUT, PASSWORD, clock, machine, openIDPool } from "./openid.mjs";
import { useServer } from "./server.mjs";

const server = useServer();

// Discovers the pool. The server of this test has no TLS, which the library has to be told.
const discover = (pool, authentication, metadata = pool.secret) =>
  client.discovery(new URL(pool.issuer), pool.clientId, metadata, authentication, { execute: [client.allowInsecureRequests] });

// One way from the app to the pages and back. Resolves to what the library makes of the tokens.
async function visit(config, browser, more = {}, checks = {}) {
  const verifier = client.randomPKCECodeVerifier(), state = client.randomState(), nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK, scope: "openid email profile", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
  });
  const left = await browser.signIn(url, "ana", PASSWORD);
  return client.authorizationCodeGrant(config, left, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, ...checks });
}

for (const [name, settings, authentication] of [
  ["a public client", {}, client.None()],
  ["client_secret_basic", { GenerateSecret: true }, undefined],
  ["client_secret_post", { GenerateSecret: true }, "post"],
]) {
  test(`openid-client as ${name}: code, userInfo, refresh, revocation, logout`, async () => {
    const pool = await openIDPool(server, settings);
    const config = await discover(pool, authentication === "post" ? client.ClientSecretPost(pool.secret) : authentication);
    client.enableNonRepudiationChecks(config); // the signature of the ID token, though it came from the token endpoint itself
    assert.equal(config.serverMetadata().supportsPKCE(), true);
    const browser = new Browser();
    const tokens = await visit(config, browser);
    const { sub, email, nonce, at_hash: hash, "cognito:username": username } = tokens.claims();
    assert.deepEqual([email, username, Boolean(nonce), Boolean(hash)], ["ana@example.com", "ana", true, true]);

    const info = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.deepEqual([info.email, info.email_verified, info.name], ["ana@example.com", "true", "Ana Quist"]);

    const again = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(again.claims().sub, sub);
    await client.tokenRevocation(config, tokens.refresh_token);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant", status: 400 });
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub), (error) => error.cause[0].parameters.error === "invalid_token");

    // The session of the browser answers without a page, until the app logs out.
    const silent = await visit(config, browser, { prompt: "none" });
    assert.equal(silent.claims().sub, sub);
    const bye = client.buildEndSessionUrl(config, { post_logout_redirect_uri: OUT, id_token_hint: silent.id_token, state: "s 1" });
    assert.equal((await browser.open(bye)).left.href, `${OUT}?state=s+1`);
    await assert.rejects(visit(config, browser, { prompt: "none" }), { error: "login_required" });
  });
}

describe("openid-client", () => {
  test("max_age: the ID token says when the person signed in", async () => {
    const pool = await openIDPool(server);
    const config = await discover(pool, client.None());
    const browser = new Browser();
    const first = await visit(config, browser, { max_age: "600" }, { maxAge: 600 });
    const second = await visit(config, browser, { max_age: "600" }, { maxAge: 600 });
    assert.equal(second.claims().auth_time, first.claims().auth_time);
    await clock(server, { advance: "5s" });
    const asked = client.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: "openid", max_age: "1" });
    assert.match((await browser.open(asked)).url.pathname, /\/login$/);
    await clock(server, { reset: true });
  });

  test("response_mode=form_post: the answer comes as a form", async () => {
    const pool = await openIDPool(server);
    const config = await discover(pool, client.None());
    const browser = new Browser();
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK, scope: "openid", state: "s1", response_mode: "form_post",
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    });
    await browser.open(url);
    await browser.fill({ username: "ana" });
    await browser.fill({ password: PASSWORD });
    const { action, values } = browser.form("code", "state", "iss");
    assert.equal(action, CALLBACK);
    const back = new Request(action, { method: "POST", body: values });
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: "s1" });
    assert.equal(tokens.claims().email, "ana@example.com");
  });

  test("client credentials and introspection", async () => {
    const pool = await openIDPool(server);
    const robot = await machine(server, pool);
    const config = await discover({ ...pool, ...robot });
    const token = await client.clientCredentialsGrant(config, { scope: "orders/read" });
    assert.deepEqual([token.expires_in, token.id_token], [3600, undefined]);
    const facts = await client.tokenIntrospection(config, token.access_token);
    assert.deepEqual([facts.active, facts.scope, facts.client_id], [true, "orders/read", robot.clientId]);
  });
});
