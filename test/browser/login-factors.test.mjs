// Managed login in a real browser: recovery, temporary passwords, second factors, choice of the first factor, passkeys.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, claims, useServer } from "../clients/js/server.mjs";
import { totp } from "../clients/js/totp.mjs";
import { CHOOSING, DEVELOPER, advance, factors, makeApp, person } from "./app.mjs";
import { useBrowser } from "./browser.mjs";

const server = useServer();
const browser = useBrowser();

const NEW_PASSWORD = "Another-Horse-2";
const ADDRESSES = { email: "ana@example.com", email_verified: "true", phone_number: "+15550100123", phone_number_verified: "true" };
const TOTP = { SoftwareTokenMfaConfiguration: { Enabled: true } };
const SMS = { SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: "arn:aws:iam::000000000000:role/sms" } } };
const EMAIL = { EmailMfaConfiguration: { Message: "Your code is {####}", Subject: "Code" } };

// Signs in with the password, up to whatever comes then.
async function signIn(who, app, query) {
  await who.open(app, query);
  await who.fill({ username: "ana" });
  await who.fill({ password: PASSWORD });
}

// Signs up an authenticator app of the user through the API, and returns its key.
async function enrolApp(app) {
  const AuthParameters = { USERNAME: "ana", PASSWORD };
  const { AuthenticationResult, Session } = await app.call("InitiateAuth", { ClientId: app.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters });
  const access = AuthenticationResult ? { AccessToken: AuthenticationResult.AccessToken } : { Session };
  const { SecretCode } = await app.call("AssociateSoftwareToken", access);
  await app.call("VerifySoftwareToken", { ...access, UserCode: totp(SecretCode) });
  await app.admin("AdminSetUserMFAPreference", { Username: "ana", SoftwareTokenMfaSettings: { Enabled: true } });
  return SecretCode;
}

describe("recovery", () => {
  test("of a forgotten password", async () => {
    const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] } });
    await app.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.press("Forgot your password?");
    assert.equal(await ana.page.inputValue("[name=username]"), "ana"); // nobody types it twice
    await ana.fill({ username: "ana" });
    await ana.says("If an account exists, we sent a code to a***@e***");
    await ana.fill({ code: "000000", password: NEW_PASSWORD });
    await ana.says("That code is not right");
    await ana.fill({ code: await app.code("ana@example.com"), password: "weak" });
    await ana.says("The password does not follow the rules below");
    await ana.fill({ code: await app.code("ana@example.com"), password: NEW_PASSWORD });
    await ana.says("Your password is changed. Sign in with the new one");
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.says("Name or password is not right");
    await ana.fill({ password: NEW_PASSWORD });
    await ana.tokens(app);
    await ana.close();
  });

  test("tells nobody who has an account", async () => {
    for (const PreventUserExistenceErrors of ["ENABLED", "LEGACY"]) {
      const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"], UsernameAttributes: ["email"] }, client: { PreventUserExistenceErrors } });
      await app.user("ana@example.com", { email_verified: "true" });
      const ana = await person(browser);
      const pages = [];
      // Whoever there is: the name, where a code would have gone, and the seconds that pass say nothing.
      const look = async (name) => pages.push((await ana.page.innerText("main")).replaceAll(name, "NAME").replace(/ in \d+ s/, "").replace(/code to \S+\./, ""));
      for (const username of ["ana@example.com", "abc@example.com"]) {
        await ana.open(app, {}, "/forgotPassword");
        await ana.fill({ username });
        await look(username);
        await ana.fill({ code: "000000", password: NEW_PASSWORD });
        await look(username);
      }
      assert.deepEqual(pages.slice(0, 2), pages.slice(2));
      await ana.close();
    }
  });

  test("tells of a code that is too old", async () => {
    const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] } });
    await app.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = await person(browser);
    await ana.open(app, {}, "/forgotPassword");
    await ana.fill({ username: "ana" });
    const old = await app.code("ana@example.com");
    await advance(server, "5m");
    await ana.leave(() => ana.page.reload());
    await ana.press("Send a new code");
    await ana.says("We sent a new code");
    const code = await app.code("ana@example.com", 2);
    if (old !== code) await ana.fill({ code: old, password: NEW_PASSWORD });
    await advance(server, "65m");
    await ana.page.goBack();
    await ana.open(app, {}, "/forgotPassword"); // the flow of the page has ended
    await ana.fill({ username: "ana" });
    await ana.fill({ code, password: NEW_PASSWORD });
    await ana.says(/That code (has expired|is not right)/);
    await ana.close();
    await advance(server);
  });
});

