/* Alignment: gather unlabelled clips, align, and tell what that changed. */
import { get, make, plural } from "./dom.js";

export class Aligning {
  /* acts: align(ids) -> what changed; use(on); open(id) */
  constructor(acts) {
    this.acts = acts;
    this.clips = new Map();
    this.on = false;
    this.switch = get("use-alignment");
    this.switch.addEventListener("click", () => this.use(!this.on));
    get("align").addEventListener("click", () => acts.align([...this.clips.keys()]));
  }

  add(clips) {
    for (const clip of clips) this.clips.set(clip.id, clip.name);
    get("aligning-count").textContent = `${plural(this.clips.size, "unlabelled recording")}${this.clips.size === 1 ? "; at least 2 are needed" : ""}.`;
    get("align").disabled = this.clips.size < 2;
  }

  use(on) {
    this.on = on;
    this.switch.disabled = false;
    this.switch.setAttribute("aria-checked", String(on));
    this.acts.use(on);
  }

  show(told) {
    const moved = told.clips.filter((clip) => clip.before !== clip.after);
    const supports = told.sentences.map((sentence, at) => make("li", {},
      make("span", {}, sentence), make("span", { class: "faint" }, told.support[at] ? plural(told.support[at], "clip") : "unchanged")));
    get("aligned").hidden = false;
    get("aligned").replaceChildren(
      make("p", { class: "changed", role: "status" },
        `The answer changed for ${told.changed} of ${plural(told.clips.length, "clip")}.`),
      make("details", { open: moved.length > 0 }, make("summary", {}, "Which clips changed"),
        moved.length ? make("ul", { class: "moved" }, ...moved.map((clip) => make("li", {},
          make("button", { type: "button", class: "quiet", onclick: () => this.acts.open(clip.clip) }, clip.name || clip.clip),
          make("span", {}, make("s", {}, clip.before), " ", make("span", { "aria-hidden": "true" }, "→"), " ", make("ins", {}, clip.after)))))
          : make("p", { class: "hint" }, "None.")),
      make("details", {}, make("summary", {}, "Clips that stand for each sentence"), make("ul", { class: "supports" }, ...supports)));
  }
}
