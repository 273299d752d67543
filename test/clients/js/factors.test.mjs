// Second factors and remembered devices with amazon-cognito-identity-js.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AdminGetUserCommand, AdminListDevicesCommand, SetUserPoolMfaConfigCommand } from "@aws-sdk/client-cognito-identity-provider";
import { Person } from "./person.mjs";
import { PASSWORD, claims, makePool, useServer } from "./server.mjs";
import { totp } from "./totp.mjs";

const server = useServer();
const sms = { SnsCallerArn: "arn:aws:iam::000000000000:role/sms" };

// Makes a pool with an MFA mode and SMS and TOTP as factors.
async function mfaPool(mode, settings = {}) {
  const pool = await makePool(server, { SmsConfiguration: sms, ...settings });
  await server.sdk.send(new SetUserPoolMfaConfigCommand({
    UserPoolId: pool.id, MfaConfiguration: mode, SoftwareTokenMfaConfiguration: { Enabled: true },
    SmsMfaConfiguration: { SmsConfiguration: sms },
  }));
  return pool;
}

const person = (pool, name, storage) => new Person(server, pool, name, storage);
const associate = (p) => new Promise((done, fail) => p.user.associateSoftwareToken({ associateSecretCode: done, onFailure: fail }));
const verify = (p, code) => new Promise((done, fail) => p.user.verifySoftwareToken(code, "phone", { onSuccess: done, onFailure: fail }));

describe("amazon-cognito-identity-js: factors", () => {
  test("TOTP: set up signed in, then asked for", async () => {
    const pool = await mfaPool("OPTIONAL");
    await pool.user("ana");
    const ana = person(pool, "ana");
    await ana.signIn(PASSWORD);
    const secret = await associate(ana);
    await assert.rejects(verify(ana, "000000"), { code: "EnableSoftwareTokenMFAException", message: "Code mismatch and fail enable Software Token MFA" });
    assert.equal((await verify(ana, totp(secret))).Status, "SUCCESS");
    await ana.call("setUserMfaPreference", null, { PreferredMfa: true, Enabled: true });
    const again = person(pool, "ana");
    const asked = await again.begin(PASSWORD);
    assert.equal(asked.challenge, "SOFTWARE_TOKEN_MFA");
    assert.equal(asked.parameters.FRIENDLY_DEVICE_NAME, "phone");
    await assert.rejects(again.next("sendMFACode", "000000", "SOFTWARE_TOKEN_MFA"), { code: "CodeMismatchException" });
    const { session } = await again.next("sendMFACode", totp(secret, 1), "SOFTWARE_TOKEN_MFA");
    assert.ok(session.isValid());
  });

  test("TOTP: set up during the sign-in", async () => {
    const pool = await mfaPool("ON");
    await pool.user("ana");
    const ana = person(pool, "ana");
    const asked = await ana.begin(PASSWORD);
    assert.equal(asked.challenge, "MFA_SETUP");
    assert.deepEqual(JSON.parse(asked.parameters.MFAS_CAN_SETUP), ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]);
    const secret = await associate(ana);
    assert.ok((await verify(ana, totp(secret))).isValid());
    const again = person(pool, "ana");
    assert.equal((await again.begin(PASSWORD)).challenge, "SOFTWARE_TOKEN_MFA");
    assert.ok((await again.next("sendMFACode", totp(secret, 1), "SOFTWARE_TOKEN_MFA")).session.isValid());
  });

  test("SMS", async () => {
    const pool = await mfaPool("OPTIONAL");
    await pool.user("ana", { phone_number: "+15550100" });
    const ana = person(pool, "ana");
    await ana.signIn(PASSWORD);
    await ana.call("setUserMfaPreference", { PreferredMfa: true, Enabled: true }, null);
    const again = person(pool, "ana");
    const asked = await again.begin(PASSWORD);
    assert.equal(asked.challenge, "SMS_MFA");
    assert.equal(asked.parameters.CODE_DELIVERY_DESTINATION, "+*******0100");
    const code = await pool.code("+15550100");
    const wrong = code === "000000" ? "111111" : "000000";
    await assert.rejects(again.next("sendMFACode", wrong), { code: "CodeMismatchException", message: "Invalid code or auth state for the user." });
    assert.ok((await again.next("sendMFACode", code)).session.isValid());
  });

  test("a choice between two factors", async () => {
    const pool = await mfaPool("OPTIONAL");
    await pool.user("ana", { phone_number: "+15550100" });
    const ana = person(pool, "ana");
    await ana.signIn(PASSWORD);
    const secret = await associate(ana);
    await verify(ana, totp(secret));
    await ana.call("setUserMfaPreference", { PreferredMfa: false, Enabled: true }, { PreferredMfa: false, Enabled: true });
    const again = person(pool, "ana");
    const asked = await again.begin(PASSWORD);
    assert.equal(asked.challenge, "SELECT_MFA_TYPE");
    assert.deepEqual(JSON.parse(asked.parameters.MFAS_CAN_CHOOSE), ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]);
    assert.equal((await again.next("sendMFASelectionAnswer", "SMS_MFA")).challenge, "SMS_MFA");
    assert.ok((await again.next("sendMFACode", await pool.code("+15550100"))).session.isValid());
    const third = person(pool, "ana");
    await third.begin(PASSWORD);
    assert.equal((await third.next("sendMFASelectionAnswer", "SOFTWARE_TOKEN_MFA")).challenge, "SOFTWARE_TOKEN_MFA");
    assert.ok((await third.next("sendMFACode", totp(secret, 1), "SOFTWARE_TOKEN_MFA")).session.isValid());
  });
});

