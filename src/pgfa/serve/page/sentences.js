/*
 * The sentences: typed, edited, removed, each with its probability for the whole recording.
 *
 *   const list = new Sentences(element, { changed(now), remove(name) }, limits);
 *   list.set(sentences); list.show(found);
 */
import { get, make, percent } from "./dom.js";

export class Sentences {
  constructor(root, acts, limits) {
    Object.assign(this, { root, acts, limits });
    this.rows = [];
    this.taught = [];
    this.none = this.bar("none of these", "none");
    this.root.append(this.none.item);
  }

  /* What is asked: trimmed, without empty ones or repetitions. */
  get asked() {
    return [...new Set(this.rows.map((row) => row.input.value.trim()).filter(Boolean))];
  }

  set(sentences) {
    for (const row of this.rows) row.item.remove();
    this.rows = [];
    sentences.forEach((sentence) => this.append(sentence));
  }

  add(sentence) {
    const text = sentence.trim();
    if (!text || this.rows.length >= this.limits.sentences) return false;
    if (!this.asked.includes(text)) { this.append(text); this.acts.changed(true); }
    return true;
  }

  append(sentence) {
    const input = make("input", { type: "text", class: "sentence", value: sentence, maxlength: this.limits.characters,
      "aria-label": `Sentence ${this.rows.length + 1}`, autocomplete: "off", spellcheck: "true" });
    input.addEventListener("input", () => this.acts.changed(false));
    input.addEventListener("change", () => this.acts.changed(true));
    const row = this.meter(input);
    row.item.append(this.cross("Remove this sentence", () => this.take(row)));
    row.input = input;
    this.rows.push(row);
    this.place(row.item);
  }

  take(row) {
    const at = this.rows.indexOf(row);
    this.rows.splice(at, 1);
    row.item.remove();
    this.rows.forEach((other, i) => other.input.setAttribute("aria-label", `Sentence ${i + 1}`));
    (this.rows[at] ?? this.rows[at - 1])?.input.focus();
    if (!this.rows.length) get("add").focus();
    this.acts.changed(true);
  }

  place(item) { this.root.insertBefore(item, this.taught[0]?.item ?? this.none.item); }

  bar(name, kind) {
    const row = this.meter(make("span", { class: "sentence fixed" }, name));
    row.item.classList.add(kind);
    row.name = name;
    return row;
  }

  meter(head) {
    const fill = make("span", { class: "fill" }), tick = make("span", { class: "tick", hidden: true });
    const value = make("span", { class: "value" }, "–");
    const meter = make("span", { class: "meter", "aria-hidden": "true" }, fill, tick);
    return { item: make("li", {}, head, value, meter), fill, tick, value };
  }

  cross(label, act) { return make("button", { type: "button", class: "quiet cross", "aria-label": label, title: label, onclick: act }, "×"); }

  /* Show an answer. Sentences that were edited since keep their place and wait for the next one. */
  show(found) {
    const best = found.best === null ? null : found.candidates[found.best].sentence;
    const byName = new Map(found.candidates.map((one) => [one.sentence, one]));
    for (const row of this.taught) row.item.remove();
    this.taught = found.candidates.filter((one) => one.taught && !this.asked.includes(one.sentence)).map((one) => {
      const row = this.bar(one.sentence, "taught-class");
      row.item.append(this.cross(`Forget ${one.sentence}`, () => this.acts.remove(one.sentence)));
      this.root.insertBefore(row.item, this.none.item);
      return row;
    });
    for (const row of [...this.rows, ...this.taught]) {
      const name = row.name ?? row.input.value.trim(), one = byName.get(name);
      this.fill(row, one?.probability ?? null, one?.before ?? null, name === best && Boolean(one));
      row.item.classList.toggle("by-recordings", Boolean(one?.prototype));
      if (row.input) row.input.title = name;
    }
    const compared = found.candidates.some((one) => one.before !== null);
    get("legend").hidden = !found.candidates.some((one) => one.prototype);
    get("legend-before").hidden = !compared;
    this.none.item.hidden = !found.calibrated;
    this.fill(this.none, found.none, found.none_before, best === null);
  }

  fill(row, probability, before, best) {
    row.item.classList.toggle("best", best);
    row.value.textContent = probability === null ? "–" : percent(probability);
    row.fill.style.width = `${(probability ?? 0) * 100}%`;
    row.tick.hidden = before === null;
    row.tick.style.left = `${(before ?? 0) * 100}%`;
    row.value.title = before === null ? "" : `${percent(before)} without alignment`;
  }
}
