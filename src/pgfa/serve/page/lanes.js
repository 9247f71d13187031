/*
 * A lane for each person, above the timeline: their name, and their moments as blocks that can be selected, moved and cut
 * to length by mouse or finger. The same by keyboard: the list of moments. A moment of a pair is on both lanes.
 *
 *   const lanes = new Lanes(element, { select(id), move(id, start, end), loop(id), body(body), rename(body, name) });
 *   lanes.show(moments, { people, body, selected, names, short(sentence) }); lanes.view(range)
 */
import { letter, make, percent, timeRange } from "./dom.js";

const EDGE_PIXELS = 7, DRAG_PIXELS = 3;
const DOUBLE_PRESS = 400;

export class Lanes {
  constructor(root, actions) {
    Object.assign(this, { root, actions, blocks: [], range: { start: 0, end: 1 }, pressed: { id: null, at: 0 } });
  }

  show(moments, { people, body, selected, names, short = (sentence) => sentence }) {
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.body : null;
    this.blocks = [];
    this.root.replaceChildren(...people.map((person, index) => {
      const track = make("div", { class: "lane-track", "aria-hidden": "true" });
      for (const moment of moments.filter((each) => each.body === person || each.partner === person)) {
        const block = this.newBlock(moment, index, moment.id === selected, short);
        this.blocks.push({ block, moment });
        track.append(block);
      }
      return make("div", { class: `lane${person === body && people.length > 1 ? " chosen" : ""}` }, this.newName(person, index, people, names), track);
    }));
    if (focused !== null) this.root.querySelector(`[data-body="${focused}"]`)?.focus();
    this.view(this.range);
  }

  newName(person, index, people, names) {
    if (people.length < 2) return make("span", { class: "lane-name" }, "Moments");
    const input = make("input", { type: "text", class: "person-name", value: names[person] ?? "", placeholder: letter(index), maxlength: 40,
      "aria-label": `Name of person ${letter(index)}`, autocomplete: "off", spellcheck: "false", "data-body": person });
    input.addEventListener("change", () => this.actions.rename(person, input.value.trim()));
    return make("span", { class: "lane-name" }, make("span", { class: `person person-${index % 8}`, "aria-hidden": "true" }), input);
  }

  newBlock(moment, index, isSelected, short) {
    const title = `${timeRange(moment.start, moment.end)} ${moment.sentence}${moment.verdict ? `, ${moment.verdict}` : ` ${percent(moment.probability)}`}`;
    const block = make("span", { class: `block block-${index % 8} ${moment.verdict}${isSelected ? " selected" : ""}`, title }, short(moment.sentence));
    block.addEventListener("pointerdown", (event) => this.press(event, moment, block));
    return block;
  }

  /* Show the part { start, end } of the recording. */
  view(range) {
    this.range = range;
    for (const { block, moment } of this.blocks) this.position(block, moment.start, moment.end);
  }

  position(block, start, end) {
    const { range } = this, length = Math.max(1e-9, range.end - range.start);
    block.style.left = `${100 * (start - range.start) / length}%`;
    block.style.width = `${100 * (end - start) / length}%`;
    block.hidden = end <= range.start || start >= range.end;
  }

  /* Drag a block: its edges change start or end, its middle moves both. A press without a drag selects it. */
  press(event, moment, block) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    const box = block.getBoundingClientRect(), edge = Math.min(EDGE_PIXELS, box.width / 3);
    const part = event.clientX - box.left < edge ? "start" : box.right - event.clientX < edge ? "end" : "both";
    const secondsPerPixel = (this.range.end - this.range.start) / block.parentElement.getBoundingClientRect().width;
    let { start, end } = moment, dragged = false;
    block.setPointerCapture(event.pointerId);
    const move = (next) => {
      const pixels = next.clientX - event.clientX, by = pixels * secondsPerPixel;
      dragged ||= Math.abs(pixels) > DRAG_PIXELS;
      if (!dragged) return;
      start = part === "end" ? moment.start : moment.start + by;
      end = part === "start" ? moment.end : moment.end + by;
      this.position(block, Math.min(start, end), Math.max(start, end));
    };
    const finish = (last) => {
      block.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) block.removeEventListener(name, finish);
      if (dragged && last.type === "pointerup") this.actions.move(moment.id, start, end);
      else { this.position(block, moment.start, moment.end); this.select(moment.id, last.timeStamp); }
    };
    block.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) block.addEventListener(name, finish);
  }

  /* Two presses in a row loop a moment. (The block is drawn anew after the first, so there is no double click.) */
  select(id, at) {
    const isSecond = this.pressed.id === id && at - this.pressed.at < DOUBLE_PRESS;
    this.pressed = { id, at };
    if (isSecond) this.actions.loop(id);
    else this.actions.select(id);
  }
}
