// `cognate branding preview` and `cognate dev --pages` in a real browser.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { useServer } from "../clients/js/server.mjs";
import { makeApp } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { startPreview } from "./preview.mjs";

const folder = mkdtempSync(join(tmpdir(), "pages-"));
let minute = 0;
// Writes a file of the folder; its time is another one even where clocks of files are coarse.
function write(name, text) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, new Date(), new Date(Date.now() + 60000 * ++minute));
}
write("templates/login.html", `<h1>{{.Title}}</h1><p class="claim">Blue sky</p>{{range .Forms}}{{template "form" .}}{{end}}`);

const server = useServer(async () => ["--pages", folder]);
const browser = useBrowser({ amplify: false });
after(() => rmSync(folder, { recursive: true }));

describe("the preview", () => {
  test("shows the branding of a client, and again when it changes", async () => {
    const app = await makeApp(server, browser, { client: { ClientName: "Bluebird" } });
    const preview = await startPreview("--client", app.clientId, "--pool", app.id, "--endpoint-url", server.url);
    const visit = await browser.visit(preview.url);
    const { page } = visit;
    await page.locator("h1", { hasText: "Sign-in pages of Bluebird" }).waitFor();
    assert.equal(await page.locator("section[aria-label=Contrast]").count(), 0);
    const login = page.frameLocator("#login iframe").first();
    await login.locator("h1", { hasText: "Sign in to Bluebird" }).waitFor();

    await app.admin("CreateManagedLoginBranding", { ClientId: app.clientId, Settings: {
      components: { primaryButton: { lightMode: { defaults: { backgroundColor: "00ff00ff", textColor: "ffffffff" } } } },
    } });
    await page.locator("section[aria-label=Contrast]", { hasText: "components.primaryButton.lightMode.defaults.textColor" }).waitFor({ timeout: 15000 });
    assert.equal(await login.locator(".first").first().evaluate((b) => getComputedStyle(b).backgroundColor), "rgb(0, 255, 0)");
    await visit.close();
    await preview.close();
  });

  test("shows light, dark and phone in every language, and tells of mistakes", async () => {
    const preview = await startPreview("--pages", folder, "--app", "Bluebird");
    const visit = await browser.visit(preview.url + "?lang=ar");
    const { page } = visit;
    const frames = page.locator("#code-email iframe");
    await frames.first().scrollIntoViewIfNeeded();
    const looks = [];
    for (const i of [0, 1, 2]) {
      const frame = frames.nth(i).contentFrame();
      await frame.locator("h1").waitFor();
      looks.push(await frame.locator("html").evaluate((html) => [html.dir, getComputedStyle(html).colorScheme, innerWidth]));
    }
    assert.deepEqual(looks, [["rtl", "light", 600], ["rtl", "dark", 600], ["rtl", "light", 360]]);

    write("templates/login.html", "{{.Nothing}}");
    await page.locator("section[aria-label=Mistake]", { hasText: "Nothing" }).waitFor({ timeout: 15000 });
    write("templates/login.html", `<h1>{{.Title}}</h1><p class="claim">Red sky</p>{{range .Forms}}{{template "form" .}}{{end}}`);
    await page.locator("section[aria-label=Mistake]").waitFor({ state: "detached", timeout: 15000 });
    await page.frameLocator("#login iframe").first().locator(".claim", { hasText: "Red sky" }).waitFor();
    await visit.close();
    await preview.close();
  });
});

test("pages of the operator's own show at once in dev", async () => {
  const app = await makeApp(server, browser);
  const visit = await browser.visit(app.url("/login"));
  await visit.page.locator(".claim", { hasText: "sky" }).waitFor();
  write("texts/en.yaml", "login.next: Come in");
  await new Promise((done) => setTimeout(done, 1100));
  await visit.page.reload();
  await visit.page.getByRole("button", { name: "Come in" }).waitFor();
  write("texts/en.yaml", "login.nxt: Come in"); // a mistake leaves the pages as they were
  await new Promise((done) => setTimeout(done, 1100));
  await visit.page.reload();
  await visit.page.getByRole("button", { name: "Come in" }).waitFor();
  assert.match(server.output, /there is no text "login\.nxt"/);
  await visit.close();
});
