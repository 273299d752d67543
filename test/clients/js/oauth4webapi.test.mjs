// oauth4webapi, which checks every answer to the letter of its standard, against managed login; and aws-jwt-verify, which
// checks the tokens that come of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JwtVerifier } from "aws-jwt-verify";
import * as oauth from "oauth4webapi";
import { Browser } from "../pages.mjs";
import { CALLBACK, OUT, PASSWORD, openIDPool } from "./openid.mjs";
import { claims, useServer } from "./server.mjs";

const server = useServer();
const insecure = { [oauth.allowInsecureRequests]: true }; // the server of this test has no TLS

// An app of the pool with its person's browser.
class App {
  constructor(pool) {
    this.pool = pool;
    this.client = { client_id: pool.clientId };
    this.proof = pool.secret ? oauth.ClientSecretBasic(pool.secret) : oauth.None();
    this.browser = new Browser();
  }

  async discover(algorithm) {
    const issuer = new URL(this.pool.issuer);
    this.as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }));
    return this;
  }

  // Goes over the pages; resolves to what the app was sent back with, checked.
  async authorize(more = {}) {
    const [state, nonce, verifier] = [oauth.generateRandomState(), oauth.generateRandomNonce(), oauth.generateRandomCodeVerifier()];
    const url = new URL(this.as.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: this.client.client_id, redirect_uri: CALLBACK, response_type: "code", scope: "openid email", state, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
    });
    const left = await this.browser.signIn(url, "ana", PASSWORD);
    return { parameters: oauth.validateAuthResponse(this.as, this.client, left, state), nonce, verifier, left, state };
  }

  exchange({ parameters, verifier }) {
    return oauth.authorizationCodeGrantRequest(this.as, this.client, this.proof, parameters, CALLBACK, verifier, insecure);
  }

  async tokens(visit) {
    const answer = await this.exchange(visit);
    const tokens = await oauth.processAuthorizationCodeResponse(this.as, this.client, answer, { expectedNonce: visit.nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(this.as, answer, insecure);
    return tokens;
  }

  async userInfo(tokens) {
    const { sub } = oauth.getValidatedIdTokenClaims(tokens);
    return oauth.processUserInfoResponse(this.as, this.client, sub, await oauth.userInfoRequest(this.as, this.client, tokens.access_token, insecure));
  }

  async refresh(token) {
    const answer = await oauth.refreshTokenGrantRequest(this.as, this.client, this.proof, token, insecure);
    return oauth.processRefreshTokenResponse(this.as, this.client, answer);
  }
}

for (const algorithm of ["oidc", "oauth2"]) {
  test(`oauth4webapi, discovery of ${algorithm}: the whole way`, async () => {
    const app = await new App(await openIDPool(server, { GenerateSecret: true })).discover(algorithm);
    assert.equal(app.as.authorization_response_iss_parameter_supported, true);
    const visit = await app.authorize();
    assert.equal(visit.left.searchParams.get("iss"), app.pool.issuer);
    const tokens = await app.tokens(visit);
    assert.equal((await app.userInfo(tokens)).email, "ana@example.com");

    const verifier = JwtVerifier.create({ issuer: app.pool.issuer, audience: null, jwksUri: app.as.jwks_uri });
    verifier.cacheJwks(await (await fetch(app.as.jwks_uri)).json());
    assert.equal((await verifier.verify(tokens.id_token)).aud, app.pool.clientId);
    assert.equal((await verifier.verify(tokens.access_token)).scope, "openid email");

    const again = await app.refresh(tokens.refresh_token);
    assert.equal(again.refresh_token, undefined);
    assert.equal(claims(again.id_token).auth_time, claims(tokens.id_token).auth_time);
    assert.equal((await app.userInfo(again)).email, "ana@example.com");
    await oauth.processRevocationResponse(await oauth.revocationRequest(app.as, app.client, app.proof, tokens.refresh_token, insecure));
    await assert.rejects(app.refresh(tokens.refresh_token), { error: "invalid_grant", status: 400 });
    await assert.rejects(app.userInfo(again), oauth.WWWAuthenticateChallengeError);
  });
}

describe("oauth4webapi", () => {
  test("a code that is shown twice ends what it gave", async () => {
    const app = await new App(await openIDPool(server)).discover();
    const visit = await app.authorize();
    const tokens = await app.tokens(visit);
    await app.userInfo(tokens);
    await assert.rejects(app.tokens(visit), { error: "invalid_grant", status: 400 });
    await assert.rejects(app.userInfo(tokens), oauth.WWWAuthenticateChallengeError);
    await assert.rejects(app.refresh(tokens.refresh_token), { error: "invalid_grant" });
  });

  test("a code is worth nothing with another verifier, or to another client", async () => {
    const app = await new App(await openIDPool(server)).discover();
    const visit = await app.authorize();
    await assert.rejects(app.tokens({ ...visit, verifier: oauth.generateRandomCodeVerifier() }), { error: "invalid_grant" });
    const second = await new App(await openIDPool(server)).discover();
    await assert.rejects(second.tokens({ ...visit, parameters: (await second.authorize()).parameters }), { error: "invalid_grant" });
  });

  test("refresh tokens that rotate: the old one ends the session", async () => {
    const app = await new App(await openIDPool(server, {
      ExplicitAuthFlows: [], RefreshTokenRotation: { Feature: "ENABLED", RetryGracePeriodSeconds: 0 },
    })).discover();
    const first = await app.tokens(await app.authorize());
    const second = await app.refresh(first.refresh_token);
    assert.ok(second.refresh_token && second.refresh_token !== first.refresh_token);
    const third = await app.refresh(second.refresh_token);
    await assert.rejects(app.refresh(first.refresh_token), { error: "invalid_grant" });
    await assert.rejects(app.refresh(third.refresh_token), { error: "invalid_grant" });
  });

  test("a refresh token is bound to its client", async () => {
    const pool = await openIDPool(server);
    const app = await new App(pool).discover();
    const tokens = await app.tokens(await app.authorize());
    const other = await openIDPool(server);
    const thief = await new App(other).discover();
    await assert.rejects(thief.refresh(tokens.refresh_token), { error: "invalid_grant" });
  });

  test("refusals reach the app with state and iss", async () => {
    const app = await new App(await openIDPool(server)).discover();
    for (const [more, error] of [
      [{ prompt: "none" }, "login_required"], [{ scope: "openid nothing" }, "invalid_request"], [{ response_mode: "pigeon" }, "invalid_request"],
      [{ request: "x" }, "request_not_supported"], [{ request_uri: "https://app.example.com/r" }, "request_uri_not_supported"],
    ]) await assert.rejects(app.authorize(more), (e) => e instanceof oauth.AuthorizationResponseError && e.error === error, error);
    await app.authorize({ something: "else", claims: "{}", ui_locales: "de", display: "page" });
  });

  test("logout, in Cognito's two forms and that of OpenID Connect", async () => {
    const app = await new App(await openIDPool(server)).discover();
    const { client_id } = app.client;
    const out = (query) => app.browser.open(`${app.as.end_session_endpoint}?${new URLSearchParams(query)}`);
    const signedIn = () => app.authorize({ prompt: "none" }).then(() => true, (error) => error.error !== "login_required");

    const tokens = await app.tokens(await app.authorize());
    assert.equal(await signedIn(), true);
    assert.equal((await out({ client_id, logout_uri: OUT })).left.href, OUT);
    assert.equal(await signedIn(), false);

    await app.authorize();
    const { url } = await out({ client_id, redirect_uri: CALLBACK, response_type: "code", scope: "openid", state: "s2" });
    assert.match(url.pathname, /\/login$/);
    assert.equal(await signedIn(), false);
    const left = await app.browser.signIn(url, "ana", PASSWORD);
    assert.deepEqual([left.searchParams.get("state"), Boolean(left.searchParams.get("code"))], ["s2", true]);

    assert.equal((await out({ id_token_hint: tokens.id_token, post_logout_redirect_uri: OUT, state: "s3" })).left.href, `${OUT}?state=s3`);
    assert.equal(await signedIn(), false);
    const other = await out({ id_token_hint: tokens.id_token, post_logout_redirect_uri: "https://evil.example/" });
    assert.deepEqual([other.status, other.left], [400, undefined]);
  });
});
