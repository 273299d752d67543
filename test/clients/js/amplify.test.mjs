// aws-amplify v6 as an application uses it: MFA, USER_AUTH with each first factor, remembered devices.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { SetUserPoolMfaConfigCommand } from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import {
  autoSignIn, confirmSignIn, confirmSignUp, fetchAuthSession, fetchMFAPreference, fetchUserAttributes, setUpTOTP, signIn, signOut,
  signUp, updateMFAPreference, verifyTOTPSetup,
} from "aws-amplify/auth";
import { PASSWORD, makePool, useServer } from "./server.mjs";
import { totp } from "./totp.mjs";

const server = useServer();
const later = setTimeout; // Amplify waits three minutes for a sign-up to be confirmed; the test process shall not
globalThis.setTimeout = (run, after, ...args) => {
  const timer = later(run, after, ...args);
  if (after > 60_000) timer.unref();
  return timer;
};
globalThis.navigator ??= { userAgent: "node", platform: "node", language: "en" }; // from which Amplify names devices
const sms = { SnsCallerArn: "arn:aws:iam::000000000000:role/sms" };
const ses = { EmailSendingAccount: "DEVELOPER", SourceArn: "arn:aws:ses:us-east-1:000000000000:identity/example.com" };
const FLOWS = { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] };

// Makes a pool, and points Amplify at it.
async function amplify(mode, firstFactors, settings = {}) {
  const pool = await makePool(server, {
    SmsConfiguration: sms, EmailConfiguration: ses, AutoVerifiedAttributes: ["email"],
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: firstFactors ?? ["PASSWORD"] } }, ...settings,
  }, FLOWS);
  if (mode) {
    await server.sdk.send(new SetUserPoolMfaConfigCommand({
      UserPoolId: pool.id, MfaConfiguration: mode, SoftwareTokenMfaConfiguration: { Enabled: true },
      SmsMfaConfiguration: { SmsConfiguration: sms }, EmailMfaConfiguration: {},
    }));
  }
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: server.url } } });
  return pool;
}

const step = async (out) => (await out).nextStep.signInStep;
const wrong = (code) => [...code].map((d) => (Number(d) + 1) % 10).join("");

