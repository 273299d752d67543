// aws-jwt-verify: what applications use to check Cognito's tokens. The pool's own issuer is given to the generic verifier,
// the way its documentation describes it for issuers other than Amazon's; only the fetcher is ours, because the library's
// speaks HTTPS alone.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, test } from "node:test";
import { InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import { CognitoJwtVerifier, JwtVerifier } from "aws-jwt-verify";
import {
  JwtExpiredError, JwtInvalidAudienceError, JwtInvalidIssuerError, JwtInvalidSignatureError, JwtInvalidSignatureAlgorithmError,
} from "aws-jwt-verify/error";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { PASSWORD, claims, makePool, useServer } from "./server.mjs";

const server = useServer();
const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };

async function prepare(settings = {}) {
  const pool = await makePool(server, settings);
  await pool.user("ana");
  const { issuer, jwks_uri: jwksUri } = await (await fetch(`${server.url}/${pool.id}/.well-known/openid-configuration`)).json();
  const { AuthenticationResult: tokens } = await server.sdk.send(new InitiateAuthCommand({
    ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ana", PASSWORD },
  }));
  const make = (properties) => JwtVerifier.create({ issuer, jwksUri, ...properties }, { jwksCache: new SimpleJwksCache({ fetcher }) });
  const use = (want) => ({ payload }) => { if (payload.token_use !== want) throw new Error(`token_use ${payload.token_use}`); };
  return {
    pool, tokens, issuer, jwksUri, make,
    id: make({ audience: pool.clientId, customJwtCheck: use("id") }),
    access: make({ audience: null, customJwtCheck: (t) => { use("access")(t); assert.equal(t.payload.client_id, pool.clientId); } }),
  };
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("aws-jwt-verify", () => {
  test("accepts both tokens", async () => {
    const { tokens, id, access } = await prepare();
    assert.equal((await id.verify(tokens.IdToken))["cognito:username"], "ana");
    assert.equal((await access.verify(tokens.AccessToken)).username, "ana");
  });

  test("refuses the wrong kind, audience and issuer", async () => {
    const { tokens, id, access, make } = await prepare();
    await assert.rejects(id.verify(tokens.AccessToken));
    await assert.rejects(access.verify(tokens.IdToken));
    await assert.rejects(make({ audience: "somebody-else" }).verify(tokens.IdToken), JwtInvalidAudienceError);
    await assert.rejects(make({ issuer: "https://example.com/other", audience: null }).verify(tokens.IdToken), JwtInvalidIssuerError);
  });

  test("refuses tokens of another pool", async () => {
    const [one, two] = [await prepare(), await prepare()];
    await assert.rejects(one.access.verify(two.tokens.AccessToken));
    // The same key id cannot be borrowed: keys belong to one pool.
    const kids = async ({ jwksUri }) => (await (await fetch(jwksUri)).json()).keys.map((k) => k.kid);
    const mine = await kids(one);
    assert.ok((await kids(two)).every((k) => !mine.includes(k)));
  });

  // Verifiers that are made for Cognito derive the issuer from the pool id; a pool can be told to write that one.
  for (const [Type, host] of [["ORIGINAL", "cognito-idp"], ["UPDATED", "issuer-cognito-idp"]]) {
    test(`CognitoJwtVerifier with the ${Type} issuer`, async () => {
      const { pool, tokens } = await prepare({ IssuerConfiguration: { Type } });
      assert.equal(claims(tokens.IdToken).iss, `https://${host}.us-east-1.amazonaws.com/${pool.id}`);
      const local = { fetch: (uri) => fetcher.fetch(uri.replace(/^https:\/\/[^/]+/, server.url)) };
      const verifier = CognitoJwtVerifier.create({ userPoolId: pool.id, clientId: pool.clientId }, { jwksCache: new SimpleJwksCache({ fetcher: local }) });
      assert.equal((await verifier.verify(tokens.IdToken, { tokenUse: "id" }))["cognito:username"], "ana");
      assert.equal((await verifier.verify(tokens.AccessToken, { tokenUse: "access" })).username, "ana");
      await assert.rejects(verifier.verify(tokens.IdToken, { tokenUse: "access" }));
      await assert.rejects(verifier.verify(tokens.AccessToken, { tokenUse: "access", clientId: "another" }));
    });
  }

  test("refuses tampered, re-signed and expired tokens", async () => {
    const { tokens, access, jwksUri } = await prepare();
    const [head, body, signature] = tokens.AccessToken.split(".");
    const header = JSON.parse(Buffer.from(head, "base64url"));
    const changed = part({ ...claims(tokens.AccessToken), username: "admin" });
    await assert.rejects(access.verify(`${head}.${changed}.${signature}`), JwtInvalidSignatureError);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const own = sign("RSA-SHA256", Buffer.from(`${head}.${changed}`), privateKey).toString("base64url");
    await assert.rejects(access.verify(`${head}.${changed}.${own}`), JwtInvalidSignatureError);
    const { keys } = await (await fetch(jwksUri)).json();
    const weak = part({ ...header, alg: "HS256" });
    const mac = createHmac("sha256", Buffer.from(keys[0].n, "base64url")).update(`${weak}.${changed}`).digest("base64url");
    await assert.rejects(access.verify(`${weak}.${changed}.${mac}`), JwtInvalidSignatureAlgorithmError);
    await assert.rejects(access.verify(`${part({ ...header, alg: "none" })}.${changed}.`));
    await assert.rejects(access.verify(`${head}.${body}.${signature.slice(0, -8)}`));
    const { exp } = claims(tokens.AccessToken);
    const { now } = Date;
    Date.now = () => (exp + 60) * 1000;
    try {
      await assert.rejects(access.verify(tokens.AccessToken), JwtExpiredError);
    } finally {
      Date.now = now;
    }
  });
});
