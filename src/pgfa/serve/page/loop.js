/*
 * Loop: the player repeats the marked moment, or the whole recording where nothing is marked.
 *
 *   const loop = new Loop(player, timeline, { changed() }); loop.set(true); loop.set(true, false) without playing; loop.toggle(); loop.update()   the mark has changed
 */
import { get } from "./dom.js";

export class Loop {
  constructor(player, timeline, actions) {
    Object.assign(this, { player, timeline, actions, on: false });
    get("loop").addEventListener("click", () => this.toggle());
  }

  toggle() { this.set(!this.on); }

  set(on, plays = on) {
    this.on = on;
    get("loop").setAttribute("aria-pressed", String(on));
    this.update();
    if (plays) this.player.play();
    this.actions.changed();
  }

  update() {
    const { clip } = this.player, { mark } = this.timeline;
    this.player.loop = this.on && clip && mark ? { first: Math.round(mark.start * clip.rate), last: Math.max(0, Math.round(mark.end * clip.rate) - 1) } : null;
  }
}
