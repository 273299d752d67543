// A person on a plain page: every request comes from the browser, from another origin than the API's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PASSWORD, useServer } from "../clients/js/server.mjs";
import { useBrowser } from "./browser.mjs";
import { passkeyPool } from "./world.mjs";

const server = useServer();
const browser = useBrowser();

const open = (pool) => browser.visit(`${browser.local}/?${new URLSearchParams({ endpoint: server.url, client: pool.clientId })}`);

describe("a page with fetch and navigator.credentials", () => {
  test("adds a passkey, signs in with it, adds no second one, removes it", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await open(pool);
    await visit.page.fill("[name=username]", "ana");

    assert.deepEqual(await visit.press("sign-in"), { who: "nobody", passkeys: 0, error: "Error: the user has no passkey" });
    await visit.page.fill("[name=password]", PASSWORD);
    assert.deepEqual(await visit.press("password-sign-in"), { who: "ana", passkeys: 0, error: "" });
    assert.deepEqual(await visit.press("add"), { who: "ana", passkeys: 1, error: "" });
    const [key] = await visit.authenticator.keys();
    assert.equal(key.rpId, "localhost");
    assert.equal(key.isResidentCredential, true);
    assert.equal(key.userName, "ana");

    await visit.page.fill("[name=password]", "");
    assert.deepEqual(await visit.press("sign-in"), { who: "ana", passkeys: 1, error: "" });
    assert.match((await visit.press("add")).error, /^InvalidStateError: /);
    assert.equal((await visit.authenticator.keys()).length, 1);
    assert.deepEqual(await visit.press("remove"), { who: "ana", passkeys: 0, error: "" });
    assert.deepEqual(await visit.press("sign-in"), { who: "nobody", passkeys: 0, error: "Error: the user has no passkey" });
    await visit.close();
  });

  test("is told by name what the API refuses", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await open(pool);
    await visit.page.fill("[name=username]", "ana");
    await visit.page.fill("[name=password]", "wrong");
    assert.equal((await visit.press("password-sign-in")).error, "NotAuthorizedException: Incorrect username or password.");
    assert.match((await visit.press("add")).error, /^InvalidParameterException: .*'accessToken'/);
    await visit.close();
  });

  test("is what the documentation shows", () => {
    const code = readFileSync(join(import.meta.dirname, "pages/passkeys.js"), "utf8");
    assert.ok(readFileSync(join(import.meta.dirname, "../../docs/sign-in.md"), "utf8").includes("```js\n" + code + "```"));
  });
});
