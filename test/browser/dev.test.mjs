// The pages of `cognate dev` in a real browser.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PASSWORD, makePool, useServer } from "../clients/js/server.mjs";
import { useBrowser } from "./browser.mjs";
import { UserPool } from "./pages/passkeys.js";

const server = useServer();
const browser = useBrowser();

// Opens a page and keeps what it complains about: a policy that refuses its own style or script shows there.
async function open(path) {
  const complaints = [];
  const visit = await browser.visit("about:blank");
  visit.page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  visit.page.on("pageerror", (e) => complaints.push(e.message));
  await visit.page.goto(server.url + path);
  return Object.assign(visit, { complaints });
}

const mailPool = () => makePool(server, { AutoVerifiedAttributes: ["email"] });
const signUp = (pool, name) => new UserPool(server.url, pool.clientId).call("SignUp", {
  ClientId: pool.clientId, Username: name, Password: PASSWORD, UserAttributes: [{ Name: "email", Value: `${name}@example.com` }],
});

describe("the start page", () => {
  test("shows the demo pool and leads to every other page", async () => {
    const visit = await open("/");
    const { page } = visit;
    assert.match(await page.title(), /Start/);
    assert.ok((await page.textContent("main")).includes("us-east-1_DemoPool1"));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.click('button[data-copy="snippet-amplify"]');
    await page.locator("#said", { hasText: "Copied." }).waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /userPoolId: "us-east-1_/);
    for (const name of ["Inbox", "Functions", "Invocations", "Tools", "Start"]) {
      await page.getByRole("navigation", { name: "Tools" }).getByRole("link", { name, exact: true }).click();
      assert.match(await page.title(), new RegExp(name));
      assert.equal(await page.getByRole("navigation", { name: "Tools" }).locator("[aria-current]").textContent(), name);
    }
    assert.deepEqual(visit.complaints, []);
    await visit.close();
  });

  test("fits a phone, in the dark too", async () => {
    const visit = await open("/");
    await visit.page.setViewportSize({ width: 320, height: 640 });
    for (const colorScheme of ["light", "dark"]) {
      await visit.page.emulateMedia({ colorScheme });
      for (const path of ["/", "/_cognate/", "/_cognate/inbox"]) {
        await visit.page.goto(server.url + path);
        assert.ok(await visit.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than a phone`);
        const [ink, paper] = await visit.page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);
        const light = (c) => c.match(/\d+/g).map(Number)[0] > 128;
        assert.notEqual(light(ink), light(paper));
        assert.equal(light(paper), colorScheme === "light");
      }
    }
    await visit.close();
  });
});

describe("the inbox", () => {
  test("shows new messages at once, and keeps what is typed and where the person is", async () => {
    const pool = await mailPool();
    await signUp(pool, "first");
    const visit = await open(`/_cognate/inbox?userPoolId=${pool.id}`);
    const { page } = visit;
    const items = page.locator("#list li");
    await items.first().waitFor();
    assert.equal(await items.count(), 1);

    // A search that is half typed: the focus and the caret stay while a message comes that matches.
    await page.focus("#q");
    await page.keyboard.type("example");
    await page.keyboard.press("ArrowLeft");
    await signUp(pool, "second");
    await items.nth(1).waitFor();
    assert.match(await items.first().textContent(), /second@example.com/);
    assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.value, document.activeElement.selectionStart]), ["q", "example", 6]);

    // One that does not match does not come, and shows when the search is another one.
    await page.fill("#q", "second@");
    await page.locator("#state", { hasText: "1 message" }).waitFor();
    await signUp(pool, "third");
    await page.fill("#q", "");
    await items.nth(2).waitFor();

    // An open message stays open, with what is selected in it, while others come.
    await items.filter({ hasText: "second@example.com" }).getByRole("link").click();
    await page.locator("#code").waitFor();
    const code = await page.locator("#code").textContent();
    await page.evaluate(() => getSelection().selectAllChildren(document.getElementById("code")));
    await signUp(pool, "fourth");
    await items.nth(3).waitFor();
    assert.equal(await page.evaluate(() => String(getSelection())), code);
    assert.match(await page.locator("#message dl").textContent(), /second@example.com/);

    assert.ok((await page.frameLocator("#message iframe").locator("body").textContent()).includes(code));
    await page.getByRole("link", { name: "Text", exact: true }).click();
    await page.locator("#message pre", { hasText: code }).waitFor();
    await page.getByRole("link", { name: "Source", exact: true }).click();
    await page.locator("#message pre", { hasText: "Subject:" }).waitFor();

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.locator("#state", { hasText: "3 messages" }).waitFor();
    page.on("dialog", (d) => d.accept());
    await page.getByRole("button", { name: "Delete all listed" }).click();
    await page.locator("#state", { hasText: "No message" }).waitFor();
    assert.deepEqual(visit.complaints, []);
    await visit.close();
  });

  test("runs nothing and loads nothing that a message holds", async () => {
    const evil = `Code {####} <script>parent.document.title = "taken"</script><img src="${browser.local}/seen.png" onerror="alert(1)">`;
    const pool = await makePool(server, {
      AutoVerifiedAttributes: ["email"], VerificationMessageTemplate: { DefaultEmailOption: "CONFIRM_WITH_CODE", EmailMessage: evil, EmailSubject: "evil" },
    });
    await signUp(pool, "ana");
    const visit = await open(`/_cognate/inbox?userPoolId=${pool.id}`);
    const asked = [];
    visit.page.on("response", (r) => asked.push(r.url())); // what the policy refuses is asked of nobody
    visit.page.on("dialog", () => assert.fail("a message runs a script"));
    await visit.page.locator("#list a").click();
    await visit.page.frameLocator("#message iframe").locator("body", { hasText: "Code" }).waitFor();
    assert.match(await visit.page.title(), /Inbox/);
    assert.deepEqual(asked.filter((url) => url.includes("seen.png")), []);
    await visit.close();
  });
});
