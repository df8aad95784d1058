// Keeps the page for filling in without a network, and what it is made of. Answers nothing else, and keeps no answers of
// anybody: those lie encrypted in the page's own store (js/vault.js).
"use strict";

const CACHE = "luring-{{ version }}";
const PAGE = "{{ page }}";
const KEPT = {{ kept|safe }};

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(KEPT);
    await keepPage(cache);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.mode === "navigate" && pathname === PAGE) event.respondWith(page(event.request));
  else if (event.request.method === "GET" && KEPT.includes(pathname)) event.respondWith(asset(event.request));
});

// The page as it is now; without a network, as it was when last seen by somebody signed in.
async function page(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(PAGE, answer.clone());
    return answer;
  } catch {
    return (await cache.match(PAGE)) ?? Response.error();
  }
}

async function asset(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}

async function keepPage(cache) {
  const answer = await fetch(PAGE, { redirect: "manual" });
  if (answer.ok) await cache.put(PAGE, answer);
}
