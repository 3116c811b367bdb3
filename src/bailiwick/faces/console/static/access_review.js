// Keys of an access review: walk through the items, select, keep, remove. The page works without any of it.

/** @type {HTMLFormElement | null} */
const form = document.querySelector("form#decide");
/** @type {HTMLInputElement[]} */
const boxes = form ? [...document.querySelectorAll("input[name=items]")] : [];
/** @type {HTMLInputElement | null} */
const reason = document.querySelector("#reason");
const said = document.querySelector("#said");
const all = document.querySelector("#select-all");
const WORDS = { keep: ["keep", "good"], remove: ["remove", "bad"] };

/** Where the focus is among the items, or -1. @returns {number} */
const place = () => boxes.findIndex((box) => box === document.activeElement);

/** Move the focus to the next or previous item that one may decide about. @param {number} step */
function move(step) {
  const next = boxes[Math.max(0, Math.min(boxes.length - 1, place() + step))];
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

/** Show in a row what was decided. @param {HTMLInputElement} box @param {string} decision */
function mark(box, decision) {
  const [word, kind] = WORDS[decision];
  const row = box.closest("tr");
  const pill = row.querySelector("td .pill");
  pill.className = `pill ${kind}`;
  pill.textContent = word;
  row.querySelector(".by")?.remove();
  box.checked = false;
}

/** Send a decision about these items and show what came of it. @param {HTMLInputElement[]} chosen @param {string} decision */
async function decide(chosen, decision) {
  if (!chosen.length) return;
  if (decision === "remove" && !reason.value.trim()) {
    said.textContent = "Removing needs a reason: type it, then press Enter and Shift R again.";
    reason.focus();
    return;
  }
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, decision, reason: reason.value });
  for (const box of chosen) body.append("items", box.value);
  const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
  if (!answer.ok || answer.redirected) {
    said.textContent = "That was not decided. Use the buttons: the page that follows says why.";
    return;
  }
  const progress = await answer.json();
  for (const box of chosen) mark(box, decision);
  said.textContent = `${progress.decided} decided: ${decision}. ${progress.all} of ${progress.items} are decided.`;
}

/** What a key is about: what is selected, or else the item with the focus. @returns {HTMLInputElement[]} */
function chosen() {
  const selected = boxes.filter((box) => box.checked);
  if (selected.length) return selected;
  return place() < 0 ? [] : [boxes[place()]];
}

const typing = (target) => target instanceof HTMLElement && target.closest("input:not([type=checkbox]), textarea, select");

document.addEventListener("keydown", async (event) => {
  if (!form || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target === reason && event.key === "Enter") {
    event.preventDefault();
    move(0);
    return;
  }
  if (typing(event.target)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x" && place() >= 0) boxes[place()].click();
  else if (event.key === "K" || event.key === "R") {
    event.preventDefault();
    const about = chosen();
    const next = about.length === 1 ? place() + 1 : -1;
    await decide(about, event.key === "K" ? "keep" : "remove");
    if (next > 0 && document.activeElement !== reason) boxes[Math.min(next, boxes.length - 1)].focus();
  } else return;
  event.preventDefault();
});

if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const every = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !every;
  });
}
