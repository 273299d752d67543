// Every page of managed login in every state, of the running server. `see(name, person)` is called with the page in it.

import { PASSWORD } from "../clients/js/server.mjs";
import { totp } from "../clients/js/totp.mjs";
import { CHOOSING, DEVELOPER, advance, factors, functionARN, makeApp, person } from "./app.mjs";

const ANA = "ana@example.com";
const ADDRESSES = { email: ANA, email_verified: "true", phone_number: "+15550100123", phone_number_verified: "true" };
const SMS = { SmsConfiguration: { SnsCallerArn: "arn:aws:iam::000000000000:role/sms" } };
const TOTP = { SoftwareTokenMfaConfiguration: { Enabled: true } };
const NEW_PASSWORD = "Another-Horse-2";

// What has to run in every page before it does is given as init.
export async function tour(server, browser, see, init) {
  for (const stop of [signUp, signIn, choice, passkeys, recovery, temporary, secondFactors, accounts, ends, languages, branded, classic]) {
    const who = await person(browser);
    if (init) await who.page.context().addInitScript(init);
    await stop(server, browser, (name) => see(name, who), who);
    await who.close();
    await advance(server);
  }
}

async function named(server, browser, { pool, ...more } = {}) {
  return makeApp(server, browser, { pool: { UsernameAttributes: ["email"], AutoVerifiedAttributes: ["email"], ...pool }, ...more });
}

async function signUp(server, browser, see, who) {
  const app = await named(server, browser, { pool: { Schema: [{ Name: "given_name", Required: true }, { Name: "birthdate", Required: true }] } });
  for (const TermsName of ["terms-of-use", "privacy-policy"]) {
    await app.admin("CreateTerms", {
      ClientId: app.clientId, TermsName, TermsSource: "LINK", Enforcement: "NONE", Links: { "cognito:default": `https://example.com/${TermsName}` },
    });
  }
  await who.open(app, {}, "/signup");
  await see("sign-up");
  await who.fill({ username: ANA, "requiredAttributes[given_name]": "Ana", password: "weak" });
  await see("sign-up-wrong");
  await who.fill({ "requiredAttributes[birthdate]": "1990-12-31", password: PASSWORD });
  await see("confirm");
  await who.fill({ code: "000000" });
  await see("confirm-wrong");
  await advance(server, "31s");
  await who.leave(() => who.page.reload());
  await who.press("Send a new code");
  await see("confirm-sent-again");
  await who.fill({ code: await app.code(ANA, 2) });
  await see("confirmed");
}

async function signIn(server, browser, see, who) {
  const app = await named(server, browser);
  await app.user(ANA, { email_verified: "true" });
  await who.open(app);
  await see("sign-in");
  await who.fill({ username: "" });
  await see("sign-in-empty");
  await who.fill({ username: ANA });
  await see("password");
  await who.page.route("**/login?*", (route) => route.fulfill({ status: 204 })); // after which browsers stay where they are
  await who.page.fill("[name=password]", PASSWORD);
  await who.page.locator("form [type=submit]").first().click({ noWaitAfter: true });
  await who.page.locator("[aria-busy=true]").waitFor();
  await see("password-sending");
  await who.page.unroute("**/login?*");
  await who.open(app);
  await who.fill({ username: ANA });
  await who.fill({ password: "Wrong-Horse-1" });
  await see("password-wrong");
  for (let i = 1; i < 12; i++) {
    await app.call("InitiateAuth", { ClientId: app.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: ANA, PASSWORD: "wrong" } }).catch(() => {});
    if (i > 3) await advance(server, `${2 ** (i - 4)}s`);
  }
  await who.fill({ password: "Wrong-Horse-1" });
  await who.fill({ password: PASSWORD });
  await see("password-locked");
  const closed = await makeApp(server, browser, { pool: { LambdaConfig: { PreAuthentication: functionARN } } });
  await closed.user("ana");
  await who.open(closed);
  await who.fill({ username: "ana" });
  await who.fill({ password: PASSWORD });
  await see("password-refused-by-function");
}

const everyFactor = async (server, browser) => {
  const app = await makeApp(server, browser, { pool: { ...factors("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"), ...SMS, AliasAttributes: ["email"] }, client: CHOOSING });
  await app.mfa({ WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "required" } });
  await app.user("ana", ADDRESSES);
  return app;
};

