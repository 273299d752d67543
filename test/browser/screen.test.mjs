// What the script of the sign-in pages does, and that they do without it. The pages are those of the preview, where every
// form leads back to its page.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { useBrowser } from "./browser.mjs";
import { startPreview } from "./preview.mjs";

const browser = useBrowser({ amplify: false });
let preview;
before(async () => { preview = await startPreview(); });
after(() => preview?.close());

// The preview under a name that may be a relying party.
const address = (name, more) => preview.page(name, more).replace("127.0.0.1", "localhost");

// Opens a page; sent are the forms that it has sent, which take a while to answer.
async function open(name, { change = (html) => html, more } = {}) {
  const visit = await browser.visit("about:blank");
  const { page } = visit;
  const sent = [];
  await page.route("**/*", async (route) => {
    const request = route.request();
    if (request.method() === "POST") {
      sent.push(new URLSearchParams(request.postData() ?? ""));
      await new Promise((done) => setTimeout(done, 400));
      return route.continue().catch(() => {});
    }
    if (!request.url().includes("/page?")) return route.continue();
    const answer = await route.fetch();
    return route.fulfill({ response: answer, body: change(await answer.text()) });
  });
  await page.goto(address(name, more));
  return Object.assign(visit, { sent });
}

const focused = (page) => page.evaluate("document.activeElement.id");

describe("the script of the sign-in pages", () => {
  test("shows and hides a password, and hides it before it is sent", async () => {
    const { page, sent, ...visit } = await open("login-password");
    const password = page.locator("#f-password"), eye = page.locator(".eye");
    await password.fill("secret words");
    assert.equal(await eye.getAttribute("aria-label"), "Show password");
    await eye.click();
    assert.equal(await password.getAttribute("type"), "text");
    assert.equal(await eye.getAttribute("aria-label"), "Hide password");
    assert.equal(await focused(page), "f-password");
    await page.keyboard.press("Enter");
    await page.locator("#f-password[type=password]").waitFor();
    assert.equal(sent[0].get("password"), "secret words");
    await page.context().close();
  });

  test("sends a form once, says that it works, and lets it be sent again after going back", async () => {
    const { page, sent } = await open("login-password");
    const button = page.locator("button[type=submit]").first();
    const pressed = await button.evaluate((b) => {
      const width = b.offsetWidth;
      for (let i = 0; i < 3; i++) b.click();
      return { busy: b.getAttribute("aria-busy"), wider: b.offsetWidth - width, news: document.getElementById("news").textContent };
    });
    assert.deepEqual(pressed, { busy: "true", wider: 0, news: "One moment" });
    await page.waitForTimeout(800);
    assert.equal(sent.length, 1);
    assert.equal(sent[0].get("signInSubmitButton"), "Sign in");
    await page.goBack().catch(() => {});
    await button.click();
    await page.waitForTimeout(600);
    assert.equal(sent.length, 2);
    await page.context().close();
  });

  test("sends a complete code by itself, once", async () => {
    const { page, sent } = await open("code-email");
    const code = page.locator("#f-code");
    await code.pressSequentially("12345");
    assert.equal(sent.length, 0);
    await code.press("6");
    await page.waitForTimeout(200);
    assert.deepEqual(sent.map((s) => s.get("code")), ["123456"]);
    await page.context().close();

    const pasted = await open("code-email");
    await pasted.page.locator("#f-code").focus();
    await pasted.page.keyboard.insertText("123 456");
    await pasted.page.waitForTimeout(200);
    assert.deepEqual(pasted.sent.map((s) => s.get("code")), ["123 456"]);
    await pasted.close();

    const more = await open("reset"); // where a password is asked for as well
    await more.page.locator("#f-code").pressSequentially("123456");
    await more.page.waitForTimeout(200);
    assert.equal(more.sent.length, 0);
    await more.close();
  });

  test("lets a new code be asked for after a while", async () => {
    const { page, sent } = await open("code-email", { change: (html) => html.replace('data-wait="30"', 'data-wait="2"') });
    const again = page.locator("#resend button");
    assert.match(await again.textContent(), /Send a new code in [12] s/);
    assert.equal(await again.getAttribute("aria-disabled"), "true");
    await again.evaluate((b) => b.click());
    assert.equal(sent.length, 0);
    await page.locator("#resend button", { hasText: /^Send a new code$/ }).waitFor();
    await again.click();
    await page.waitForTimeout(200);
    assert.equal(sent[0].get("resend"), "true");
    await page.context().close();
  });

  test("puts the focus where something is to do", async () => {
    for (const [name, id] of [["login", "f-username"], ["code-email", "f-code"], ["login-missing", "alert"], ["login-wrong", "alert"], ["login-changed", "f-password"]]) {
      const { page } = await open(name);
      assert.equal(await focused(page), id, name);
      assert.equal((await page.title()).startsWith("Error: "), id === "alert", name);
      await page.context().close();
    }
    const { page } = await open("signup-wrong");
    await page.locator("#alert a").last().click();
    assert.equal(await focused(page), "f-password");
    await page.context().close();
  });

  test("marks the rules that a password follows", async () => {
    for (const more of [{}, { classic: "1" }]) {
      const { page } = await open("signup", { more });
      await page.locator("[data-rules]").fill("Passwort1");
      assert.deepEqual(await page.locator("[data-rule]").evaluateAll((all) => all.map((i) => i.classList.contains("met"))), [true, true, true, true, false]);
      if (more.classic) assert.equal(await page.locator(".passwordCheck-valid-customizable").count(), 4);
      await page.context().close();
    }
  });

  test("reads out what happened", async () => {
    const { page } = await open("code-sent");
    await page.locator("#alert[role=status]", { hasText: "We sent a new code" }).waitFor();
    await page.context().close();
  });

  test("copies the key of an authenticator app", async () => {
    const { page } = await open("totp-setup");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("[data-copy]").click();
    await page.locator("#news", { hasText: "Copied" }).waitFor();
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), (await page.locator("#key").textContent()).replaceAll(" ", ""));
    await page.context().close();
  });

  test("opens, closes and leaves the menu of languages", async () => {
    const { page } = await open("login");
    const menu = page.locator(".lang");
    await menu.locator("summary").click();
    assert.equal(await menu.getAttribute("open"), "");
    await page.keyboard.press("Escape");
    assert.equal(await menu.getAttribute("open"), null);
    await menu.locator("summary").click();
    assert.ok((await menu.locator("a[lang=fr]").getAttribute("href")).endsWith("&lang=fr"));
    await page.locator("h1").click();
    assert.equal(await menu.getAttribute("open"), null);
    await page.context().close();
  });
});

