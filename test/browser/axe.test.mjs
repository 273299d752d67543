// Every sign-in page in every state under axe-core, in both colour schemes, both generations, from right to left and small.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { useBrowser } from "./browser.mjs";
import { startPreview } from "./preview.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = useBrowser({ amplify: false });
let preview;
before(async () => { preview = await startPreview(); });
after(() => preview?.close());

// Opens pages one after the other in a window and gathers what axe and the console complain about.
async function complaints(names, { scheme = "light", width = 1000, height = 800, text = 100, ...query } = {}, from = preview) {
  const visit = await browser.visit("about:blank");
  const { page } = visit;
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height });
  const out = [];
  let name;
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && out.push(`${name}: ${m.text()}`));
  page.on("pageerror", (e) => out.push(`${name}: ${e.message}`));
  for (name of names) {
    await page.goto(from.page(name, query));
    await page.evaluate(`document.documentElement.style.fontSize = "${text}%"`);
    await page.evaluate(axe); // by the debugger, which no policy of the page keeps out
    const { violations, passes } = await page.evaluate(`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`);
    assert.ok(passes.length > 10, `${name}: axe looked at ${passes.length} rules`);
    for (const v of violations) out.push(`${name}: ${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html} ${n.any.map((a) => a.message)}`).join("; ")}`);
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (wide > 0) out.push(`${name}: ${wide} pixels stand out of the window`);
  }
  await visit.close();
  return out;
}

test("axe sees what is wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  mkdirSync(join(folder, "templates"));
  writeFileSync(join(folder, "templates", "style.css"), ".lead{color:#999!important}label{display:none!important}");
  const wrong = await startPreview("--pages", folder);
  try {
    const found = await complaints(["forgot"], {}, wrong);
    assert.ok(found.some((c) => c.includes("color-contrast")), found.join("\n"));
    assert.ok(found.some((c) => c.includes(": label:")), found.join("\n"));
  } finally {
    await wrong.close();
    rmSync(folder, { recursive: true });
  }
});

describe("accessibility of the sign-in pages", () => {
  for (const scheme of ["light", "dark"]) {
    test(`managed login, ${scheme}`, async () => assert.deepEqual(await complaints(await preview.names(), { scheme }), []));
    test(`managed login from right to left, ${scheme}`, async () => assert.deepEqual(await complaints(await preview.names(), { scheme, lang: "ar" }), []));
    test(`the classic pages, ${scheme}`, async () => assert.deepEqual(await complaints(await preview.names("?classic=1"), { scheme, classic: "1" }), []));
  }
  test("with text twice as large", async () => {
    for (const lang of ["de"]) assert.deepEqual(await complaints(await preview.names(), { width: 800, text: 200, lang }), []);
    assert.deepEqual(await complaints(await preview.names("?classic=1"), { width: 800, text: 200, classic: "1" }), []);
  });
  test("in the look of AWS", async () => {
    const folder = mkdtempSync(join(tmpdir(), "style-"));
    writeFileSync(join(folder, "style.json"), JSON.stringify({ categories: { global: { colorSchemeMode: "DYNAMIC" } } }));
    const aws = await startPreview("--style", join(folder, "style.json"));
    try {
      for (const scheme of ["light", "dark"]) assert.deepEqual(await complaints(await aws.names(), { scheme }, aws), []);
    } finally {
      await aws.close();
      rmSync(folder, { recursive: true });
    }
  });
  test("in a window of 320 pixels", async () => {
    for (const lang of ["de", "ar"]) assert.deepEqual(await complaints(await preview.names(), { width: 320, height: 640, lang }), []);
    assert.deepEqual(await complaints(await preview.names("?classic=1"), { width: 320, height: 640, classic: "1" }), []);
  });
});
