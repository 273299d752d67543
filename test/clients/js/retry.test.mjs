// The SDK for JavaScript sends again what the server answers with 503.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { CognitoIdentityProviderClient, ListUserPoolsCommand } from "@aws-sdk/client-cognito-identity-provider";
import { startServer } from "../server.mjs";

const server = startServer();

for (const name of ["ServiceUnavailableException", "TooManyRequestsException"]) {
  test(`a 503 by the name of ${name} is retried`, async () => {
    let tries = 0;
    const front = createServer(async (req, res) => {
      const body = [];
      for await (const part of req) body.push(part);
      if (++tries === 1) {
        res.writeHead(503, { "Content-Type": "application/x-amz-json-1.1", "Retry-After": "1", "x-amzn-ErrorType": `${name}:` });
        res.end(JSON.stringify({ __type: name, message: "later" }));
        return;
      }
      const answer = await fetch(server.url, { method: "POST", body: Buffer.concat(body), headers: Object.fromEntries(Object.entries(req.headers).filter(([k]) => k.startsWith("x-amz-") || ["content-type", "authorization"].includes(k))) });
      res.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") });
      res.end(Buffer.from(await answer.arrayBuffer()));
    });
    await new Promise((done) => front.listen(0, "127.0.0.1", done));
    const client = new CognitoIdentityProviderClient({
      region: "us-east-1", endpoint: `http://127.0.0.1:${front.address().port}`, credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    });
    const out = await client.send(new ListUserPoolsCommand({ MaxResults: 1 }));
    assert.equal(tries, 2);
    assert.equal(out.$metadata.httpStatusCode, 200);
    client.destroy();
    front.close();
  });
}
