/* Servicedesk: pages that this browser receives. It keeps no pages and answers no requests. A press opens the page of whoever
   was paged and changes nothing; only "Acknowledge" acts, by the very form of that page. */
"use strict";
const send = (path, fields) => fetch(path, { method: "POST", body: new URLSearchParams(fields), credentials: "omit", redirect: "manual" });
const tell = (page, status) => page.receipt ? send(page.receipt, { status }).catch(() => {}) : undefined;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let page = {};
  try { page = event.data.json(); } catch { /* shown all the same: a browser asks for something to be seen */ }
  event.waitUntil((async () => {
    await show(page, page.body, page.urgent);
    await tell(page, "delivered");
  })());
});

function show(page, body, stays) {
  const words = page.words || {};
  const actions = page.acts ? [{ action: "acknowledge", title: words.acknowledge }, { action: "open", title: words.open }] : [];
  return self.registration.showNotification(page.title || "Servicedesk", {
    body: body || "", tag: page.tag || "", renotify: Boolean(page.tag), requireInteraction: Boolean(stays), data: page, actions: stays === null ? [] : actions,
  });
}

self.addEventListener("notificationclick", (event) => {
  const page = event.notification.data || {};
  event.notification.close();
  event.waitUntil(Promise.all([event.action === "acknowledge" && page.acts ? acknowledge(page) : open(page), tell(page, "read")]));
});

async function acknowledge(page) {
  try {
    const answer = await send(page.path, { action: "acknowledge" });
    if (!answer.ok && answer.type !== "opaqueredirect") throw new Error(String(answer.status));
    await show(page, (page.words || {}).done, null);
  } catch {
    await open(page);
  }
}

const open = (page) => self.clients.openWindow(new URL(page.path || "/", self.location.origin).href);
