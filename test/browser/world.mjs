// Pools for passkeys, and what a server-side observer of the page does with them.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { PASSWORD, makePool } from "../clients/js/server.mjs";
import { UserPool } from "./pages/passkeys.js";

// Expects the refusal that a client sees of every wrong passkey, and in the server's log the cause that it does not see.
export async function refused(server, answer, cause) {
  const from = server.output.length;
  await assert.rejects(answer, { name: "NotAuthorizedException", message: "Incorrect username or password." });
  for (let i = 0; i < 500; i++) {
    if (cause.test(server.output.slice(from))) return;
    await sleep(10);
  }
  assert.fail(`${cause} is not in the log:\n${server.output.slice(from)}`);
}

// Makes a pool of the relying party localhost whose users may sign in by password and by passkey.
export async function passkeyPool(server, webAuthn = {}, mfa = {}) {
  const pool = await makePool(server, { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "WEB_AUTHN"] } } },
    { ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
  const configure = (passkeys = {}, factors = {}) => pool.mfa({
    ...mfa, ...factors, WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "required", ...webAuthn, ...passkeys },
  });
  await configure();
  const api = new UserPool(server.url, pool.clientId);
  const call = api.call.bind(api);
  return {
    ...pool, configure, call,
    // An access token, by password.
    async token(name) {
      const AuthParameters = { USERNAME: name, PASSWORD };
      return (await call("InitiateAuth", { ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters })).AuthenticationResult.AccessToken;
    },
    // The two halves of a registration; between them a page makes the credential.
    start: async (AccessToken) => (await call("StartWebAuthnRegistration", { AccessToken })).CredentialCreationOptions,
    complete: (AccessToken, Credential) => call("CompleteWebAuthnRegistration", { AccessToken, Credential }),
    // The two halves of a sign-in.
    async ask(name) {
      const AuthParameters = { USERNAME: name, PREFERRED_CHALLENGE: "WEB_AUTHN" };
      const { ChallengeName, ChallengeParameters, Session, AvailableChallenges } =
        await call("InitiateAuth", { ClientId: pool.clientId, AuthFlow: "USER_AUTH", AuthParameters });
      const text = ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS;
      return { name, Session, challenge: ChallengeName, available: AvailableChallenges, options: text && JSON.parse(text) };
    },
    async answer({ name, Session }, credential) {
      const { AuthenticationResult } = await call("RespondToAuthChallenge", {
        ClientId: pool.clientId, ChallengeName: "WEB_AUTHN", Session, ChallengeResponses: { USERNAME: name, CREDENTIAL: JSON.stringify(credential) },
      });
      return AuthenticationResult;
    },
    // Both halves of each, for users whose ceremonies are to succeed.
    async enrol(visit, name) {
      const token = await this.token(name);
      const credential = await visit.create(await this.start(token));
      await this.complete(token, credential);
      return { token, id: credential.id };
    },
    async signIn(visit, name) {
      const asked = await this.ask(name);
      return this.answer(asked, await visit.get(asked.options));
    },
  };
}
