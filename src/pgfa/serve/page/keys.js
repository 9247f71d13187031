/*
 * Keys that work everywhere on the page, and the sheet that lists them.
 *
 *   new Keys({ player, correcting, teaching, timeline, loop() })
 *
 * Keys of one letter can be turned off on the sheet, for those who speak to their computer. In a text field only Esc
 * and the keys with Ctrl have an effect; a button keeps the space bar for itself, the list of moments does not.
 */
import { get } from "./dom.js";

const SETTING = "pgfa-single-keys";
const stored = () => { try { return localStorage.getItem(SETTING) !== "off"; } catch { return true; } };

export class Keys {
  constructor(parts) {
    Object.assign(this, parts);
    get("single-keys").checked = stored();
    get("single-keys").addEventListener("change", (event) => {
      try { localStorage.setItem(SETTING, event.target.checked ? "on" : "off"); } catch { /* a browser without storage */ }
    });
    get("show-help").addEventListener("click", () => get("help").showModal());
    // Before other listeners: a space on the list of moments plays and does not press its button.
    addEventListener("keydown", (event) => this.press(event), true);
    addEventListener("keyup", (event) => { if (event.key === " " && inList(event.target)) event.preventDefault(); }, true);
  }

  press(event) {
    if (document.querySelector("dialog[open]")) return;
    const isText = event.target.matches("input:not([type=checkbox], [type=radio], [type=range], [type=file]), select, textarea");
    const act = this.action(event, isText);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  action(event, isText) {
    const { correcting, teaching, player } = this, { key } = event;
    if (key === "Escape") return () => { teaching.reset(); correcting.select(null); };
    const letter = key.length === 1 ? key.toLowerCase() : key;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !isText) {
      if (letter === "z") return () => (event.shiftKey ? correcting.redo() : correcting.undo());
      return letter === "y" ? () => correcting.redo() : null;
    }
    if (isText || event.metaKey) return null;
    // Many keyboards type brackets with Alt or AltGr (which is Ctrl + Alt), so these keys do not count here.
    if (key === "[") return () => teaching.markStart();
    if (key === "]") return () => teaching.markEnd();
    if (event.ctrlKey || event.altKey) return null;
    if (key === " ") return isPressable(event.target) ? null : () => player.toggle();
    if (event.target.matches("canvas, input[type=range]") && letter === "t") return null;
    return get("single-keys").checked ? this.single(letter) : null;
  }

  single(letter) {
    const { correcting, player, timeline } = this, judge = (verdict) => () => correcting.changeSelected("judge", verdict);
    return {
      "?": () => get("help").showModal(), k: () => player.toggle(), l: () => this.loop(), a: () => get("teach-name").focus(),
      e: () => correcting.edit(), n: () => correcting.step(1), p: () => correcting.step(-1), r: judge("right"), w: judge("wrong"),
      s: () => correcting.changeSelected("split", timeline.now), m: () => correcting.changeSelected("merge"),
      Delete: () => correcting.changeSelected("remove"),
    }[letter] ?? null;
  }
}

const inList = (target) => target.matches?.("#spans button.moment");
const isPressable = (target) => target.matches("button, summary, input, a[href], label") && !inList(target) && !target.matches("input[type=range]");
