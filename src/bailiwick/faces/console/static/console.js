// Keys of the console: the palette, the help panel, steps through files and events. Pages work without any of it.

/** @type {HTMLDialogElement | null} */
const palette = document.querySelector("dialog#palette");
/** @type {HTMLDialogElement | null} */
const help = document.querySelector("dialog#help");
const field = palette?.querySelector("input");
const list = palette?.querySelector("ul");
const STEPS = "details.file > summary, .events summary, article.finding";
let asked = false;

/** The entries that are shown now. @returns {HTMLLIElement[]} */
const shown = () => [...(list?.querySelectorAll("li") ?? [])].filter((item) => !item.hidden);

/** Show the entries whose text holds every word of the field. */
function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of list.querySelectorAll("li")) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
  document.querySelector("#no-command").hidden = shown().length > 0;
}

/** Fetch the apps that may be gone to, once, and add them below what the page itself offers. */
async function addApps() {
  if (asked) return;
  asked = true;
  const answer = await fetch("/commands.json", { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const known = new Set([...list.querySelectorAll("a")].map((link) => link.getAttribute("href")));
  for (const { words, address } of await answer.json()) {
    if (known.has(address) || address.startsWith(`${location.pathname}#`)) continue;
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.textContent = words;
    link.href = address;
    item.append(link);
    list.append(item);
  }
  filter();
}

function openPalette() {
  if (!palette || palette.open) return;
  help?.close();
  field.value = "";
  filter();
  palette.showModal();
  field.focus();
  addApps();
}

function openHelp() {
  if (!help || help.open) return;
  palette?.close();
  help.showModal();
}

/** Move the focus through the palette's entries. @param {number} step */
function move(step) {
  const links = shown().map((item) => item.querySelector("a"));
  const place = links.indexOf(document.activeElement);
  const next = place + step;
  if (next < 0) field.focus();
  else links[Math.min(next, links.length - 1)]?.focus();
}

/** What n and p lead to: findings where a diff has some in place. */
const steps = () => (document.querySelector(".file .in-place") ? ".file .in-place" : STEPS);

/** Go to the next or previous file, event or finding. @param {string} kind @param {number} step */
function walk(kind, step) {
  const places = [...document.querySelectorAll(kind)];
  const now = places.findIndex((place) => place === document.activeElement || place.contains(document.activeElement));
  const next = places[Math.max(0, Math.min(places.length - 1, now + step))];
  if (!next) return;
  const file = next.closest("details.file");
  if (file && next.tagName !== "SUMMARY") file.open = true;
  if (next.tabIndex < 0) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Open or close what an element heads or stands in. @param {Element | null} place */
function openOrClose(place) {
  const summary = place?.closest("summary") ?? place?.closest("details.file")?.querySelector("summary");
  summary?.click();
}

/** Put the cursor where the address points when that is a form: the kill switch is ready to be typed into. */
function focusTarget() {
  const place = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (place instanceof HTMLDetailsElement) place.open = true;
  place?.querySelector("input:not([type=hidden])")?.focus();
}

const typing = (target) => target instanceof HTMLElement && target.closest("input, textarea, select");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "?") openHelp();
  else if (palette?.open || help?.open) return;
  else if (event.key === "n") walk(steps(), 1);
  else if (event.key === "p") walk(steps(), -1);
  else if (event.key === "o") openOrClose(document.activeElement);
});

palette?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter" && event.target === field) shown()[0]?.querySelector("a").click();
  else return;
  event.preventDefault();
});
palette?.addEventListener("click", (event) => {
  const link = event.target instanceof HTMLElement ? event.target.closest("a") : null;
  if (!link) return;
  palette.close();
  if (!link.hash || link.pathname + link.search !== location.pathname + location.search) return;
  // Not left to the hash's change, which comes later, or never: what is typed next must go where the link points.
  event.preventDefault();
  location.hash = link.hash;
  focusTarget();
});
field?.addEventListener("input", filter);

for (const link of document.querySelectorAll("[data-opens]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (link.getAttribute("data-opens") === "palette") openPalette();
    else openHelp();
  });
}
addEventListener("hashchange", focusTarget);
focusTarget();

// Ticking all rows of a page at once.
for (const all of document.querySelectorAll("input[data-ticks]")) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const one of document.querySelectorAll(`input[name="${all.dataset.ticks}"]`)) one.checked = all.checked;
  });
}
