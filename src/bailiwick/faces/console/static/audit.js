// Events as they happen, on top of the audit page. The page works without it.

/** @type {HTMLButtonElement | null} */
const lever = document.querySelector(".live-switch");
const MOST_ROWS = 200;
/** @type {EventSource | null} */
let source = null;

/** The list of events; made where the page had none. @returns {Element} */
function list() {
  const found = document.querySelector("ul.events");
  if (found) return found;
  const made = document.createElement("ul");
  made.className = "events";
  const empty = document.querySelector("section.empty");
  if (empty) empty.replaceWith(made);
  else document.querySelector(".paging")?.before(made);
  return made;
}

/** A cell of a row. @param {string} text @param {string} kind */
function cell(text, kind = "") {
  const made = document.createElement("span");
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** The outcome as a pill, with the reason. @param {{outcome: string, reason: string}} event */
function ending(event) {
  const made = document.createElement("span");
  made.append(cell(event.outcome, `pill ${event.outcome === "success" ? "good" : "bad"}`), ` ${event.reason}`);
  return made;
}

/** A row as the page has them, with the event to expand. @param {Record<string, any>} event */
function row(event) {
  const item = document.createElement("li");
  const details = document.createElement("details");
  details.className = "fresh";
  const summary = document.createElement("summary");
  const moment = event.time.slice(0, 19).replace("T", " ");
  summary.append(cell(moment), cell(event.actor, "mono"), cell(event.action, "mono"), cell(event.resource, "mono"));
  summary.append(ending(event));
  const further = document.createElement("p");
  further.className = "further";
  for (const [words, address] of [["Event and proof", `/audit/events/${event.sequence}`], ...Object.entries(event.links)]) {
    const link = document.createElement("a");
    link.textContent = words;
    if (String(address).startsWith("/")) link.href = address;
    further.append(link, " ");
  }
  const whole = document.createElement("pre");
  whole.textContent = JSON.stringify(event, null, 2);
  whole.tabIndex = 0;
  details.append(summary, further, whole);
  item.append(details);
  return item;
}

/** Show one event on top. @param {MessageEvent} message */
function show(message) {
  const event = JSON.parse(message.data);
  const place = list();
  place.prepend(row(event));
  while (place.children.length > MOST_ROWS) place.lastElementChild?.remove();
}

function stop() {
  source?.close();
  source = null;
  lever?.setAttribute("aria-pressed", "false");
}

function start() {
  source = new EventSource(lever.dataset.live);
  lever.setAttribute("aria-pressed", "true");
  source.addEventListener("audit", show);
  source.addEventListener("open", () => lever.classList.remove("lost"));
  source.addEventListener("error", () => {
    // The browser tries again by itself, unless the server said no for good.
    lever.classList.add("lost");
    if (source?.readyState === EventSource.CLOSED) stop();
  });
  source.addEventListener("refused", (message) => {
    stop();
    lever.textContent = `Live: ${JSON.parse(message.data).title}`;
  });
}

if (lever) {
  lever.hidden = false;
  lever.addEventListener("click", () => (source ? stop() : start()));
}
addEventListener("pagehide", stop);
