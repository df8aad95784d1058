// Comfort only: the page of a running job asks again, and is shown anew once the job has ended.
"use strict";

const section = document.querySelector("[data-poll]");

async function ask() {
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-poll]");
    if (!fresh) return location.reload();
    if (fresh.innerHTML !== section.innerHTML) section.replaceChildren(...fresh.childNodes);
  }
  setTimeout(ask, 2000);
}

if (section) setTimeout(ask, 1500);
