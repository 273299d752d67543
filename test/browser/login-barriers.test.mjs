// axe-core on every page of managed login in every state, in both colour schemes.

import assert from "node:assert/strict";
import { test } from "node:test";
import axe from "axe-core";
import { useServer } from "../clients/js/server.mjs";
import { withFunctions } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { tour } from "./tour.mjs";

const server = useServer(withFunctions);
const browser = useBrowser();

test("no page has barriers, and none is wider than a phone", { timeout: 240_000 }, async () => {
  const found = [], seen = new Set();
  await tour(server, browser, async (name, { page }) => {
    seen.add(name);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const violations = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
      for (const { id, nodes } of violations) found.push(`${name} (${colorScheme}): ${id}: ${nodes.map((n) => `${n.html} ${n.failureSummary}`).join("; ")}`);
    }
    await page.setViewportSize({ width: 320, height: 568 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > 320) found.push(`${name}: ${wide} px wide`);
    await page.setViewportSize({ width: 1280, height: 720 });
  }, axe.source);
  assert.deepEqual(found, []);
  assert.ok(seen.size > 50, `only ${seen.size} pages were seen`);
});
