// Managed login in a real browser: accounts, from sign-up to tokens, and what goes wrong on the way.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, claims, useServer } from "../clients/js/server.mjs";
import { CHOOSING, advance, factors, functionARN, makeApp, person, proofKey, withFunctions } from "./app.mjs";
import { useBrowser } from "./browser.mjs";

const server = useServer(withFunctions);
const browser = useBrowser();

const MAIL = { AutoVerifiedAttributes: ["email"], AliasAttributes: ["email"] };
const NEW_PASSWORD = "Another-Horse-2";

// The button that asks for another code, once its countdown has ended on the page and on the server.
async function resend(who) {
  const button = who.page.getByRole("button", { name: /Send a new code/ });
  assert.match(await button.innerText(), /in (30|29|28) s/);
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await button.click({ force: true }); // does nothing yet
  await advance(server, "31s");
  await who.leave(() => who.page.reload());
  assert.doesNotMatch(await button.innerText(), /in \d+ s/);
  await who.leave(() => button.click());
}

describe("sign-up", () => {
  for (const version of [undefined, 2]) {
    test(`to tokens, ${version ? "by host" : "by path"}`, async () => {
      const app = await makeApp(server, browser, { pool: MAIL, version });
      const ana = await person(browser);
      const proof = proofKey();
      await ana.open(app, { ...proof.query, nonce: "n-1" });
      await ana.says("Sign in to Acme");
      await ana.press("Create an account");
      await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: "short" });
      await ana.says("The password does not follow the rules below");
      assert.equal(await ana.page.inputValue("[name=username]"), "ana");
      assert.equal(await ana.page.inputValue("[name=password]"), "");
      await ana.fill({ password: PASSWORD });
      await ana.says("a***@e***");
      await ana.fill({ code: "000000" });
      await ana.says("That code is not right");
      const code = await app.code("ana@example.com");
      await ana.fill({ code: `${code.slice(0, 3)} ${code.slice(3)}` });
      await ana.says("Your account is confirmed");
      await ana.fill({ username: "ana" });
      await ana.fill({ password: PASSWORD });
      const tokens = await ana.tokens(app, { code_verifier: proof.verifier });
      const id = claims(tokens.id_token);
      assert.equal(id["cognito:username"], "ana");
      assert.equal(id.nonce, "n-1");
      assert.equal(id.email_verified, true);
      await ana.close();
    });
  }

  test("sends another code after a countdown, and tells of an old one", async () => {
    const app = await makeApp(server, browser, { pool: MAIL });
    const ana = await person(browser);
    await ana.open(app, {}, "/signup");
    await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: PASSWORD });
    const old = await app.code("ana@example.com");
    await resend(ana);
    await ana.says("We sent a new code");
    const code = await app.code("ana@example.com", 2);
    if (old !== code) {
      await ana.fill({ code: old });
      await ana.says(/not right|expired/);
    }
    await ana.fill({ code });
    await ana.says("Your account is confirmed");
    await ana.close();
    await advance(server);
  });

  test("without a password, where a code is enough to sign in", async () => {
    const app = await makeApp(server, browser, { pool: { ...factors("EMAIL_OTP"), AutoVerifiedAttributes: ["email"], UsernameAttributes: ["email"] }, client: CHOOSING });
    const ana = await person(browser);
    await ana.open(app, {}, "/signup");
    await ana.fill({ username: "ana@example.com" });
    await ana.fill({ code: await app.code("ana@example.com") });
    assert.equal(claims((await ana.tokens(app)).id_token).email, "ana@example.com");
    await ana.close();
  });

  test("tells that a name is taken, at its field", async () => {
    const app = await makeApp(server, browser, { pool: MAIL });
    await app.user("ana");
    const ana = await person(browser);
    await ana.open(app, {}, "/signup");
    await ana.fill({ username: "ana", "requiredAttributes[email]": "ana@example.com", password: PASSWORD });
    await ana.says("An account with this name exists already");
    assert.equal(await ana.page.getAttribute("[name=username]", "aria-invalid"), "true");
    await ana.close();
  });

  test("is not offered where administrators alone make users", async () => {
    const app = await makeApp(server, browser, { pool: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
    const ana = await person(browser);
    await ana.open(app);
    assert.equal(await ana.page.getByText("Create an account").count(), 0);
    await ana.open(app, {}, "/signup");
    await ana.says("New accounts cannot be created here");
    await ana.close();
  });
});

