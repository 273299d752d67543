// Relying parties that live in a page or send one somewhere: react-oidc-context and NextAuth as docs/oidc.md has them, and
// Amplify's signInWithRedirect, all unmodified.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { guide } from "../clients/guide.mjs";
import { useServer } from "../clients/js/server.mjs";
import { environment, freePort, seeded } from "../clients/server.mjs";
import { makeApp, person } from "./app.mjs";
import { useBrowser } from "./browser.mjs";
import { certificate } from "./certificate.mjs";
import { servePages, serveTLS } from "./front.mjs";

const ANA = "ana@example.com", SECRET = "Passw0rd!";

const signIn = async (who, name = ANA, password = SECRET) => {
  await who.fill({ username: name });
  await who.fill({ password });
};

describe("react-oidc-context", () => {
  const files = new Map();
  let pages, addresses;
  const server = useServer(async (folder) => {
    pages = await servePages(files);
    addresses = { "http://localhost:5173": pages.origin };
    return seeded(guide(addresses)["shop.yaml"])(folder);
  });
  const browser = useBrowser();
  before(async () => {
    addresses["http://localhost:7654"] = server.url.replace("127.0.0.1", "localhost");
    const { outputFiles } = await build({
      stdin: { contents: guide(addresses)["main.jsx"], loader: "jsx", resolveDir: import.meta.dirname }, jsx: "automatic", bundle: true, minify: true,
      define: { "process.env.NODE_ENV": '"production"' }, format: "esm", platform: "browser", write: false, logLevel: "error",
    });
    files.set("/main.js", ["text/javascript", outputFiles[0].text]);
    files.set("/", ["text/html", '<!doctype html><html lang="en"><title>Shop</title><div id="root"></div><script type="module" src="/main.js"></script></html>']);
  });
  after(() => pages?.close());

  test("signs in, renews its tokens, signs out", async () => {
    const ana = await person(browser);
    await ana.page.clock.install();
    await ana.page.goto(pages.origin);
    await ana.press("Sign in");
    await signIn(ana);
    await ana.says(`Hello ${ANA}`);
    assert.equal(new URL(ana.page.url()).search, "");
    const stored = () => ana.page.evaluate(() => JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage).find((k) => k.startsWith("oidc.user:")))));
    const first = await stored();
    assert.deepEqual([first.profile.email, first.profile.email_verified, first.scope], [ANA, "true", "openid email orders/read"]); // as userInfo has it
    assert.ok(first.refresh_token);

    const renewed = ana.page.waitForResponse((r) => r.url().endsWith("/oauth2/token") && r.request().method() === "POST");
    await ana.page.clock.fastForward("59:30");
    assert.equal((await renewed).status(), 200);
    await ana.says(`Hello ${ANA}`);
    assert.notEqual((await stored()).access_token, first.access_token);

    await ana.press("Sign out");
    await ana.says("Sign in");
    assert.equal(new URL(ana.page.url()).origin, pages.origin);
    await ana.press("Sign in");
    await ana.says("Sign in to Shop");
    await ana.close();
  });
});

