// Pools for apps that send people to the pages of managed login, and for machines.

import {
  CreateResourceServerCommand, CreateUserPoolClientCommand, DescribeUserPoolCommand, TagResourceCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { PASSWORD, makePool } from "./server.mjs";

export { PASSWORD };
export const CALLBACK = "https://app.example.com/callback";
export const OUT = "https://app.example.com/out";

// Makes a pool with the user ana and a client of the code flow; settings change the client.
export async function openIDPool(server, settings = {}, poolSettings = {}) {
  const pool = await makePool(server, poolSettings, {
    AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["code"], AllowedOAuthScopes: ["openid", "email", "profile"],
    CallbackURLs: [CALLBACK], LogoutURLs: [OUT], SupportedIdentityProviders: ["COGNITO"], ...settings,
  });
  await pool.user("ana", { email: "ana@example.com", email_verified: "true", name: "Ana Quist" });
  return { ...pool, issuer: `${server.url.replace("127.0.0.1", "localhost")}/${pool.id}` };
}

// Makes the resource server orders with the scope orders/read, and a client of its own right that may introspect its tokens.
export async function machine(server, pool) {
  await server.sdk.send(new CreateResourceServerCommand({
    UserPoolId: pool.id, Identifier: "orders", Name: "Orders", Scopes: [{ ScopeName: "read", ScopeDescription: "read" }],
  }));
  const { UserPoolClient } = await server.sdk.send(new CreateUserPoolClientCommand({
    UserPoolId: pool.id, ClientName: "robot", GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ["client_credentials"], AllowedOAuthScopes: ["orders/read"],
  }));
  await tag(server, pool, `cognate:introspection:${UserPoolClient.ClientId}`, "on");
  return { clientId: UserPoolClient.ClientId, secret: UserPoolClient.ClientSecret };
}

export async function tag(server, pool, name, value) {
  const { UserPool } = await server.sdk.send(new DescribeUserPoolCommand({ UserPoolId: pool.id }));
  await server.sdk.send(new TagResourceCommand({ ResourceArn: UserPool.Arn, Tags: { [name]: value } }));
}

// Moves the server's clock.
export const clock = (server, body) =>
  fetch(`${server.url}/_cognate/clock`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
