// A person before the pages of managed login, with a browser that runs no script: forms are filled in and sent. It needs
// nothing but Node.js.

// What of a page matters to a person without script.
const FORM = /<form\b[^>]*>.*?<\/form>/gs;
const TAGS = /<style>.*?<\/style>|<script\b.*?<\/script>|<[^>]*>/gs;
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found && unescape(found[1]);
};
const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const unescape = (text) => text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, dec, hex, name) =>
  (dec || hex ? String.fromCodePoint(dec ? Number(dec) : parseInt(hex, 16)) : entities[name] ?? all));

export class Browser {
  #cookies = []; // { host, path, name, value }

  // Opens an address, follows redirects as long as they stay on its host, and resolves to this browser. Where it went
  // outside is left, a URL; until then left is undefined and url, status and body are of the page that it shows.
  open(address) {
    return this.#go(new URL(address), {});
  }

  // Sends the form of the page that has all these fields, filled in.
  async fill(fields) {
    const { action, values } = this.form(...Object.keys(fields));
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    return this.#go(new URL(action, this.url), { method: "POST", body: values });
  }

  // Opens an address that asks to sign in, signs in with name and password, and resolves to where the browser left to.
  async signIn(address, username, password) {
    await this.open(address);
    if (this.left) return this.left;
    await this.fill({ username });
    if (!this.left) await this.fill({ password });
    if (!this.left) throw new Error(`still at ${this.url} (${this.status}): ${this.text}`);
    return this.left;
  }

  // The form of the page that has all these fields: where it goes and with what.
  form(...names) {
    for (const [form] of this.body.matchAll(FORM)) {
      const inputs = [...form.matchAll(/<(?:input|button)\b[^>]*>/g)].map(([tag]) => tag);
      if (!names.every((name) => inputs.some((tag) => attribute(tag, "name") === name))) continue;
      const values = new URLSearchParams();
      for (const tag of inputs) {
        if (tag.startsWith("<input") && attribute(tag, "name") && attribute(tag, "value") !== null) values.set(attribute(tag, "name"), attribute(tag, "value"));
      }
      return { action: attribute(form, "action") ?? this.url.href, values };
    }
    throw new Error(`no form with ${names} at ${this.url} (${this.status}): ${this.text}`);
  }

  get text() {
    return unescape(this.body.replace(TAGS, " ")).replace(/\s+/g, " ").trim();
  }

  forgetCookies() {
    this.#cookies = [];
  }

  async #go(url, request) {
    const { host } = url;
    for (let i = 0; i < 10; i++) {
      const headers = { Cookie: this.#cookies.filter((c) => c.host === url.host && url.pathname.startsWith(c.path)).map((c) => `${c.name}=${c.value}`).join("; ") };
      if (request.method) headers.Origin = url.origin;
      const answer = await fetch(url, { redirect: "manual", ...request, headers });
      for (const text of answer.headers.getSetCookie()) this.#keep(url.host, text);
      Object.assign(this, { url, status: answer.status, headers: answer.headers, left: undefined, body: await answer.text() });
      if (answer.status < 300 || answer.status > 399) return this;
      url = new URL(answer.headers.get("location"), url);
      if (url.host !== host) return Object.assign(this, { left: url });
      request = {};
    }
    throw new Error(`redirected in a circle at ${url}`);
  }

  #keep(host, text) {
    const [pair, ...attributes] = text.split(/;\s*/);
    const at = pair.indexOf("=");
    const settings = new Map(attributes.map((a) => a.split("=")).map(([k, v]) => [k.toLowerCase(), v]));
    const cookie = { host, path: settings.get("path") ?? "/", name: pair.slice(0, at), value: pair.slice(at + 1) };
    this.#cookies = this.#cookies.filter((c) => c.host !== host || c.path !== cookie.path || c.name !== cookie.name);
    if (settings.get("max-age") !== "0" && !settings.get("max-age")?.startsWith("-")) this.#cookies.push(cookie);
  }
}
