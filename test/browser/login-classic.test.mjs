// The classic hosted UI in a real browser, driven as scripted log-ins drive it, and pages without script.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, claims, useServer } from "../clients/js/server.mjs";
import { totp } from "../clients/js/totp.mjs";
import { CHOOSING, DEVELOPER, advance, factors, makeApp, person } from "./app.mjs";
import { useBrowser } from "./browser.mjs";

const server = useServer();
const browser = useBrowser();
const NEW_PASSWORD = "Another-Horse-2";

// What test scripts of applications do: they look for the form by its name and take the copy that is visible.
async function scripted(page, username, password) {
  const names = page.locator("#signInFormUsername");
  assert.equal(await names.count(), 2);
  assert.equal(await page.locator('form[name="cognitoSignInForm"]').count(), 2);
  for (const field of ["#signInFormUsername", "#signInFormPassword"]) {
    const visible = [];
    for (let i = 0; i < 2; i++) if (await page.locator(field).nth(i).isVisible()) visible.push(i);
    assert.equal(visible.length, 1, field);
    await page.locator(field).nth(visible[0]).fill(field.endsWith("Username") ? username : password);
  }
  const button = page.locator('input[name="signInSubmitButton"]').filter({ visible: true });
  assert.equal(await button.inputValue(), "Sign in");
  const loaded = page.waitForEvent("load");
  await Promise.all([loaded, button.click()]);
}

describe("the classic pages", () => {
  for (const [width, script] of [[1280, true], [320, true], [1280, false]]) {
    test(`sign in by the names that scripts know, ${width} px wide${script ? "" : ", without script"}`, async () => {
      const app = await makeApp(server, browser, { version: 1 });
      await app.user("ana");
      const ana = await person(browser, { script, viewport: { width, height: 800 } });
      await ana.open(app, { lang: "de" });
      assert.equal(await ana.page.getAttribute("html", "lang"), "en"); // they speak English alone
      await scripted(ana.page, "ana", "Wrong-Horse-1");
      await ana.says("Name or password is not right");
      await scripted(ana.page, "ana", PASSWORD);
      assert.equal(claims((await ana.tokens(app)).id_token)["cognito:username"], "ana");
      await ana.close();
    });
  }

  test("sign up, confirm and recover by the names that scripts know", async () => {
    const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] }, version: 1 });
    const ana = await person(browser);
    await ana.open(app);
    await ana.press(/Sign up|Create an account/);
    await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: PASSWORD });
    assert.equal(await ana.page.locator('button[name="confirm"]').count(), 1);
    await ana.fill({ code: await app.code("ana@example.com") });
    await ana.says("Your account is confirmed");
    await scripted(ana.page, "ana", PASSWORD);
    await ana.tokens(app);

    await ana.open(app, { prompt: "login" });
    await ana.press("Forgot your password?");
    await ana.fill({ username: "ana" });
    await ana.fill({ code: await app.code("ana@example.com", 2), password: NEW_PASSWORD });
    await ana.says("Your password is changed");
    await scripted(ana.page, "ana", NEW_PASSWORD);
    await ana.tokens(app);
    await ana.close();
  });

  test("ask for second factors and a new password", async () => {
    const app = await makeApp(server, browser, { version: 1 });
    await app.mfa({ MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: { Enabled: true } });
    await app.admin("AdminCreateUser", { Username: "ana", TemporaryPassword: PASSWORD, MessageAction: "SUPPRESS" });
    const ana = await person(browser);
    await ana.open(app);
    await scripted(ana.page, "ana", PASSWORD);
    await ana.fill({ password: NEW_PASSWORD });
    await ana.says("Set up your authenticator app");
    const key = (await ana.page.locator("code").first().innerText()).replace(/\s/g, "");
    await ana.fill({ code: totp(key) });
    await ana.tokens(app);
    const other = await person(browser);
    await other.open(app);
    await scripted(other.page, "ana", NEW_PASSWORD);
    await other.fill({ code: totp(key, 1) });
    await other.tokens(app);
    await Promise.all([ana.close(), other.close()]);
  });

  test("wear the CSS and the logo of the pool", async () => {
    const app = await makeApp(server, browser, { version: 1 });
    const logo = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    await app.admin("SetUICustomization", {
      CSS: ".submitButton-customizable { background-color: rgb(200, 0, 80); } .banner-customizable { background-color: rgb(1, 2, 3); }", ImageFile: logo,
    });
    const ana = await person(browser);
    await ana.open(app);
    const style = (selector, name) => ana.page.locator(selector).filter({ visible: true }).first().evaluate((e, n) => getComputedStyle(e)[n], name);
    assert.equal(await style(".submitButton-customizable", "backgroundColor"), "rgb(200, 0, 80)");
    assert.equal(await style(".banner-customizable", "backgroundColor"), "rgb(1, 2, 3)");
    assert.ok(await ana.page.locator("img.logo-customizable").first().evaluate((i) => i.complete && i.naturalWidth > 0));
    await ana.close();
  });
});

