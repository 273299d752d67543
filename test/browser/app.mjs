// Apps that let people sign in on the pages of their pool, and the people who do.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePool } from "../clients/js/server.mjs";
import { UserPool } from "./pages/passkeys.js";

const STATE = "st-1";

// A client that may use the pages.
export const webClient = (browser, more = {}) => ({
  ClientName: "Acme", AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["code", "implicit"],
  AllowedOAuthScopes: ["openid", "email", "profile", "phone", "aws.cognito.signin.user.admin"],
  CallbackURLs: [`${browser.local}/callback`], LogoutURLs: [`${browser.local}/out`], SupportedIdentityProviders: ["COGNITO"], ...more,
});

// The flows of a client whose users choose their first factor.
export const CHOOSING = { ExplicitAuthFlows: ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] };

// The first factors of a pool besides the password.
export const factors = (...names) => ({ Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", ...names] } } });

// E-mail of the pool's own, which second factors need.
export const DEVELOPER = { EmailConfiguration: { EmailSendingAccount: "DEVELOPER", SourceArn: "arn:aws:ses:us-east-1:000000000000:identity/example.com" } };

// What depends on the client of an app: the addresses of its requests, and the exchange of its codes.
function addresses(app) {
  return {
    url(path, query = {}) {
      const all = { client_id: app.clientId, response_type: "code", redirect_uri: app.callback, scope: "openid email", state: STATE, ...query };
      return `${app.base}${path}?${new URLSearchParams(Object.entries(all).filter(([, v]) => v !== undefined))}`;
    },
    // Redeems a code, as the backend of the app does.
    async redeem(code, more = {}) {
      const body = new URLSearchParams({ grant_type: "authorization_code", client_id: app.clientId, redirect_uri: app.callback, code, ...more });
      const answer = await fetch(`${app.server.url}/${app.id}/oauth2/token`, { method: "POST", body });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      return JSON.parse(text);
    },
  };
}

// Another app of the same pool.
export async function secondClient(app, browser, client) {
  const { UserPoolClient } = await app.admin("CreateUserPoolClient", webClient(browser, client));
  const second = { ...app, clientId: UserPoolClient.ClientId };
  return Object.assign(second, addresses(second));
}

// Makes a pool with a client that uses its pages, in the path form of addresses. With version its pages have a domain, of
// managed login (2) or classic (1).
export async function makeApp(server, browser, { pool = {}, client = {}, version } = {}) {
  const made = await makePool(server, pool, webClient(browser, client));
  const origin = server.url.replace("127.0.0.1", "localhost");
  const app = { ...made, server, base: `${origin}/${made.id}`, callback: `${browser.local}/callback` };
  // Calls an operation of administrators on the pool.
  app.admin = async (operation, input = {}) => {
    const answer = await fetch(server.url, {
      method: "POST", body: JSON.stringify({ UserPoolId: made.id, ...input }),
      headers: {
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`, // dev takes any signature
        Authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0",
      },
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, `${operation}: ${text}`);
    return text ? JSON.parse(text) : {};
  };
  if (version) {
    const prefix = "app-" + randomBytes(4).toString("hex");
    await app.admin("CreateUserPoolDomain", { Domain: prefix, ManagedLoginVersion: version });
    app.base = origin.replace("//localhost", `//${prefix}.auth.us-east-1.localhost`);
  }
  const api = new UserPool(server.url, made.clientId);
  app.call = api.call.bind(api);
  return Object.assign(app, addresses(app));
}

// Moves the clock of the server on, or back to where it was.
export async function advance(server, by) {
  const answer = await fetch(`${server.url}/_cognate/clock`, { method: "POST", body: JSON.stringify(by ? { advance: by } : { reset: true }) });
  assert.equal(answer.status, 200, await answer.text());
}

// A function that refuses everybody, for useServer.
export const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:refuse";
export async function withFunctions(folder) {
  writeFileSync(join(folder, "index.mjs"), 'export const handler = async () => { throw new Error("No <b>entry</b> on Sundays"); };');
  const file = join(folder, "functions.json"); // JSON is YAML
  writeFileSync(file, JSON.stringify({ functions: [{ arn: functionARN, local: { path: folder, runtime: "nodejs", handler: "index.handler" } }] }));
  return ["--functions", file];
}

// PKCE (RFC 7636).
export function proofKey() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, query: { code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256" } };
}

// Somebody with a browser profile of their own. With script: false pages run none.
export async function person(browser, { script = true, ...profile } = {}) {
  const visit = await browser.visit("about:blank", undefined, { javaScriptEnabled: script, ...profile });
  return new Person(visit.page, visit.authenticator, script);
}

export class Person {
  complaints = [];

  constructor(page, authenticator, script = true) {
    Object.assign(this, { page, authenticator, script });
    // What a policy of the page refuses, and errors of its script; that an answer is 400 is no complaint.
    page.on("console", (m) => m.type() === "error" && !/status of 4/.test(m.text()) && this.complaints.push(m.text()));
    page.on("pageerror", (e) => this.complaints.push(e.message));
  }

  // Another tab of the same browser.
  async tab() {
    const page = await this.page.context().newPage();
    const other = new Person(page, undefined, this.script);
    other.complaints = this.complaints;
    return other;
  }

  // Opens the authorization endpoint of an app, or another page for the same request.
  async open(app, query, path = "/oauth2/authorize") {
    await this.page.goto(app.url(path, query));
    return this;
  }

  // Expects a text that people see on the page.
  async says(text) {
    const seen = this.page.locator("body").getByText(text).filter({ visible: true }).first();
    await seen.waitFor({ timeout: 5000 }).catch(async () => {
      assert.fail(`${text} is not at ${this.page.url()}: ${(await this.page.innerText("body")).replace(/\s+/g, " ")}`);
    });
    return this;
  }

  // Sends a form as people do: types into the fields of these names and presses its first button, or the one of a name.
  async fill(fields, press) {
    const names = Object.keys(fields);
    const form = names.reduce((found, name) => found.filter({ has: this.page.locator(`[name="${name}"]`) }), this.page.locator("form")).filter({ visible: true }).first();
    await form.waitFor({ timeout: 5000 }).catch(async () => {
      assert.fail(`no form of ${names} at ${this.page.url()}: ${(await this.page.innerText("body")).replace(/\s+/g, " ")}`);
    });
    const button = press ? form.getByRole("button", { name: press }) : form.locator("[type=submit]").first();
    const digits = this.script && names.length === 1 && await form.evaluate((f) => f.querySelector("[data-digits]")?.dataset.digits);
    const sendsItself = fields.code?.replace(/\D/g, "").length === Number(digits);
    await this.leave(async () => {
      for (const name of names) await form.locator(`[name="${name}"]`).fill(fields[name]);
      if (!sendsItself) await button.click();
    });
    return this;
  }

  // Presses a button or follows a link by its name.
  async press(name) {
    const target = this.page.getByRole("button", { name }).or(this.page.getByRole("link", { name })).first();
    await this.leave(() => target.click({ timeout: 5000 }));
    return this;
  }

  // Does something that leads to another page, and waits for it.
  async leave(act) {
    const loaded = this.page.waitForEvent("load", { timeout: 10000 });
    await Promise.all([loaded, act()]);
  }

  // The answer that the app got: the members of its query, fragment or form.
  async answer(app) {
    const at = new URL(this.page.url());
    assert.equal(at.origin + at.pathname, app.callback, `still at ${at}: ${(await this.page.innerText("body")).replace(/\s+/g, " ")}`);
    const { body } = JSON.parse(await this.page.innerText("body"));
    return { ...body, ...Object.fromEntries(at.searchParams), ...Object.fromEntries(new URLSearchParams(at.hash.slice(1))) };
  }

  // The tokens that the app has in the end.
  async tokens(app, more) {
    const { code, state, ...rest } = await this.answer(app);
    assert.ok(code, JSON.stringify(rest));
    assert.equal(state, STATE);
    return app.redeem(code, more);
  }

  async close() {
    await this.page.context().close();
    assert.deepEqual(this.complaints, []);
  }
}
