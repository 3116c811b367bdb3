// What the agent says and does as it happens, on top of the page. The page works without it.

/** @type {HTMLElement | null} */
const live = document.querySelector("#live[data-events]");
const talk = document.querySelector("#talk");

/** An element with text. @param {string} kind @param {string} text @param {string} name */
function made(kind, text, name = "") {
  const item = document.createElement(kind);
  item.textContent = text;
  if (name) item.className = name;
  return item;
}

/** Show what the model says now. @param {string} text */
function say(text) {
  live?.replaceChildren(made("p", "Agent", "who"), made("p", text || "thinks …", "words"));
}

/** Add a step at the end. @param {Record<string, any>} step */
function add(step) {
  if (document.getElementById(`step-${step.number}`)) return;
  const item = document.createElement("li");
  item.id = `step-${step.number}`;
  item.className = `is-${step.kind}${step.failed ? " is-wrong" : ""}`;
  if (step.kind === "tool") {
    const line = document.createElement("p");
    line.append(made("span", step.failed ? "wrong" : "ok", `pill ${step.failed ? "bad" : "good"}`), " ", made("code", step.tool));
    item.append(line);
  } else if (step.text.trim()) {
    item.append(made("p", step.kind === "said" ? "Agent" : "You", "who"), made("p", step.text, "words"));
  } else {
    return;
  }
  talk?.append(item);
}

if (live) {
  const source = new EventSource(live.dataset.events ?? "");
  source.addEventListener("step", (message) => add(JSON.parse(message.data)));
  source.addEventListener("live", (message) => say(JSON.parse(message.data).text));
  source.addEventListener("over", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("refused", (message) => {
    source.close();
    say(JSON.parse(message.data).title);
  });
  addEventListener("pagehide", () => source.close());
}

for (const area of document.querySelectorAll(".studio-form textarea")) {
  area.addEventListener("keydown", (event) => {
    const pressed = /** @type {KeyboardEvent} */ (event);
    if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) {
      event.preventDefault();
      area.closest("form")?.requestSubmit();
    }
  });
}