describe("a temporary password", () => {
  test("is replaced, with the attributes that are missing", async () => {
    const Schema = [{ Name: "given_name", Required: true }, { Name: "birthdate", Required: true }];
    const app = await makeApp(server, browser, { pool: { Schema } });
    await app.admin("AdminCreateUser", { Username: "ana", TemporaryPassword: PASSWORD, MessageAction: "SUPPRESS" });
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.says("Set your own password");
    await ana.fill({ password: NEW_PASSWORD, "requiredAttributes[given_name]": "Ana" });
    await ana.says("This is needed");
    assert.equal(await ana.page.inputValue('[name="requiredAttributes[given_name]"]'), "Ana");
    await ana.fill({ password: NEW_PASSWORD, "requiredAttributes[birthdate]": "1990-12-31" });
    assert.equal(claims((await ana.tokens(app)).id_token)["cognito:username"], "ana");
    await ana.close();
  });
});

describe("a second factor", () => {
  test("authenticator app: set up with the QR code or the key, then asked for", async () => {
    const app = await makeApp(server, browser);
    await app.mfa({ MfaConfiguration: "ON", ...TOTP });
    await app.user("ana");
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.says("Set up your authenticator app");
    assert.equal(await ana.page.getByRole("img", { name: "QR code for your authenticator app" }).count(), 1);
    const link = new URL(await ana.page.getByRole("link", { name: "Open in an app on this device" }).getAttribute("href"));
    const key = (await ana.page.locator("code").first().innerText()).replace(/\s/g, "");
    assert.equal(link.searchParams.get("secret"), key);
    assert.equal(link.searchParams.get("issuer"), "Acme");
    await ana.fill({ code: "000000" });
    await ana.says(/not right/);
    await ana.fill({ code: totp(key) });
    await ana.tokens(app);

    const other = await person(browser);
    await signIn(other, app);
    await other.says("Enter the code of your app");
    await other.fill({ code: "000000" });
    await other.says("That code is not right");
    await other.fill({ code: totp(key, 1) });
    await other.tokens(app);
    await Promise.all([ana.close(), other.close()]);
  });

  test("a code by e-mail, sent again, and one that sends itself when it is complete", async () => {
    const app = await makeApp(server, browser, { pool: DEVELOPER });
    await app.mfa({ MfaConfiguration: "ON", ...EMAIL });
    await app.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.says("Enter the 6-digit code we sent to a***@e***");
    await ana.fill({ code: "000000" });
    await ana.says("That code is not right");
    await advance(server, "31s");
    await ana.leave(() => ana.page.reload());
    await ana.press("Send a new code");
    await ana.says("We sent a new code to a***@e***");
    const code = await app.code("ana@example.com", 2);
    await ana.leave(() => ana.page.locator("[name=code]").pressSequentially(code));
    await ana.tokens(app);
    await ana.close();
    await advance(server);
  });

  test("a code by text message", async () => {
    const app = await makeApp(server, browser, { pool: { SmsConfiguration: SMS.SmsMfaConfiguration.SmsConfiguration } });
    await app.mfa({ MfaConfiguration: "ON", ...SMS });
    await app.user("ana", ADDRESSES);
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.says(/Enter the 6-digit code we sent to \+\*+0123/);
    await ana.fill({ code: await app.code("+15550100123") });
    await ana.tokens(app);
    await ana.close();
  });

  test("spared in a browser that its user has remembered, until the device is forgotten", async () => {
    const DeviceConfiguration = { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true };
    const app = await makeApp(server, browser, { pool: { ...DEVELOPER, DeviceConfiguration } });
    await app.mfa({ MfaConfiguration: "ON", ...EMAIL });
    await app.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = await person(browser);
    await signIn(ana, app);
    const code = ana.page.locator("[name=code]");
    await code.pressSequentially(await app.code("ana@example.com"));
    await ana.page.getByLabel("Remember this device").check(); // the code has not sent itself
    await ana.press("Verify code");
    const { device_key } = claims((await ana.tokens(app)).access_token);
    const { Devices } = await app.admin("AdminListDevices", { Username: "ana" });
    assert.deepEqual(Devices.map((d) => d.DeviceKey), [device_key]);
    assert.match(Devices[0].DeviceAttributes.find((a) => a.Name === "device_name").Value, /^Chrome \d+ \/ Linux/);

    await signIn(ana, app, { prompt: "login" });
    assert.equal(claims((await ana.tokens(app)).access_token).device_key, device_key);
    const other = await person(browser);
    await signIn(other, app);
    await other.says("Check your email");
    await app.admin("AdminForgetDevice", { Username: "ana", DeviceKey: device_key });
    await signIn(ana, app, { prompt: "login" });
    await ana.says("Check your email");
    await Promise.all([ana.close(), other.close()]);
  });

  test("not asked for again on a device that is remembered", async () => {
    const app = await makeApp(server, browser, { pool: { DeviceConfiguration: { DeviceOnlyRememberedOnUserPrompt: true, ChallengeRequiredOnNewDevice: true } } });
    await app.mfa({ MfaConfiguration: "OPTIONAL", ...TOTP });
    await app.user("ana");
    const key = await enrolApp(app);
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.page.getByLabel("Remember this device").check();
    await ana.fill({ code: totp(key, 1) });
    await ana.tokens(app);
    await signIn(ana, app, { prompt: "login" });
    await ana.tokens(app);
    const other = await person(browser);
    await signIn(other, app);
    await other.says("Enter the code of your app");
    await Promise.all([ana.close(), other.close()]);
  });

  test("chosen among those that the user has", async () => {
    const app = await makeApp(server, browser, { pool: { SmsConfiguration: SMS.SmsMfaConfiguration.SmsConfiguration, ...DEVELOPER } });
    await app.mfa({ MfaConfiguration: "OPTIONAL", ...TOTP, ...SMS, ...EMAIL });
    await app.user("ana", ADDRESSES);
    const key = await enrolApp(app);
    await app.admin("AdminSetUserMFAPreference", { Username: "ana", SMSMfaSettings: { Enabled: true }, EmailMfaSettings: { Enabled: true }, SoftwareTokenMfaSettings: { Enabled: true } });
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.says("Verify it is you");
    await ana.press(/Email/);
    await ana.fill({ code: await app.code("ana@example.com") });
    await ana.tokens(app);
    const other = await person(browser);
    await signIn(other, app);
    await other.press(/Authenticator app/);
    await other.fill({ code: totp(key, 1) });
    await other.tokens(app);
    await Promise.all([ana.close(), other.close()]);
  });

  test("asked for by an app that wants a higher level, and nothing else", async () => {
    const app = await makeApp(server, browser, { client: CHOOSING });
    await app.mfa({ MfaConfiguration: "OPTIONAL", ...TOTP });
    await app.user("ana");
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.tokens(app);
    const key = await enrolApp(app);
    await ana.open(app, { acr_values: "urn:cognito:loa:4" });
    await ana.says("Acme asks for a stronger way to sign in");
    await ana.press("Continue"); // the name is there
    await ana.fill({ code: totp(key, 1) });
    const { acr, amr } = claims((await ana.tokens(app)).id_token);
    assert.deepEqual([acr, amr], ["urn:cognito:loa:4", ["pwd", "otp", "mfa"]]);
    await ana.close();
  });

  test("set up: an address for codes", async () => {
    const app = await makeApp(server, browser, { pool: { SmsConfiguration: SMS.SmsMfaConfiguration.SmsConfiguration, ...DEVELOPER } });
    await app.mfa({ MfaConfiguration: "ON", ...TOTP, ...SMS, ...EMAIL });
    for (const [row, wrong, address, mark] of [[/Email/, "ana", "ana@example.com", "a***@e***"], [/Text message/, "12", "+15550100123", /\+\*+0123/]]) {
      await app.user("ana");
      const ana = await person(browser);
      await signIn(ana, app);
      await ana.says("Add a second step");
      await ana.press(row);
      await ana.fill({ address: wrong });
      await ana.says(/Enter (an email like|the phone number with)/);
      await ana.fill({ address });
      await ana.says(mark);
      await ana.fill({ code: await app.code(address) });
      await ana.tokens(app);
      await ana.close();
      await app.admin("AdminDeleteUser", { Username: "ana" });
    }
  });
});

