/* What the page is doing: a progress bar while requests run, what it waits for, and a notice when one fails. */
import { get } from "./dom.js";
import { CANCELLED } from "./responses.js";

let running = 0, absent = false;

/* Await `request()`, with the progress bar shown. A request that fails is reported in the notice and gives null; one that
 * was cancelled just gives null. */
export async function track(request) {
  running++;
  get("progress").hidden = false;
  document.body.setAttribute("aria-busy", "true");
  try {
    return await request();
  } catch (error) {
    if (error.kind === CANCELLED) return null;
    notify(error.message);
    if (!("kind" in error)) throw error;
    return null;
  } finally {
    if (!--running) {
      get("progress").hidden = true;
      document.body.removeAttribute("aria-busy");
    }
  }
}

/* What the page waits for, while a busy server is asked again; "" when it has answered. */
export function showWaiting(message) {
  get("waiting").textContent = message;
  get("waiting").hidden = !message;
}

/* Show a message; an empty one closes the notice, or says again that the server does not respond. */
export function notify(message) {
  const notice = get("notice"), text = message || (absent ? NO_SERVER : "");
  notice.hidden = !text;
  notice.querySelector("p").textContent = text;
}

/* Close the notice if it still shows this message. */
export function withdraw(message) {
  if (get("notice").querySelector("p").textContent === message) notify("");
}

const NO_SERVER = "The server is not responding. Is `pgfa serve` still running? Your work is not lost: this page keeps it, and tries again by itself.";

/* The server does not respond, or does so again. */
export function showAbsence(isAbsent) {
  absent = isAbsent;
  if (isAbsent) notify(NO_SERVER);
  else withdraw(NO_SERVER);
}

get("notice").querySelector("button").addEventListener("click", () => { get("notice").hidden = true; });
