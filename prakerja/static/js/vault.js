// Registrations that wait on this device, encrypted under a PIN. What lies in the store says nothing without the PIN:
// a salt, a number of rounds, a check value, and for each registration its id and a ciphertext. The key is derived by
// PBKDF2 and never leaves memory; AES-GCM binds each text to its id. Five wrong PINs close the vault for five minutes,
// which slows down a person; against somebody who copies the store only the length of the PIN helps.

const ROUNDS = 600_000;
const TRIES = 5;
const PAUSE = 5 * 60_000;
export const SHORTEST = 8;

const text = new TextEncoder();
const CHECK = "luring";

export class WrongPin extends Error {
  constructor(left) { super("wrong PIN"); this.left = left; }
}

export class Closed extends Error {
  constructor(until) { super("closed"); this.until = until; }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function database() {
  const opening = indexedDB.open("luring", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("lock");
    opening.result.createObjectStore("kept", { keyPath: "id" });
  };
  return done(opening);
}

async function within(store, mode, act) {
  const base = await database();
  try {
    const change = base.transaction(store, mode);
    const ended = new Promise((resolve, reject) => {
      change.oncomplete = resolve;
      change.onabort = change.onerror = () => reject(change.error);
    });
    const found = await done(act(change.objectStore(store)));
    await ended;
    return found;
  } finally {
    base.close();
  }
}

const lock = () => within("lock", "readonly", (store) => store.get("lock"));
const setLock = (value) => within("lock", "readwrite", (store) => store.put(value, "lock"));

async function derive(pin, salt, rounds) {
  const material = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds },
    material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
  );
}

async function seal(key, id, words) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, key, text.encode(words));
  return { id, iv, sealed };
}

async function unseal(key, { id, iv, sealed }) {
  const words = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, key, sealed);
  return new TextDecoder().decode(words);
}

export async function exists() {
  return (await lock()) !== undefined;
}

// A new vault under this PIN.
export async function create(pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await derive(pin, salt, ROUNDS);
  await setLock({ salt, rounds: ROUNDS, check: await seal(key, CHECK, CHECK), wrong: 0, until: 0 });
  return new Vault(key);
}

// The vault, or WrongPin, or Closed. A try is counted before it is made, so that closing the page saves none.
export async function open(pin) {
  const before = await lock();
  const now = Date.now();
  if (before.until > now) throw new Closed(before.until);
  const wrong = before.wrong + 1;
  const tried = { ...before, wrong: wrong < TRIES ? wrong : 0, until: wrong < TRIES ? 0 : now + PAUSE };
  await setLock(tried);
  const key = await derive(pin, before.salt, before.rounds);
  try {
    await unseal(key, before.check);
  } catch {
    if (tried.until) throw new Closed(tried.until);
    throw new WrongPin(TRIES - wrong);
  }
  await setLock({ ...before, wrong: 0, until: 0 });
  return new Vault(key);
}

// Forget everything on this device.
export async function reset() {
  await done(indexedDB.deleteDatabase("luring"));
}

export class Vault {
  #key;

  constructor(key) { this.#key = key; }

  // `entry`: { id, ... }, in place of what stood under its id.
  async keep(entry) {
    const sealed = await seal(this.#key, entry.id, JSON.stringify(entry));
    await within("kept", "readwrite", (store) => store.put(sealed));
  }

  // Everything that waits, the oldest first.
  async all() {
    const sealed = await within("kept", "readonly", (store) => store.getAll());
    const entries = await Promise.all(sealed.map(async (each) => JSON.parse(await unseal(this.#key, each))));
    return entries.sort((one, other) => one.captured_at.localeCompare(other.captured_at));
  }

  async remove(id) {
    await within("kept", "readwrite", (store) => store.delete(id));
  }
}
