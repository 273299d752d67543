// Managed login in a real browser: sessions of the browser, sign-out, and what people do to pages.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, claims, useServer } from "../clients/js/server.mjs";
import { advance, makeApp, person, secondClient } from "./app.mjs";
import { useBrowser } from "./browser.mjs";

const server = useServer();
const browser = useBrowser();

async function signIn(who, app, name = "ana", query = {}) {
  await who.open(app, query);
  await who.fill({ username: name });
  await who.fill({ password: PASSWORD });
  return who.tokens(app);
}
const name = (tokens) => claims(tokens.id_token)["cognito:username"];

describe("a session of the browser", () => {
  test("signs in a second app of the pool, and none of another pool", async () => {
    const app = await makeApp(server, browser);
    const second = await secondClient(app, browser, { ClientName: "Second" });
    const foreign = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.open(second);
    assert.equal(name(await ana.tokens(second)), "ana");
    await ana.open(second, { prompt: "none" });
    await ana.tokens(second);
    await ana.open(foreign);
    await ana.says("Sign in to Acme");
    await ana.open(foreign, { prompt: "none" });
    assert.equal((await ana.answer(foreign)).error, "login_required");
    await advance(server, "61m");
    await ana.open(second, { prompt: "none" });
    assert.deepEqual((({ error, state }) => ({ error, state }))(await ana.answer(second)), { error: "login_required", state: "st-1" });
    await ana.close();
    await advance(server);
  });

  test("prompt: none, login and select_account; login_hint; max_age", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    await ana.open(app, { prompt: "none" });
    assert.equal((await ana.answer(app)).error, "login_required");
    await ana.open(app, { login_hint: "ana" });
    assert.equal(await ana.page.inputValue("[name=username]"), "ana");
    await signIn(ana, app);
    await ana.open(app, { prompt: "login" });
    await ana.says("Sign in to Acme");
    await signIn(ana, app, "ana", { prompt: "login" });
    await ana.open(app, { prompt: "select_account" });
    await ana.says("Choose an account");
    await ana.press(/ana/);
    await ana.tokens(app);
    await advance(server, "5m");
    await ana.open(app, { max_age: "60" });
    await ana.says(/Sign in/);
    await ana.close();
    await advance(server);
  });

  test("two accounts: one is picked, and one may be added", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana", { email: "ana@example.com" });
    await app.user("bob");
    const both = await person(browser);
    await signIn(both, app);
    await both.open(app, { prompt: "select_account" });
    await both.press("Use another account");
    await both.fill({ username: "bob" });
    await both.fill({ password: PASSWORD });
    assert.equal(name(await both.tokens(app)), "bob");
    await both.open(app);
    assert.equal(name(await both.tokens(app)), "bob");
    await both.open(app, { prompt: "select_account" });
    await both.press(/ana@example.com/);
    assert.equal(name(await both.tokens(app)), "ana");
    await both.open(app); // the one that was picked last
    assert.equal(name(await both.tokens(app)), "ana");
    await app.admin("AdminUserGlobalSignOut", { Username: "ana" });
    await both.open(app);
    assert.equal(name(await both.tokens(app)), "bob");
    await both.close();
  });

  test("sign-out: to the app, and to the sign-in page", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    await signIn(ana, app);
    await ana.page.goto(`${app.base}/logout?${new URLSearchParams({ client_id: app.clientId, logout_uri: `${browser.local}/out` })}`);
    assert.equal(ana.page.url(), `${browser.local}/out`);
    await ana.open(app, { prompt: "none" });
    assert.equal((await ana.answer(app)).error, "login_required");

    await signIn(ana, app);
    await ana.page.goto(app.url("/logout"));
    await ana.says("Sign in to Acme");
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.tokens(app);

    await ana.page.goto(`${app.base}/logout?${new URLSearchParams({ client_id: app.clientId, logout_uri: `${browser.local}/out/` })}`);
    await ana.says("Required String parameter 'redirect_uri' is not present");
    await ana.says("has a slash at its end that the registered logout URL does not have"); // dev tells why
    await ana.open(app, { prompt: "none" });
    await ana.tokens(app); // still signed in
    await ana.page.goto(`${app.base}/logout`); // nobody is signed out by an address alone
    await ana.press("Sign out");
    await ana.says("You are signed out");
    await ana.open(app, { prompt: "none" });
    assert.equal((await ana.answer(app)).error, "login_required");
    await ana.close();
  });
});

