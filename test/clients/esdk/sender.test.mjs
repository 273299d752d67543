// Pools that send by functions of their own: the function runs as a process of the server, gets every message of its
// medium, and decrypts its code with unmodified libraries through the server's KMS.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded, startServer } from "../server.mjs";

const arn = (service, resource) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;
const FUNCTION = arn("lambda", "function:sender");
const KEY = arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"); // made at its first use: nothing declares it
const POOL = "us-east-1_Sender001", CLIENT = "senderclient00000000000001", PASSWORD = "Correct-Horse-1";

let folder, sink;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "cognate-sender-"));
  sink = join(folder, "sink");
  writeFileSync(join(folder, "functions.yaml"), JSON.stringify({
    functions: [{
      arn: FUNCTION, timeout: "30s",
      local: {
        path: resolve(import.meta.dirname, "sender"), handler: "index.handler", runtime: "nodejs20.x",
        env: { SINK: sink, KEY_ID: KEY, KEY_ALIAS: KEY },
      },
    }],
  }));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const sender = { LambdaVersion: "V1_0", LambdaArn: FUNCTION };
const server = startServer(seeded(JSON.stringify({
  pools: [{
    id: POOL,
    settings: {
      AutoVerifiedAttributes: ["email"],
      LambdaConfig: { CustomEmailSender: sender, CustomSMSSender: sender, KMSKeyID: KEY },
      SmsConfiguration: { SnsCallerArn: arn("iam", "role/sms").replace("us-east-1", "") },
    },
    clients: [{ id: CLIENT, settings: { ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH"] } }],
  }],
}), () => ["--functions", join(folder, "functions.yaml")]));

async function call(operation, input) {
  const answer = await fetch(server.url + "/", {
    method: "POST", body: JSON.stringify(input),
    headers: {
      "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`,
      "X-Amz-Date": "20260101T000000Z",
      Authorization: `AWS4-HMAC-SHA256 Credential=TEST/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
    },
  });
  const out = await answer.json();
  assert.equal(answer.status, 200, `${operation}: ${JSON.stringify(out)}\n${server.output}`);
  return out;
}

// The events that the function has seen, once there are n.
async function events(n) {
  for (let i = 0; i < 1500; i++) {
    const lines = existsSync(sink) ? readFileSync(sink, "utf8").trim().split("\n") : [];
    if (lines.length >= n) return lines.map((l) => JSON.parse(l));
    await sleep(20);
  }
  throw new Error(`fewer than ${n} events\n${server.output}`);
}

test("sign-up, password reset and invitation", async () => {
  await call("SignUp", {
    ClientId: CLIENT, Username: "ana", Password: PASSWORD, ClientMetadata: { campaign: "x" },
    UserAttributes: [{ Name: "email", Value: "ana@example.com" }, { Name: "locale", Value: "fr" }],
  });
  const [first] = await events(1);
  assert.equal(first.triggerSource, "CustomEmailSender_SignUp");
  assert.equal(first.userPoolId, POOL);
  assert.equal(first.userName, "ana");
  assert.equal(first.callerContext.clientId, CLIENT);
  assert.equal(first.request.type, "customEmailSenderRequestV1");
  assert.equal(first.request.userAttributes.email, "ana@example.com");
  assert.equal(first.request.userAttributes.locale, "fr");
  assert.equal(first.request.clientMetadata?.campaign, "x");
  assert.match(first.plain, /^\d{6}$/);
  await call("ConfirmSignUp", { ClientId: CLIENT, Username: "ana", ConfirmationCode: first.plain });

  await call("ForgotPassword", { ClientId: CLIENT, Username: "ana" });
  const reset = (await events(2))[1];
  assert.equal(reset.triggerSource, "CustomEmailSender_ForgotPassword");
  await call("ConfirmForgotPassword", { ClientId: CLIENT, Username: "ana", ConfirmationCode: reset.plain, Password: PASSWORD + "x" });

  await call("AdminCreateUser", {
    UserPoolId: POOL, Username: "bob", DesiredDeliveryMediums: ["EMAIL"], TemporaryPassword: "Tem<p>&1",
    UserAttributes: [{ Name: "email", Value: "bob@example.com" }],
  });
  const invited = (await events(3))[2];
  assert.equal(invited.triggerSource, "CustomEmailSender_AdminCreateUser");
  assert.equal(invited.plain, "Tem&lt;p&gt;&amp;1");

  await call("AdminCreateUser", {
    UserPoolId: POOL, Username: "cy", DesiredDeliveryMediums: ["SMS"], TemporaryPassword: "Tem<p>&1",
    UserAttributes: [{ Name: "phone_number", Value: "+15550001111" }],
  });
  const texted = (await events(4))[3];
  assert.equal(texted.triggerSource, "CustomSMSSender_AdminCreateUser");
  assert.equal(texted.request.type, "customSMSSenderRequestV1");
  assert.equal(texted.plain, "Tem<p>&1");
});

test("the inbox of a dev server shows the messages as well", async () => {
  const { messages } = await (await fetch(`${server.url}/_cognate/inbox?format=json&userPoolId=${POOL}`)).json();
  assert.equal(messages.length, 4);
});
