/* Servicedesk: what a page gains with a script. Everything else works without it. See templates/components/README.md. */
(() => {
  "use strict";
  const root = document.documentElement, body = document.body;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const seen = (element) => element.getClientRects().length > 0;
  const byId = (id) => document.getElementById(id);
  const keep = (name, value) => { try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { /* storage refused */ } };
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const W = (body.dataset.words || "").split("|");
  const words = { now: W[0], s: W[1], min: W[2], h: W[3], d: W[4], ago: W[5], left: W[6], late: W[7], in: W[8], stale: W[9], out: W[10], again: W[11], failed: W[12], copied: W[13], sending: W[14], close: W[15] };
  const fill = (text, ...values) => values.reduce((said, value) => said.replace("{}", value), text);
  const FIELD = "input:not([type=checkbox],[type=radio],[type=button],[type=submit],[type=range]),select,textarea,[contenteditable]";

  // Theme and density: kept here, and in a cookie so that the next page is drawn right at once
  function look(name, value) {
    value ? root.dataset[name] = value : delete root.dataset[name];
    all(`[data-look=${name}] button`).forEach((button) => button.setAttribute("aria-pressed", button.value === value));
  }
  for (const name of ["theme", "density"]) look(name, root.dataset[name] || kept(name) || "");
  function choose(name, value) {
    keep(name, value || null);
    document.cookie = `${name}=${value};path=/;max-age=${value ? 31536000 : 0};samesite=lax${location.protocol === "https:" ? ";secure" : ""}`;
    look(name, value);
  }

  // Telling: one polite line, which stays while it is read, and one for alarms
  const line = byId("status");
  let clearing;
  function tell(text, stay = false) {
    remember(text);
    line.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
    if (stay) line.append(Object.assign(document.createElement("button"), { type: "button", className: "link-button", textContent: words.close, onclick: () => line.replaceChildren() }));
    line.toggleAttribute("data-stay", stay);
  }
  const alarm = (text) => { byId("alert").textContent = text; tell(text, true); };
  function fade() {
    clearTimeout(clearing);
    if (!line.childElementCount || line.hasAttribute("data-stay")) return;
    clearing = setTimeout(() => (line.matches(":hover, :focus-within") ? fade() : line.replaceChildren()), line.querySelector("[data-undo]") ? 60000 : 12000);
  }
  if (line) new MutationObserver(fade).observe(line, { childList: true, subtree: true });

  // The bell: what was told on this visit, the last twenty
  const past = () => { try { return JSON.parse(sessionStorage.getItem("recent")) || []; } catch { return []; } };
  function remember(text) {
    const list = [{ at: Date.now(), text }, ...past()].slice(0, 20);
    try { sessionStorage.setItem("recent", JSON.stringify(list)); } catch { return; }
    const count = document.querySelector("[data-recent-count]");
    if (count) { count.textContent = String((+count.textContent || 0) + 1); count.hidden = false; }
  }
  function recall(details) {
    const list = details.querySelector("[data-recent]"), count = details.querySelector("[data-recent-count]");
    if (!list) return;
    if (past().length) list.replaceChildren(...past().map(({ at, text }) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("span"), { textContent: text }), Object.assign(document.createElement("span"), { textContent: clockTime(at), className: "end" }));
      return item;
    }));
    count.textContent = "";
    count.hidden = true;
  }

  // Times tick from the server's moments
  let ahead = body.dataset.now ? Date.parse(body.dataset.now) - Date.now() : 0;
  function duration(seconds) {
    if (seconds < 60) return fill(words.s, seconds);
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (minutes < 60) return fill(words.min, minutes);
    if (hours < 24) return `${fill(words.h, hours)} ${fill(words.min, String(minutes % 60).padStart(2, "0"))}`;
    return `${fill(words.d, Math.floor(hours / 24))} ${fill(words.h, hours % 24)}`;
  }
  function spoken(kind, seconds) {
    if (kind === "since") return duration(Math.max(0, seconds));
    if (kind === "left") return seconds > 0 ? fill(words.late, duration(seconds)) : fill(words.left, duration(-seconds));
    if (kind === "until") return seconds > 0 ? fill(words.late, duration(seconds)) : fill(words.in, duration(-seconds));
    if (seconds < 60) return words.now;
    if (seconds >= 86400) return null;
    const text = seconds < 3600 ? fill(words.min, Math.floor(seconds / 60)) : fill(words.h, Math.floor(seconds / 3600));
    return kind === "ago" ? fill(words.ago, text) : text;
  }
  function tick() {
    const now = Date.now() + ahead;
    for (const time of all("time[data-tick]")) {
      const text = spoken(time.dataset.tick, Math.floor((now - Date.parse(time.dateTime)) / 1000));
      if (text && time.textContent !== text) time.textContent = text;
    }
  }
  setInterval(() => document.hidden || tick(), 15000);

  // The pulse: the page asks its own address whether its fragments changed
  const stale = byId("stale");
  let timer, asking = false, failures = 0, acted = Date.now(), lively = Date.now();
  const clockTime = (moment) => new Date(moment + ahead).toLocaleTimeString(root.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  function rest() {
    clearTimeout(timer);
    const heart = document.querySelector("[data-pulse]");
    if (!heart || document.hidden) return;
    const seconds = failures >= 3 ? 10 : Date.now() - acted > 300000 ? Math.max(60, +heart.dataset.pulse) : +heart.dataset.pulse;
    timer = setTimeout(beat, seconds * 1000 * (0.9 + Math.random() * 0.2));
  }
  async function beat() {
    const heart = document.querySelector("[data-pulse]");
    if (!heart || asking || document.hidden) return;
    asking = true;
    const address = new URL(heart.dataset.pulseUrl || location.href, location.href);
    address.hash = "";
    address.searchParams.set("pulse", heart.dataset.cursor || "");
    if (all("form[data-draft] textarea[data-touched]").some((field) => field.value)) address.searchParams.set("writing", "1");
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (answer.type === "opaqueredirect" || answer.status === 401) return signedOut();
      if (!answer.ok) throw new Error(String(answer.status));
      if (answer.status !== 204) steadily(htmx.swap, heart, await answer.text(), { swapStyle: "none" });
      heart.dataset.cursor = answer.headers.get("Desk-Cursor") || heart.dataset.cursor || "";
      if (answer.headers.has("Desk-Now")) ahead = Date.parse(answer.headers.get("Desk-Now")) - Date.now();
      failures = 0;
      lively = Date.now();
      if (stale) stale.hidden = true;
    } catch {
      if (++failures >= 3 && stale) {
        const text = fill(words.stale, clockTime(lively), 10);
        if (stale.textContent !== text) stale.textContent = text;
        stale.hidden = false;
      }
    } finally {
      asking = false;
      rest();
    }
  }
  // Where somebody writes stays where it is, whatever comes in above it
  function steadily(change, ...args) {
    const field = document.activeElement, top = field.getBoundingClientRect().top;
    change(...args);
    if (field.matches(FIELD) && seen(field)) scrollBy({ top: field.getBoundingClientRect().top - top, behavior: "instant" });
  }
  function signedOut() {
    if (!stale) return;
    const link = Object.assign(document.createElement("a"), { href: `/login/?next=${encodeURIComponent(location.pathname + location.search)}`, target: "_blank", textContent: words.again });
    stale.replaceChildren(`${words.out} `, link);
    stale.hidden = false;
  }
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else { tick(); beat(); } });
  for (const kind of ["pointerdown", "keydown", "scroll"]) addEventListener(kind, () => { acted = Date.now(); }, { passive: true });

  // Lists: a current row, selected rows, the bulk bar
  let currentId = null, currentIndex = 0, lent = null;
  const rows = () => all("[data-list] [data-row]").filter(seen);
  const current = () => document.querySelector("[data-row].is-current");
  const boxes = () => all("[data-list] [data-select]");
  function stand(row, focus = true) {
    if (!row) return;
    all("[data-row].is-current").forEach((old) => { old.classList.remove("is-current"); old.removeAttribute("aria-current"); });
    row.classList.add("is-current");
    row.setAttribute("aria-current", "true");
    row.tabIndex = -1;
    currentId = row.id;
    currentIndex = rows().indexOf(row);
    if (focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  }
  function step(by, extend) {
    const list = rows(), at = list.indexOf(current());
    const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))];
    if (extend && at >= 0) { select(list[at], true); select(next, true); }
    stand(next);
  }
  function select(row, on) {
    const box = row && row.querySelector("[data-select]");
    if (!box) return;
    box.checked = on === undefined ? !box.checked : on;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function count() {
    const chosen = boxes().filter((box) => box.checked).length;
    all("[data-bulk]").forEach((bar) => { bar.hidden = !chosen; });
    all("[data-unselected]").forEach((bar) => { bar.hidden = chosen > 0; });
    all("[data-selected]").forEach((place) => { place.textContent = chosen; });
    all("[data-select-all]").forEach((box) => { box.checked = chosen > 0 && chosen === boxes().length; box.indeterminate = chosen > 0 && !box.checked; });
  }
  function unselect() {
    boxes().forEach((box) => { box.checked = false; delete box.dataset.touched; });
    lent = null;
    count();
  }
  function again() {
    if (!currentId) return;
    const at = document.activeElement, lost = !at || at === body || !seen(at); // a closed menu keeps the focus until the next frame
    const row = byId(currentId);
    if (row && seen(row)) stand(row, lost);
    else if (lost) stand(rows()[Math.min(currentIndex, rows().length - 1)]);
  }

  // Keys: aria-keyshortcuts is the binding, so what is announced is what works
  let first = "", firstTimer;
  const withAlt = (event) => body.dataset.singleKeys === "alt" && event.altKey && !event.ctrlKey && !event.metaKey;
  const single = (event) => (body.dataset.singleKeys === "alt" ? withAlt(event) : body.dataset.singleKeys !== "off");
  function named(event) {
    const letter = withAlt(event) && /^(Key|Digit)(.)$/.exec(event.code); // Alt makes other characters of them on some keyboards
    const key = letter ? letter[2].toLowerCase() : event.key.toLowerCase();
    if (withAlt(event)) return `${event.shiftKey && (letter || key.length > 1) ? "shift+" : ""}${key}`;
    const shift = event.shiftKey && (key.length > 1 || key !== event.key);
    return [(event.ctrlKey || event.metaKey) && "control", event.altKey && "alt", shift && "shift", key].filter(Boolean).join("+");
  }
  const dialog = () => all("dialog[open]").pop();
  const menu = () => document.querySelector("details.menu[open]");
  function bound(combo, field) {
    const selector = `[aria-keyshortcuts~=${JSON.stringify(combo)} i]`;
    if (field) return field.form && field.form.querySelector(selector);
    const box = dialog() || menu();
    if (box) return all(selector, box).find(seen);
    const row = current();
    return (row && all(selector, row).find(seen)) || all(selector).find(seen) || (row && document.querySelector(`[data-bulk][hidden] ${selector}`)) || document.querySelector(`.top a${selector}`);
  }
  function press(element) {
    const bar = element.closest("[data-bulk][hidden]");
    if (bar) { lent = current(); select(lent, true); }
    if (element.matches(FIELD)) { element.focus(); if (element.select) element.select(); } else if (element.matches("[data-lead]")) element.focus(); else element.click();
    if (element.matches("details:is(.menu, .more)[open] > summary")) enter(element.parentElement); // at once: the toggle event comes after the next key
  }
  function enter(details) {
    const start = details.querySelector(":is(input, select, textarea, button, a):not([hidden], [type=hidden])");
    if (start) start.focus();
  }
  function moved(event, combo) {
    const list = rows();
    if (!list.length || dialog() || menu()) return false;
    const by = { j: 1, arrowdown: 1, k: -1, arrowup: -1, "shift+j": 1, "shift+k": -1 }[combo];
    if (by && (!combo.startsWith("arrow") || current() === document.activeElement)) { step(by, combo.startsWith("shift")); return true; }
    if (combo === "x" && current()) { select(current()); return true; }
    if (combo === "*") { const on = boxes().some((box) => !box.checked); list.forEach((row) => select(row, on)); return true; }
    const free = event.target === body || event.target.matches("[data-row]");
    const link = (combo === "o" || (combo === "enter" && free)) && current() && current().querySelector("a[data-go]");
    if (link) link.click();
    return Boolean(link);
  }
  function escape(field) {
    const open = menu();
    if (open) { open.open = false; open.querySelector("summary").focus(); if (lent) { unselect(); again(); } return true; }
    if (field) { field.blur(); const row = current(); if (row) row.focus({ preventScroll: true }); return true; }
    if (boxes().some((box) => box.checked)) { unselect(); return true; }
    return false;
  }
  function pair(combo) {
    clearTimeout(firstTimer);
    const target = first && document.querySelector(`[data-keys="${CSS.escape(first)} ${CSS.escape(combo)}"]`);
    const begun = !first && document.querySelector(`[data-keys^="${CSS.escape(combo)} "]`);
    first = begun ? combo : "";
    if (begun) firstTimer = setTimeout(() => { first = ""; }, 1500);
    if (target) target.click();
    return Boolean(target || begun);
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const field = event.target.closest(FIELD), combo = named(event), held = event.ctrlKey || event.metaKey || (event.altKey && !withAlt(event));
    if (combo === "control+k" && byId("commands")) { event.preventDefault(); if (!dialog()) openDialog("commands"); return; }
    if (event.key === "Escape") { if (!dialog() && escape(field)) event.preventDefault(); return; }
    if ((field && !held) || (!held && !single(event))) return;
    if (!held && !dialog() && !menu() && pair(combo)) { event.preventDefault(); return; }
    const target = bound(combo, held && combo.endsWith("+enter") ? event.target.closest("input, select, textarea") || {} : field);
    if (target) { event.preventDefault(); press(target); return; }
    if (!held && combo === "/") { const find = all("input[type=search]").find(seen); if (find) { event.preventDefault(); press(find); return; } }
    if (!held && combo === "z") { const undo = document.querySelector("[data-undo]"); if (undo) { undo.click(); return; } }
    if (!held && combo === "?" && !dialog()) { openDialog("keys"); event.preventDefault(); return; }
    if (!held && moved(event, combo)) event.preventDefault();
  });

  // Dialogs and menus
  function openDialog(id, from) {
    const box = byId(id);
    if (!box || box.open) return;
    if (id === "keys") keyMap(box);
    if (id === "commands") gather(box);
    box.showModal();
    if (from) box.addEventListener("close", () => from.focus(), { once: true });
  }
  function nameOf(element) {
    if (element.hasAttribute("aria-label")) return element.getAttribute("aria-label");
    const copy = (element.labels && element.labels[0] ? element.labels[0] : element).cloneNode(true);
    all("kbd", copy).forEach((key) => key.remove());
    const said = copy.textContent.replace(/\s+/g, " ").trim(), drawn = copy.querySelector("[aria-label]");
    return said || (drawn ? drawn.getAttribute("aria-label") : "");
  }
  function keyMap(box) {
    const list = box.querySelector("[data-key-map]");
    all("[data-here]", list).forEach((item) => item.remove());
    const known = new Set(["?", "/"]);
    for (const element of all("[aria-keyshortcuts]")) {
      const keys = element.getAttribute("aria-keyshortcuts");
      if (known.has(keys) || box.contains(element)) continue;
      known.add(keys);
      const item = document.createElement("li"), key = document.createElement("kbd");
      item.dataset.here = "";
      key.textContent = keys.replace("Control", "Ctrl");
      item.append(nameOf(element), key);
      list.append(item);
    }
    box.querySelector("[data-single-keys]").value = body.dataset.singleKeys || "";
  }

  // The command list: what can be done on this page, then pages and views; typed words narrow it
  function called(element) {
    const summary = element.closest("main details.menu") && element.closest("details.menu").querySelector("summary");
    return summary && summary !== element ? `${nameOf(summary)}: ${nameOf(element)}` : nameOf(element);
  }
  function offer(box, name, keys, deed) {
    const item = document.createElement("li"), button = Object.assign(document.createElement("button"), { type: "button", className: "link-button", textContent: name });
    button.onclick = () => { box.close(); deed(); };
    item.append(button);
    if (keys) item.append(Object.assign(document.createElement("kbd"), { className: "end", textContent: keys.replace("Control", "Ctrl") }));
    box.querySelector("ul").append(item);
  }
  async function gather(box) {
    const known = new Set();
    box.querySelector("ul").replaceChildren();
    box.querySelector("input").value = "";
    for (const element of ["main [aria-keyshortcuts], main .menu-item", ".rail a", ".top a:not(.brand), .top .menu-item"].flatMap((part) => all(part))) {
      const name = called(element);
      if (!name || known.has(name) || element.closest("[data-row]") || element.dataset.open === box.id) continue;
      known.add(name);
      offer(box, name, element.getAttribute("aria-keyshortcuts") || element.dataset.keys, () => press(element));
    }
    try {
      const answer = await fetch(box.dataset.commands, { headers: { "HX-Request": "true" }, redirect: "manual" });
      const part = document.createRange().createContextualFragment(answer.ok ? await answer.text() : "");
      for (const link of all("a", part)) if (!known.has(link.textContent)) offer(box, link.textContent, "", () => location.assign(link.href));
      narrow(box);
    } catch { /* the page's own stand there */ }
  }
  function narrow(box) {
    const typed = box.querySelector("input").value.toLowerCase().split(/\s+/);
    all("li", box).forEach((item) => { item.hidden = !typed.every((word) => item.textContent.toLowerCase().includes(word)); });
  }
  const commands = byId("commands");
  if (commands) {
    commands.addEventListener("input", () => narrow(commands));
    commands.addEventListener("submit", (event) => {
      const typed = commands.querySelector("input").value.trim(), first = all("li button", commands).find(seen);
      if (/^([a-z]+-)?\d+$/i.test(typed) || (typed && !first)) return;
      event.preventDefault();
      if (typed) first.click();
    });
    commands.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], stops = all("input, li button", commands).filter(seen);
      if (!by) return;
      event.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + by))].focus();
    });
  }
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!details.matches || !details.matches("details.menu")) return;
    if (!details.open) { if (lent) unselect(); return; }
    recall(details);
    all("details.menu[open]").forEach((other) => { if (other !== details) other.open = false; });
    if (!details.contains(document.activeElement) || document.activeElement.matches("summary")) enter(details);
  }, true);
  document.addEventListener("click", (event) => {
    const target = event.target, open = menu();
    if (open && !open.contains(target)) open.open = false;
    if (target.matches("dialog")) { target.close(); return; }
    const opener = target.closest("[data-open]");
    if (opener) { event.preventDefault(); if (open) open.open = false; openDialog(opener.dataset.open, opener.closest("details.menu") ? open.querySelector("summary") : opener); }
    const chooser = target.closest("[data-look] button");
    if (chooser) choose(chooser.closest("[data-look]").dataset.look, chooser.value);
    const copier = target.closest("[data-copy], [data-copy-from]");
    if (copier) copy(copier.dataset.copy || byId(copier.dataset.copyFrom).textContent.trim());
    const row = target.closest("[data-list] [data-row]");
    if (row) stand(row, false);
    if (target.closest("[data-clear]")) unselect();
  });
  const copy = (text) => navigator.clipboard && navigator.clipboard.writeText(text).then(() => tell(words.copied));
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-single-keys]")) body.dataset.singleKeys = box.value;
    if (box.matches("[data-select-all]")) boxes().forEach((each) => { each.checked = box.checked; each.dataset.touched = ""; });
    if (box.matches("[data-select], [data-select-all]")) count();
  });

  // What a person has typed or ticked is never morphed away by news; the answer to their own form may change it
  let answering = null;
  for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => { if (event.target.matches("input, select, textarea")) event.target.dataset.touched = ""; });
  document.addEventListener("reset", (event) => [...event.target.elements].forEach((field) => delete field.dataset.touched));
  if (window.Idiomorph) {
    Idiomorph.defaults.ignoreActiveValue = true;
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => {
      if (old.nodeType !== 1 || (answering && answering.contains(old))) return true;
      if (old.matches("[data-touched], dialog[open], details.menu[open]")) return false;
      return !(old === document.activeElement && old.matches(FIELD));
    };
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
      !((name === "open" && node.matches("details, dialog")) || (name === "hidden" && node.matches("[data-bulk], [data-unselected]")));
  }

  // Forms: never sent twice, errors said, focus where the news is
  function settle(form) {
    delete form.dataset.sent;
    all("[data-said]", form).forEach((button) => { button.textContent = button.dataset.said; delete button.dataset.said; });
    all("button[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post], [data-hx-post]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (button.hasAttribute("data-busy")) { button.dataset.said = button.textContent; button.textContent = button.dataset.busy || words.sending; }
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of all("form[data-sent]")) {
      const key = form.elements.form_key;
      settle(form);
      if (key) key.value = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    }
  });
  const formOf = (event) => (event.detail.elt && event.detail.elt.closest ? event.detail.elt.closest("form") : null);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = formOf(event);
    if (!form || event.detail.requestConfig.verb !== "post" || form.matches("[hx-sync]")) return;
    if (form.dataset.sent) event.preventDefault(); else form.dataset.sent = "1";
  });
  function handled(form) {
    form.reset();
    unselect();
    const open = menu(), row = currentId && byId(currentId);
    if (open) open.open = false;
    if (row && seen(row)) stand(row);
  }
  document.addEventListener("desk:tell", (event) => remember(event.detail.value));
  document.addEventListener("htmx:beforeSwap", (event) => { answering = event.detail.requestConfig && event.detail.requestConfig.verb === "post" ? formOf({ detail: { elt: event.detail.requestConfig.elt } }) : null; });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = formOf(event);
    if (!form) return;
    settle(form);
    if (!event.detail.successful) return;
    [...form.elements].forEach((field) => delete field.dataset.touched);
    if (event.detail.requestConfig.verb === "post" && (event.detail.elt.closest("[data-bulk]") || form.querySelector("[data-select]"))) handled(form);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    answering = null;
    const target = document.querySelector("[data-focus]");
    if (target && seen(target)) { if (!target.matches(FIELD)) target.tabIndex = -1; target.focus(); target.removeAttribute("data-focus"); } else again();
    count();
    tick();
    if (event.detail.target && event.detail.target.matches && event.detail.target.matches("main")) rest();
  });
  document.addEventListener("htmx:responseError", (event) => (event.detail.xhr.status === 401 ? signedOut() : alarm(words.failed)));
  for (const kind of ["sendError", "timeout"]) document.addEventListener(`htmx:${kind}`, () => alarm(words.failed));

  // Files dropped on a form, or pasted into it, join those chosen
  function join(form, files) {
    const input = form && form.querySelector("input[type=file][data-files]");
    if (!input || !files || !files.length) return false;
    const all = new DataTransfer();
    for (const file of [...input.files, ...files]) all.items.add(file);
    input.files = all.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    tell([...files].map((file) => file.name).join(", "));
    return true;
  }
  const formAt = (event) => event.target.closest && event.target.closest("form");
  document.addEventListener("paste", (event) => { if (join(formAt(event), event.clipboardData.files)) event.preventDefault(); });
  document.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files") && formAt(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => { if (join(formAt(event), event.dataTransfer.files)) event.preventDefault(); });

  // Drafts: kept by the server, and here while it cannot be reached
  const draftTimers = new WeakMap();
  function written(form) { const data = new FormData(form); data.delete("files"); return data; }
  async function saveDraft(form) {
    clearTimeout(draftTimers.get(form));
    if (!form.dataset.unsaved) return;
    delete form.dataset.unsaved;
    const place = form.querySelector("[data-draft-state]"), name = `draft:${form.dataset.draft}`;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: written(form), headers: { "HX-Request": "true" }, redirect: "manual" });
      if (!answer.ok) throw new Error(String(answer.status));
      keep(name, null);
      if (place) place.textContent = await answer.text();
    } catch {
      const field = form.querySelector("textarea");
      if (field && field.value) keep(name, field.value);
    }
  }
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.dataset.draft) return;
    form.dataset.unsaved = "1";
    clearTimeout(draftTimers.get(form));
    draftTimers.set(form, setTimeout(() => saveDraft(form), 2000));
  });
  document.addEventListener("focusout", (event) => { const form = event.target.form; if (form && form.dataset.draft) saveDraft(form); });
  addEventListener("pagehide", () => all("form[data-draft][data-unsaved]").forEach((form) => { if (!form.dataset.sent) navigator.sendBeacon(form.dataset.draft, written(form)); }));
  for (const form of all("form[data-draft]")) {
    const field = form.querySelector("textarea"), text = kept(`draft:${form.dataset.draft}`);
    if (field && !field.value && text) field.value = text;
  }

  // A call's timer: pressed again, or when the form is sent, it fills in the minutes
  const timing = (button) => `timer:${button.form.dataset.draft}`;
  function timed() {
    for (const button of all("[data-timer]")) {
      const label = button.querySelector("span"), since = +kept(timing(button));
      if (!button.dataset.start) button.dataset.start = label.textContent;
      const seconds = Math.floor((Date.now() - since) / 1000);
      label.textContent = since ? `${button.dataset.stop} (${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")})` : button.dataset.start;
      if (since) setTimeout(timed, 1000);
    }
  }
  function stopped(button) {
    const field = button.form.elements[button.dataset.timer], since = +kept(timing(button));
    keep(timing(button), since ? null : Date.now());
    if (since) {
      field.value = Math.min(1440, Math.ceil((Date.now() - since) / 60000));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    timed();
  }
  document.addEventListener("click", (event) => { const button = event.target.closest("[data-timer]"); if (button) stopped(button); });
  document.addEventListener("submit", (event) => { const button = event.target.querySelector("[data-timer]"); if (button && kept(timing(button))) stopped(button); }, true);
  timed();

  // On arrival
  all("[data-recent-text]").forEach((place) => remember(place.textContent));
  const start = document.querySelector("[data-focus]");
  if (start) { if (!start.matches(FIELD)) start.tabIndex = -1; start.focus(); }
  const wished = document.querySelector("[data-autofocus]");
  count();
  if (!start && wished && matchMedia("(min-width: 769px) and (pointer: fine)").matches) {
    wished.focus();
    // going to a fragment takes the focus away again
    if (location.hash) addEventListener("load", () => setTimeout(() => document.activeElement === body && wished.focus()));
  }
  tick();
  rest();
})();