async function choice(server, browser, see, who) {
  const app = await everyFactor(server, browser);
  await who.open(app);
  await see("sign-in-with-passkeys");
  await who.fill({ username: ANA });
  await see("choose");
  await who.press(/Email me a code/);
  await see("code-by-mail");
  await who.fill({ code: "00000000" });
  await see("code-wrong");
  await advance(server, "31s");
  await who.leave(() => who.page.reload());
  await who.press("Send a new code");
  await see("code-sent-again");
  await advance(server, "5m");
  await who.fill({ code: "00000000" });
  await see("timed-out");
  await who.fill({ username: ANA });
  await who.press(/Text me a code/);
  await see("code-by-text-message");
}

async function passkeys(server, browser, see, who) {
  const app = await everyFactor(server, browser);
  await who.authenticator.present(false);
  await who.open(app, {}, "/passkeys/add");
  await who.fill({ username: ANA });
  await who.press(/Password/);
  await who.fill({ password: PASSWORD });
  await see("passkey-add");
  await who.authenticator.present(true);
  await who.press("Add a passkey");
  await see("passkey-added");
  await who.open(app, {}, "/passkeys/add");
  await who.page.getByRole("button", { name: "Add a passkey" }).click();
  await who.says("This device holds a passkey");
  await see("passkey-add-again");
  await who.authenticator.present(false);
  await who.open(app, { prompt: "login" });
  await who.fill({ username: ANA });
  await who.press(/Passkey/);
  await see("passkey");
  await who.authenticator.clear();
  await who.authenticator.present(true);
  await who.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await who.says("The passkey was not used");
  await see("passkey-cancelled");
}

async function recovery(server, browser, see, who) {
  const app = await named(server, browser);
  await app.user(ANA, { email_verified: "true" });
  await who.open(app, {}, "/forgotPassword");
  await see("forgot");
  await who.fill({ username: ANA });
  await see("reset");
  await who.fill({ code: "000000", password: "weak" });
  await see("reset-wrong");
  await who.fill({ code: await app.code(ANA), password: NEW_PASSWORD });
  await see("reset-done");
}

async function temporary(server, browser, see, who) {
  const app = await makeApp(server, browser, { pool: { Schema: [{ Name: "given_name", Required: true }, { Name: "phone_number", Required: true }] } });
  await app.admin("AdminCreateUser", { Username: "ana", TemporaryPassword: PASSWORD, MessageAction: "SUPPRESS" });
  await who.open(app);
  await who.fill({ username: "ana" });
  await who.fill({ password: PASSWORD });
  await see("new-password");
}

async function secondFactors(server, browser, see, who) {
  const app = await makeApp(server, browser, { pool: { ...SMS, ...DEVELOPER, DeviceConfiguration: { DeviceOnlyRememberedOnUserPrompt: true, ChallengeRequiredOnNewDevice: true } } });
  const all = { SmsMfaConfiguration: SMS, ...TOTP, EmailMfaConfiguration: { Message: "Your code is {####}", Subject: "Code" } };
  await app.mfa({ MfaConfiguration: "ON", ...all });
  const begin = async () => {
    await who.open(app, { prompt: "login" });
    await who.fill({ username: "ana" });
    await who.fill({ password: PASSWORD });
  };
  await app.user("ana");
  await begin();
  await see("mfa-set-up");
  await who.press(/Email/);
  await who.fill({ address: "ana" });
  await see("mfa-set-up-address");
  await begin();
  await who.press(/Authenticator app/);
  await see("mfa-set-up-app");
  const key = (await who.page.locator("code").first().innerText()).replace(/\s/g, "");
  await who.fill({ code: totp(key) });
  await begin();
  await see("mfa-code-of-app");
  await app.admin("AdminUpdateUserAttributes", { Username: "ana", UserAttributes: Object.entries(ADDRESSES).map(([Name, Value]) => ({ Name, Value })) });
  await app.admin("AdminSetUserMFAPreference", { Username: "ana", SMSMfaSettings: { Enabled: true }, EmailMfaSettings: { Enabled: true }, SoftwareTokenMfaSettings: { Enabled: true } });
  await begin();
  await see("mfa-choose");
}

async function accounts(server, browser, see, who) {
  const app = await named(server, browser);
  for (const name of [ANA, "bob@example.com"]) {
    await app.user(name);
    await who.open(app, { prompt: "login" });
    await who.fill({ username: name });
    await who.fill({ password: PASSWORD });
  }
  await who.open(app, { prompt: "select_account" });
  await see("accounts");
}

