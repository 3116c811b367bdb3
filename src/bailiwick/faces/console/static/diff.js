// Keys of a diff: parts, findings, and the switch between one below the other and side by side. It reads without them.

const PARTS = ".file > summary, .file[open] .hunk";

/** Move the focus to the next or previous of some places. @param {string} places @param {number} step */
function walk(places, step) {
  const all = [...document.querySelectorAll(places)];
  const now = all.findIndex((place) => place === document.activeElement);
  const behind = all.findIndex((place) => place.getBoundingClientRect().top > 0);
  const next = all[now >= 0 ? now + step : step > 0 ? Math.max(behind, 0) : behind - 1];
  if (!(next instanceof HTMLElement)) return;
  if (next.tabIndex < 0) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Open the file that an address points at. */
function openTarget() {
  const place = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (place instanceof HTMLDetailsElement) place.open = true;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
  if (event.key === "j") walk(PARTS, 1);
  else if (event.key === "k") walk(PARTS, -1);
  else if (event.key === "s") document.querySelector("#switch")?.click();
});
addEventListener("hashchange", openTarget);
openTarget();