describe("the first factor is chosen", () => {
  const choosing = async () => {
    const app = await makeApp(server, browser, {
      pool: { ...factors("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"), SmsConfiguration: SMS.SmsMfaConfiguration.SmsConfiguration }, client: CHOOSING,
    });
    await app.mfa({ WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "required" } });
    await app.user("ana", ADDRESSES);
    return app;
  };

  test("password, e-mail and text message", async () => {
    const app = await choosing();
    for (const [row, address] of [[/Password/], [/Email me a code/, "ana@example.com"], [/Text me a code/, "+15550100123"]]) {
      const ana = await person(browser);
      await ana.open(app);
      await ana.fill({ username: "ana" });
      await ana.says("How do you want to sign in?");
      await ana.press(row);
      if (address) {
        await ana.says(`Enter the ${address.includes("@") ? 8 : 6}-digit code we sent to`);
        await ana.fill({ code: await app.code(address) });
      } else {
        await ana.fill({ password: "Wrong-Horse-1" });
        await ana.says("Name or password is not right");
        await ana.fill({ password: PASSWORD });
      }
      await ana.tokens(app);
      await ana.close();
    }
  });

  test("another one after all", async () => {
    const app = await choosing();
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.press(/Email me a code/);
    await ana.press(/Password/);
    await ana.fill({ password: "Wrong-Horse-1" });
    await ana.says("Name or password is not right");
    await ana.press(/Text me a code/);
    await ana.fill({ code: await app.code("+15550100123") });
    await ana.tokens(app);
    await ana.close();
  });

  test("a passkey: added, then used by the button, in the suggestions and after the name", async () => {
    const app = await choosing();
    const ana = await person(browser);
    await ana.page.addInitScript(() => {
      if (window.name !== "suggests") PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
    await ana.open(app, {}, "/passkeys/add");
    await ana.fill({ username: "ana" });
    await ana.press(/Password/);
    await ana.fill({ password: PASSWORD });
    await ana.says("Add a passkey");
    await ana.press("Add a passkey");
    await ana.says("Passkey added");
    assert.equal((await ana.authenticator.keys()).length, 1);
    await ana.press("Continue to Acme");
    await ana.tokens(app);

    // The same device has one already.
    await ana.open(app, {}, "/passkeys/add");
    await ana.page.getByRole("button", { name: "Add a passkey" }).click();
    await ana.says("This device holds a passkey for your account already");

    await ana.open(app, { prompt: "login" });
    await ana.press("Sign in with a passkey");
    assert.deepEqual(claims((await ana.tokens(app)).id_token)["cognito:username"], "ana");

    await ana.open(app, { prompt: "login" });
    await ana.fill({ username: "ana" });
    await ana.press(/Passkey/);
    await ana.press("Sign in with a passkey");
    await ana.tokens(app);

    // The suggestions of the field: the virtual authenticator takes one by itself.
    await ana.page.evaluate(() => { window.name = "suggests"; });
    await ana.page.goto(app.url("/oauth2/authorize", { prompt: "login" }), { waitUntil: "commit" });
    await ana.page.waitForURL(`${app.callback}?*`);
    await ana.tokens(app);
    await ana.close();
  });

  test("a passkey that fails is told, and another way is there", async () => {
    const app = await choosing();
    const ana = await person(browser);
    await ana.authenticator.present(false);
    await ana.open(app);
    await ana.authenticator.present(true);
    await ana.page.getByRole("button", { name: "Sign in with a passkey" }).click(); // there is none
    await ana.says("The passkey was not used");
    await ana.fill({ username: "ana" });
    await ana.press(/Password/);
    await ana.fill({ password: PASSWORD });
    await ana.tokens(app);
    await ana.close();
  });
});
