/*
 * Questions and answers: asks about the current recording, and shows the result as a verdict and a timeline.
 *
 *   const answers = new Answers(server, { recordings, sentences, alignment, timeline }, { shown(result, people), name(key, body, people), spans(key, spans), corrected(), learned(), video() }, about);
 *   answers.reset(body); answers.ask(); answers.askSoon(delay); answers.result; answers.body
 */
import { notify, track } from "./activity.js";
import { Asking } from "./asking.js";
import { get, make, percent, saveFile, sentenceCase } from "./dom.js";
import { headline } from "./headline.js";
import { suggestion } from "./suggestions.js";

const BACKGROUND_DELAY = 600;
/* Characters of a recording's name that the server takes: the end tells files in deep folders apart. */
const MAX_NAME = 300;
/* Forms of a download whose files end otherwise. */
const ENDINGS = { csv: "windows.csv", "spans.csv": "csv" };

const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
/* The bodies that are there at some time of an answer. */
const presentIn = ({ timeline }) => timeline.probabilities.flatMap((rows, body) => (rows.some(Boolean) ? [body] : []));

export class Answers {
  constructor(server, parts, actions, about) {
    Object.assign(this, { server, ...parts, actions, about });
    this.result = null;
    this.body = 0;
    this.taught = new Map();
    this.asked = 0;
    this.basis = null;
    this.why = null;
    this.timer = 0;
    this.background = new AbortController();
    this.asking = new Asking(server, { cancelled: () => this.showCancelled() });
    for (const button of document.querySelectorAll("[data-download]"))
      button.addEventListener("click", () => this.download(button.dataset.download));
    get("add-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const reason = this.sentences.add(get("add").value);
      notify(reason);
      if (!reason) get("add").value = ""; // what was not added can be changed
    });
    get("add").addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text");
      if (!/\n/.test(text.trim())) return;
      event.preventDefault();
      notify(this.sentences.add(text));
    });
    get("clear").addEventListener("click", () => this.sentences.clear());
  }

  /* Another recording was opened: what is shown belongs to the one before until the next answer. */
  reset(body) {
    this.setStale(true);
    this.result = null;
    this.body = body;
  }

  setStale(stale) {
    for (const id of ["timeline", "spans", "sentence-list"]) get(id).classList.toggle("stale", stale);
    if (stale) get("verdict").textContent = "…";
  }

  get bodyCount() { return this.result ? this.result.timeline.probabilities.length : 0; }
  get question() { return { sentences: this.sentences.texts, aligned: this.alignment.on }; }

  askSoon(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), delay);
  }

  async ask() {
    clearTimeout(this.timer);
    const number = ++this.asked;
    this.background.abort(); // what is asked now comes first
    const clip = this.recordings.current, question = this.question;
    if (!clip) return;
    if (!question.sentences.length && !this.taught.size) return this.showVerdict();
    const basis = JSON.stringify([question, this.alignment.state, [...this.taught], this.actions.learned()]);
    if (basis !== this.basis) this.recordings.expire();
    this.basis = basis;
    const result = await track(() => this.asking.ask(clip, question));
    if (number !== this.asked || !result) return;
    this.recordings.answered(clip, result, basis);
    this.askAboutOthers(number, question);
    this.result = result;
    this.setStale(false);
    document.body.dataset.answers = String(number);
    this.why = null;
    this.sentences.show(result);
    if (!this.present.includes(this.body)) this.body = this.present[0] ?? 0;
    this.timeline.show(result, this.body);
    this.actions.shown(result, this.present);
    this.showBodies(); // last: who is there, and so how each is called, is known by now
    this.showVerdict();
    this.showOverlaps(result);
  }

  /* Taught classes and sentences that mean the same: a line below the taught classes names both. */
  showOverlaps({ overlaps }) {
    get("overlaps").hidden = !overlaps.length;
    get("overlaps").textContent = overlaps.map((text) => `${sentenceCase(text)}.`).join(" ");
  }

  /* Why each answer for the whole recording is what it is: asked once per answer, when one is opened. */
  explain() {
    this.why ??= track(() => this.server.why(this.recordings.current, this.question));
    return this.why;
  }

  /* Ask about the other recordings of the list, the shortest first, until another question is asked. */
  async askAboutOthers(number, question) {
    const { clips, current } = this.recordings, { signal } = this.background = new AbortController();
    const work = ({ bodies, seconds }) => bodies * seconds;
    for (const { key } of [...clips.values()].sort((first, second) => work(first) - work(second))) {
      await sleep(clips.size > 2 ? 0 : BACKGROUND_DELAY);
      if (number !== this.asked) return;
      if (key === current || !clips.has(key) || clips.get(key).basis === this.basis) continue;
      const result = await this.server.answer(key, question, signal).catch(() => null);
      if (!result || number !== this.asked) continue;
      this.recordings.answered(key, result, this.basis);
      this.recordings.summarise(key, this.said(key, result));
    }
  }

  /* The headline of a recording: it agrees with the moments as they are listed, corrections included. */
  said(key, result) {
    const people = presentIn(result), spans = this.actions.spans(key, result.timeline.spans);
    return headline({ ...result, timeline: { ...result.timeline, spans } }, (body) => this.actions.name(key, body, people));
  }

  showCancelled() {
    get("verdict").replaceChildren("Cancelled ", make("button", { type: "button", class: "quiet", onclick: () => this.ask() }, "Ask again"));
    get("verdict").querySelector("button").focus();
  }

  /* No recording is open. */
  close() {
    this.asked++;
    this.background.abort();
    this.asking.end();
    this.result = null;
    this.setStale(false);
    this.sentences.reset();
    this.timeline.clear();
    get("verdict").textContent = "Open a recording";
    get("suggestion").textContent = "Each sentence below then gets a probability. To see how that looks, try an example.";
    get("certainty").textContent = "";
    get("bodies").hidden = true;
  }

  showVerdict() {
    const { result } = this, key = this.recordings.current, isEmpty = !this.question.sentences.length && !this.taught.size;
    if (!result && !isEmpty) return;
    const said = isEmpty ? { lines: ["Add a sentence"], share: null } : this.said(key, result);
    const { lines, share } = said;
    if (!isEmpty) this.recordings.summarise(key, said);
    const probability = share === null ? [] : [" ", make("span", { class: "probability" }, percent(share))];
    get("verdict").replaceChildren(...lines.map((line, index) => make("span", { class: "line" }, line, ...(index ? [] : probability))));
    get("suggestion").textContent = isEmpty ? "" : suggestion(result, this.actions.spans(key, result.timeline.spans), this.recordings.clips.get(key)?.problems ?? []);
    get("certainty").textContent = isEmpty ? "" : result.calibrated ? this.about.meaning
      : "Not calibrated: only the order is meaningful; the percentages are overconfident, "
        + "and “none of these” is not a possible answer.";
  }

  selectBody(body) {
    this.body = body;
    this.showBodies();
    this.timeline.show(this.result, body);
    this.actions.shown(this.result, this.present);
  }

  get present() { return presentIn(this.result); }

  showBodies() {
    const { present } = this, focused = get("bodies").contains(document.activeElement);
    get("bodies").hidden = present.length < 2;
    get("bodies").replaceChildren(...present.map((body, index) => {
      const radio = make("input", { type: "radio", name: "body", value: body, checked: body === this.body });
      radio.addEventListener("change", () => this.selectBody(body));
      return make("label", {}, radio, make("span", { class: `person person-${index % 8}`, "aria-hidden": "true" }), this.actions.name(this.recordings.current, body, present));
    }));
    if (focused) get("bodies").querySelector(":checked").focus();
  }

  async download(format) {
    const clip = this.recordings.current;
    if (!clip) return;
    const video = this.actions.video(clip), spans = this.actions.corrected() ? this.actions.spans(clip, this.result?.timeline.spans ?? []) : null;
    const question = { ...this.question, spans, name: this.recordings.name(clip).slice(-MAX_NAME), ...(video ? { media: video.name, media_offset_s: video.offset } : {}) };
    const blob = await track(() => this.server.download(clip, format, question));
    if (!blob) return;
    const name = (this.recordings.name(clip) || "recording").replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "_");
    saveFile(blob, `${name}.${ENDINGS[format] ?? format}`);
  }
}
