// The page for filling in without a network (templates/mentoring/offline/page.html). What is typed is checked as far as a
// device can, kept in the vault, sent when asked to, and removed from the device only when the portal has acknowledged it.
// The id of an entry is the idempotency key: sent again after a lost answer, it is still one registration.

const root = document.getElementById("luring");
const { SHORTEST, Closed, WrongPin, create, exists, open, reset } = await import(root.dataset.vault);
const rules = JSON.parse(document.getElementById("aturan").textContent);
const said = JSON.parse(document.getElementById("kata").textContent);
const IDLE = 10 * 60_000; // then the vault is locked again

const at = (id) => document.getElementById(id);
const form = at("isian");
let vault = null;
let editing = null;
let idle = 0;

const words = (name, n = "") => said[name].replace("{n}", n);

// --- what the page says

function tell(message = "") {
  at("kabar").textContent = message;
  at("kabar").hidden = !message;
}

// `problems`: [name of a control or "", message]. Shown above, with a link to each, and at each question of `form`.
function complain(problems) {
  for (const list of form.querySelectorAll(".errorlist[data-here]")) list.remove();
  for (const field of form.querySelectorAll(".field-invalid")) field.classList.remove("field-invalid");
  const summary = at("masalah");
  summary.hidden = problems.length === 0;
  summary.querySelector("ul").replaceChildren(...problems.map(([name, message]) => {
    const item = document.createElement("li");
    const control = controlOf(name);
    const words = document.createElement(control ? "a" : "strong");
    if (control) {
      words.href = `#${control.id}`;
      const field = control.closest(".field");
      field.classList.add("field-invalid");
      const list = document.createElement("ul");
      list.className = "errorlist";
      list.dataset.here = "";
      list.append(Object.assign(document.createElement("li"), { textContent: message }));
      (field.querySelector("legend, label") ?? field).after(list);
    }
    words.textContent = message;
    item.append(words);
    return item;
  }));
  if (problems.length) summary.focus();
}

function controlOf(name) {
  return name && (form.querySelector(`[name="${name}"]`) ?? form.querySelector(`[name="${name}_day"]`));
}

function showLock(known) {
  for (const each of root.querySelectorAll("[data-new]")) each.hidden = known;
  for (const each of root.querySelectorAll("[data-old]")) each.hidden = !known;
  at("terkunci").hidden = false;
  at("terbuka").hidden = true;
}

async function showOpened() {
  at("terkunci").hidden = true;
  at("terbuka").hidden = false;
  await showList();
}

async function showList() {
  const entries = await vault.all();
  at("kosong").hidden = entries.length > 0;
  at("daftar").replaceChildren(...entries.map((entry) => {
    const item = document.createElement("li");
    item.className = "card stack-tight";
    const name = Object.assign(document.createElement("p"), { className: "card-title", textContent: entry.answers.name });
    item.append(name);
    if (entry.problem) item.append(Object.assign(document.createElement("p"), { textContent: entry.problem }));
    const row = Object.assign(document.createElement("p"), { className: "row" });
    row.append(button("edit", entry, () => edit(entry)), button("remove", entry, () => discard(entry)));
    item.append(row);
    return item;
  }));
}

function button(word, entry, act) {
  const made = Object.assign(document.createElement("button"), {
    type: "button", className: "button button-quiet button-small", textContent: words(word),
  });
  made.setAttribute("aria-label", `${words(word)}: ${entry.answers.name}`);
  made.addEventListener("click", act);
  return made;
}

// --- the lock

at("pin").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [pin, again] = [at("id_pin").value, at("id_again").value];
  tell();
  try {
    if (await exists()) vault = await open(pin);
    else if (pin.length < SHORTEST) return complain([["", words("short", SHORTEST)]]);
    else if (pin !== again) return complain([["", words("unequal")]]);
    else vault = await create(pin);
  } catch (error) {
    if (error instanceof WrongPin) return complain([["", words("wrong", error.left)]]);
    if (error instanceof Closed) return complain([["", words("closed", Math.ceil((error.until - Date.now()) / 60_000))]]);
    throw error;
  } finally {
    event.target.reset();
  }
  complain([]);
  awake();
  return showOpened();
});

function close() {
  vault = null;
  clear();
  at("daftar").replaceChildren();
  complain([]);
  tell();
  showLock(true);
}

function awake() {
  clearTimeout(idle);
  idle = setTimeout(close, IDLE);
}

at("kunci").addEventListener("click", close);
for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => { if (vault) awake(); });
at("mulai-lagi").addEventListener("click", async () => {
  if (!confirm(words("sure_all"))) return;
  await reset();
  showLock(false);
});

// --- filling in

function clear() {
  form.reset();
  editing = null;
}

function answersOf() {
  const typed = Object.fromEntries([...new FormData(form)].filter(([, text]) => text !== ""));
  delete typed.agreed;
  return { ...typed, consent_text: root.dataset.consent };
}

