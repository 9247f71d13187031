/*
 * The sentences: typed, edited, removed, each with its probability for the whole recording.
 *
 *   const sentences = new Sentences(element, { changed(immediately), remove(name), explain() }, limits);
 *   sentences.set(texts); sentences.show(result); sentences.texts
 */
import { notify } from "./activity.js";
import { get, make, percent, plural } from "./dom.js";
import { bestOf, isNone, NONE } from "./none.js";
import { suggestionFor } from "./suggestions.js";

/* What stands before the items of a list that is pasted: a bullet, or a number with a point or a bracket. */
const MARK = /^\s*(?:[-*•–]|\d+[.)])\s+/;
const NONE_TYPED = `“${NONE}” is the answer where no sentence fits; it cannot be a sentence.`;

export class Sentences {
  constructor(root, actions, limits) {
    Object.assign(this, { root, actions, limits });
    this.rows = [];
    this.taught = [];
    this.none = this.fixedRow(NONE, "none");
    this.root.append(this.none.item);
  }

  /* The sentences as candidates: trimmed, without empty ones or repetitions. */
  get texts() {
    return [...new Set(this.rows.map((row) => row.input.value.trim()).filter((text) => text && !isNone(text)))];
  }

  set(texts) {
    for (const row of this.rows) row.item.remove();
    this.rows = [];
    texts.forEach((text) => this.append(text));
  }

  /* Add a sentence, or several, one a line. Returns why something was not added; "" if nothing was left out. */
  add(typed) {
    const texts = typed.split(/\r?\n/).map((line) => line.replace(MARK, "").trim()).filter(Boolean), known = this.texts;
    const reasons = new Set();
    let added = 0, over = 0;
    for (const text of texts) {
      if (known.includes(text)) reasons.add(`“${text}” is in the list already.`);
      else if (isNone(text)) reasons.add(NONE_TYPED);
      else if (this.rows.length >= this.limits.max_sentences) { known.push(text); over++; }
      else if (text.length > this.limits.max_characters) reasons.add(`A sentence may have ${this.limits.max_characters} characters.`);
      else { this.append(text); known.push(text); added++; }
    }
    if (added) this.actions.changed(true);
    if (over) reasons.add(`The limit is ${this.limits.max_sentences} sentences; ${over === 1 ? "1 was" : `${over} were`} left out.`);
    return [...reasons].join(" ");
  }

  clear() {
    this.set([]);
    this.actions.changed(true);
    get("add").focus();
  }

  append(text) {
    const input = make("input", { type: "text", class: "sentence", value: text, maxlength: this.limits.max_characters,
      autocomplete: "off", spellcheck: "true" });
    input.addEventListener("input", () => this.actions.changed(false));
    const row = this.newRow(input);
    row.input = input;
    input.addEventListener("change", () => this.edited(row));
    row.button = this.removeButton("", () => this.remove(row));
    row.item.append(row.button);
    this.rows.push(row);
    this.root.insertBefore(row.item, this.taught[0]?.item ?? this.none.item);
    this.number();
  }

  /* A sentence that was emptied is removed; the focus stays with the person, who may have gone elsewhere. */
  edited(row) {
    const text = row.input.value.trim();
    if (!text) return this.remove(row, document.activeElement === row.input);
    if (isNone(text)) notify(NONE_TYPED);
    return this.actions.changed(true);
  }

  remove(row, focus = true) {
    const index = this.rows.indexOf(row);
    if (index < 0) return; // emptied, and then removed by its button
    this.rows.splice(index, 1);
    row.item.remove();
    this.number();
    if (focus) (this.rows[index] ?? this.rows[index - 1] ?? { input: get("add") }).input.focus();
    this.actions.changed(true);
  }

  /* Name inputs and buttons by their position, for those who do not see it. */
  number() {
    this.rows.forEach((row, index) => {
      row.input.setAttribute("aria-label", `Sentence ${index + 1}`);
      row.button.setAttribute("aria-label", `Remove sentence ${index + 1}`);
      row.button.title = `Remove sentence ${index + 1}`;
      this.nameWhy(row, `sentence ${index + 1}`);
    });
  }

  fixedRow(name, kind) {
    const row = this.newRow(make("span", { class: "sentence fixed" }, name));
    row.item.classList.add(kind);
    row.name = name;
    return row;
  }

  newRow(head) {
    const fill = make("span", { class: "fill" }), tick = make("span", { class: "tick", hidden: true });
    const value = make("span", { class: "value" }, "–");
    const meter = make("span", { class: "meter", "aria-hidden": "true" }, fill, tick);
    fill.style.width = "0%"; // nothing is known before the first answer
    const row = { item: make("li", {}, head, value, meter), fill, tick, value };
    row.why = make("button", { type: "button", class: "quiet why", "aria-expanded": "false", hidden: true, onclick: () => this.openWhy(row) }, "why");
    row.reasons = make("div", { class: "reasons", hidden: true });
    row.item.append(row.why, row.reasons);
    return row;
  }

