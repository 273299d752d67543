// Takes a picture of every sample of the sign-in pages, light, dark and on a phone, side by side: node sheets.mjs FOLDER
// [flags of `cognate branding preview`]. `make sheets` takes those of Cognate's own style.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { executable } from "./browser.mjs";
import { startPreview } from "./preview.mjs";

const [folder, ...flags] = process.argv.slice(2);
if (!folder) throw new Error("which folder?");
const query = Object.fromEntries(Object.entries({ lang: process.env.PAGES_LANG, classic: process.env.PAGES_CLASSIC, only: process.env.PAGES_ONLY }).filter(([, v]) => v));
const { only, ...more } = query;

const preview = await startPreview(...flags);
const chrome = await chromium.launch({ executablePath: executable(), args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--font-render-hinting=none"] });
try {
  mkdirSync(folder, { recursive: true });
  const names = (await preview.names("?" + new URLSearchParams(more))).filter((name) => !only || only.split(",").includes(name));
  for (const old of readdirSync(folder)) {
    if (!only && old.endsWith(".png")) rmSync(join(folder, old));
  }
  const looks = [];
  const windows = more.classic ? [["light", 860], ["light", 360]] : [["light", 560], ["dark", 560], ["light", 360]]; // classic pages are light
  for (const [mode, width] of windows) {
    const context = await chrome.newContext({ viewport: { width, height: 640 }, colorScheme: mode, reducedMotion: "reduce" });
    looks.push({ mode, width, page: await context.newPage() });
  }
  const sheet = await (await chrome.newContext({ viewport: { width: windows.reduce((sum, [, width]) => sum + width + 16, 16), height: 100 } })).newPage();
  for (const name of names) {
    const shots = [];
    for (const { mode, width, page } of looks) {
      await page.goto(preview.page(name, { mode, ...more }));
      await page.waitForTimeout(200); // what is read out as news comes a little later
      const image = await page.screenshot({ fullPage: true, caret: "hide" });
      shots.push(`<img width="${width}" alt="" src="data:image/png;base64,${image.toString("base64")}">`);
    }
    await sheet.setContent(`<body style="margin:0;padding:16px;display:flex;gap:16px;align-items:flex-start;background:#8a909c">${shots.join("")}`);
    await sheet.evaluate("Promise.all([...document.images].map((image) => image.decode()))");
    await sheet.screenshot({ path: join(folder, name + ".png"), fullPage: true });
  }
} finally {
  await chrome.close();
  await preview.close();
}
