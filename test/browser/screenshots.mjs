// Takes docs/managed-login/*.png anew, of a server and a browser of its own: every page in light, dark and as on a phone.
// `make screenshots` runs it.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { useServer } from "../clients/js/server.mjs";
import { withFunctions } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { small } from "./png.mjs";
import { tour } from "./tour.mjs";

const folder = resolve(import.meta.dirname, "../../docs/managed-login");
const shapes = {
  light: { colorScheme: "light", width: 560, height: 560 }, dark: { colorScheme: "dark", width: 560, height: 560 }, phone: { colorScheme: "light", width: 320, height: 568 },
};

const server = useServer(withFunctions);
const browser = useBrowser();

test("screenshots", { timeout: 600_000 }, async () => {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (file.endsWith(".png")) rmSync(join(folder, file));
  const names = [];
  await tour(server, browser, async (name, { page }) => {
    names.push(name);
    for (const [shape, { colorScheme, width, height }] of Object.entries(shapes)) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height });
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(200); // news is put in after a moment
      writeFileSync(join(folder, `${name}.${shape}.png`), small(await page.screenshot({ fullPage: true, caret: "hide" })));
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });
  writeFileSync(join(folder, "README.md"), contents(names));
});

const contents = (names) => `# Managed login in pictures

Every page in its states, as the server draws it without any branding unless the name says so: light, dark, and 320 pixels wide.
\`make screenshots\` takes them anew, of a running server in Chromium. [Managed login](../managed-login.md) says what the pages do.

| page | light | dark | phone |
| --- | --- | --- | --- |
${names.map((name) => `| ${name.replaceAll("-", " ")} | ${Object.keys(shapes).map((shape) => `![](${name}.${shape}.png)`).join(" | ")} |`).join("\n")}
`;