describe("aws-amplify", () => {
  beforeEach(async () => { await signOut().catch(() => {}); });

  test("TOTP set up signed in, then asked for", async () => {
    const pool = await amplify("OPTIONAL");
    await pool.user("ana");
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "DONE");
    const { sharedSecret } = await setUpTOTP();
    await assert.rejects(verifyTOTPSetup({ code: "000000" }), { name: "EnableSoftwareTokenMFAException" });
    await verifyTOTPSetup({ code: totp(sharedSecret) });
    await updateMFAPreference({ totp: "PREFERRED" });
    assert.deepEqual(await fetchMFAPreference(), { enabled: ["TOTP"], preferred: "TOTP" });
    await signOut();
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    await assert.rejects(confirmSignIn({ challengeResponse: "000000" }), { name: "CodeMismatchException" });
    assert.equal(await step(confirmSignIn({ challengeResponse: totp(sharedSecret, 1) })), "DONE");
  });

  test("a factor chosen and set up during the sign-in", async () => {
    const pool = await amplify("ON");
    await pool.user("ana");
    const first = await signIn({ username: "ana", password: PASSWORD });
    assert.equal(first.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION");
    assert.deepEqual([...first.nextStep.allowedMFATypes].sort(), ["EMAIL", "TOTP"]);
    const setUp = await confirmSignIn({ challengeResponse: "TOTP" });
    assert.equal(setUp.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
    const { sharedSecret } = setUp.nextStep.totpSetupDetails;
    assert.equal(await step(confirmSignIn({ challengeResponse: totp(sharedSecret) })), "DONE");
    await signOut();
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    assert.equal(await step(confirmSignIn({ challengeResponse: totp(sharedSecret, 1) })), "DONE");
  });

  test("an e-mail address given during the sign-in", async () => {
    const pool = await amplify("ON");
    await pool.user("ana");
    await signIn({ username: "ana", password: PASSWORD });
    assert.equal(await step(confirmSignIn({ challengeResponse: "EMAIL" })), "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP");
    assert.equal(await step(confirmSignIn({ challengeResponse: "ana@example.com" })), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(await step(confirmSignIn({ challengeResponse: await pool.code("ana@example.com") })), "DONE");
    await signOut();
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  });

  test("SMS, e-mail, and the choice between them", async () => {
    const pool = await amplify("OPTIONAL");
    await pool.user("ana", { phone_number: "+15550100", email: "ana@example.com" });
    await signIn({ username: "ana", password: PASSWORD });
    await updateMFAPreference({ sms: "ENABLED", email: "PREFERRED" });
    await signOut();
    const mail = await signIn({ username: "ana", password: PASSWORD });
    assert.equal(mail.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(mail.nextStep.codeDeliveryDetails.destination, "a***@e***");
    const code = await pool.code("ana@example.com");
    await assert.rejects(confirmSignIn({ challengeResponse: wrong(code) }), { name: "CodeMismatchException" });
    assert.equal(await step(confirmSignIn({ challengeResponse: code })), "DONE");
    await updateMFAPreference({ sms: "ENABLED", email: "ENABLED" });
    await signOut();
    const choice = await signIn({ username: "ana", password: PASSWORD });
    assert.equal(choice.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_MFA_SELECTION");
    assert.deepEqual([...choice.nextStep.allowedMFATypes].sort(), ["EMAIL", "SMS"]);
    assert.equal(await step(confirmSignIn({ challengeResponse: "SMS" })), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
    assert.equal(await step(confirmSignIn({ challengeResponse: await pool.code("+15550100") })), "DONE");
    assert.equal((await fetchUserAttributes()).phone_number_verified, "true");
  });

  test("USER_AUTH by password", async () => {
    const pool = await amplify(undefined, ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]);
    await pool.user("ana");
    for (const preferredChallenge of ["PASSWORD", "PASSWORD_SRP"]) {
      const options = { authFlowType: "USER_AUTH", preferredChallenge };
      await assert.rejects(signIn({ username: "ana", password: "Wrong-Password-9", options }), { name: "NotAuthorizedException" });
      assert.equal(await step(signIn({ username: "ana", password: PASSWORD, options })), "DONE");
      await signOut();
    }
    for (const challenge of ["PASSWORD", "PASSWORD_SRP"]) {
      const open = await signIn({ username: "ana", options: { authFlowType: "USER_AUTH" } });
      assert.equal(open.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
      assert.deepEqual(open.nextStep.availableChallenges, ["PASSWORD_SRP", "PASSWORD"]);
      assert.equal(await step(confirmSignIn({ challengeResponse: challenge })), "CONFIRM_SIGN_IN_WITH_PASSWORD");
      assert.equal(await step(confirmSignIn({ challengeResponse: PASSWORD })), "DONE");
      await signOut();
    }
  });

  test("USER_AUTH by one-time codes", async () => {
    const pool = await amplify(undefined, ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]);
    await pool.user("ana", { email: "ana@example.com", phone_number: "+15550100" });
    const by = async (preferredChallenge, name, to) => {
      assert.equal(await step(signIn({ username: "ana", options: { authFlowType: "USER_AUTH", preferredChallenge } })), name);
      const code = await pool.code(to);
      await assert.rejects(confirmSignIn({ challengeResponse: wrong(code) }), { name: "CodeMismatchException" });
      assert.equal(await step(confirmSignIn({ challengeResponse: code })), "DONE");
      assert.ok((await fetchAuthSession()).tokens.accessToken.payload.sub);
      await signOut();
    };
    await by("EMAIL_OTP", "CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "ana@example.com");
    await by("SMS_OTP", "CONFIRM_SIGN_IN_WITH_SMS_CODE", "+15550100");
    const open = await signIn({ username: "ana", options: { authFlowType: "USER_AUTH" } });
    assert.deepEqual(open.nextStep.availableChallenges, ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP", "SMS_OTP"]);
    assert.equal(await step(confirmSignIn({ challengeResponse: "EMAIL_OTP" })), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(await step(confirmSignIn({ challengeResponse: await pool.code("ana@example.com", 2) })), "DONE");
  });

  test("sign-up without a password, confirmed and signed in at once", async () => {
    const pool = await amplify(undefined, ["PASSWORD", "EMAIL_OTP"]);
    const up = await signUp({
      username: "ana", options: { userAttributes: { email: "ana@example.com" }, autoSignIn: { authFlowType: "USER_AUTH" } },
    });
    assert.equal(up.nextStep.signUpStep, "CONFIRM_SIGN_UP");
    const confirmed = await confirmSignUp({ username: "ana", confirmationCode: await pool.code("ana@example.com") });
    assert.equal(confirmed.nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
    assert.equal(await step(autoSignIn()), "DONE");
    assert.equal((await fetchUserAttributes()).email_verified, "true");
  });

  test("devices are remembered, listed, used instead of MFA and forgotten", async () => {
    const { fetchDevices, forgetDevice, rememberDevice } = await import("aws-amplify/auth");
    const pool = await amplify("OPTIONAL", undefined, { DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true } });
    await pool.user("ana", { phone_number: "+15550100" });
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "DONE");
    await updateMFAPreference({ sms: "PREFERRED" });
    await rememberDevice();
    assert.equal((await fetchDevices()).length, 1);
    await signOut(); // keeps the device's secrets
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "DONE"); // by device SRP
    assert.ok((await fetchAuthSession({ forceRefresh: true })).tokens.accessToken.payload.device_key);
    await forgetDevice();
    await signOut();
    assert.equal(await step(signIn({ username: "ana", password: PASSWORD })), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
    assert.equal(await step(confirmSignIn({ challengeResponse: await pool.code("+15550100") })), "DONE");
  });
});
