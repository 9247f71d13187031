/*
 * Alignment: align the sentences with the recordings that are marked for it, and show what that changed.
 *
 *   const alignment = new Alignment(server, { texts(), clips(), marked(), name(key), use(on), open(key), changed() });
 *   alignment.count(); alignment.on; alignment.state; await alignment.restore(state)
 */
import { notify, track } from "./activity.js";
import { get, make, plural } from "./dom.js";

export class Alignment {
  constructor(server, actions) {
    Object.assign(this, { server, actions });
    this.question = null;
    this.on = false;
    this.switch = get("use-alignment");
    this.switch.addEventListener("click", () => this.use(!this.on));
    get("align").addEventListener("click", () => this.align());
    this.count();
  }

  /* What was aligned, to be kept and done again: { sentences, clips, on }, or null. */
  get state() { return this.question && { ...this.question, on: this.on }; }

  /* Whether one of these recordings (a Set of keys) was aligned with. */
  uses(keys) { return this.question?.clips.some((key) => keys.has(key)) ?? false; }

  count() {
    const { count, examples } = this.actions.marked(), own = count - examples;
    const hint = count === 1 ? "; at least 2 are needed" : examples && own ? `: ${own} of your own and ${plural(examples, "synthetic example")}` : "";
    get("alignment-count").textContent = count ? `${plural(count, "unlabelled recording")}${hint}.` : "No recording is marked for alignment yet.";
    get("align").disabled = count < 2;
  }

  use(on) {
    this.on = on;
    this.switch.disabled = false;
    this.switch.setAttribute("aria-checked", String(on));
    this.actions.use(on);
    this.actions.changed();
  }

  async align() {
    const question = { sentences: this.actions.texts(), clips: this.actions.clips() };
    const result = await track(() => this.server.align(question));
    if (!result) return;
    this.question = question;
    this.show(result);
    this.use(true);
    this.actions.changed();
  }

  /* Align again as before. Without its recordings there is no alignment. */
  async restore(state) {
    this.question = null;
    this.on = false;
    if (!state) return;
    try {
      this.show(await this.server.align(state, true));
    } catch (error) {
      if (!("kind" in error)) throw error;
      this.switch.disabled = true;
      this.switch.setAttribute("aria-checked", "false");
      notify("The alignment could not be restored: some of its recordings are gone.");
      return;
    }
    this.question = { sentences: state.sentences, clips: state.clips };
    this.on = state.on;
    this.switch.disabled = false;
    this.switch.setAttribute("aria-checked", String(state.on));
  }

  show(result) {
    const changed = result.clips.filter((clip) => clip.before !== clip.after);
    const support = result.sentences.map((sentence, index) => make("li", {}, make("span", {}, sentence),
      make("span", { class: "faint" }, result.support[index] ? plural(result.support[index], "clip") : "recentred")));
    get("aligned").hidden = false;
    get("aligned").replaceChildren(
      make("p", { class: "changed", role: "status" },
        `The answer changed for ${result.changed} of ${plural(result.clips.length, "clip")}.`),
      ...(result.declined ? [make("p", { class: "hint" }, `Recentred only, not aligned: ${result.declined}.`)] : []),
      make("details", { open: changed.length > 0 }, make("summary", {}, "Changed clips"),
        changed.length ? make("ul", { class: "changed-clips" }, ...changed.map((clip) => this.changedItem(clip)))
          : make("p", { class: "hint" }, "None.")),
      make("details", {}, make("summary", {}, "Clips per prototype"), make("ul", { class: "support" }, ...support)));
  }

  changedItem(clip) {
    return make("li", {},
      make("button", { type: "button", class: "quiet", onclick: () => this.actions.open(clip.clip) }, this.actions.name(clip.clip) || clip.name),
      make("span", {}, make("s", {}, clip.before), " ", make("span", { "aria-hidden": "true" }, "→"), " ", make("ins", {}, clip.after)));
  }
}
