// What browsers offer pages for passkeys, with a software authenticator behind it: ES256, no attestation, the user always
// present and verified.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (data) => createHash("sha256").update(data).digest();
const buffer = (bytes) => Uint8Array.from(bytes).buffer;
const uint32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };

class AuthenticatorAttestationResponse {
  constructor(values) { Object.assign(this, values); }
  getTransports() { return ["internal"]; }
  getPublicKeyAlgorithm() { return -7; }
  getPublicKey() { return this.key; }
  getAuthenticatorData() { return this.data; }
}
class AuthenticatorAssertionResponse {
  constructor(values) { Object.assign(this, values); }
}
class PublicKeyCredential {
  type = "public-key";
  authenticatorAttachment = "platform";
  constructor(id, response) { Object.assign(this, { id: id.toString("base64url"), rawId: buffer(id), response }); }
  getClientExtensionResults() { return {}; }
}

// Gives this process a page of `origin`; returns the authenticator.
export function openPage(origin) {
  const authenticator = { passkeys: [], origin, counter: 0 };
  const clientData = (type, challenge) => Buffer.from(JSON.stringify({
    type, challenge: Buffer.from(challenge).toString("base64url"), origin: authenticator.origin, crossOrigin: false,
  }));
  const data = (rpId, flags, attested = Buffer.alloc(0)) =>
    Buffer.concat([sha256(rpId), Buffer.from([flags]), uint32(++authenticator.counter), attested]);

  const credentials = {
    async create({ publicKey: options }) {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { x, y } = publicKey.export({ format: "jwk" });
      const id = randomBytes(32);
      const cose = Buffer.concat([Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"), Buffer.from("225820", "hex"), Buffer.from(y, "base64url")]);
      const made = data(options.rp.id, 0x45, Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]));
      const object = Buffer.concat([Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"), Buffer.from([0x58, made.length]), made]);
      authenticator.passkeys.push({ id, privateKey, rpId: options.rp.id, user: Buffer.from(options.user.id) });
      return new PublicKeyCredential(id, new AuthenticatorAttestationResponse({
        clientDataJSON: buffer(clientData("webauthn.create", options.challenge)), attestationObject: buffer(object),
        data: buffer(made), key: buffer(publicKey.export({ format: "der", type: "spki" })),
      }));
    },
    async get({ publicKey: options }) {
      const asked = options.allowCredentials.map((c) => Buffer.from(c.id).toString("hex"));
      const key = authenticator.passkeys.find((k) => k.rpId === options.rpId && asked.includes(k.id.toString("hex")));
      if (!key) throw new DOMException("no passkey of this authenticator", "NotAllowedError");
      const authenticatorData = data(options.rpId, 0x05);
      const clientDataJSON = clientData("webauthn.get", options.challenge);
      const signature = sign("sha256", Buffer.concat([authenticatorData, sha256(clientDataJSON)]), key.privateKey);
      return new PublicKeyCredential(key.id, new AuthenticatorAssertionResponse({
        clientDataJSON: buffer(clientDataJSON), authenticatorData: buffer(authenticatorData), signature: buffer(signature), userHandle: buffer(key.user),
      }));
    },
  };
  Object.assign(globalThis, { PublicKeyCredential, AuthenticatorAttestationResponse, AuthenticatorAssertionResponse });
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", platform: "node", language: "en", credentials }, configurable: true });
  globalThis.window = { isSecureContext: true, document: {}, PublicKeyCredential };
  return authenticator;
}