const digits = (typed = "") => typed.replace(/[\s.-]/g, "");

function problemsOf(answers) {
  const found = new Map();
  for (const [name, message] of Object.entries(rules)) {
    const open = name === "birth_date" ? ["day", "month", "year"].some((part) => !answers[`${name}_${part}`]) : !answers[name];
    if (name === "agreed" ? !form.elements.agreed.checked : open) found.set(name, message);
  }
  const [nik, kk, phone] = [digits(answers.nik), digits(answers.kk), digits(answers.phone)];
  const [day, month, year] = ["day", "month", "year"].map((part) => Number(answers[`birth_date_${part}`]));
  const born = new Date(year, month - 1, day);
  const exists = born.getFullYear() === year && born.getMonth() === month - 1 && born.getDate() === day;
  if (answers.nik && !/^\d{16}$/.test(nik)) found.set("nik", words("nik"));
  if (answers.kk && !/^\d{16}$/.test(kk)) found.set("kk", words("kk"));
  if (answers.phone && !/^(\+?62|0)8\d{7,11}$/.test(phone)) found.set("phone", words("phone"));
  if (!found.has("birth_date") && !exists) found.set("birth_date", words("birth_date"));
  if (!["nik", "birth_date", "sex"].some((name) => found.has(name))) {
    const two = (number) => String(number % 100).padStart(2, "0");
    const expected = two(answers.sex === "F" ? day + 40 : day) + two(month) + two(year);
    if (nik.slice(6, 12) !== expected) found.set("nik", words("nik_birth"));
  }
  if (["ya", "tidak"].includes(answers.disability) && !answers.disability_consent) {
    found.set("disability_consent", words("disability_consent"));
  }
  return [...found];
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell();
  const answers = answersOf();
  const problems = problemsOf(answers);
  if (problems.length) return complain(problems);
  if (!editing && (await vault.all()).length >= Number(root.dataset.most)) {
    return complain([["", words("full", root.dataset.most)]]);
  }
  const { id, captured_at } = editing ?? { id: crypto.randomUUID(), captured_at: new Date().toISOString() };
  await vault.keep({ id, captured_at, agreed: true, answers, problem: "" });
  clear();
  complain([]);
  tell(words("kept"));
  await showList();
  scrollTo({ top: 0 });
});

function edit(entry) {
  clear();
  editing = entry;
  form.elements.agreed.checked = true;
  for (const [name, text] of Object.entries(entry.answers)) {
    const control = form.elements[name];
    if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = true;
    else if (control) control.value = text;
  }
  form.scrollIntoView();
}

async function discard(entry) {
  if (!confirm(words("sure"))) return;
  await vault.remove(entry.id);
  if (editing?.id === entry.id) clear();
  await showList();
}

// --- sending

class NotNow extends Error {}

// A token of the session as it is now; the page may have been kept for days.
async function token() {
  const answer = await fetch(location.pathname, { cache: "no-store" }).catch(() => { throw new NotNow("no_network"); });
  if (answer.redirected || !answer.ok) throw new NotNow("sign_in");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  return fresh.querySelector("[name=csrfmiddlewaretoken]").value;
}

// Whether the portal has acknowledged the entry; else why not is kept with it.
async function sendOne({ problem, ...entry }, csrf) {
  const answer = await fetch(root.dataset.send, {
    method: "POST", body: JSON.stringify(entry), redirect: "manual",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
  }).catch(() => { throw new NotNow("no_network"); });
  if (answer.status === 200 || answer.status === 201) {
    await vault.remove(entry.id);
    return true;
  }
  if (answer.type === "opaqueredirect") throw new NotNow("sign_in");
  if (!answer.headers.get("Content-Type")?.startsWith("application/problem+json")) throw new NotNow("failed");
  const { detail, errors = [] } = await answer.json();
  await vault.keep({ ...entry, problem: [detail, ...errors.map((each) => each.message)].join(" ") });
  return false;
}

at("kirim").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [pressed] = event.target.querySelectorAll("button");
  pressed.disabled = true;
  complain([]);
  tell();
  const entries = await vault.all();
  let sent = 0;
  let refused = 0;
  const problems = [];
  try {
    const csrf = await token();
    for (const entry of entries) {
      if (await sendOne(entry, csrf)) sent += 1;
      else refused += 1;
    }
  } catch (error) {
    if (!(error instanceof NotNow)) throw error;
    problems.push(["", words(error.message)]);
  } finally {
    pressed.disabled = false;
  }
  if (refused) problems.push(["", words("refused", refused)]);
  if (sent) tell(words("sent", sent));
  await showList();
  complain(problems);
});

// --- start

showLock(await exists());
if ("serviceWorker" in navigator) {
  await navigator.serviceWorker.register(root.dataset.worker);
  await navigator.serviceWorker.ready;
  at("kesiapan").textContent = words("ready");
}
