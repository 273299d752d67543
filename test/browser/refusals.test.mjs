// What a browser or the server refuses: foreign pages, foreign users, used answers, copied authenticators.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useServer } from "../clients/js/server.mjs";
import { useBrowser } from "./browser.mjs";
import { passkeyPool, refused } from "./world.mjs";

const PARTNER = "https://partner.test";
const server = useServer();
const browser = useBrowser({ related: [PARTNER] });
const SECURITY = { name: "SecurityError" };
const NOT_ALLOWED = { name: "NotAllowedError" };
const USED = { name: "NotAuthorizedException", message: "Invalid session for the user, session can only be used once." };
const INVALID = { name: "InvalidParameterException", message: "Credential data is not valid" };
const NO_CHALLENGE = { name: "WebAuthnChallengeNotFoundException" };

// Carries the keys of one page's authenticator to another's, as a person carries a phone.
async function carry(from, to) {
  const keys = await from.authenticator.keys();
  await from.authenticator.clear();
  await to.authenticator.clear();
  for (const key of keys) await to.authenticator.add(key);
}

describe("pages of other origins", () => {
  test("another port of localhost is welcome, another relying party is not", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await browser.visit(browser.local);
    const { token } = await pool.enrol(visit, "ana");
    const neighbour = await browser.visit(browser.neighbour);
    await carry(visit, neighbour);
    assert.ok((await pool.signIn(neighbour, "ana")).AccessToken);
    for (const url of ["https://example.com", browser.local.replace("localhost", "127.0.0.1"), browser.local.replace("localhost", "app.localhost")]) {
      await visit.page.goto(url);
      await carry(neighbour, visit);
      await assert.rejects(visit.create(await pool.start(token)), SECURITY, url);
      await assert.rejects(visit.get((await pool.ask("ana")).options), SECURITY, url);
      await carry(visit, neighbour);
    }
    assert.ok((await pool.signIn(neighbour, "ana")).AccessToken);
    await Promise.all([visit.close(), neighbour.close()]);
  });

  test("the relying party's hosts may, hosts that look like it may not", async () => {
    const pool = await passkeyPool(server, { RelyingPartyId: "example.com" });
    await pool.user("ana");
    const visit = await browser.visit("https://example.com");
    await pool.enrol(visit, "ana");
    for (const host of ["login.example.com", "a.b.example.com"]) {
      await visit.page.goto(`https://${host}`);
      assert.ok((await pool.signIn(visit, "ana")).AccessToken, host);
    }
    for (const host of ["example.com.evil.test", "notexample.com"]) {
      await visit.page.goto(`https://${host}`);
      await assert.rejects(visit.get((await pool.ask("ana")).options), SECURITY, host);
    }
    await visit.close();
  });

  test("a page that asks for a narrower relying party is refused by the server", async () => {
    const pool = await passkeyPool(server, { RelyingPartyId: "example.com" });
    await pool.user("ana");
    const visit = await browser.visit("https://login.example.com");
    const { token } = await pool.enrol(visit, "ana");
    const options = await pool.start(token);
    const narrow = await visit.create({ ...options, rp: { ...options.rp, id: "login.example.com" }, excludeCredentials: [] });
    await assert.rejects(pool.complete(token, narrow), { name: "WebAuthnRelyingPartyMismatchException" });
    const asked = await pool.ask("ana");
    const [allowed] = asked.options.allowCredentials;
    const answer = await visit.get({ ...asked.options, rpId: "login.example.com", allowCredentials: [{ ...allowed, id: narrow.id }] });
    await refused(server, pool.answer(asked, { ...answer, id: allowed.id, rawId: allowed.id }), /RP Hash mismatch/);
    await visit.close();
  });

  test("a related origin, which browsers let use the passkeys, is refused by the server", async () => {
    const pool = await passkeyPool(server, { RelyingPartyId: "example.com" });
    await pool.user("ana");
    const visit = await browser.visit("https://example.com");
    const { token } = await pool.enrol(visit, "ana");
    const partner = await browser.visit(PARTNER);
    const foreign = await partner.create(await pool.start(token));
    await assert.rejects(pool.complete(token, foreign), { name: "WebAuthnOriginNotAllowedException" });
    await carry(visit, partner);
    const asked = await pool.ask("ana");
    await refused(server, pool.answer(asked, await partner.get(asked.options)), /origin .*partner\.test.* is not one of example\.com/);
    await Promise.all([visit.close(), partner.close()]);
  });

  test("a page in a frame of another site is refused by the server", async () => {
    const pool = await passkeyPool(server, { RelyingPartyId: "example.com" });
    await pool.user("ana");
    const visit = await browser.visit("https://example.com");
    const { token } = await pool.enrol(visit, "ana");
    const outer = await browser.visit("https://evil.test");
    const framed = async (allow) => {
      await outer.run("/passkeys.js", (_, src, allow) => new Promise((done) => {
        document.body.replaceChildren(Object.assign(document.createElement("iframe"), { src, allow, onload: done }));
      }).then(() => null), ["https://example.com/", allow]);
      return outer.page.frames().find((f) => f.url() === "https://example.com/");
    };
    const asked = await pool.ask("ana");
    let frame = await framed("");
    await assert.rejects(outer.create(await pool.start(token), frame), NOT_ALLOWED);
    await assert.rejects(outer.get(asked.options, frame), NOT_ALLOWED);
    frame = await framed("publickey-credentials-get *; publickey-credentials-create *");
    await assert.rejects(pool.complete(token, await outer.create(await pool.start(token), frame)), { name: "WebAuthnOriginNotAllowedException" });
    await carry(visit, outer);
    await refused(server, pool.answer(asked, await outer.get(asked.options, frame)), /Error validating cross origin flag/);
    await Promise.all([visit.close(), outer.close()]);
  });
});