describe("a request that is not in order", () => {
  test("has a page that tells developers why, or goes back to the app", async () => {
    const app = await makeApp(server, browser);
    const ana = await person(browser);
    await ana.open(app, { redirect_uri: `${app.callback}/` });
    assert.match(ana.page.url(), /\/error\?error=redirect_mismatch/);
    await ana.says("The app asked for an address to return to that is not registered");
    await ana.says("has a slash at its end that the registered callback URL does not have");
    await ana.says("Request ID");
    await ana.open(app, { client_id: "nobodys" });
    await ana.says("There is no such app");
    await ana.open(app, { scope: "openid nonsense" });
    assert.deepEqual((({ iss, ...rest }) => rest)(await ana.answer(app)), { error_description: "invalid_scope", state: "st-1", error: "invalid_request" });
    await ana.open(app, { response_type: "token", scope: "openid nonsense" });
    assert.match(ana.page.url(), /#error_description=invalid_scope&state=st-1&error=invalid_request/);
    await ana.open(app, { code_challenge: "x", code_challenge_method: "plain" });
    assert.equal((await ana.answer(app)).error, "invalid_request");
    await ana.close();
  });
});

describe("other answers", () => {
  test("tokens in the fragment, and by a form, with and without script", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    await ana.open(app, { response_type: "token" });
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    const answer = await ana.answer(app);
    assert.equal(claims(answer.id_token)["cognito:username"], "ana");
    assert.equal(answer.token_type, "Bearer");
    assert.equal(new URL(ana.page.url()).search, "");
    for (const script of [true, false]) {
      const bob = await person(browser, { script });
      await bob.open(app, { response_mode: "form_post" });
      await bob.fill({ username: "ana" });
      await bob.fill({ password: PASSWORD });
      if (script) await bob.page.waitForURL(app.callback);
      else await bob.press("Continue");
      assert.equal(JSON.parse(await bob.page.innerText("body")).method, "POST");
      assert.equal(name(await bob.tokens(app)), "ana");
      await bob.close();
    }
    await ana.close();
  });
});

describe("what people do to pages", () => {
  test("go back after each step, and on again", async () => {
    const app = await makeApp(server, browser, { pool: { AutoVerifiedAttributes: ["email"] } });
    await app.user("ana");
    const ana = await person(browser);
    const back = () => ana.page.goBack();
    await ana.open(app);
    await ana.fill({ username: "bob" });
    await back();
    await ana.says("Sign in to Acme");
    await ana.fill({ username: "ana" });
    await ana.fill({ password: "Wrong-Horse-1" });
    await back();
    await ana.says("Enter your password");
    await ana.fill({ password: PASSWORD });
    await ana.tokens(app);
    await back(); // to the page of the password, which was sent
    await ana.says("Choose an account");
    await ana.press(/ana/);
    await ana.tokens(app);

    const bea = await person(browser);
    await bea.open(app, {}, "/signup");
    await bea.fill({ username: "bea", "requiredAttributes[email]": "bea@example.com", password: PASSWORD });
    await bea.page.goBack();
    await bea.fill({ username: "bea", "requiredAttributes[email]": "bea@example.com", password: PASSWORD });
    await bea.says("An account with this name exists already");
    await bea.page.goForward().catch(() => {});
    await bea.open(app);
    await bea.fill({ username: "bea" });
    await bea.fill({ password: PASSWORD });
    await bea.says("Your account is not confirmed yet");
    await bea.fill({ code: await app.code("bea@example.com", 2) });
    await bea.page.goBack();
    await bea.says(/Confirm your account|Sign in to Acme/);
    await Promise.all([ana.close(), bea.close()]);
  });

  test("leave a page open for long", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    await ana.open(app);
    await ana.fill({ username: "ana" });
    await advance(server, "55m");
    await ana.fill({ password: PASSWORD }); // nothing is lost yet
    await ana.tokens(app);
    await ana.open(app, { prompt: "login" });
    await advance(server, "61m");
    await ana.fill({ username: "ana" });
    await ana.says("This page was open for too long");
    await ana.press("Start again");
    await ana.fill({ username: "ana" });
    await ana.fill({ password: PASSWORD });
    await ana.tokens(app);
    await ana.close();
    await advance(server);
  });

  test("keep no cookies", async () => {
    const app = await makeApp(server, browser);
    const ana = await person(browser);
    await ana.page.route("**/login?*", async (route) => {
      const headers = { ...await route.request().allHeaders() };
      delete headers.cookie;
      await route.continue({ headers });
    });
    await ana.open(app);
    await ana.page.context().clearCookies();
    await ana.fill({ username: "ana" });
    await ana.says("This browser keeps no cookies for this site");
    await ana.close();
  });

  test("press twice", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const ana = await person(browser);
    const sent = [];
    ana.page.on("request", (r) => r.method() === "POST" && sent.push(r.url()));
    await ana.open(app);
    await ana.page.fill("[name=username]", "ana");
    await ana.leave(() => ana.page.locator("[type=submit]").first().dblclick());
    assert.equal(sent.length, 1);
    await ana.page.fill("[name=password]", PASSWORD);
    await ana.leave(() => ana.page.locator("form [type=submit]").first().dblclick());
    assert.equal(sent.length, 2);
    await ana.tokens(app);
    await ana.close();
  });

  test("have two tabs at once", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    await app.user("bob");
    const one = await person(browser);
    const two = await one.tab();
    await one.open(app);
    await two.open(app);
    await one.fill({ username: "ana" });
    await two.fill({ username: "bob" });
    await one.fill({ password: PASSWORD });
    await two.fill({ password: PASSWORD });
    assert.equal(name(await one.tokens(app)), "ana");
    assert.equal(name(await two.tokens(app)), "bob");
    await one.close();
  });

  test("open many tabs, and finish in the newest", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana");
    const first = await person(browser);
    await first.open(app);
    await first.fill({ username: "ana" });
    let last;
    for (let i = 0; i < 6; i++) {
      last = await first.tab();
      await last.open(app);
      await last.fill({ username: "ana" });
    }
    await last.fill({ password: PASSWORD });
    await last.tokens(app);
    await first.fill({ password: PASSWORD }); // its flow had to make room: it begins again
    await first.says(/Sign in to Acme|start again|method/);
    await first.close();
  });
});
