// The AWS SDK for JavaScript v3, newest release: its serializers, its typed errors, its paginators.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AddCustomAttributesCommand, AdminGetUserCommand, ChangePasswordCommand, CognitoIdentityProviderClient, ConfirmForgotPasswordCommand,
  ConfirmSignUpCommand, DescribeUserPoolCommand, ForgotPasswordCommand, GetTokensFromRefreshTokenCommand, GetUserCommand,
  GlobalSignOutCommand, InitiateAuthCommand, InvalidParameterException, NotAuthorizedException, ResourceNotFoundException,
  RevokeTokenCommand, SignUpCommand, UpdateUserAttributesCommand, UserNotConfirmedException, paginateListUserPools, paginateListUsers,
} from "@aws-sdk/client-cognito-identity-provider";
import { PASSWORD, REGION, claims, makePool, useServer } from "./server.mjs";

const server = useServer();
const signIn = (pool, name, password = PASSWORD, sdk = server.sdk) =>
  sdk.send(new InitiateAuthCommand({ ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: name, PASSWORD: password } }));

describe("AWS SDK for JavaScript v3", () => {
  test("a user's life", async () => {
    const pool = await makePool(server, { AutoVerifiedAttributes: ["email"] });
    const send = (command) => server.sdk.send(command);
    const up = await send(new SignUpCommand({ ClientId: pool.clientId, Username: "ana", Password: PASSWORD, UserAttributes: [{ Name: "email", Value: "ana@example.com" }] }));
    assert.equal(up.UserConfirmed, false);
    assert.equal(up.CodeDeliveryDetails.Destination, "a***@e***");
    assert.match(up.$metadata.requestId, /^[0-9a-f-]{36}$/);
    await assert.rejects(signIn(pool, "ana"), (e) => e instanceof UserNotConfirmedException && e.message === "User is not confirmed.");
    await send(new ConfirmSignUpCommand({ ClientId: pool.clientId, Username: "ana", ConfirmationCode: await pool.code("ana@example.com") }));
    const { AuthenticationResult: tokens } = await signIn(pool, "ana");
    const user = await send(new GetUserCommand({ AccessToken: tokens.AccessToken }));
    assert.equal(user.Username, "ana");
    await send(new UpdateUserAttributesCommand({ AccessToken: tokens.AccessToken, UserAttributes: [{ Name: "nickname", Value: "a" }] }));
    await send(new ChangePasswordCommand({ AccessToken: tokens.AccessToken, PreviousPassword: PASSWORD, ProposedPassword: "Fresh-Password-2" }));
    await assert.rejects(signIn(pool, "ana"), (e) => e instanceof NotAuthorizedException && e.message === "Incorrect username or password.");
    await send(new ForgotPasswordCommand({ ClientId: pool.clientId, Username: "ana" }));
    await send(new ConfirmForgotPasswordCommand({ ClientId: pool.clientId, Username: "ana", ConfirmationCode: await pool.code("ana@example.com", 2), Password: "Third-Password-3" }));
    const again = (await signIn(pool, "ana", "Third-Password-3")).AuthenticationResult;
    const renewed = await send(new GetTokensFromRefreshTokenCommand({ ClientId: pool.clientId, RefreshToken: again.RefreshToken }));
    assert.equal(claims(renewed.AuthenticationResult.AccessToken).sub, claims(tokens.AccessToken).sub);
    await send(new RevokeTokenCommand({ ClientId: pool.clientId, Token: again.RefreshToken }));
    await assert.rejects(send(new GetUserCommand({ AccessToken: again.AccessToken })), { name: "NotAuthorizedException", message: "Access Token has been revoked" });
    await send(new GlobalSignOutCommand({ AccessToken: tokens.AccessToken }));
    await assert.rejects(send(new GetUserCommand({ AccessToken: tokens.AccessToken })), { name: "NotAuthorizedException" });
    const seen = await send(new AdminGetUserCommand({ UserPoolId: pool.id, Username: "ana" }));
    assert.ok(seen.UserCreateDate instanceof Date && Math.abs(Date.now() - seen.UserCreateDate) < 600_000);
  });

  test("typed errors", async () => {
    await assert.rejects(server.sdk.send(new DescribeUserPoolCommand({ UserPoolId: "us-east-1_Missing00" })),
      (e) => e instanceof ResourceNotFoundException && e.message === "User pool us-east-1_Missing00 does not exist." && e.$metadata.httpStatusCode === 400);
    await assert.rejects(server.sdk.send(new DescribeUserPoolCommand({ UserPoolId: "nope!" })), (e) => e instanceof InvalidParameterException);
    const pool = await makePool(server);
    await assert.rejects(server.sdk.send(new AddCustomAttributesCommand({ UserPoolId: pool.id, CustomAttributes: [] })), InvalidParameterException);
  });

  test("public operations need no credentials", async () => {
    const pool = await makePool(server);
    await pool.user("ana");
    const anonymous = new CognitoIdentityProviderClient({
      region: REGION, endpoint: server.url, maxAttempts: 1, credentials: () => Promise.reject(new Error("no credentials")),
    });
    const answer = await signIn(pool, "ana", PASSWORD, anonymous);
    assert.ok(answer.AuthenticationResult.IdToken);
    anonymous.destroy();
  });

  test("paginators", async () => {
    const pool = await makePool(server);
    for (const name of ["a", "b", "c", "d", "e"]) await pool.user(name);
    const names = [];
    for await (const page of paginateListUsers({ client: server.sdk, pageSize: 2 }, { UserPoolId: pool.id })) {
      names.push(...page.Users.map((u) => u.Username));
    }
    assert.deepEqual(names.sort(), ["a", "b", "c", "d", "e"]);
    const pools = [];
    for await (const page of paginateListUserPools({ client: server.sdk, pageSize: 1 }, {})) pools.push(...page.UserPools.map((p) => p.Id));
    assert.ok(pools.includes(pool.id) && new Set(pools).size === pools.length);
  });
});
