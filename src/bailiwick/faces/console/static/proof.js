// Checks an event in this browser: its hash, the way to the root (RFC 9162, 2.1.3.2), and the signature over the root.

/** @type {HTMLElement | null} */
const place = document.querySelector("[data-proof]");
const answer = document.querySelector("#proof-answer");

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
/** @param {string} text */
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
/** @param {Uint8Array} bytes */
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** SHA-256 over parts, one after the other. @param {...Uint8Array} parts */
async function hash(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

/** The root that a proof leads to, null where it is not as long as the tree demands. */
async function rootOf(leaf, index, size, proof) {
  let node = leaf;
  let position = BigInt(index);
  let last = BigInt(size) - 1n;
  if (position > last) return null;
  for (const sibling of proof) {
    if (last === 0n) return null;
    if ((position & 1n) === 1n || position === last) {
      node = await hash(Uint8Array.of(1), sibling, node);
      while ((position & 1n) === 0n && position !== 0n) {
        position >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await hash(Uint8Array.of(1), node, sibling);
    }
    position >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? node : null;
}

/** What is signed of an envelope (DSSE, "PAE"). @param {string} kind @param {Uint8Array} payload */
function signed(kind, payload) {
  const head = new TextEncoder().encode(`DSSEv1 ${new TextEncoder().encode(kind).length} ${kind} ${payload.length} `);
  const whole = new Uint8Array(head.length + payload.length);
  whole.set(head);
  whole.set(payload, head.length);
  return whole;
}

/** Whether one of an envelope's signatures is by this key. */
async function signatureHolds(envelope, publicText) {
  const key = await crypto.subtle.importKey("raw", fromBase64(publicText), "Ed25519", false, ["verify"]);
  const message = signed(envelope.payloadType, fromBase64(envelope.payload));
  for (const { sig } of envelope.signatures) {
    if (await crypto.subtle.verify("Ed25519", key, fromBase64(sig), message)) return true;
  }
  return false;
}

/** What came of it, in a sentence. @param {string} words @param {boolean} good */
function tell(words, good) {
  answer.textContent = words;
  answer.className = good ? "good" : "bad";
}

async function check() {
  const given = await (await fetch(place.dataset.proof, { headers: { accept: "application/json" } })).json();
  const event = document.querySelector("#proof-event");
  if (!event.value) event.value = given.body;
  const envelope = given.checkpoint;
  if (!(await signatureHolds(envelope, document.querySelector("#proof-key").value.trim()))) {
    tell("The root is not signed by this key.", false);
    return;
  }
  const said = JSON.parse(new TextDecoder().decode(fromBase64(envelope.payload)));
  const leaf = await hash(Uint8Array.of(0), new TextEncoder().encode(event.value));
  const root = await rootOf(leaf, given.sequence, said.size, given.proof.map(fromHex));
  if (root && toHex(root) === said.root) {
    tell(`This event, as it stands above, is number ${given.sequence} of the ${said.size} that were signed.`, true);
  } else {
    tell("This is not what was logged: its hash does not lead to the signed root.", false);
  }
}

if (place && globalThis.crypto?.subtle) {
  const lever = place.querySelector("button");
  place.hidden = false;
  lever.addEventListener("click", () =>
    check().catch((fault) => tell(`It could not be checked here: ${fault.message}`, false)),
  );
}
