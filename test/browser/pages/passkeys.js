// Passkeys of a user pool on a page, with what browsers have and no library.
export class UserPool {
  constructor(endpoint, clientId) {
    Object.assign(this, { endpoint, clientId });
  }

  // Calls an operation of the user pools API.
  async call(operation, input) {
    const answer = await fetch(this.endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}` },
      body: JSON.stringify(input),
    });
    const output = JSON.parse(await answer.text() || "{}");
    if (!answer.ok) throw Object.assign(new Error(output.message), { name: output.__type });
    return output;
  }

  // Adds a passkey to the user who is signed in.
  async addPasskey(AccessToken) {
    const { CredentialCreationOptions } = await this.call("StartWebAuthnRegistration", { AccessToken });
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(CredentialCreationOptions);
    const credential = await navigator.credentials.create({ publicKey });
    await this.call("CompleteWebAuthnRegistration", { AccessToken, Credential: credential.toJSON() });
  }

  // Signs a user in and returns the tokens.
  async signInWithPasskey(USERNAME) {
    const { ChallengeName, ChallengeParameters, Session } = await this.call("InitiateAuth", {
      ClientId: this.clientId, AuthFlow: "USER_AUTH", AuthParameters: { USERNAME, PREFERRED_CHALLENGE: "WEB_AUTHN" },
    });
    if (ChallengeName !== "WEB_AUTHN") throw new Error("the user has no passkey");
    const options = JSON.parse(ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    const { AuthenticationResult } = await this.call("RespondToAuthChallenge", {
      ClientId: this.clientId, ChallengeName, Session, ChallengeResponses: { USERNAME, CREDENTIAL: JSON.stringify(credential.toJSON()) },
    });
    return AuthenticationResult;
  }
}