describe("amazon-cognito-identity-js: devices", () => {
  test("remembered, used instead of MFA, forgotten", async () => {
    const pool = await mfaPool("OPTIONAL", { DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: false } });
    await pool.user("ana", { phone_number: "+15550100" });
    const ana = person(pool, "ana");
    const { session, confirm } = await ana.begin(PASSWORD); // the library confirms the device itself
    assert.ok(!confirm);
    const key = claims(session.getAccessToken().getJwtToken()).device_key;
    assert.ok(key);
    await ana.call("setUserMfaPreference", { PreferredMfa: true, Enabled: true }, null);

    const stranger = person(pool, "ana");
    assert.equal((await stranger.begin(PASSWORD)).challenge, "SMS_MFA");
    assert.ok((await stranger.next("sendMFACode", await pool.code("+15550100"))).session.isValid());

    const back = person(pool, "ana", ana.storage); // the same browser: its device answers by SRP
    const known = await back.begin(PASSWORD);
    assert.equal(claims(known.session.getAccessToken().getJwtToken()).device_key, key);
    const list = await new Promise((done, fail) => back.user.listDevices(10, null, { onSuccess: done, onFailure: fail }));
    assert.equal(list.Devices.length, 2);
    const own = await new Promise((done, fail) => back.user.getDevice({ onSuccess: done, onFailure: fail }));
    assert.equal(own.Device.DeviceKey, key);
    const renewed = await back.call("refreshSession", known.session.getRefreshToken());
    assert.equal(claims(renewed.getAccessToken().getJwtToken()).device_key, key);

    await new Promise((done, fail) => back.user.forgetDevice({ onSuccess: done, onFailure: fail }));
    const { Devices } = await server.sdk.send(new AdminListDevicesCommand({ UserPoolId: pool.id, Username: "ana" }));
    assert.ok(!Devices.some((d) => d.DeviceKey === key));
    // The browser still names the forgotten device: the library is told, drops it and goes on.
    const last = person(pool, "ana", ana.storage);
    assert.equal((await last.begin(PASSWORD)).challenge, "SMS_MFA");
    assert.ok((await last.next("sendMFACode", await pool.code("+15550100", 2))).session.isValid());
  });

  test("remembered only when the user says so", async () => {
    const pool = await makePool(server, { DeviceConfiguration: { ChallengeRequiredOnNewDevice: false, DeviceOnlyRememberedOnUserPrompt: true } });
    await pool.user("ana");
    const ana = person(pool, "ana");
    assert.equal((await ana.begin(PASSWORD)).confirm, true);
    assert.equal(await new Promise((done, fail) => ana.user.setDeviceStatusRemembered({ onSuccess: done, onFailure: fail })), "SUCCESS");
    assert.ok((await person(pool, "ana", ana.storage).begin(PASSWORD)).session.isValid()); // by device SRP
    assert.equal(await new Promise((done, fail) => ana.user.setDeviceStatusNotRemembered({ onSuccess: done, onFailure: fail })), "SUCCESS");
    assert.ok((await person(pool, "ana", ana.storage).begin(PASSWORD)).session.isValid());
    assert.equal((await server.sdk.send(new AdminGetUserCommand({ UserPoolId: pool.id, Username: "ana" }))).UserMFASettingList, undefined);
  });
});
