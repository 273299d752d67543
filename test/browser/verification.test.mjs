// Whether the person before the authenticator was verified (PIN, finger, face): by pool setting, and as a second factor.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, useServer } from "../clients/js/server.mjs";
import { totp } from "../clients/js/totp.mjs";
import { useBrowser } from "./browser.mjs";
import { passkeyPool, refused } from "./world.mjs";

const server = useServer();
const browser = useBrowser();
const NOT_ALLOWED = { name: "NotAllowedError" };
const UNVERIFIED = /User verification required but flag not set/;

// What a page can ask of the browser whatever the server said.
const careless = (options) => ({
  ...options, userVerification: "discouraged",
  authenticatorSelection: options.authenticatorSelection && { ...options.authenticatorSelection, userVerification: "discouraged" },
});

describe("user verification", () => {
  test("required: the browser holds it, and the server where the page does not", async () => {
    const pool = await passkeyPool(server, { UserVerification: "required" });
    await pool.user("ana");
    const visit = await browser.visit(browser.local);
    const simple = await browser.visit(browser.local, { hasUserVerification: false, isUserVerified: false });
    const token = await pool.token("ana");

    await visit.authenticator.verifies(false);
    await assert.rejects(visit.create(await pool.start(token)), NOT_ALLOWED);
    await assert.rejects(simple.create(await pool.start(token)), NOT_ALLOWED);
    const unverified = await simple.create(careless(await pool.start(token)));
    await assert.rejects(pool.complete(token, unverified), { name: "WebAuthnCredentialNotSupportedException" });
    await assert.rejects(pool.complete(token, unverified), { name: "WebAuthnChallengeNotFoundException" });
    assert.deepEqual((await pool.call("ListWebAuthnCredentials", { AccessToken: token })).Credentials, []);

    await visit.authenticator.verifies(true);
    await pool.enrol(visit, "ana");
    assert.ok((await pool.signIn(visit, "ana")).AccessToken);
    await visit.authenticator.verifies(false);
    const asked = await pool.ask("ana");
    await assert.rejects(visit.get(asked.options), NOT_ALLOWED);
    await refused(server, pool.answer(asked, await visit.get(careless(asked.options))), UNVERIFIED);
    await Promise.all([visit.close(), simple.close()]);
  });

  test("preferred: an authenticator that cannot verify will do, until the pool requires it", async () => {
    const pool = await passkeyPool(server, { UserVerification: "preferred" });
    await pool.user("ana");
    const visit = await browser.visit(browser.local, { hasUserVerification: false, isUserVerified: false });
    await pool.enrol(visit, "ana");
    const { AccessToken } = await pool.signIn(visit, "ana");
    assert.equal((await pool.call("GetUser", { AccessToken })).Username, "ana");

    await pool.configure({ UserVerification: "required" });
    const asked = await pool.ask("ana");
    await assert.rejects(visit.get(asked.options), NOT_ALLOWED);
    await refused(server, pool.answer(asked, await visit.get(careless(asked.options))), UNVERIFIED);
    await visit.close();
  });
});

describe("a passkey as both factors", () => {
  const software = { SoftwareTokenMfaConfiguration: { Enabled: true } };
  const both = { FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION", UserVerification: "preferred" };

  // A user with a software token and a passkey, both enabled for MFA where the pool lets them.
  async function userWithBoth(pool, visit) {
    await pool.user("ana");
    const AccessToken = await pool.token("ana");
    const { SecretCode } = await pool.call("AssociateSoftwareToken", { AccessToken });
    await pool.call("VerifySoftwareToken", { AccessToken, UserCode: totp(SecretCode) });
    await pool.complete(AccessToken, await visit.create(await pool.start(AccessToken)));
    return AccessToken;
  }
  const enable = (AccessToken, passkey) => ({
    AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true }, WebAuthnMfaSettings: passkey && { Enabled: true },
  });
  const byPassword = (pool) => pool.call("InitiateAuth", {
    ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ana", PASSWORD },
  });

  for (const MfaConfiguration of ["OPTIONAL", "ON"]) {
    test(`MFA ${MfaConfiguration}: no further factor after it, one after the password`, async () => {
      const pool = await passkeyPool(server, both, { MfaConfiguration: "OPTIONAL", ...software });
      const visit = await browser.visit(browser.local);
      const AccessToken = await userWithBoth(pool, visit);
      await pool.call("SetUserMFAPreference", enable(AccessToken, true));
      await pool.configure({}, { MfaConfiguration });

      assert.equal((await byPassword(pool)).ChallengeName, "SOFTWARE_TOKEN_MFA");
      const tokens = await pool.signIn(visit, "ana");
      assert.deepEqual((await pool.call("GetUser", tokens)).UserMFASettingList, ["SOFTWARE_TOKEN_MFA", "WEB_AUTHN_MFA"]);

      // Whoever holds the authenticator alone has one factor only.
      await visit.authenticator.verifies(false);
      const asked = await pool.ask("ana");
      await assert.rejects(visit.get(asked.options), NOT_ALLOWED);
      await refused(server, pool.answer(asked, await visit.get(careless(asked.options))), UNVERIFIED);
      await visit.close();
    });
  }

  test("not where it counts as one: users with MFA are not offered it", async () => {
    const pool = await passkeyPool(server, {}, { MfaConfiguration: "OPTIONAL", ...software });
    const visit = await browser.visit(browser.local);
    const AccessToken = await userWithBoth(pool, visit);
    await assert.rejects(pool.call("SetUserMFAPreference", enable(AccessToken, true)), { name: "InvalidParameterException" });
    assert.ok((await pool.signIn(visit, "ana")).AccessToken);
    await pool.call("SetUserMFAPreference", enable(AccessToken));
    const { challenge, available } = await pool.ask("ana");
    assert.equal(challenge, "SELECT_CHALLENGE");
    assert.deepEqual(available, ["PASSWORD_SRP", "PASSWORD"]);
    await visit.close();
  });
});
