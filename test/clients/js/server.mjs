// Gives a test file its server with an SDK client, and the few things every test needs.

import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, CognitoIdentityProviderClient, CreateUserPoolClientCommand, CreateUserPoolCommand,
  SetUserPoolMfaConfigCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { startServer } from "../server.mjs";

export const PASSWORD = "Correct-Horse-1";
export const REGION = "us-east-1";

// startServer with an SDK client of the server in sdk.
export function useServer(prepare) {
  const server = startServer(prepare);
  let sdk;
  Object.defineProperty(server, "sdk", {
    get: () => (sdk ??= new CognitoIdentityProviderClient({
      region: REGION, endpoint: server.url, maxAttempts: 1, credentials: { accessKeyId: "test", secretAccessKey: "test" },
    })),
  });
  after(() => sdk?.destroy());
  return server;
}

// Makes a pool with one client without secret; returns ids and shorthands.
export async function makePool(server, settings = {}, clientSettings = {}) {
  const { UserPool } = await server.sdk.send(new CreateUserPoolCommand({ PoolName: "js", ...settings }));
  const { UserPoolClient } = await server.sdk.send(new CreateUserPoolClientCommand({
    UserPoolId: UserPool.Id, ClientName: "js",
    ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], ...clientSettings,
  }));
  const id = UserPool.Id;
  return {
    id, clientId: UserPoolClient.ClientId, secret: UserPoolClient.ClientSecret,
    async user(name, attributes = {}, password = PASSWORD) {
      const list = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
      await server.sdk.send(new AdminCreateUserCommand({ UserPoolId: id, Username: name, MessageAction: "SUPPRESS", UserAttributes: list }));
      await server.sdk.send(new AdminSetUserPasswordCommand({ UserPoolId: id, Username: name, Password: password, Permanent: true }));
    },
    mfa: (config) => server.sdk.send(new SetUserPoolMfaConfigCommand({ UserPoolId: id, MfaConfiguration: "OFF", ...config })),
    // The code of the newest message to an address, once `count` messages have arrived there.
    async code(to, count = 1) {
      const query = new URLSearchParams({ format: "json", to, userPoolId: id });
      for (let i = 0; i < 500; i++) {
        const { messages } = await (await fetch(`${server.url}/_cognate/inbox?${query}`)).json();
        if (messages.length >= count) return messages[0].code;
        await sleep(20);
      }
      throw new Error(`no ${count} messages to ${to}`);
    },
  };
}

// Reads the claims of a token without looking at its signature.
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
