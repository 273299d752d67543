// The AWS Encryption SDK for JavaScript reads what Cognate encrypts, and the KMS client works against Cognate's KMS.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { buildClient, CommitmentPolicy, KMS, KmsKeyringNode } from "@aws-crypto/client-node";
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { environment, root, seeded, startServer } from "../server.mjs";

const arn = (resource) => `arn:aws:kms:us-east-1:000000000000:${resource}`;
const KEY = arn("key/1234abcd-12ab-34cd-56ef-1234567890ab");
const OTHER = arn("key/other");
const server = startServer(seeded(`keys:\n- {id: "${KEY}", aliases: [alias/sender]}\n- {id: other}\n- {id: off, disabled: true}\n`));

const options = () => ({ region: "us-east-1", endpoint: server.url, maxAttempts: 1, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
// What AWS's samples for custom senders do: a keyring of the pool's key, with a client for its endpoint.
const keyring = (id = KEY) => new KmsKeyringNode({ generatorKeyId: id, clientProvider: () => new KMS(options()) });
const strict = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const lenient = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);

function encrypt(plaintext, suite, ...context) {
  const out = spawnSync("go", ["run", "./test/clients/esdk/encrypt", server.url, KEY, suite, ...context], {
    cwd: root, env: environment(), input: plaintext, encoding: "utf8",
  });
  assert.equal(out.status, 0, out.stderr);
  return Buffer.from(out.stdout, "base64");
}

for (const [suite, clients] of [["0578", [strict, lenient]], ["0478", [strict, lenient]], ["0378", [lenient]]]) {
  test(`the SDK reads suite ${suite}`, async () => {
    const message = encrypt("123456", suite, "userpool-id=us-east-1_a");
    for (const { decrypt } of clients) {
      const { plaintext, messageHeader } = await decrypt(keyring(), message);
      assert.equal(plaintext.toString(), "123456");
      assert.equal(messageHeader.encryptionContext["userpool-id"], "us-east-1_a");
    }
    for (const at of [3, 60, message.length >> 1, message.length - 1]) {
      const bad = Buffer.from(message);
      bad[at] ^= 1;
      await assert.rejects(() => lenient.decrypt(keyring(), bad), `byte ${at} altered`);
    }
    await assert.rejects(() => lenient.decrypt(keyring(OTHER), message), "another key");
  });
}

test("strict readers refuse the suite without commitment", async () => {
  await assert.rejects(() => strict.decrypt(keyring(), encrypt("123456", "0378")), /commitment/i);
});

test("several frames and no bytes", async () => {
  const long = "x".repeat(10000);
  assert.equal((await strict.decrypt(keyring(), encrypt(long, "0578"))).plaintext.toString(), long);
  assert.equal((await strict.decrypt(keyring(), encrypt("", "0578"))).plaintext.length, 0);
});

test("the SDK reads what it wrote itself with Cognate's KMS", async () => {
  const { result } = await strict.encrypt(keyring(), "Temp-pass&lt;1", { encryptionContext: { a: "1" } });
  assert.equal((await strict.decrypt(keyring(), result)).plaintext.toString(), "Temp-pass&lt;1");
});

test("the KMS client", async () => {
  const kms = new KMSClient(options());
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/sender" }));
  assert.equal(KeyMetadata.Arn, KEY);
  assert.equal(KeyMetadata.KeyState, "Enabled");
  assert.ok(Math.abs(KeyMetadata.CreationDate - Date.now()) < 300_000);
  const EncryptionContext = { a: "1" };
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: KEY, Plaintext: Buffer.from("hello"), EncryptionContext }));
  const { Plaintext, KeyId } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.equal(Buffer.from(Plaintext).toString(), "hello");
  assert.equal(KeyId, KEY);
  assert.equal((await kms.send(new GenerateDataKeyCommand({ KeyId: KEY, KeySpec: "AES_256" }))).Plaintext.length, 32);
  const refused = (command, name) => assert.rejects(() => kms.send(command), { name });
  await refused(new DecryptCommand({ CiphertextBlob, EncryptionContext: { a: "2" } }), "InvalidCiphertextException");
  await refused(new DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId: OTHER }), "IncorrectKeyException");
  await refused(new DescribeKeyCommand({ KeyId: "alias/nobody" }), "NotFoundException");
  await refused(new EncryptCommand({ KeyId: "off", Plaintext: Buffer.from("x") }), "DisabledException");
  await refused(new EncryptCommand({ KeyId: KEY, Plaintext: Buffer.from("x"), EncryptionAlgorithm: "RSAES_OAEP_SHA_256" }), "InvalidKeyUsageException");
  await refused(new GenerateDataKeyCommand({ KeyId: KEY }), "ValidationException");
  await refused(new GenerateDataKeyCommand({ KeyId: KEY, NumberOfBytes: 1025 }), "ValidationException");
  kms.destroy();
});
