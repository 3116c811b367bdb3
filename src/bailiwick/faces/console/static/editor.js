// Checks what is written when its writer pauses: the server's own page of the check takes the place of the last one.

const PAUSE_MS = 600;
/** @type {HTMLFormElement | null} */
const form = document.querySelector("form[data-check]");
let waiting = 0;
/** @type {XMLHttpRequest | null} */
let asking = null;

/** Ask for a check, and show what it found. An XMLHttpRequest reads a page as one, without any script of it running. */
function check() {
  asking?.abort();
  const request = new XMLHttpRequest();
  asking = request;
  request.open("POST", form.dataset.check);
  request.responseType = "document";
  request.addEventListener("load", () => {
    const found = request.response?.querySelector("#check");
    if (request.status === 200 && found) document.querySelector("#check").replaceWith(document.adoptNode(found));
  });
  request.send(new URLSearchParams(new FormData(form)));
}

form?.addEventListener("input", (event) => {
  if (event.target instanceof HTMLElement && event.target.getAttribute("name") === "reason") return;
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE_MS);
});
