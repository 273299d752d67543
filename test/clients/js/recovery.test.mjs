// One-time recovery codes: made beside the API, used by unmodified clients where they ask for the code of a factor.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AdminInitiateAuthCommand, AdminRespondToAuthChallengeCommand, SetUserPoolMfaConfigCommand, TagResourceCommand, UntagResourceCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import { confirmSignIn, fetchAuthSession, setUpTOTP, signIn, signOut, updateMFAPreference, verifyTOTPSetup } from "aws-amplify/auth";
import { Person } from "./person.mjs";
import { PASSWORD, makePool, useServer } from "./server.mjs";
import { totp } from "./totp.mjs";

const server = useServer();
const step = async (out) => (await out).nextStep.signInStep;
const accessToken = async () => (await fetchAuthSession()).tokens.accessToken.toString();

// Calls the resource of a pool; returns status, headers and body.
async function codes(pool, method, token) {
  const answer = await fetch(`${server.url}/${pool.id}/recovery-codes`, { method, headers: token ? { Authorization: `Bearer ${token}` } : {} });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, ...(text ? JSON.parse(text) : {}) };
}

// A pool with recovery codes, in which ana has a software token that she is asked for. Amplify has signed her in by it.
async function withToken(tags = { "cognate:recovery-codes": "3" }) {
  const pool = await makePool(server, { UserPoolTags: tags },
    { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  await server.sdk.send(new SetUserPoolMfaConfigCommand({
    UserPoolId: pool.id, MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: { Enabled: true },
  }));
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: server.url } } });
  await signOut().catch(() => {});
  await pool.user("ana");
  assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "DONE");
  const { sharedSecret } = await setUpTOTP();
  await verifyTOTPSetup({ code: totp(sharedSecret) });
  await updateMFAPreference({ totp: "PREFERRED" });
  const weak = await codes(pool, "POST", await accessToken()); // of a sign-in by password alone
  await signOut();
  await signIn({ username: "ana", password: PASSWORD });
  assert.equal(await step(confirmSignIn({ challengeResponse: totp(sharedSecret, 1) })), "DONE");
  return { ...pool, weak };
}

describe("recovery codes", () => {
  test("aws-amplify finishes a TOTP sign-in with one", async () => {
    const pool = await withToken();
    const { status, headers, RecoveryCodes } = await codes(pool, "POST", await accessToken());
    assert.equal(status, 200);
    assert.match(headers.get("cache-control"), /no-store/);
    assert.equal(RecoveryCodes.length, 3);
    for (const code of RecoveryCodes) assert.match(code, /^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/);
    await signOut();

    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    await assert.rejects(confirmSignIn({ challengeResponse: "zzzzz-zzzzz" }), { name: "CodeMismatchException", message: "Invalid code received for user" });
    assert.equal(await step(confirmSignIn({ challengeResponse: RecoveryCodes[0].toUpperCase().replace("-", " ") })), "DONE");
    const token = await accessToken();
    const left = await codes(pool, "GET", token);
    assert.deepEqual([left.Left, left.Made], [2, 3]);
    assert.ok(Math.abs(left.CreationDate - Date.now() / 1000) < 60);
    const more = await codes(pool, "POST", token); // a code makes no further ones
    assert.equal(more.status, 401);
    assert.match(more.headers.get("www-authenticate"), /^Bearer error="insufficient_user_authentication".*max_age="900", acr_values="urn:cognito:loa:3 /);
    await signOut();

    await signIn({ username: "ana", password: PASSWORD });
    await assert.rejects(confirmSignIn({ challengeResponse: RecoveryCodes[0] }), { name: "CodeMismatchException" });
    assert.equal(await step(confirmSignIn({ challengeResponse: RecoveryCodes[1] })), "DONE");
    assert.equal((await codes(pool, "DELETE", await accessToken())).status, 204);
    await signOut();
    await signIn({ username: "ana", password: PASSWORD });
    await assert.rejects(confirmSignIn({ challengeResponse: RecoveryCodes[2] }), { name: "CodeMismatchException" });
  });

  test("amazon-cognito-identity-js and the admin API", async () => {
    const pool = await withToken();
    const { RecoveryCodes } = await codes(pool, "POST", await accessToken());
    const ana = new Person(server, pool, "ana");
    assert.equal((await ana.begin(PASSWORD)).challenge, "SOFTWARE_TOKEN_MFA");
    assert.ok((await ana.next("sendMFACode", RecoveryCodes[0], "SOFTWARE_TOKEN_MFA")).session.isValid());
    const ids = { UserPoolId: pool.id, ClientId: pool.clientId };
    const { ChallengeName, Session } = await server.sdk.send(new AdminInitiateAuthCommand({
      ...ids, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ana", PASSWORD },
    }));
    const { AuthenticationResult } = await server.sdk.send(new AdminRespondToAuthChallengeCommand({
      ...ids, ChallengeName, Session, ChallengeResponses: { USERNAME: "ana", SOFTWARE_TOKEN_MFA_CODE: RecoveryCodes[1] },
    }));
    assert.ok(AuthenticationResult.AccessToken);
  });

  test("who may have them", async () => {
    const pool = await withToken();
    const arn = `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${pool.id}`;
    assert.equal((await codes(pool, "POST")).status, 401);
    assert.equal((await codes(pool, "POST", "x.y.z")).error, "invalid_token");
      const preflight = await fetch(`${server.url}/${pool.id}/recovery-codes`, { method: "OPTIONS", headers: { "Access-Control-Request-Headers": "authorization" } });
    assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
    assert.equal(preflight.headers.get("access-control-allow-headers"), "authorization");

    const token = await accessToken();
    const { RecoveryCodes } = await codes(pool, "POST", token);
    await server.sdk.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys: ["cognate:recovery-codes"] }));
    const off = await codes(pool, "GET", token);
    assert.deepEqual([off.status, off.error], [404, "not_found"]);
    await signOut();
    await signIn({ username: "ana", password: PASSWORD });
    await assert.rejects(confirmSignIn({ challengeResponse: RecoveryCodes[0] }), { name: "CodeMismatchException" });
    await server.sdk.send(new TagResourceCommand({ ResourceArn: arn, Tags: { "cognate:recovery-codes": "3" } }));
    assert.equal(await step(confirmSignIn({ challengeResponse: RecoveryCodes[0] })), "DONE");
    await assert.rejects(makePool(server, { UserPoolTags: { "cognate:recovery-codes": "21" } }), { name: "UserPoolTaggingException" });
  });
});