const here = (html) => html.replaceAll("&#34;rpId&#34;:&#34;example.com&#34;", "&#34;rpId&#34;:&#34;localhost&#34;")
  .replaceAll("&#34;id&#34;:&#34;example.com&#34;", "&#34;id&#34;:&#34;localhost&#34;");

// Registers a passkey by hand, so that there is one to sign in with.
const register = (page) => page.evaluate(`navigator.credentials.create({ publicKey: {
  challenge: new Uint8Array(32), rp: { id: "localhost", name: "Acme" }, user: { id: new Uint8Array([97]), name: "ana", displayName: "ana" },
  pubKeyCredParams: [{ type: "public-key", alg: -7 }], authenticatorSelection: { residentKey: "required" } } }).then((c) => c.id)`);

describe("passkeys on the sign-in pages", () => {
  for (const native of [true, false]) {
    test(`are used and made ${native ? "with" : "without"} the browser's own conversion of JSON`, async () => {
      const { page, sent } = await open("passkey", { change: here });
      const id = await register(page);
      const without = () => page.evaluate("delete PublicKeyCredential.parseRequestOptionsFromJSON; delete PublicKeyCredential.parseCreationOptionsFromJSON");
      if (!native) await without();
      await page.locator("#passkey button").click();
      await page.waitForTimeout(300);
      const used = JSON.parse(sent[0].get("credential"));
      assert.equal(used.id, id);
      assert.equal(used.rawId, id);
      assert.equal(used.response.userHandle, "YQ");
      assert.equal(JSON.parse(Buffer.from(used.response.clientDataJSON, "base64url")).challenge, "mUOqrLZ3dPsqpFBBDg4hCuOvFY9cpBkXD1HcSvUlkh4");
      assert.ok(used.response.signature && used.response.authenticatorData);

      await page.waitForTimeout(600);
      await page.goto(address("passkeys-add"));
      if (!native) await without();
      await page.locator("#passkey button").click();
      await page.waitForTimeout(300);
      const made = JSON.parse(sent[1].get("credential"));
      assert.ok(made.response.attestationObject && made.response.transports.includes("internal"));
      await page.context().close();
    });
  }

  test("are offered among the names that the browser knows", async () => {
    const { page, sent } = await open("passkey", { change: here });
    await register(page);
    await page.goto(address("login"));
    await page.waitForTimeout(800);
    assert.equal(sent.length, 1);
    assert.ok(JSON.parse(sent[0].get("credential")).response.signature);
    await page.context().close();
  });

  test("say what went wrong, and can be tried again", async () => {
    const { page, sent } = await open("passkey"); // of another relying party
    const button = page.locator("#passkey button");
    await button.click();
    await page.locator("#alert[role=alert]", { hasText: "The passkey did not work." }).waitFor();
    assert.equal(await focused(page), "alert");
    assert.equal(await button.getAttribute("aria-busy"), null);
    await page.evaluate("delete window.PublicKeyCredential");
    await button.click();
    await page.locator("#alert", { hasText: "This browser cannot use passkeys." }).waitFor();
    assert.equal(sent.length, 0);
    await page.context().close();
  });
});

test("without script every form is there, and what needs it is not", async () => {
  const visit = await browser.visit("about:blank");
  const context = await visit.page.context().browser().newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(address("login"));
  assert.equal(await page.locator("#sign-in button").isVisible(), true);
  assert.equal(await page.locator("#passkey").isVisible(), false);
  assert.equal(await page.locator("p", { hasText: "Passkeys need JavaScript" }).isVisible(), true);
  await page.locator(".lang summary").click();
  assert.equal(await page.locator(".lang a[lang=de]").isVisible(), true);
  await page.goto(address("login-password"));
  assert.equal(await page.locator(".eye").isVisible(), false);
  await page.goto(address("code-email"));
  assert.equal(await page.locator("#resend button").textContent(), "Send a new code");
  await context.close();
  await visit.close();
});
