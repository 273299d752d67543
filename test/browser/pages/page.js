// The buttons of index.html. The address names the API and the app client: ?endpoint=...&client=...

import { UserPool } from "./passkeys.js";

const form = document.querySelector("#form");
const show = (id, text) => (document.querySelector("#" + id).textContent = text);
const settings = new URLSearchParams(location.search);
const pool = new UserPool(settings.get("endpoint"), settings.get("client"));
let AccessToken;

const actions = {
  async "password-sign-in"() {
    const { AuthenticationResult } = await pool.call("InitiateAuth", {
      ClientId: pool.clientId, AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: form.username.value, PASSWORD: form.password.value },
    });
    AccessToken = AuthenticationResult.AccessToken;
  },
  add: () => pool.addPasskey(AccessToken),
  async "sign-in"() {
    ({ AccessToken } = await pool.signInWithPasskey(form.username.value));
  },
  async remove() {
    const { Credentials } = await pool.call("ListWebAuthnCredentials", { AccessToken });
    for (const { CredentialId } of Credentials) await pool.call("DeleteWebAuthnCredential", { AccessToken, CredentialId });
  },
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  show("error", "");
  form.ariaBusy = "true";
  try {
    if (event.submitter.name.endsWith("sign-in")) {
      AccessToken = undefined;
      show("who", "nobody");
    }
    await actions[event.submitter.name]();
    const user = await pool.call("GetUser", { AccessToken });
    const { Credentials } = await pool.call("ListWebAuthnCredentials", { AccessToken });
    show("who", user.Username);
    show("passkeys", Credentials.length);
  } catch (error) {
    show("error", `${error.name}: ${error.message}`);
  }
  form.ariaBusy = "false";
});
form.ariaBusy = "false";
