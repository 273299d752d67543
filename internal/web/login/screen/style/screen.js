// What the pages of sign-in do beyond plain forms. Everything but passkeys works without it.
"use strict";
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const byId = (id) => document.getElementById(id);
  const tell = (text) => { if (byId("news")) byId("news").textContent = text ?? ""; }; // to who listens to the page

  // One press sends a form once. The button that was pressed keeps its width and says that it works.
  const rest = (form) => {
    delete form.dataset.sent;
    for (const b of all("[aria-busy]", form)) b.removeAttribute("aria-busy");
    tell();
  };
  const work = (form, button) => {
    form.dataset.sent = "1";
    button?.setAttribute("aria-busy", "true");
    tell(byId("news")?.dataset.busy);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post") return;
    if (form.dataset.sent || button?.getAttribute("aria-disabled") === "true") return event.preventDefault();
    if (form.dataset.passkey && !form.dataset.proved) {
      event.preventDefault();
      return ceremony(form, button);
    }
    work(form, button);
  });
  addEventListener("pageshow", () => all("form").forEach((form) => { // back from the next page
    rest(form);
    delete form.dataset.proved;
  }));

  for (const eye of all(".eye")) {
    const input = byId(eye.getAttribute("aria-controls"));
    const label = eye.getAttribute("aria-label");
    const set = (shown) => {
      input.type = shown ? "text" : "password";
      eye.textContent = shown ? eye.dataset.hide : eye.dataset.show;
      eye.setAttribute("aria-label", shown ? eye.dataset.hideLabel : label);
    };
    eye.hidden = false;
    eye.onclick = () => { set(input.type === "password"); input.focus(); };
    input.form.addEventListener("submit", () => set(false)); // so that the browser offers to keep it
  }

  // A new code can be asked for after a while. The server holds the real limit.
  for (const button of all("[data-wait]")) {
    const say = button.querySelector(".say"), text = say.textContent, until = Date.now() + 1000 * button.dataset.wait;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      button.setAttribute("aria-disabled", left > 0);
      say.textContent = left > 0 ? button.dataset.waiting.replace("{seconds}", left) : text;
      if (left > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  // A complete code sends itself, once; who corrects it presses the button.
  for (const input of all("[data-digits]")) {
    const digits = () => input.value.replace(/\D/g, "").length;
    let last = digits(), sent = false;
    input.addEventListener("input", () => {
      const complete = digits() === Number(input.dataset.digits) && /^[\d ]*$/.test(input.value);
      if (complete && !sent && digits() > last && alone(input)) {
        sent = true;
        input.form.requestSubmit(all("button[type=submit]", input.form)[0]);
      }
      last = digits();
    });
  }
  const alone = (input) => all("input:not([type=hidden]),select", input.form).filter((other) => other.type !== "checkbox").length === 1;

  const rules = {
    length: (v, n) => [...v].length >= n, lower: (v) => /[a-z]/.test(v), upper: (v) => /[A-Z]/.test(v), number: (v) => /[0-9]/.test(v),
    symbol: (v) => /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+-]/.test(v) || /\S \S/.test(v),
  };
  for (const input of all("[data-rules]")) {
    const items = all("[data-rule]", input.closest("form"));
    const judge = () => items.forEach((item) => {
      const [name, n] = item.dataset.rule.split(" "), met = rules[name]?.(input.value, Number(n)) ?? false;
      item.classList.toggle("met", met);
      const mark = item.firstElementChild; // classic pages have one, with a class for each answer
      if (mark) mark.className = `passwordCheck-${met ? "valid" : "notValid"}-customizable`;
    });
    input.addEventListener("input", judge);
    judge();
  }

  // Text that is there when the page opens is not read out as news; put in afterwards it is.
  for (const news of all("[role=status]:not(:empty)")) {
    const said = [...news.childNodes];
    news.replaceChildren();
    setTimeout(() => news.replaceChildren(...said), 150);
  }
  const alert = byId("alert");
  if (alert?.autofocus) alert.focus();
  for (const link of all("#alert a[href^='#']")) {
    link.onclick = (event) => {
      const field = byId(link.hash.slice(1));
      if (field) { event.preventDefault(); field.focus(); field.scrollIntoView({ block: "center" }); }
    };
  }
  for (const menu of all(".lang")) {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
  }

  for (const button of all("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        tell(button.dataset.copied);
        const text = button.textContent;
        button.textContent = button.dataset.copied;
        setTimeout(() => { button.textContent = text; }, 2000);
      } catch { /* it can be read */ }
    };
  }

  // Passkeys. Options and credentials travel as JSON whose binary members are base64url.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const read = (options, create) => {
    const native = create ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
    if (PublicKeyCredential[native]) return PublicKeyCredential[native](options);
    const keys = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));
    const out = { ...options, challenge: bytes(options.challenge) };
    if (options.user) out.user = { ...options.user, id: bytes(options.user.id) };
    if (options.allowCredentials) out.allowCredentials = keys(options.allowCredentials);
    if (options.excludeCredentials) out.excludeCredentials = keys(options.excludeCredentials);
    return out;
  };
  const write = (credential) => {
    const { id, type, rawId, response, authenticatorAttachment } = credential, out = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) out[name] = text(response[name]);
    }
    if (response.getTransports) out.transports = response.getTransports();
    return JSON.stringify({
      id, type, rawId: text(rawId), response: out, authenticatorAttachment: authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };
  const send = (form, credential) => {
    const name = form.dataset.field;
    let input = form.elements[name];
    if (!input) {
      input = Object.assign(document.createElement("input"), { type: "hidden", name });
      form.append(input);
    }
    input.value = write(credential);
    form.dataset.proved = "1";
    form.requestSubmit(all("button[type=submit]", form)[0]);
  };
  let pending; // the ceremony that waits in the suggestions of a field
  const run = (form, more) => {
    const create = form.dataset.passkey === "create";
    const publicKey = read(JSON.parse(form.dataset.options), create);
    return create ? navigator.credentials.create({ publicKey, ...more }) : navigator.credentials.get({ publicKey, ...more });
  };
  async function ceremony(form, button) {
    if (!globalThis.PublicKeyCredential) return complain(form, "unsupported");
    work(form, button);
    pending?.abort();
    pending = undefined;
    try {
      const credential = await run(form);
      rest(form);
      send(form, credential);
    } catch (error) {
      rest(form);
      complain(form, error.name === "NotAllowedError" ? "cancelled" : error.name === "InvalidStateError" ? "exists" : "failed");
      offer(form);
    }
  }
  // Offers passkeys where the browser suggests user names.
  async function offer(form) {
    if (!("autofill" in form.dataset) || !(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
    const waiting = pending = new AbortController();
    try {
      const credential = await run(form, { mediation: "conditional", signal: waiting.signal });
      if (pending === waiting) send(form, credential);
    } catch { /* nobody chose one */ }
  }
  function complain(form, what) {
    const box = byId("alert"), said = document.createElement("p");
    said.textContent = form.dataset[what] || form.dataset.failed;
    box.hidden = false;
    box.className = "alert error";
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    (box.lastElementChild ?? box).replaceChildren(said);
    box.focus();
  }
  all("form[data-autofill]").forEach(offer);
})();
