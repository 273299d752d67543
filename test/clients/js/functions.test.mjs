// Pools with functions, seen by amazon-cognito-identity-js: sign-in by a mailed code, changed tokens, and people who
// move here from another server. The functions are the samples that docs/triggers.md explains.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { AdminGetUserCommand } from "@aws-sdk/client-cognito-identity-provider";
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";
import { PASSWORD, claims, makePool, useServer } from "./server.mjs";

const samples = resolve(import.meta.dirname, "../functions/samples");
const arn = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

// The mail service of the passwordless functions.
const mails = [];
const post = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  mails.push(JSON.parse(body));
  response.end("{}");
});
let server; // its functions are the samples

class Memory {
  #items = new Map();
  setItem(k, v) { this.#items.set(k, v); return v; }
  getItem(k) { return this.#items.get(k) ?? null; }
  removeItem(k) { this.#items.delete(k); }
  clear() { this.#items.clear(); }
}

function person(pool, name) {
  const storage = new Memory();
  const userPool = new CognitoUserPool({ UserPoolId: pool.id, ClientId: pool.clientId, endpoint: server.url + "/", Storage: storage });
  return new CognitoUser({ Username: name, Pool: userPool, Storage: storage });
}

// Each step resolves to {challenge} or {session}.
function step(run) {
  return new Promise((done, fail) => run({
    onSuccess: (session) => done({ session }), onFailure: fail, customChallenge: (challenge) => done({ challenge }),
  }));
}

const passwordless = {
  LambdaConfig: { DefineAuthChallenge: arn("define"), CreateAuthChallenge: arn("create"), VerifyAuthChallengeResponse: arn("verify") },
};
const customFlow = { ExplicitAuthFlows: ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] };
const codeIn = (mail) => mail.text.match(/\d{6}/)[0];
const denied = { code: "NotAuthorizedException", message: "Incorrect username or password." };

describe("functions behind amazon-cognito-identity-js", () => {
  // Hooks of a suite run in order, unlike those of a file.
  before(() => new Promise((done) => post.listen(0, "127.0.0.1", done)));
  after(() => post.close());

  // The pool that people leave, on a server of its own.
  const old = useServer();
  let oldPool;
  before(async () => {
    oldPool = await makePool(old);
    await oldPool.user("ana", { email: "ana@example.com", email_verified: "true", name: "Ana" });
  });

  server = useServer(async (folder) => {
    const local = (name, path, handler, env = {}) => ({ arn: arn(name), local: { path: join(samples, path), runtime: "nodejs", handler, env } });
    const mail = { MAIL_URL: `http://127.0.0.1:${post.address().port}/` };
    const file = join(folder, "functions.json"); // JSON is YAML
    writeFileSync(file, JSON.stringify({
      functions: [
        local("define", "passwordless", "index.define"), local("define-srp", "passwordless", "index.defineAfterPassword"),
        local("create", "passwordless", "index.create", mail), local("verify", "passwordless", "index.verify"),
        local("claims", "claims", "index.handler", { PLAN: "gold" }),
        local("migrate", "migrate", "index.handler", { OLD_ENDPOINT: old.url + "/", OLD_CLIENT_ID: oldPool.clientId }),
      ],
    }));
    return ["--functions", file];
  });

  test("sign-in by a mailed code", async () => {
    const pool = await makePool(server, passwordless, customFlow);
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = person(pool, "ana");
    ana.setAuthenticationFlowType("CUSTOM_AUTH");
    mails.length = 0;
    const first = await step((on) => ana.initiateAuth(new AuthenticationDetails({ Username: "ana" }), on));
    assert.equal(first.challenge.medium, "email");
    assert.ok(!JSON.stringify(first.challenge).includes(codeIn(mails[0])));
    const again = await step((on) => ana.sendCustomChallengeAnswer("wrong!", on));
    assert.ok(again.challenge);
    const last = await step((on) => ana.sendCustomChallengeAnswer(codeIn(mails[0]), on));
    assert.ok(last.session.isValid());
    assert.deepEqual(mails.map((m) => m.to), ["ana@example.com"]);
    const attributes = await new Promise((done, fail) => ana.getUserAttributes((err, list) => (err ? fail(err) : done(list))));
    assert.equal(attributes.find((a) => a.Name === "email").Value, "ana@example.com");
  });

  test("three wrong codes, and a stranger", async () => {
    const pool = await makePool(server, passwordless, { ...customFlow, PreventUserExistenceErrors: "ENABLED" });
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    for (const name of ["ana", "stranger"]) {
      const user = person(pool, name);
      user.setAuthenticationFlowType("CUSTOM_AUTH");
      mails.length = 0;
      await step((on) => user.initiateAuth(new AuthenticationDetails({ Username: name }), on));
      assert.equal(mails.length, name === "ana" ? 1 : 0);
      await step((on) => user.sendCustomChallengeAnswer("wrong!", on));
      await step((on) => user.sendCustomChallengeAnswer("wrong!", on));
      await assert.rejects(step((on) => user.sendCustomChallengeAnswer("wrong!", on)), denied);
    }
  });

  test("a code after the password", async () => {
    const define = { ...passwordless.LambdaConfig, DefineAuthChallenge: arn("define-srp") };
    const pool = await makePool(server, { LambdaConfig: define }, customFlow);
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = person(pool, "ana");
    ana.setAuthenticationFlowType("CUSTOM_AUTH");
    const proof = (password) => step((on) => ana.authenticateUser(new AuthenticationDetails({ Username: "ana", Password: password }), on));
    await assert.rejects(proof("Wrong-Password-9"), denied);
    mails.length = 0;
    const { challenge } = await proof(PASSWORD);
    assert.equal(challenge.medium, "email");
    const { session } = await step((on) => ana.sendCustomChallengeAnswer(codeIn(mails[0]), on));
    assert.ok(session.isValid());
  });

  test("claims and scopes of a function", async () => {
    const pool = await makePool(server, { LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: arn("claims"), LambdaVersion: "V2_0" } } });
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = person(pool, "ana");
    const { session } = await step((on) => ana.authenticateUser(new AuthenticationDetails({ Username: "ana", Password: PASSWORD }), on));
    const refreshed = await new Promise((done, fail) => ana.refreshSession(session.getRefreshToken(), (err, s) => (err ? fail(err) : done(s))));
    for (const s of [session, refreshed]) {
      const id = claims(s.getIdToken().getJwtToken()), access = claims(s.getAccessToken().getJwtToken());
      assert.equal(id.plan, "gold");
      assert.deepEqual(id.tags, ["a", "b"]);
      assert.equal(access.tenant, "none");
      assert.equal(access.scope, "aws.cognito.signin.user.admin files/read");
    }
  });

  test("moving from another server", async () => {
    const pool = await makePool(server, { LambdaConfig: { UserMigration: arn("migrate") } });
    const signIn = (password, flow = "USER_PASSWORD_AUTH") => {
      const ana = person(pool, "ana");
      ana.setAuthenticationFlowType(flow);
      return step((on) => ana.authenticateUser(new AuthenticationDetails({ Username: "ana", Password: password }), on));
    };
    await assert.rejects(signIn("Wrong-Password-9"), { code: "UserNotFoundException", message: `Exception migrating user in app client ${pool.clientId}` });
    await assert.rejects(server.sdk.send(new AdminGetUserCommand({ UserPoolId: pool.id, Username: "ana" })), { name: "UserNotFoundException" });
    const { session } = await signIn(PASSWORD);
    assert.equal(claims(session.getIdToken().getJwtToken()).name, "Ana");
    const there = await old.sdk.send(new AdminGetUserCommand({ UserPoolId: oldPool.id, Username: "ana" }));
    const here = await server.sdk.send(new AdminGetUserCommand({ UserPoolId: pool.id, Username: "ana" }));
    assert.equal(here.UserStatus, "CONFIRMED");
    const shown = (list) => Object.fromEntries(list.filter((a) => a.Name !== "sub").map((a) => [a.Name, a.Value]));
    assert.deepEqual(shown(here.UserAttributes), shown(there.UserAttributes));
    assert.ok((await signIn(PASSWORD, "USER_SRP_AUTH")).session.isValid()); // the password is here now
  });
});