// A server as in production: strangers have budgets.
const strict = useServer(async () => ["--limits", "on", "--limit-source-failures", "4/h"]);

test("a source of too many wrong answers is told when to try again; whom the account knows goes on", async () => {
  const app = await makeApp(strict, browser);
  await app.user("ana");
  const ana = await person(browser);
  const signIn = async (username, password) => {
    await ana.open(app, { prompt: "login" });
    await ana.fill({ username });
    await ana.fill({ password });
  };
  await signIn("ana", PASSWORD);
  await ana.tokens(app);
  for (let i = 0; i < 5; i++) await signIn(`bob${i}`, "Wrong-Horse-1");
  await ana.says(/Too many tries\. Try again in \d+ minutes/);
  await signIn("ana", PASSWORD);
  await ana.tokens(app);
  await ana.close();
});

describe("sign-in", () => {
  test("by password; a wrong one and a name that nobody has look the same", async () => {
    for (const PreventUserExistenceErrors of ["ENABLED", "LEGACY"]) {
      const app = await makeApp(server, browser, { client: { PreventUserExistenceErrors } });
      await app.user("ana");
      const ana = await person(browser);
      const pages = [];
      for (const username of ["ana", "bob"]) {
        await ana.open(app);
        await ana.fill({ username });
        await ana.fill({ password: "Wrong-Horse-1" });
        await ana.says("Name or password is not right");
        pages.push((await ana.page.innerText("main")).replaceAll(username, "NAME"));
      }
      assert.equal(pages[0], pages[1]);
      await ana.open(app);
      await ana.fill({ username: "ana" });
      await ana.fill({ password: PASSWORD });
      assert.equal(claims((await ana.tokens(app)).id_token)["cognito:username"], "ana");
      await ana.close();
    }
  });

  test("tells when there were too many tries, and when to try again", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    const guess = () => app.call("InitiateAuth", { ClientId: app.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: "ana", PASSWORD: "wrong" } });
    for (let i = 0; i < 12; i++) {
      await assert.rejects(guess());
      if (i > 3) await advance(server, `${2 ** (i - 4)}s`);
    }
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.fill({ password: "Wrong-Horse-1" }); // the thirteenth
    await ana.fill({ password: PASSWORD });
    await ana.says(/Too many tries\. Try again in 5 minutes/);
    await advance(server, "5m");
    await ana.fill({ password: PASSWORD });
    await ana.tokens(app);
    await ana.close();
    await advance(server);
  });

  test("of an account that is not confirmed leads to the code", async () => {
    const app = await makeApp(server, browser, { pool: MAIL });
    await app.call("SignUp", { ClientId: app.clientId, Username: "ana", Password: PASSWORD, UserAttributes: [{ Name: "email", Value: "ana@example.com" }] });
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.says("Your account is not confirmed yet");
    await ana.fill({ code: await app.code("ana@example.com", 2) });
    await ana.says("Your account is confirmed");
    await ana.close();
  });

  test("that took too long begins again and keeps the name", async () => {
    const app = await makeApp(server, browser, { pool: { UserPoolTier: "ESSENTIALS" }, client: { ...CHOOSING, AuthSessionValidity: 3 } });
    await app.admin("AdminCreateUser", { Username: "ana", TemporaryPassword: PASSWORD, MessageAction: "SUPPRESS" });
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.says("Set your own password");
    await advance(server, "10m");
    await ana.fill({ password: NEW_PASSWORD });
    await ana.says("please start again. Your name is filled in");
    assert.equal(await ana.page.inputValue("[name=username]"), "ana");
    await advance(server, "30m"); // the cookie of the flow has ended too
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.says("Set your own password");
    await ana.fill({ password: NEW_PASSWORD });
    await ana.tokens(app);
    await ana.close();
    await advance(server);
  });

  test("shows what a function says, unchanged and as text", async () => {
    const app = await makeApp(server, browser, { pool: { LambdaConfig: { PreAuthentication: functionARN } } });
    await app.user("ana");
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.says("No <b>entry</b> on Sundays");
    await ana.close();
  });
});
