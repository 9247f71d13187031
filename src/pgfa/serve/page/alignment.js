/*
 * Alignment: collect unlabelled clips, align the sentences with them, and show what that changed.
 *
 *   const alignment = new Alignment(server, { texts(), use(on), open(id) });
 *   alignment.add(clips); alignment.on
 */
import { track } from "./activity.js";
import { get, make, plural } from "./dom.js";

export class Alignment {
  constructor(server, actions) {
    Object.assign(this, { server, actions });
    this.clips = new Map();
    this.on = false;
    this.switch = get("use-alignment");
    this.switch.addEventListener("click", () => this.use(!this.on));
    get("align").addEventListener("click", () => this.align());
  }

  add(clips) {
    for (const clip of clips) this.clips.set(clip.id, clip.name);
    const hint = this.clips.size === 1 ? "; at least 2 are needed" : "";
    get("alignment-count").textContent = `${plural(this.clips.size, "unlabelled recording")}${hint}.`;
    get("align").disabled = this.clips.size < 2;
  }

  use(on) {
    this.on = on;
    this.switch.disabled = false;
    this.switch.setAttribute("aria-checked", String(on));
    this.actions.use(on);
  }

  async align() {
    const alignment = { sentences: this.actions.texts(), clips: [...this.clips.keys()] };
    const result = await track(() => this.server.align(alignment));
    if (!result) return;
    this.show(result);
    this.use(true);
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
      make("button", { type: "button", class: "quiet", onclick: () => this.actions.open(clip.clip) }, clip.name || clip.clip),
      make("span", {}, make("s", {}, clip.before), " ", make("span", { "aria-hidden": "true" }, "→"), " ", make("ins", {}, clip.after)));
  }
}
