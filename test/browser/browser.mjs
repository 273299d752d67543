// Chromium with virtual authenticators, and the pages that it visits.

import { accessSync, constants, readFileSync } from "node:fs";
import { createServer as createPlain } from "node:http";
import { createServer as createSecure } from "node:https";
import { delimiter, join } from "node:path";
import { after, before } from "node:test";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { certificate } from "./certificate.mjs";

const folder = join(import.meta.dirname, "pages");
const modules = join(import.meta.dirname, "../clients/js/node_modules");

// The browser of this machine; playwright's own download is not used.
export function executable() {
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    for (const path of (process.env.PATH ?? "").split(delimiter)) {
      try {
        accessSync(join(path, name), constants.X_OK);
        return join(path, name);
      } catch { /* the next one */ }
    }
  }
  throw new Error("no chromium and no google-chrome in PATH; `make deps-browser` installs one");
}

// Registers a browser for the calling test file. Its pages are at browser.local, at browser.neighbour (localhost on
// another port) and at https://<any host of example.com or .test>; /callback and /out are what apps have: they show what
// they were sent. No other address resolves, so nothing outside this
// machine is asked. related lists what https://<host>/.well-known/webauthn says: other origins that may use its passkeys.
// trust lists the keys, by their hashes, of further servers with certificates of their own. Without amplify its module is
// not there, nor needed.
export function useBrowser({ related = [], trust = [], amplify = true } = {}) {
  const browser = { local: "", neighbour: "", visit: undefined };
  const servers = [];
  let chrome;
  before(async () => {
    const bundle = amplify && await build({
      entryPoints: [join(folder, "amplify.js")], nodePaths: [modules], bundle: true, format: "esm", platform: "browser", write: false, logLevel: "error",
    });
    const files = { "/amplify.js": bundle && bundle.outputFiles[0].text, "/.well-known/webauthn": JSON.stringify({ origins: related }) };
    const handler = (request, response) => {
      const { pathname } = new URL(request.url, "http://page");
      return pathname === "/callback" || pathname === "/out" ? echo(request, response) : serve(files, pathname, response);
    };
    const listen = async (server) => {
      servers.push(server);
      await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
      return server.address().port;
    };
    const { key, cert, hash } = certificate();
    browser.local = `http://localhost:${await listen(createPlain(handler))}`;
    browser.neighbour = `http://localhost:${await listen(createPlain(handler))}`;
    const secure = `127.0.0.1:${await listen(createSecure({ key, cert }, handler))}`;
    chrome = await chromium.launch({ executablePath: executable(), headless: true, args: flags(secure, [hash, ...trust]) });
  });
  after(async () => {
    await chrome?.close();
    for (const server of servers) server.close();
  });
  // Opens a page with an authenticator in a profile of its own.
  browser.visit = async (url, settings, profile) => {
    const context = await chrome.newContext(profile);
    const page = await context.newPage();
    const authenticator = await plugIn(await context.newCDPSession(page), settings);
    await page.goto(url);
    return new Visit(page, authenticator);
  };
  return browser;
}

const flags = (secure, hashes) => [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-proxy-server", `--ignore-certificate-errors-spki-list=${hashes}`,
  "--host-resolver-rules=" + [
    "MAP localhost 127.0.0.1", "MAP *.localhost 127.0.0.1", `MAP *example.com ${secure}`, `MAP *.test ${secure}`, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1",
  ].join(", "),
];

function serve(files, path, response) {
  const name = path === "/" ? "index.html" : path.slice(1);
  const known = files[path] ?? (/^\w+\.(html|js)$/.test(name) ? readFileSync(join(folder, name)) : undefined);
  const type = name.endsWith(".js") ? "text/javascript" : name.endsWith(".html") ? "text/html" : "application/json";
  if (known) response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(known);
  else response.writeHead(404).end();
}

// Shows what an app was sent: how, and what a form had in it.
async function echo(request, response) {
  let body = "";
  for await (const part of request) body += part;
  const text = JSON.stringify({ method: request.method, body: Object.fromEntries(new URLSearchParams(body)) });
  response.writeHead(200, { "Content-Type": "text/plain", "Cache-Control": "no-store" }).end(text);
}

// Gives a page a virtual authenticator like that of a phone: built in, with discoverable keys and a verified user.
async function plugIn(devtools, settings = {}) {
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true, ...settings,
    },
  });
  const send = (method, more) => devtools.send("WebAuthn." + method, { authenticatorId, ...more });
  return {
    verifies: (isUserVerified) => send("setUserVerified", { isUserVerified }),
    present: (enabled) => send("setAutomaticPresenceSimulation", { enabled }),
    keys: async () => (await send("getCredentials")).credentials,
    add: (credential) => send("addCredential", { credential }),
    clear: () => send("clearCredentials"),
  };
}

// A page with its authenticator. What fails in the page fails here with the same name.
class Visit {
  constructor(page, authenticator) {
    Object.assign(this, { page, authenticator });
  }

  // Calls a function in the page, or in a frame of it, with a module of the page's server and JSON values.
  async run(module, fn, args = [], frame = this.page) {
    const { value, name, message } = await frame.evaluate(`(async () => {
      try { return { value: await (${fn})(await import(${JSON.stringify(module)}), ...${JSON.stringify(args)}) }; }
      catch (error) { return { name: error.name, message: error.message }; }
    })()`);
    if (name) throw Object.assign(new Error(message), { name });
    return value;
  }

  // The two ceremonies of WebAuthn: options as JSON in, credentials as JSON out.
  create(options, frame) {
    return this.run("/passkeys.js", async (_, json) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
      return (await navigator.credentials.create({ publicKey })).toJSON();
    }, [options], frame);
  }
  get(options, frame) {
    return this.run("/passkeys.js", async (_, json) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
      return (await navigator.credentials.get({ publicKey })).toJSON();
    }, [options], frame);
  }

  // Presses a button of index.html and resolves to what the page then shows.
  async press(name) {
    await this.page.locator(`button[name="${name}"]`).click();
    await this.page.locator('form[aria-busy="false"]').waitFor();
    const text = (id) => this.page.locator("#" + id).textContent();
    return { who: await text("who"), passkeys: Number(await text("passkeys")), error: await text("error") };
  }

  close() {
    return this.page.context().close();
  }
}