describe("answers that prove nothing", () => {
  test("another user's or another pool's passkey, another challenge", async () => {
    const [pool, far] = [await passkeyPool(server), await passkeyPool(server)];
    const visit = await browser.visit(browser.local);
    const ids = {};
    for (const [p, name] of [[pool, "ana"], [pool, "bob"], [far, "ana"]]) {
      await p.user(name);
      ids[p.id + name] = (await p.enrol(visit, name)).id;
    }
    const misled = async (cause, change, more = {}) => {
      const asked = await pool.ask("ana");
      const answer = await visit.get(change(asked.options));
      await refused(server, pool.answer(asked, { ...answer, ...more }), cause);
    };
    const mine = ids[pool.id + "ana"];
    for (const id of [ids[pool.id + "bob"], ids[far.id + "ana"]]) {
      const theirs = (options) => ({ ...options, allowCredentials: [{ type: "public-key", id }] });
      await misled(/not a passkey of the user/, theirs);
      await misled(/User handle and User ID do not match/, theirs, { id: mine, rawId: mine });
    }
    await misled(/Error validating challenge/, (options) => ({ ...options, challenge: "A".repeat(43) }));
    const earlier = await pool.ask("ana");
    await misled(/Error validating challenge/, (options) => ({ ...options, challenge: earlier.options.challenge }));
    assert.ok((await pool.signIn(visit, "ana")).AccessToken);

    const bob = await pool.ask("bob");
    const lonely = await browser.visit(browser.local);
    await assert.rejects(lonely.get(bob.options), NOT_ALLOWED);
    await Promise.all([visit.close(), lonely.close()]);
  });

  test("an answer that was used, a registration that was used or replaced", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await browser.visit(browser.local);
    const token = await pool.token("ana");
    const stale = await pool.start(token);
    const made = await visit.create(await pool.start(token));
    await assert.rejects(pool.complete(token, { ...made, response: { ...made.response, attestationObject: "e30" } }), INVALID);
    await pool.complete(token, made);
    await assert.rejects(pool.complete(token, made), NO_CHALLENGE);
    const late = await visit.create({ ...stale, user: { ...stale.user, id: "AQ" } });
    await assert.rejects(pool.complete(token, late), NO_CHALLENGE);

    const asked = await pool.ask("ana");
    const answer = await visit.get(asked.options);
    assert.ok((await pool.answer(asked, answer)).AccessToken);
    await assert.rejects(pool.answer(asked, answer), USED);
    await refused(server, pool.answer(await pool.ask("ana"), answer), /Error validating challenge/);
    await visit.close();
  });

  test("a passkey that was deleted, even while it was asked for", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await browser.visit(browser.local);
    const { token, id } = await pool.enrol(visit, "ana");
    const asked = await pool.ask("ana");
    const answer = await visit.get(asked.options);
    await pool.call("DeleteWebAuthnCredential", { AccessToken: token, CredentialId: id });
    await refused(server, pool.answer(asked, answer), /not a passkey of the user/);
    const { challenge, available } = await pool.ask("ana");
    assert.equal(challenge, "SELECT_CHALLENGE");
    assert.deepEqual(available, ["PASSWORD_SRP", "PASSWORD"]);
    await visit.close();
  });

  test("a copy of the authenticator, whose counter is behind", async () => {
    const pool = await passkeyPool(server);
    await pool.user("ana");
    const visit = await browser.visit(browser.local);
    await pool.enrol(visit, "ana");
    const [copy] = await visit.authenticator.keys();
    const thief = await browser.visit(browser.local);
    await thief.authenticator.add(copy);
    for (let i = 0; i < 3; i++) assert.ok((await pool.signIn(visit, "ana")).AccessToken);
    for (const counter of [2, 3, 4]) await refused(server, pool.signIn(thief, "ana"), new RegExp(`signature counter ${counter} after 4`));
    assert.ok((await pool.signIn(visit, "ana")).AccessToken);

    await thief.authenticator.clear();
    await thief.authenticator.add({ ...copy, signCount: 0 });
    await refused(server, pool.signIn(thief, "ana"), /signature counter 1 after 5/);
    await Promise.all([visit.close(), thief.close()]);
  });
});

test("a passkey that is backed up later, as phones do, goes on working", async () => {
  const pool = await passkeyPool(server);
  await pool.user("ana");
  const visit = await browser.visit(browser.local, { defaultBackupEligibility: true, defaultBackupState: false });
  await pool.enrol(visit, "ana");
  assert.ok((await pool.signIn(visit, "ana")).AccessToken);
  const [key] = await visit.authenticator.keys();
  await visit.authenticator.clear();
  await visit.authenticator.add({ ...key, backupState: true });
  assert.ok((await pool.signIn(visit, "ana")).AccessToken);
  await visit.authenticator.clear();
  await visit.authenticator.add({ ...key, backupEligibility: false, backupState: false, signCount: 100 });
  await refused(server, pool.signIn(visit, "ana"), /Backup Eligible flag/);
  await visit.close();
});
