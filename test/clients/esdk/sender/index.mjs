// A custom sender as AWS documents it: it decrypts the code with the AWS Encryption SDK and, instead of sending, notes it
// in the file that SINK names.

import { appendFileSync } from "node:fs";
import { buildClient, CommitmentPolicy, KmsKeyringNode } from "@aws-crypto/client-node";

const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const keyring = new KmsKeyringNode({ generatorKeyId: process.env.KEY_ALIAS, keyIds: [process.env.KEY_ID] });

export const handler = async (event) => {
  let code = null;
  if (event.request.code) {
    const { plaintext } = await decrypt(keyring, Buffer.from(event.request.code, "base64"));
    code = plaintext.toString("utf-8");
  }
  appendFileSync(process.env.SINK, JSON.stringify({ ...event, plain: code }) + "\n");
};
