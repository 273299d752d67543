// amazon-cognito-identity-js, the library that browsers and Amplify grew up with: its own SRP, its own storage.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AdminCreateUserCommand, AdminDisableUserCommand, AdminGetUserCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { CognitoRefreshToken, CognitoUserAttribute } from "amazon-cognito-identity-js";
import { Person as Anybody } from "./person.mjs";
import { PASSWORD, claims, makePool, useServer } from "./server.mjs";

const server = useServer();

class Person extends Anybody {
  constructor(pool, name) { super(server, pool, name); }
}

const denied = { code: "NotAuthorizedException", message: "Incorrect username or password." };

describe("amazon-cognito-identity-js", () => {
  test("sign up, confirm, sign in by SRP", async () => {
    const pool = await makePool(server, { AutoVerifiedAttributes: ["email"] });
    const ana = new Person(pool, "ana");
    const up = await ana.signUp(PASSWORD, { email: "ana@example.com", name: "Ana" });
    assert.equal(up.userConfirmed, false);
    assert.equal(up.codeDeliveryDetails.Destination, "a***@e***");
    await assert.rejects(ana.signIn(PASSWORD), { code: "UserNotConfirmedException" });
    await assert.rejects(ana.call("confirmRegistration", "000000", false), (e) => ["CodeMismatchException"].includes(e.code));
    await ana.call("resendConfirmationCode");
    assert.equal(await ana.call("confirmRegistration", await pool.code("ana@example.com", 2), false), "SUCCESS");
    await assert.rejects(ana.signIn("Wrong-Password-9"), denied);
    const session = await ana.signIn(PASSWORD);
    assert.ok(session.isValid());
    assert.equal(claims(session.getIdToken().getJwtToken())["cognito:username"], "ana");
    const attributes = await ana.call("getUserAttributes");
    assert.equal(attributes.find((a) => a.Name === "email_verified").Value, "true");
    assert.equal(ana.pool.getCurrentUser().getUsername(), "ana");
  });

  test("many SRP runs, so that every padding occurs", async () => {
    const pool = await makePool(server);
    await pool.user("ana", {}, "Pässwörd mit 1 Leerzeichen!".replaceAll(" ", "_"));
    for (let i = 0; i < 12; i++) {
      const session = await new Person(pool, "ana").signIn("Pässwörd_mit_1_Leerzeichen!");
      assert.ok(session.isValid());
    }
  });

  test("refresh", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    const ana = new Person(pool, "ana");
    const first = await ana.signIn(PASSWORD);
    const renewed = await ana.call("refreshSession", new CognitoRefreshToken({ RefreshToken: first.getRefreshToken().getToken() }));
    assert.notEqual(renewed.getAccessToken().getJwtToken(), first.getAccessToken().getJwtToken());
    assert.equal(renewed.getRefreshToken().getToken(), first.getRefreshToken().getToken());
    assert.ok((await ana.call("getSession")).isValid());
    await assert.rejects(ana.call("refreshSession", new CognitoRefreshToken({ RefreshToken: "nothing" })), { code: "NotAuthorizedException" });
  });

  test("change password", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    const ana = new Person(pool, "ana");
    await ana.signIn(PASSWORD);
    await assert.rejects(ana.call("changePassword", "Wrong-Password-9", "Fresh-Password-2"), denied);
    await assert.rejects(ana.call("changePassword", PASSWORD, "short"), { code: "InvalidPasswordException" });
    assert.equal(await ana.call("changePassword", PASSWORD, "Fresh-Password-2"), "SUCCESS");
    await assert.rejects(new Person(pool, "ana").signIn(PASSWORD), denied);
    await new Person(pool, "ana").signIn("Fresh-Password-2");
  });

  test("forgotten password", async () => {
    const pool = await makePool(server, { AutoVerifiedAttributes: ["email"] });
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = new Person(pool, "ana");
    const details = await ana.steps("forgotPassword");
    assert.equal(details.CodeDeliveryDetails.AttributeName, "email");
    const code = await pool.code("ana@example.com");
    await assert.rejects(ana.steps("confirmPassword", code === "000000" ? "111111" : "000000", "Fresh-Password-2"), { code: "CodeMismatchException" });
    assert.equal(await ana.steps("confirmPassword", code, "Fresh-Password-2"), "SUCCESS");
    await ana.signIn("Fresh-Password-2");
  });

  test("new password challenge", async () => {
    const pool = await makePool(server, { Schema: [{ Name: "name", Required: true, Mutable: true, AttributeDataType: "String" }] });
    await server.sdk.send(new AdminCreateUserCommand({
      UserPoolId: pool.id, Username: "ana", TemporaryPassword: "Temporary-1", MessageAction: "SUPPRESS", UserAttributes: [{ Name: "email", Value: "ana@example.com" }],
    }));
    const ana = new Person(pool, "ana");
    const session = await ana.signIn("Temporary-1", (attributes, required) => {
      assert.equal(attributes.email, "ana@example.com");
      assert.deepEqual(required, ["name"]);
      return ana.steps("completeNewPasswordChallenge", PASSWORD, { name: "Ana" });
    });
    assert.ok(session.isValid());
    assert.equal(claims(session.getIdToken().getJwtToken()).name, "Ana");
    assert.equal((await server.sdk.send(new AdminGetUserCommand({ UserPoolId: pool.id, Username: "ana" }))).UserStatus, "CONFIRMED");
  });

  test("global sign-out", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    const here = new Person(pool, "ana"), there = new Person(pool, "ana");
    await here.signIn(PASSWORD);
    const other = await there.signIn(PASSWORD);
    assert.equal(await here.steps("globalSignOut"), "SUCCESS");
    await assert.rejects(there.call("getUserAttributes"), { code: "NotAuthorizedException", message: "Access Token has been revoked" });
    await assert.rejects(there.call("refreshSession", other.getRefreshToken()), { code: "NotAuthorizedException", message: "Refresh Token has been revoked" });
  });

  test("attributes and their verification", async () => {
    const pool = await makePool(server, { AutoVerifiedAttributes: ["email"] });
    await pool.user("ana", { email: "ana@example.com", email_verified: "true" });
    const ana = new Person(pool, "ana");
    await ana.signIn(PASSWORD);
    await ana.call("updateAttributes", [new CognitoUserAttribute({ Name: "email", Value: "new@example.com" })]);
    assert.equal(await ana.steps("verifyAttribute", "email", await pool.code("new@example.com")), "SUCCESS");
    await ana.steps("getAttributeVerificationCode", "email");
    await pool.code("new@example.com", 2);
    await ana.call("updateAttributes", [new CognitoUserAttribute({ Name: "nickname", Value: "a" })]);
    await ana.call("deleteAttributes", ["nickname"]);
    const data = await ana.call("getUserData");
    assert.equal(data.Username, "ana");
    assert.equal(await ana.call("deleteUser"), "SUCCESS");
    await assert.rejects(new Person(pool, "ana").signIn(PASSWORD), { code: "UserNotFoundException" });
  });

  test("by e-mail address, and refused when disabled", async () => {
    const pool = await makePool(server, { UsernameAttributes: ["email"], UsernameConfiguration: { CaseSensitive: false } });
    await pool.user("ana@example.com", { email_verified: "true" });
    const session = await new Person(pool, "Ana@Example.com").signIn(PASSWORD);
    assert.equal(claims(session.getIdToken().getJwtToken()).email.toLowerCase(), "ana@example.com");
    await server.sdk.send(new AdminDisableUserCommand({ UserPoolId: pool.id, Username: "ana@example.com" }));
    await assert.rejects(new Person(pool, "ana@example.com").signIn(PASSWORD), { code: "NotAuthorizedException", message: "User is disabled." });
  });

  test("unknown users look like wrong passwords when the client hides them", async () => {
    const pool = await makePool(server, {}, { PreventUserExistenceErrors: "ENABLED" });
    await assert.rejects(new Person(pool, "nobody").signIn(PASSWORD), denied);
  });
});
