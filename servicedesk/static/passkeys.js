/* Passkeys. A button with data-passkey asks the browser for one; without a script, or where the browser has none, it stays hidden. */
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function create(key) {
    const user = { ...key.user, id: bytes(key.user.id) };
    return navigator.credentials.create({ publicKey: { ...key, user, challenge: bytes(key.challenge), excludeCredentials: named(key.excludeCredentials) } });
  }
  async function get(key) {
    return navigator.credentials.get({ publicKey: { ...key, challenge: bytes(key.challenge), allowCredentials: named(key.allowCredentials) } });
  }
  function written(found) {
    const response = { clientDataJSON: text(found.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (found.response[part]) response[part] = text(found.response[part]);
    if (found.response.getTransports) response.transports = found.response.getTransports();
    return JSON.stringify({ id: found.id, rawId: text(found.rawId), type: found.type, authenticatorAttachment: found.authenticatorAttachment, clientExtensionResults: found.getClientExtensionResults(), response });
  }
  async function options(button) {
    if (button.dataset.options) return JSON.parse(document.getElementById(button.dataset.options).textContent);
    const answer = await fetch(button.dataset.ask, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const said = await answer.json();
    return said.request_options || said;
  }
  async function prove(button, credential) {
    const data = new FormData();
    data.set("credential", credential);
    data.set("csrfmiddlewaretoken", button.form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(button.dataset.ask, { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "error" });
    if (answer.status !== 204) throw new Error(String(answer.status));
    const box = button.form.elements.password, done = button.form.querySelector("[data-passkey-done]");
    (box.closest(".field") || box.closest("p")).hidden = true;
    box.required = false;
    box.value = "";
    button.closest("[data-passkey-place]").hidden = true;
    done.hidden = false;
    done.tabIndex = -1;
    done.focus();
  }
  function trouble(button, error) {
    const place = button.form.querySelector("[data-passkey-trouble]");
    place.querySelector("span").textContent = error.name === "InvalidStateError" ? place.dataset.known : place.dataset.failed;
    place.hidden = false;
    button.disabled = false;
  }
  async function press(button) {
    const { form, dataset: { passkey } } = button;
    form.querySelector("[data-passkey-trouble]").hidden = true;
    if (passkey === "create" && !form.reportValidity()) return;
    button.disabled = true;
    try {
      const { publicKey } = await options(button);
      const credential = written(await (passkey === "create" ? create : get)(publicKey));
      if (passkey === "prove") return await prove(button, credential);
      form.elements.credential.value = credential;
      form.submit();
    } catch (error) {
      trouble(button, error);
    }
  }

  for (const place of document.querySelectorAll("[data-passkey-script]")) place.remove();
  const can = Boolean(window.isSecureContext && window.PublicKeyCredential && navigator.credentials);
  for (const place of document.querySelectorAll(can ? "[data-passkey-place]" : "[data-passkey-cannot]")) place.hidden = false;
  if (can) for (const button of document.querySelectorAll("[data-passkey]")) button.addEventListener("click", () => press(button));
  addEventListener("pageshow", (event) => { if (event.persisted) for (const button of document.querySelectorAll("[data-passkey]")) button.disabled = false; });
})();
