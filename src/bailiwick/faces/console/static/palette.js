// The command palette: Ctrl-K or ⌘-K, then a few letters. It only follows links that are on the page.

/** @type {HTMLDialogElement} */
const dialog = document.querySelector("dialog#palette");
const field = dialog?.querySelector("input");
const items = [...(dialog?.querySelectorAll("li") ?? [])];

/** Show the entries whose text holds every word. @param {string} text */
function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && dialog) {
    event.preventDefault();
    filter("");
    field.value = "";
    dialog.showModal();
    field.focus();
  }
});
field?.addEventListener("input", () => filter(field.value));
field?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") items.find((item) => !item.hidden)?.querySelector("a").click();
});