  nameWhy(row, name) { row.why.setAttribute("aria-label", `Why ${name}`); }

  openWhy(row) {
    const open = row.reasons.hidden;
    row.why.setAttribute("aria-expanded", String(open));
    row.reasons.hidden = !open;
    if (open) this.showReasons(row);
  }

  /* What the motion says about the words of a sentence, below it. */
  async showReasons(row) {
    const name = row.name ?? row.input.value.trim(), result = this.result;
    const why = await this.actions.explain();
    const reasons = why?.sentences.find(({ sentence }) => sentence === name);
    if (!reasons || result !== this.result) return;
    const line = (title, texts) => (texts.length ? [make("p", {}, make("b", {}, title), ` ${texts.join(", ")}`)] : []);
    const lines = [...line("For:", reasons.speaks_for), ...line("Against:", reasons.speaks_against)];
    const silent = reasons.taught ? "A taught class is compared with its examples, not by words." : "No motion word speaks clearly for or against it.";
    const advice = suggestionFor(reasons, row.item.classList.contains("best"));
    const [start, end] = why.window_s ?? [];
    const measured = why.window_s ? `Measured from ${start.toFixed(1)} to ${end.toFixed(1)} s:` : "Measured:";
    row.reasons.replaceChildren(...(lines.length ? lines : [make("p", {}, silent)]), ...line(measured, why.measured),
      ...line("To try:", advice ? [advice] : []));
  }

  removeButton(label, act) {
    return make("button", { type: "button", class: "quiet remove", "aria-label": label, title: label, onclick: act }, "×");
  }

  /* Show a result. Sentences that were edited since keep their row and wait for the next result. */
  show(result) {
    this.result = result;
    const best = bestOf(result)?.sentence ?? null;
    const byName = new Map(result.candidates.map((candidate) => [candidate.sentence, candidate]));
    this.showTaught(result);
    for (const row of [...this.rows, ...this.taught]) {
      const name = row.name ?? row.input.value.trim(), candidate = byName.get(name);
      this.update(row, candidate?.probability ?? null, candidate?.probability_before ?? null, name === best && Boolean(candidate));
      row.item.classList.toggle("prototype", Boolean(candidate?.prototype));
      if (candidate?.prototype)
        row.value.title = [`Prototype, learned from ${plural(candidate.support, "clip")}`, row.value.title].filter(Boolean).join("; ");
      if (row.input) row.input.title = name;
      row.why.hidden = !this.actions.explain || !candidate;
      row.reasons.hidden = row.why.hidden || row.why.getAttribute("aria-expanded") !== "true";
      if (!row.reasons.hidden) this.showReasons(row);
    }
    this.none.item.hidden = !result.calibrated;
    this.update(this.none, result.none, result.none_before, best === null);
    this.showLegend(result);
  }

  /* No recording is open: nothing is known of any sentence. */
  reset() {
    this.result = null;
    for (const row of [...this.rows, ...this.taught, this.none]) {
      this.update(row, null, null, false);
      row.item.classList.remove("prototype");
      row.why.hidden = row.reasons.hidden = true;
      row.why.setAttribute("aria-expanded", "false");
    }
    get("legend").hidden = true;
  }

  showTaught(result) {
    for (const row of this.taught) row.item.remove();
    const classes = result.candidates.filter((candidate) => candidate.taught && !this.texts.includes(candidate.sentence));
    this.taught = classes.map(({ sentence }) => {
      const row = this.fixedRow(sentence, "taught-class");
      this.nameWhy(row, sentence);
      row.item.append(this.removeButton(`Forget ${sentence}`, () => this.actions.remove(sentence)));
      this.root.insertBefore(row.item, this.none.item);
      return row;
    });
  }

  showLegend(result) {
    const support = result.candidates.filter((candidate) => candidate.prototype).map((candidate) => candidate.support);
    const low = Math.min(...support), high = Math.max(...support);
    get("legend").hidden = !support.length;
    get("legend-support").textContent = low === high ? plural(high, "clip") : `${low} to ${plural(high, "clip")}`;
    get("legend-before").hidden = !result.candidates.some((candidate) => candidate.probability_before !== null);
  }

  update(row, probability, before, best) {
    row.item.classList.toggle("best", best);
    row.value.textContent = probability === null ? "–" : percent(probability);
    row.fill.style.width = `${(probability ?? 0) * 100}%`;
    row.tick.hidden = before === null;
    row.tick.style.left = `${(before ?? 0) * 100}%`;
    row.value.title = before === null ? "" : `${percent(before)} without alignment`;
  }
}