describe("without script", () => {
  const open = () => person(browser, { script: false });

  test("sign-up, code again, recovery", async () => {
    const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] } });
    const ana = await open();
    await ana.open(app);
    await ana.press("Create an account");
    await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: "weak" });
    await ana.says("The password does not follow the rules below");
    await ana.fill({ password: PASSWORD });
    await ana.press("Send a new code"); // too early, which nothing but the server knows
    assert.equal(await ana.page.locator("[name=code]").count(), 1);
    await advance(server, "31s");
    await ana.press("Send a new code");
    await ana.says("We sent a new code");
    await ana.fill({ code: await app.code("ana@example.com", 2) });
    await ana.press("Forgot your password?");
    await ana.fill({ username: "ana" });
    await ana.fill({ code: await app.code("ana@example.com", 3), password: NEW_PASSWORD });
    await ana.fill({ username: "ana" });
    await ana.fill({ password: NEW_PASSWORD });
    await ana.tokens(app);
    await ana.close();
    await advance(server);
  });

  test("choice of the first factor, second factors, accounts, languages", async () => {
    const app = await makeApp(server, browser, { pool: { ...factors("EMAIL_OTP", "WEB_AUTHN"), ...DEVELOPER }, client: CHOOSING });
    await app.mfa({ WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "required" } });
    await app.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = await open();
    await ana.open(app);
    assert.equal(await ana.page.getByRole("button", { name: "passkey" }).filter({ visible: true }).count(), 0);
    await ana.fill({ username: "ana" });
    await ana.press(/Email me a code/);
    await ana.fill({ code: await app.code("ana@example.com") });
    await ana.tokens(app);
    await ana.open(app, { prompt: "select_account" });
    await ana.press(/ana/);
    await ana.tokens(app);
    await ana.open(app, { prompt: "login" });
    await ana.page.locator("details.lang summary").click();
    await ana.press("Español");
    await ana.says("Inicia sesión en Acme");
    await ana.close();

    const plain = await makeApp(server, browser, {});
    await plain.mfa({ MfaConfiguration: "ON", SoftwareTokenMfaConfiguration: { Enabled: true } });
    await plain.admin("AdminCreateUser", { Username: "bob", TemporaryPassword: PASSWORD, MessageAction: "SUPPRESS" });
    const bob = await open();
    await bob.open(plain);
    await bob.fill({ username: "bob" });
    await bob.fill({ password: PASSWORD });
    await bob.fill({ password: NEW_PASSWORD });
    const key = (await bob.page.locator("code").first().innerText()).replace(/\s/g, "");
    await bob.fill({ code: totp(key) });
    await bob.tokens(plain);
    await bob.close();
  });
});

describe("languages, schemes and branding", () => {
  test("Spanish and Arabic all the way, and the choice is kept", async () => {
    for (const [lang, title, dir] of [["es", "Inicia sesión en Acme", "ltr"], ["ar", /تسجيل الدخول/, "rtl"]]) {
      const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] } });
      const ana = await person(browser, { viewport: { width: 320, height: 640 } });
      await ana.open(app, { lang });
      await ana.says(title);
      const html = () => ana.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir || "ltr", document.documentElement.scrollWidth <= innerWidth]);
      assert.deepEqual(await html(), [lang, dir, true]);
      await ana.open(app, {}, "/signup"); // without lang: the cookie
      assert.deepEqual(await html(), [lang, dir, true]);
      await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: "weak" });
      assert.deepEqual(await html(), [lang, dir, true]);
      await ana.fill({ password: PASSWORD });
      assert.deepEqual(await html(), [lang, dir, true]);
      await ana.fill({ code: "000000" });
      assert.deepEqual(await html(), [lang, dir, true]);
      await ana.fill({ code: await app.code("ana@example.com") });
      await ana.fill({ username: "ana" });
      await ana.fill({ password: PASSWORD });
      await ana.tokens(app);
      await ana.close();
    }
  });

  test("by the browser's wish", async () => {
    const app = await makeApp(server, browser);
    const ana = await person(browser, { locale: "fr-CH" });
    await ana.open(app);
    assert.equal(await ana.page.getAttribute("html", "lang"), "fr");
    await ana.close();
  });

  test("a style changes colours in both schemes, and pictures", async () => {
    const app = await makeApp(server, browser, { version: 2 });
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30" fill="#c05"/></svg>').toString("base64");
    await app.admin("CreateManagedLoginBranding", {
      ClientId: app.clientId,
      Settings: {
        categories: { global: { colorSchemeMode: "DYNAMIC" } },
        components: {
          primaryButton: { lightMode: { defaults: { backgroundColor: "aa0055ff", textColor: "ffffffff" } }, darkMode: { defaults: { backgroundColor: "ff99ccff", textColor: "000000ff" } } },
          pageBackground: { lightMode: { color: "f0f8f0ff" }, darkMode: { color: "102010ff" } },
          form: { logo: { enabled: true, formInclusion: "IN", location: "CENTER", position: "TOP" } },
        },
      },
      Assets: [{ Category: "FORM_LOGO", ColorMode: "LIGHT", Extension: "SVG", Bytes: svg }],
    });
    const ana = await person(browser);
    for (const [colorScheme, button, paper] of [["light", "rgb(170, 0, 85)", "rgb(240, 248, 240)"], ["dark", "rgb(255, 153, 204)", "rgb(16, 32, 16)"]]) {
      await ana.page.emulateMedia({ colorScheme });
      await ana.open(app);
      assert.equal(await ana.page.locator("[type=submit]").first().evaluate((b) => getComputedStyle(b).backgroundColor), button);
      assert.equal(await ana.page.evaluate(() => getComputedStyle(document.body).backgroundColor), paper);
      assert.ok(await ana.page.locator(".logo img").evaluate((i) => i.complete && i.naturalWidth > 0));
    }
    await ana.close();
  });
});
