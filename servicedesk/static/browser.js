/* My notifications: this browser receives pages. Shown only where a browser can; the form goes the usual way. */
(() => {
  "use strict";
  const place = document.querySelector("[data-browser]");
  if (!place || !window.isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
  const form = place.querySelector("form"), said = place.querySelector("[role=status]"), words = place.dataset;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  place.hidden = false;

  async function subscribe() {
    const registration = await navigator.serviceWorker.register(words.worker, { scope: words.scope });
    await navigator.serviceWorker.ready;
    const wanted = { userVisibleOnly: true, applicationServerKey: bytes(words.key) };
    try {
      return await registration.pushManager.subscribe(wanted);
    } catch (error) {
      const old = error.name === "InvalidStateError" && await registration.pushManager.getSubscription(); // made for another key
      if (!old) throw error;
      await old.unsubscribe();
      return registration.pushManager.subscribe(wanted);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    if (await Notification.requestPermission() !== "granted") { said.textContent = words.refused; return; }
    try {
      form.elements.subscription.value = JSON.stringify(await subscribe());
      form.submit();
    } catch {
      said.textContent = words.failed;
    }
  });
})();
