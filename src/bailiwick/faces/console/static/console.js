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
  await addFrom("/commands.json");
}

let searching = 0;
/** Look for what was typed among apps, people, integrations, models and pages of the whole estate. */
function searchLater() {
  clearTimeout(searching);
  const words = field.value.trim();
  if (words.length > 1) searching = setTimeout(() => addFrom(`/commands.json?q=${encodeURIComponent(words)}`), 120);
}

/** Add what an address offers to the palette. @param {string} from */
async function addFrom(from) {
  const answer = await fetch(from, { headers: { accept: "application/json" } });
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
field?.addEventListener("input", searchLater);

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

// Printing is what the browser does: the button only is there where script is.
for (const lever of document.querySelectorAll("[data-prints]")) {
  lever.hidden = false;
  lever.addEventListener("click", () => print());
}

// Times are written in UTC; where script is, they are shown as the viewer's clock has them, with UTC in the title.
const zone = new Intl.DateTimeFormat("sv-SE", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
if (new Date().getTimezoneOffset() !== 0) {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime()) || time.textContent.length !== 19) continue;
    time.title = `${time.textContent} UTC`;
    time.textContent = zone.format(moment);
  }
  for (const mark of document.querySelectorAll("thead .zone")) mark.remove();
}

// A page that says so looks again by itself while it is seen, nobody writes on it, and somebody was here lately: a page
// that asks for ever would keep a session alive that should end.
const live = document.querySelector("[data-refresh]");
if (live) {
  const WATCHED_MS = 900_000;
  let stamp = "";
  let touched = Date.now();
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, () => (touched = Date.now()));
  const look = async () => {
    const writing = typing(document.activeElement) || document.querySelector("dialog[open]");
    if (document.hidden || writing || Date.now() - touched > WATCHED_MS) return;
    const answer = await fetch("/pulse.json", { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const now = (await answer.json()).stamp;
    if (stamp && stamp !== now) location.reload();
    stamp = now;
  };
  look().catch(() => {});
  setInterval(() => look().catch(() => {}), Number(live.dataset.refresh) * 1000);
}