describe("NextAuth", () => {
  let folder, child, output = "", shop;
  const addresses = {};
  const server = useServer(async (place) => {
    shop = addresses["http://localhost:3000"] = `http://localhost:${await freePort()}`;
    return seeded(guide(addresses)["shop.yaml"])(place);
  });
  const browser = useBrowser();
  before(async () => {
    addresses["http://localhost:7654"] = server.url.replace("127.0.0.1", "localhost");
    folder = mkdtempSync(join(import.meta.dirname, ".next-")); // below the packages
    for (const [name, code] of Object.entries(guide(addresses))) {
      if (!name.startsWith("app/") && name !== ".env.local") continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), code);
    }
    const next = join(import.meta.dirname, "node_modules/next/dist/bin/next");
    child = spawn(process.execPath, [next, "dev", "--port", new URL(shop).port, "--hostname", "localhost"], {
      cwd: folder, env: { ...environment(), NEXT_TELEMETRY_DISABLED: "1" }, stdio: ["ignore", "pipe", "pipe"], detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (d) => (output += d));
    for (let i = 0; i < 300; i++) {
      const ready = async (path) => (await fetch(shop + path).catch(() => undefined))?.status === 200; // and is compiled by it
      if (await ready("/api/auth/providers") && await ready("/")) return;
      await new Promise((done) => setTimeout(done, 200));
    }
    assert.fail(`Next.js did not start: ${output}`);
  });
  after(() => {
    if (child?.pid) process.kill(-child.pid, "SIGKILL"); // with its workers
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test("signs in by the Cognito provider, and out of the app and of the pool", async () => {
    const ana = await person(browser);
    await ana.page.goto(shop);
    await ana.page.getByRole("link", { name: "Sign in" }).click();
    await ana.page.getByRole("button", { name: /Cognito/ }).click();
    await signIn(ana);
    await ana.says(`Hello ${ANA}`);
    const session = await (await ana.page.request.get(`${shop}/api/auth/session`)).json();
    assert.equal(session.user.email, ANA);

    await ana.page.goto(`${shop}/api/auth/signout`);
    await ana.page.getByRole("button", { name: "Sign out" }).click();
    await ana.page.getByRole("link", { name: "Sign in" }).click();
    await ana.page.getByRole("button", { name: /Cognito/ }).click(); // the pages still know her
    await ana.says(`Hello ${ANA}`);
    await ana.page.getByRole("link", { name: "Sign out of the shop" }).click();
    await ana.page.waitForURL(`${shop}/`);
    await ana.page.goto(`${shop}/api/auth/signin`);
    await ana.page.getByRole("button", { name: /Cognito/ }).click();
    await ana.says("Sign in to Shop");
    await ana.page.context().close();
  });
});

describe("Amplify's signInWithRedirect", () => {
  const tls = certificate(); // Amplify speaks https to the pages, and nothing else
  let front;
  const server = useServer(async () => {
    front = await serveTLS(tls);
    return ["--public-url", front.origin];
  });
  const browser = useBrowser({ trust: [tls.hash] });
  before(() => (front.target = server.url));
  after(() => front?.close());

  test("signs in, refreshes and signs out", async () => {
    const back = `${browser.local}/`;
    const app = await makeApp(server, browser, { client: { CallbackURLs: [back], LogoutURLs: [back], AllowedOAuthFlows: ["code"] } });
    await app.user("ana", { email: ANA, email_verified: "true" }, SECRET);
    const configuration = { Auth: { Cognito: {
      userPoolId: app.id, userPoolClientId: app.clientId, userPoolEndpoint: front.origin,
      loginWith: { oauth: {
        domain: `${front.origin.replace("https://", "")}/${app.id}`, scopes: ["openid", "email", "aws.cognito.signin.user.admin"], responseType: "code",
        redirectSignIn: [back], redirectSignOut: [back],
      } },
    } } };
    const ana = await person(browser);
    const visit = await browser.visit(browser.local);
    ana.page = visit.page;
    const configure = () => visit.run("/amplify.js", ({ Amplify }, c) => Amplify.configure(c), [configuration]);
    const amplify = (name, input) => visit.run("/amplify.js", async (auth, f, i) => JSON.parse(JSON.stringify(await auth[f](i) ?? null)), [name, input]);
    await configure();
    await ana.leave(() => amplify("signInWithRedirect").catch(() => {})); // the page goes away under it
    await ana.says("Sign in to Acme");
    await signIn(ana, "ana");
    await configure();
    const { tokens } = await amplify("fetchAuthSession");
    assert.equal(tokens.idToken.payload.email, ANA);
    assert.equal(tokens.accessToken.payload.scope, "openid email aws.cognito.signin.user.admin");
    assert.equal((await amplify("getCurrentUser")).username, "ana");
    assert.equal((await amplify("fetchUserAttributes")).email, ANA);
    const again = await amplify("fetchAuthSession", { forceRefresh: true });
    assert.notEqual(again.tokens.accessToken.payload.jti, tokens.accessToken.payload.jti);

    await ana.leave(() => amplify("signOut").catch(() => {}));
    assert.equal(ana.page.url(), back);
    await configure();
    await assert.rejects(amplify("getCurrentUser"), { name: "UserUnAuthenticatedException" });
    await ana.leave(() => amplify("signInWithRedirect").catch(() => {}));
    await ana.says("Sign in to Acme");
    await visit.close();
  });

  test("signs in in the app of docs/managed-login.md", async () => {
    const files = new Map(), pages = await servePages(files), back = `${pages.origin}/`;
    const app = await makeApp(server, browser, { client: { CallbackURLs: [back], LogoutURLs: [back], AllowedOAuthFlows: ["code"] } });
    await app.user("ana", { email: ANA, email_verified: "true" }, SECRET);
    const blocks = guide({
      "http://localhost:5173": pages.origin, "localhost:7654": front.origin.replace("https://", ""),
      "us-east-1_DemoPool1": app.id, democlientforlocaltesting1: app.clientId,
    }, "managed-login.md");
    const { outputFiles } = await build({
      stdin: { contents: blocks["main.js"], loader: "js", resolveDir: join(import.meta.dirname, "../clients/js") }, bundle: true,
      format: "esm", platform: "browser", write: false, logLevel: "error",
    });
    files.set("/main.js", ["text/javascript", outputFiles[0].text]);
    files.set("/", ["text/html", blocks["index.html"]]);
    const ana = await person(browser);
    await ana.page.goto(back);
    await ana.says("Hello stranger");
    await ana.press("Sign in");
    await signIn(ana, "ana");
    await ana.says(`Hello ${ANA}`);
    await ana.page.reload();
    await ana.says(`Hello ${ANA}`);
    await ana.press("Sign out");
    await ana.says("Hello stranger");
    assert.equal(ana.page.url(), back);
    await ana.press("Sign in");
    await ana.says("Sign in to Acme");
    await ana.page.context().close();
    pages.close();
  });
});

describe("a page of another site", () => {
  const server = useServer();
  const browser = useBrowser();

  // Sends a page's form to the address, with its query as fields.
  const submit = (who, address) => who.leave(() => who.page.evaluate((text) => {
    const url = new URL(text);
    const form = Object.assign(document.createElement("form"), { method: "post", action: url.origin + url.pathname });
    for (const [name, value] of url.searchParams) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
  }, address));

  test("posts requests to sign in and out: the session is found though its cookie is SameSite", async () => {
    const app = await makeApp(server, browser);
    await app.user("ana", {}, SECRET);
    const ana = await (await person(browser)).open(app);
    await signIn(ana, "ana");
    await ana.tokens(app);
    const posted = async (path, query) => {
      await ana.page.goto("https://app.example.com/");
      await submit(ana, app.url(path, query));
    };
    await posted("/oauth2/authorize", { prompt: "none" });
    await ana.tokens(app);
    await posted("/oauth2/authorize", { response_mode: "form_post" }); // and is answered by a form, which sends itself
    await ana.page.waitForURL(app.callback);
    await ana.tokens(app);
    await posted("/logout", { post_logout_redirect_uri: `${browser.local}/out`, redirect_uri: undefined });
    assert.equal(ana.page.url(), `${browser.local}/out?state=st-1`);
    await posted("/oauth2/authorize", { prompt: "none" });
    assert.equal((await ana.answer(app)).error, "login_required");
    await ana.close();
  });
});
