// Passkeys with aws-amplify v6 on a page with a software authenticator.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Amplify } from "aws-amplify";
import {
  associateWebAuthnCredential, confirmSignIn, deleteWebAuthnCredential, fetchAuthSession, listWebAuthnCredentials, signIn, signOut,
} from "aws-amplify/auth";
import { openPage } from "./authenticator.mjs";
import { PASSWORD, makePool, useServer } from "./server.mjs";

const server = useServer();
const USER_AUTH = { authFlowType: "USER_AUTH" };
const step = async (out) => (await out).nextStep.signInStep;

describe("aws-amplify: passkeys", () => {
  test("registered, used, refused from elsewhere, deleted", async () => {
    const pool = await makePool(server, { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "WEB_AUTHN"] } } },
      { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
    await pool.mfa({ WebAuthnConfiguration: { RelyingPartyId: "example.com", UserVerification: "required" } });
    await pool.user("ana");
    Amplify.configure({ Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: server.url } } });
    const authenticator = openPage("https://login.example.com");

    await signIn({ username: "ana", password: PASSWORD });
    await associateWebAuthnCredential();
    const { credentials } = await listWebAuthnCredentials();
    assert.equal(credentials.length, 1);
    assert.equal(credentials[0].relyingPartyId, "example.com");
    assert.equal(credentials[0].credentialId, authenticator.passkeys[0].id.toString("base64url"));
    await signOut();

    assert.equal(await step(signIn({ username: "ana", options: { ...USER_AUTH, preferredChallenge: "WEB_AUTHN" } })), "DONE");
    assert.ok((await fetchAuthSession()).tokens.idToken.payload.sub);
    await signOut();

    const open = await signIn({ username: "ana", options: USER_AUTH });
    assert.deepEqual(open.nextStep.availableChallenges, ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]);
    assert.equal(await step(confirmSignIn({ challengeResponse: "WEB_AUTHN" })), "DONE");
    await signOut();

    authenticator.origin = "https://example.com.evil.test";
    await assert.rejects(signIn({ username: "ana", options: { ...USER_AUTH, preferredChallenge: "WEB_AUTHN" } }), { name: "NotAuthorizedException" });
    authenticator.origin = "https://example.com";
    assert.equal(await step(signIn({ username: "ana", options: { ...USER_AUTH, preferredChallenge: "WEB_AUTHN" } })), "DONE");

    await deleteWebAuthnCredential({ credentialId: credentials[0].credentialId });
    assert.deepEqual((await listWebAuthnCredentials()).credentials, []);
    await signOut();
    assert.equal(await step(signIn({ username: "ana", options: { ...USER_AUTH, preferredChallenge: "WEB_AUTHN" } })),
      "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
  });
});
