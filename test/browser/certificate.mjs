// A certificate for the pages that need https, made anew for every run: ECDSA P-256, signed by itself.

import { createHash, generateKeyPairSync, sign } from "node:crypto";

const der = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const n = body.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts) => der(0x30, ...parts);
const commonName = Buffer.from("0603550403", "hex");
const version3 = der(0xa0, Buffer.from("020102", "hex"));
const serial = Buffer.from("020101", "hex");
const ecdsaWithSHA256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));

// The names of a host, as an extension of a certificate (RFC 5280 section 4.2.1.6).
const alternativeNames = (host) => der(0xa3, sequence(sequence(
  Buffer.from("0603551d11", "hex"), der(0x04, sequence(der(0x82, Buffer.from(host)))),
)));

// Returns PEM texts for a TLS server, and the hash of the key by which Chromium can be told to trust it for any host. Other
// clients need the host that they ask for in it.
export function certificate(host) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = publicKey.export({ format: "der", type: "spki" });
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from("pages")))));
  const day = (days) => der(0x17, Buffer.from(new Date(Date.now() + days * 864e5).toISOString().replace(/[-:T]|\.\d+/g, "").slice(2)));
  const names = host ? [alternativeNames(host)] : [];
  const body = sequence(version3, serial, ecdsaWithSHA256, name, sequence(day(-1), day(1)), name, key, ...names);
  const signature = sign("sha256", body, privateKey);
  const whole = sequence(body, ecdsaWithSHA256, der(0x03, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ format: "pem", type: "pkcs8" }),
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    hash: createHash("sha256").update(key).digest("base64"),
  };
}
