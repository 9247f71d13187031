/*
 * A question that may take long: its progress and a button to cancel it, shown where it takes more than a second.
 *
 *   const asking = new Asking(server, { cancelled() });
 *   await asking.ask(key, question);   // ends the question before, on the server too
 */
import { get } from "./dom.js";
import { CANCELLED, RequestError } from "./responses.js";

const SHOWN_AFTER = 1000;

export class Asking {
  constructor(server, actions) {
    Object.assign(this, { server, actions, controller: null, timer: 0 });
    get("cancel").addEventListener("click", () => {
      this.end();
      actions.cancelled();
    });
  }

  async ask(key, question) {
    this.end();
    const controller = new AbortController();
    this.controller = controller;
    this.show(0);
    this.timer = setTimeout(() => { get("asking").hidden = false; }, SHOWN_AFTER);
    try {
      return await this.server.ask(key, question, { signal: controller.signal, progress: (share) => this.show(share) });
    } catch (error) {
      throw controller.signal.aborted ? new RequestError({ kind: CANCELLED, message: "The question was cancelled." }) : error;
    } finally {
      if (this.controller === controller) this.end();
    }
  }

  /* End the question that is at work, if there is one. */
  end() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = null;
    get("asking").hidden = true;
  }

  show(share) {
    get("asking").querySelector("progress").value = share;
    get("asking").querySelector("span").textContent = `${Math.floor(100 * share)} %`;
  }
}
