// Comfort only: without this file the form sends its photograph in one piece.
// The photograph is made smaller, announced by its digest and sent in pieces. After a cut, also after the page was closed,
// the same photograph goes on where the server says.
"use strict";

const PIECE = 192 * 1024;
const LONGEST_SIDE = 2000;
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = LONGEST_SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return file;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height].map((side) => Math.round(side * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
  return made && made.size < file.size ? made : file;
}

async function digestOf(file) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The server's answer as JSON; null where the network gave none, or the server none of its own.
async function ask(address, options) {
  try {
    const answer = await fetch(address, options);
    return await answer.json();
  } catch {
    return null;
  }
}

async function send(form, chosen, say) {
  const words = form.dataset;
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  say(words.preparing);
  const file = await smaller(chosen).catch(() => chosen);
  const announced = new URLSearchParams({ csrfmiddlewaretoken: token, claim: form.elements.claim.value, size: file.size, sha256: await digestOf(file) });
  let target = null;
  let tries = 0;
  while (tries < 60) {
    const at = target?.received;
    const answer = target === null
      ? await ask(form.action, { method: "POST", body: announced })
      : await ask(target.to, { method: "POST", body: file.slice(at, at + PIECE), headers: { "Content-Type": "application/octet-stream", "X-CSRFToken": token, "Upload-Offset": String(at) } });
    if (answer?.next) return location.assign(answer.next);
    if (answer?.error) return say(answer.error);
    if (answer === null) {
      say(words.waiting);
      tries += 1;
      await pause(Math.min(1000 * tries, 10000));
      continue;
    }
    tries = 0;
    target = { to: answer.to ?? target.to, received: answer.received };
    say(target.received + PIECE < file.size ? words.sending.replace("#", Math.floor((100 * target.received) / file.size)) : words.checking);
  }
  say(words.failed);
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  if (!window.crypto?.subtle) break;
  const status = form.querySelector("[data-upload-status]");
  const say = (text) => { status.textContent = text; };
  form.addEventListener("submit", async (event) => {
    const input = [...form.querySelectorAll("input[type=file]")].find((each) => each.files.length);
    if (!input || !input.files[0].size) return; // the server says what is missing
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    button.disabled = true;
    await send(form, input.files[0], say).catch(() => say(form.dataset.failed));
    button.disabled = false;
  });
}
