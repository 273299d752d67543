// aws-amplify v6, unmodified, bundled for a page as applications do.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, useServer } from "../clients/js/server.mjs";
import { useBrowser } from "./browser.mjs";
import { passkeyPool } from "./world.mjs";

const server = useServer();
const browser = useBrowser();

// Opens a page whose Amplify is configured for the pool; `amplify` calls one of its functions there.
async function open(pool, url) {
  const visit = await browser.visit(url);
  const configuration = { Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: server.url } } };
  await visit.run("/amplify.js", ({ Amplify }, c) => Amplify.configure(c), [configuration]);
  const amplify = (name, input) => visit.run("/amplify.js", (auth, f, i) => auth[f](i), [name, input]);
  const step = async (...call) => (await amplify(...call)).nextStep.signInStep;
  return { ...visit, visit, amplify, step };
}

const BY_PASSKEY = { username: "ana", options: { authFlowType: "USER_AUTH", preferredChallenge: "WEB_AUTHN" } };

describe("aws-amplify in a browser", () => {
  test("registers a passkey, signs in with it, lists and deletes it", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana", { email: "ana@example.com" });
    const { amplify, step, authenticator, visit } = await open(pool, browser.local);

    assert.equal(await step("signIn", { username: "ana", password: PASSWORD }), "DONE");
    await amplify("associateWebAuthnCredential");
    const [key] = await authenticator.keys();
    const id = Buffer.from(key.credentialId, "base64").toString("base64url");
    const { credentials } = await amplify("listWebAuthnCredentials");
    assert.deepEqual(credentials.map(({ createdAt, friendlyCredentialName, ...c }) => c),
      [{ credentialId: id, relyingPartyId: "localhost", authenticatorAttachment: "platform", authenticatorTransports: ["internal"] }]);
    await assert.rejects(amplify("associateWebAuthnCredential"), { name: "PasskeyAlreadyExists" });
    await amplify("signOut");
    await assert.rejects(amplify("getCurrentUser"), { name: "UserUnAuthenticatedException" });

    assert.equal(await step("signIn", BY_PASSKEY), "DONE");
    assert.equal((await amplify("fetchUserAttributes")).email, "ana@example.com");
    assert.equal((await amplify("getCurrentUser")).username, "ana");
    await amplify("signOut");

    const asked = await amplify("signIn", { username: "ana", options: { authFlowType: "USER_AUTH" } });
    assert.deepEqual(asked.nextStep.availableChallenges, ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]);
    assert.equal(await step("confirmSignIn", { challengeResponse: "WEB_AUTHN" }), "DONE");

    await amplify("deleteWebAuthnCredential", { credentialId: id });
    assert.deepEqual((await amplify("listWebAuthnCredentials")).credentials, []);
    await amplify("signOut");
    assert.equal(await step("signIn", BY_PASSKEY), "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
    await visit.close();
  });

  test("does the same on a subdomain of the relying party", async () => {
    const pool = await passkeyPool(server, { RelyingPartyId: "example.com" });
    await pool.user("ana");
    const { amplify, step, visit } = await open(pool, "https://login.example.com/");
    await step("signIn", { username: "ana", password: PASSWORD });
    await amplify("associateWebAuthnCredential");
    await amplify("signOut");
    assert.equal(await step("signIn", BY_PASSKEY), "DONE");
    await visit.close();
  });

  test("is told that the user was not verified", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const { amplify, step, authenticator, visit } = await open(pool, browser.local);
    await step("signIn", { username: "ana", password: PASSWORD });
    await authenticator.verifies(false);
    await assert.rejects(amplify("associateWebAuthnCredential"), { name: "PasskeyRegistrationCanceled" });
    await authenticator.verifies(true);
    await amplify("associateWebAuthnCredential");
    await amplify("signOut");
    await authenticator.verifies(false);
    await assert.rejects(amplify("signIn", BY_PASSKEY), { name: "PasskeyAuthenticationCanceled" });
    await visit.close();
  });
});
