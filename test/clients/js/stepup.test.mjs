// Step-up authentication: levels (ACR), what was done (AMR), and the way from one level to the next.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import {
  AdminInitiateAuthCommand, AdminRespondToAuthChallengeCommand, AssociateSoftwareTokenCommand, DescribeUserPoolCommand,
  FeatureUnavailableInTierException, GetTokensFromRefreshTokenCommand, GetUserCommand, InitiateAuthCommand,
  InvalidParameterException, NotAuthorizedException, RespondToAuthChallengeCommand, RevokeTokenCommand,
  SetUserPoolMfaConfigCommand, UpdateUserPoolCommand, VerifySoftwareTokenCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { PASSWORD, claims, makePool, useServer } from "./server.mjs";

const server = useServer();
const send = (command) => server.sdk.send(command);
const loa = (level) => `urn:cognito:loa:${level}`;
const advance = (by) => fetch(`${server.url}/_cognate/clock`, { method: "POST", body: JSON.stringify({ advance: by }) });

// The code of a software token (RFC 6238) at the server's time.
async function totp(secret) {
  const { now } = await (await fetch(`${server.url}/_cognate/clock`)).json();
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.parse(now) / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

// A pool with optional MFA and e-mail codes, and ana with a software token that she is not asked for.
async function stepUpPool() {
  const pool = await makePool(server,
    { AutoVerifiedAttributes: ["email"], Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP"] } } },
    { ExplicitAuthFlows: ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  await send(new SetUserPoolMfaConfigCommand({ UserPoolId: pool.id, MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: { Enabled: true } }));
  await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
  const { AuthenticationResult } = await start(pool, withPassword);
  const { AccessToken } = AuthenticationResult;
  const { SecretCode } = await send(new AssociateSoftwareTokenCommand({ AccessToken }));
  await send(new VerifySoftwareTokenCommand({ AccessToken, UserCode: await totp(SecretCode) }));
  await advance("30s");
  return { ...pool, secret: SecretCode };
}

const withPassword = { PREFERRED_CHALLENGE: "PASSWORD", PASSWORD };

const start = (pool, parameters) => send(new InitiateAuthCommand({
  ClientId: pool.clientId, AuthFlow: "USER_AUTH", AuthParameters: { USERNAME: "ana", ...parameters },
}));

const respond = (pool, { ChallengeName, Session }, responses) => send(new RespondToAuthChallengeCommand({
  ClientId: pool.clientId, ChallengeName, Session, ChallengeResponses: { USERNAME: "ana", ...responses },
}));

// Both tokens say the same of the level.
function level({ IdToken, AccessToken }) {
  const [id, access] = [claims(IdToken), claims(AccessToken)];
  assert.deepEqual([id.acr, id.amr], [access.acr, access.amr]);
  return [access.acr, access.amr];
}

describe("step-up", () => {
  test("from a password to a software token", async () => {
    const pool = await stepUpPool();
    assert.deepEqual(level((await start(pool, withPassword)).AuthenticationResult), [undefined, undefined]);
    const low = (await start(pool, { ...withPassword, TARGET_ACR_VALUES: loa(1) })).AuthenticationResult;
    assert.deepEqual(level(low), [loa(1), ["pwd"]]);

    const asked = await start(pool, { TARGET_ACR_VALUES: `unknown ${loa(4)} ${loa(3)}`, ACCESS_TOKEN: low.AccessToken, MAX_AGE: "600" });
    assert.equal(asked.ChallengeName, "SOFTWARE_TOKEN_MFA");
    const { AuthenticationResult: high } = await respond(pool, asked, { SOFTWARE_TOKEN_MFA_CODE: await totp(pool.secret) });
    assert.deepEqual(level(high), [loa(4), ["pwd", "otp", "mfa"]]);
    await assert.rejects(start(pool, { TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: high.AccessToken }), InvalidParameterException);

    await advance("1m");
    const { AuthenticationResult: fresh } = await send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken: high.RefreshToken }));
    assert.deepEqual(level(fresh), [loa(4), ["pwd", "otp", "mfa"]]);
    assert.equal(claims(fresh.IdToken).auth_time, claims(high.IdToken).auth_time);

    const old = await start(pool, { TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: high.AccessToken, MAX_AGE: "1" });
    assert.deepEqual([old.ChallengeName, old.AvailableChallenges], ["SELECT_CHALLENGE", ["PASSWORD_SRP", "PASSWORD"]]);
    const again = await respond(pool, old, { ANSWER: "PASSWORD", PASSWORD });
    assert.equal(again.ChallengeName, "SOFTWARE_TOKEN_MFA");
    assert.ok((await send(new GetUserCommand({ AccessToken: high.AccessToken }))).Username);
  });

  test("several factors could reach the level", async () => {
    const pool = await stepUpPool();
    const open = await start(pool, { ...withPassword, TARGET_ACR_VALUES: loa(3) });
    assert.deepEqual([open.ChallengeName, open.AvailableChallenges], ["SELECT_CHALLENGE", ["EMAIL_OTP", "SOFTWARE_TOKEN_MFA"]]);
    const posed = await respond(pool, open, { ANSWER: "EMAIL_OTP" });
    assert.equal(posed.ChallengeName, "EMAIL_OTP");
    const { AuthenticationResult } = await respond(pool, posed, { EMAIL_OTP_CODE: await pool.code("ana@example.com") });
    assert.deepEqual(level(AuthenticationResult), [loa(3), ["pwd", "email_otp", "mfa"]]);
  });

  test("as an administrator", async () => {
    const pool = await stepUpPool();
    const at = { UserPoolId: pool.id, ClientId: pool.clientId };
    const asked = await send(new AdminInitiateAuthCommand({
      ...at, AuthFlow: "USER_AUTH", AuthParameters: { USERNAME: "ana", ...withPassword, TARGET_ACR_VALUES: loa(4) },
    }));
    assert.equal(asked.ChallengeName, "SOFTWARE_TOKEN_MFA");
    const { AuthenticationResult } = await send(new AdminRespondToAuthChallengeCommand({
      ...at, ChallengeName: asked.ChallengeName, Session: asked.Session,
      ChallengeResponses: { USERNAME: "ana", SOFTWARE_TOKEN_MFA_CODE: await totp(pool.secret) },
    }));
    assert.deepEqual(level(AuthenticationResult), [loa(4), ["pwd", "otp", "mfa"]]);
  });

  test("refusals", async () => {
    const pool = await stepUpPool();
    const { AuthenticationResult: tokens } = await start(pool, withPassword);
    await assert.rejects(start(pool, { ACCESS_TOKEN: tokens.AccessToken }), InvalidParameterException);
    await assert.rejects(start(pool, { TARGET_ACR_VALUES: "loa:4" }), InvalidParameterException);
    await assert.rejects(start(pool, { TARGET_ACR_VALUES: loa(4), MAX_AGE: "soon" }), InvalidParameterException);
    await assert.rejects(start(pool, { TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: tokens.IdToken }), NotAuthorizedException);
    await pool.user("bob");
    await assert.rejects(start(pool, { USERNAME: "bob", TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: tokens.AccessToken }), NotAuthorizedException);
    await assert.rejects(start(pool, { USERNAME: "bob", TARGET_ACR_VALUES: loa(4) }), InvalidParameterException);

    const asked = await start(pool, { TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: tokens.AccessToken });
    const code = await totp(pool.secret);
    await assert.rejects(respond(pool, asked, { SOFTWARE_TOKEN_MFA_CODE: code.replace(/./g, (d) => (+d + 1) % 10) }), { name: "CodeMismatchException" });
    await assert.rejects(respond(pool, asked, { SOFTWARE_TOKEN_MFA_CODE: code }), NotAuthorizedException);
    await send(new RevokeTokenCommand({ ClientId: pool.clientId, Token: tokens.RefreshToken }));
    await assert.rejects(start(pool, { TARGET_ACR_VALUES: loa(4), ACCESS_TOKEN: tokens.AccessToken }), NotAuthorizedException);

    const lite = await makePool(server, { UserPoolTier: "LITE" }, { ExplicitAuthFlows: ["ALLOW_USER_AUTH"] });
    await lite.user("ana");
    assert.ok((await start(lite, withPassword)).AuthenticationResult);
    await assert.rejects(start(lite, { ...withPassword, TARGET_ACR_VALUES: loa(1) }), FeatureUnavailableInTierException);
  });

  test("names of a pool", async () => {
    const pool = await makePool(server, { AcrConfiguration: { Level2: { AcrValue: "https://example.com/code" } } });
    const { UserPool } = await send(new DescribeUserPoolCommand({ UserPoolId: pool.id }));
    assert.deepEqual(UserPool.AcrConfiguration, {
      Level1: { AcrValue: loa(1) }, Level2: { AcrValue: "https://example.com/code" }, Level3: { AcrValue: loa(3) }, Level4: { AcrValue: loa(4) },
    });
    await assert.rejects(send(new UpdateUserPoolCommand({ UserPoolId: pool.id, AcrConfiguration: { Level2: { AcrValue: loa(3) } } })), InvalidParameterException);
    await assert.rejects(send(new UpdateUserPoolCommand({ UserPoolId: pool.id, AcrConfiguration: { Level2: { AcrValue: "two words" } } })), InvalidParameterException);
  });
});
