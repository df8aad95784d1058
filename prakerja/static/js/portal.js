// Comfort only: every page works without this file.
"use strict";

// Copy buttons show themselves, since without a script the text can only be selected.
function enableCopying(root) {
  for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const words = button.querySelector("[aria-live]");
      const before = words.textContent;
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = button.dataset.copied;
      setTimeout(() => { words.textContent = before; }, 3000);
    });
  }
}

// A select with data-options-url fills the select named by data-options-target (an id) from
// GET <url>?parent=<value>, a JSON list of [value, label]. The form's buttons for that, marked
// data-options-button, are hidden, and come back when a list could not be had.
function showOptionButtons(shown) {
  for (const button of document.querySelectorAll("[data-options-button]")) button.hidden = !shown;
}

async function fillOptions(parent, child) {
  const wanted = parent.value;
  child.length = child.options[0]?.value === "" ? 1 : 0;
  if (wanted) {
    const query = new URLSearchParams({ parent: wanted });
    const answer = await fetch(`${parent.dataset.optionsUrl}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    showOptionButtons(!answer?.ok);
    if (!answer?.ok) return;
    const options = await answer.json();
    if (parent.value !== wanted) return; // a later choice is already on its way
    child.append(...options.map(([value, label]) => new Option(label, value)));
  }
  child.dispatchEvent(new Event("change"));
}

function chainSelects(root) {
  for (const parent of root.querySelectorAll("select[data-options-url]")) {
    const child = document.getElementById(parent.dataset.optionsTarget);
    if (!child) continue;
    showOptionButtons(false);
    parent.addEventListener("change", () => fillOptions(parent, child));
  }
}

function enhance(root) {
  enableCopying(root);
  chainSelects(root);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

enhance(document);
document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) enhance(event.target); });
