// Passkeys. A form marked data-passkey="create" or "get" carries the server's options (WebAuthn, JSON) in
// data-options; its button asks the browser, and the answer goes back in the hidden field `credential`.
// The form is shown only where the browser knows passkeys; what it cannot do is said in [data-passkey-failed].
"use strict";

function toBytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toText(bytes) {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(descriptors = []) {
  return descriptors.map((descriptor) => ({ ...descriptor, id: toBytes(descriptor.id) }));
}

async function askBrowser(kind, { publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (kind === "create") {
    options.user = { ...options.user, id: toBytes(options.user.id) };
    options.excludeCredentials = withBytes(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }
  options.allowCredentials = withBytes(options.allowCredentials);
  return navigator.credentials.get({ publicKey: options });
}

function asJson(credential) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = names.filter((name) => credential.response[name]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(given.map((name) => [name, toText(credential.response[name])])),
  };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.closest("[hidden]")?.removeAttribute("hidden");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const credential = await askBrowser(form.dataset.passkey, JSON.parse(form.dataset.options));
      form.elements.credential.value = JSON.stringify(asJson(credential));
      form.submit();
    } catch {
      failed.hidden = false; // refused, timed out, or not possible at this address
    }
  });
}
