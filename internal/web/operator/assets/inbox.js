// The inbox without reloading: new messages appear while what is typed, selected and scrolled stays. Everything works
// without this script, by links and forms.


const form = document.getElementById("find");
const list = document.getElementById("list");
const state = document.getElementById("state");
let asked = 0;

const query = () => {
  const q = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) q.set(name, value);
  return q;
};

// The address of the page with what is typed, and with the message that is open.
const here = (id = new URLSearchParams(location.search).get("id")) => {
  const q = query();
  if (id) q.set("id", id);
  const view = new URLSearchParams(location.search).get("view");
  if (id && view) q.set("view", view);
  return location.pathname + (q.size ? "?" + q : "");
};

async function load(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Brings the list up to date. Entries that stay are the same elements, so that focus and scroll position stay too.
async function refresh() {
  const mine = ++asked;
  const page = await load(here()).catch((error) => { state.textContent = `Not up to date: ${error.message}.`; });
  if (!page || mine !== asked) return; // a newer question is under way
  const before = list.scrollTop && list.scrollHeight;
  const have = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const want = [...page.getElementById("list").children];
  want.forEach((item, i) => {
    const kept = have.get(item.dataset.id) ?? document.importNode(item, true);
    const link = kept.querySelector("a"), fresh = item.querySelector("a");
    link.href = fresh.getAttribute("href");
    if (fresh.hasAttribute("aria-current")) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (list.children[i] !== kept) list.insertBefore(kept, list.children[i] ?? null);
  });
  while (list.children.length > want.length) list.lastChild.remove();
  if (before) list.scrollTop += list.scrollHeight - before; // what is above has grown
  const text = page.getElementById("state").textContent;
  if (state.textContent !== text) state.textContent = text;
}

// Opens a message, or the same one in another view, in place.
async function open(url, push) {
  try {
    const page = await load(url);
    document.getElementById("message").replaceWith(document.importNode(page.getElementById("message"), true));
    document.getElementById("mail").className = page.getElementById("mail").className;
    if (push) history.pushState(null, "", url);
    for (const link of list.querySelectorAll("a")) {
      const is = link.parentElement.dataset.id === new URLSearchParams(location.search).get("id");
      if (is) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const button of document.querySelectorAll("#message button[data-copy]")) button.hidden = false;
    if (push) document.querySelector("#message h2")?.focus();
  } catch {
    location.assign(url);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#list a, #message a[data-view], #message a[data-back]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link.href, true);
});
addEventListener("popstate", () => open(location.href, false));

let typing;
form.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => { history.replaceState(null, "", here()); refresh(); }, 150);
});
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); history.replaceState(null, "", here()); refresh(); });

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    form.elements.q.focus();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.dataset.ask && !confirm(event.target.dataset.ask)) event.preventDefault();
});

// The server tells of changes; where the stream does not get through, asking now and then does.
let poll;
const changes = new EventSource(form.dataset.changes);
changes.addEventListener("change", () => refresh());
changes.addEventListener("open", () => { clearInterval(poll); poll = undefined; });
changes.addEventListener("error", () => { poll ??= setInterval(refresh, 5000); });
addEventListener("pagehide", () => changes.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
