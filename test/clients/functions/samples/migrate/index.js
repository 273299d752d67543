// Moves people from another user pool, here or on AWS, at their first sign-in:
// the password that they type is tried there and kept here.
"use strict";

const { OLD_ENDPOINT, OLD_CLIENT_ID } = process.env;

exports.handler = async (event) => {
  if (event.triggerSource !== "UserMigration_Authentication") throw new Error("only at sign-in");
  const { AuthenticationResult: tokens } = await call("InitiateAuth", {
    ClientId: OLD_CLIENT_ID, AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: event.userName, PASSWORD: event.request.password },
  });
  if (!tokens) throw new Error("a second factor is needed there");
  const { UserAttributes: list } = await call("GetUser", { AccessToken: tokens.AccessToken });
  const attributes = Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
  delete attributes.sub; // a new one here
  Object.assign(event.response, { userAttributes: attributes, finalUserStatus: "CONFIRMED", messageAction: "SUPPRESS" });
  return event;
};

async function call(operation, body) {
  const answer = await fetch(OLD_ENDPOINT, {
    method: "POST", body: JSON.stringify(body),
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSCognitoIdentityProviderService." + operation },
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.message);
  return result;
}
