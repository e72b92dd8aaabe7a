// Buttons that let the browser make or use a passkey, and send what it signed in the form that they stand in.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const make = async (asked) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: known(asked.excludeCredentials),
      },
    });
    const { clientDataJSON, attestationObject } = made.response;
    return { made, response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) } };
  };

  const use = async (asked) => {
    const made = await navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return { made, response: {
      clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    } };
  };

  // browsers bind a passkey to a host name and not to an address, and only where nobody can listen
  const fits = window.isSecureContext && !/^[\d.]+$|:/.test(location.hostname);
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const form = button.form;
    if (!fits) form.querySelector("[role=status]").textContent = button.dataset.unfit;
    if (!fits || !window.PublicKeyCredential) continue;
    button.hidden = false;
    if (button.dataset.passkey === "make") form.addEventListener("submit", (sent) => {
      sent.preventDefault();  // the key that sends a form makes the passkey first
      button.click();
    });
    button.addEventListener("click", async () => {
      if (!form.reportValidity()) return;
      button.disabled = true;
      form.querySelector("[role=status]").textContent = "";
      try {
        const { made, response } = await (button.dataset.passkey === "make" ? make : use)(JSON.parse(button.dataset.options));
        form.querySelector("[data-signed]").value = JSON.stringify({ id: made.id, rawId: made.id, type: made.type, response });
        form.submit();
      } catch (fault) {
        button.disabled = false;
        const known = fault.name === "InvalidStateError" && button.dataset.known;
        form.querySelector("[role=status]").textContent = known || button.dataset.failed;
      }
    });
  }
})();