async function ends(server, browser, see, who) {
  const app = await makeApp(server, browser);
  await who.open(app, { redirect_uri: `${app.callback}/` });
  await see("error-for-developers");
  await who.page.goto(`${app.base}/logout`);
  await see("sign-out");
  await who.press("Sign out");
  await see("signed-out");
  const links = await named(server, browser, { pool: { VerificationMessageTemplate: { DefaultEmailOption: "CONFIRM_WITH_LINK" } } });
  await who.open(links, {}, "/signup");
  await who.fill({ username: ANA, password: PASSWORD });
  await see("confirm-by-link");
  const inbox = await fetch(`${server.url}/_cognate/inbox?${new URLSearchParams({ format: "json", to: ANA, userPoolId: links.id })}`);
  await who.page.goto((await inbox.json()).messages[0].links[0]);
  await see("link-confirmed");
  await who.page.goto(`${links.base}/confirmUser?client_id=${links.clientId}&user_name=ana&confirmation_code=1`);
  await see("link-not-valid");
}

async function languages(server, browser, see, who) {
  const app = await named(server, browser);
  for (const [lang, name] of [["es", "spanish"], ["ar", "arabic"], ["ja", "japanese"]]) {
    await who.open(app, { lang });
    await see(`sign-in-in-${name}`);
    await who.open(app, { lang }, "/signup");
    await who.fill({ username: ANA, password: "weak" });
    await see(`sign-up-in-${name}`);
  }
}

async function branded(server, browser, see, who) {
  const app = await named(server, browser, { version: 2 });
  const logo = (ink) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><circle cx="20" cy="20" r="18" fill="${ink}"/>
    <rect x="48" y="12" width="70" height="16" rx="8" fill="${ink}"/></svg>`).toString("base64");
  const modes = {
    lightMode: { paper: "fdf3e7ff", card: "fffaf2ff", ink: "3b2a14ff", button: "8a4b08ff", on: "ffffffff" },
    darkMode: { paper: "20160aff", card: "2b1f10ff", ink: "fdeed9ff", button: "f0b060ff", on: "20160aff" },
  };
  const per = (pick) => Object.fromEntries(Object.entries(modes).map(([mode, c]) => [mode, pick(c)]));
  await app.admin("CreateManagedLoginBranding", {
    ClientId: app.clientId,
    Settings: {
      categories: { global: { colorSchemeMode: "DYNAMIC" } },
      componentClasses: {
        buttons: { borderRadius: 24 }, input: { borderRadius: 12, ...per((c) => ({ defaults: { backgroundColor: c.card, borderColor: c.button } })) },
        focusState: per((c) => ({ borderColor: c.button })), link: per((c) => ({ defaults: { textColor: c.button } })), inputLabel: per((c) => ({ textColor: c.ink })),
      },
      components: {
        primaryButton: per((c) => ({ defaults: { backgroundColor: c.button, textColor: c.on } })), pageBackground: per((c) => ({ color: c.paper })),
        pageText: per((c) => ({ headingColor: c.ink, bodyColor: c.ink, descriptionColor: c.ink })),
        form: { borderRadius: 20, ...per((c) => ({ backgroundColor: c.card, borderColor: c.paper })), logo: { enabled: true, formInclusion: "IN", location: "CENTER", position: "TOP" } },
      },
    },
    Assets: [["LIGHT", "#8a4b08"], ["DARK", "#f0b060"]].map(([ColorMode, ink]) => ({ Category: "FORM_LOGO", ColorMode, Extension: "SVG", Bytes: logo(ink) })),
  });
  await who.open(app);
  await see("branded-sign-in");
  await who.fill({ username: ANA });
  await who.fill({ password: PASSWORD });
  await see("branded-password-wrong");
}

async function classic(server, browser, see, who) {
  const app = await named(server, browser, { version: 1 });
  await app.user(ANA, { email_verified: "true" });
  await who.open(app);
  await see("classic-sign-in");
  await who.fill({ username: ANA, password: "Wrong-Horse-1" });
  await see("classic-sign-in-wrong");
  await who.open(app, {}, "/signup");
  await see("classic-sign-up");
  await who.open(app, {}, "/forgotPassword");
  await who.fill({ username: ANA });
  await see("classic-reset");
  await app.admin("SetUICustomization", {
    CSS: `.submitButton-customizable { background-color: #8a4b08; } .banner-customizable { background-color: #fdf3e7; }
      .background-customizable { background-color: #fffaf2; }`,
  });
  await who.open(app);
  await see("classic-with-css");
}
