/*
 * Improving from corrections: the server's answers follow them at once, and the page shows what that changed. And the pack
 * to train on, which has the moments that are right.
 *
 *   const improvement = new Improvement(server, { correcting, answers, recordings }, { changed(), open(key), go(moment) });
 *   await improvement.improve(); improvement.state; await improvement.restore(state); improvement.marks(key, list)
 */
import { notify, track } from "./activity.js";
import { get, make, plural, saveFile, timeRange } from "./dom.js";
import { agrees, differences, fromAnswer, lesson } from "./moments.js";

const KINDS = { new: "new", renamed: "other sentence", gone: "gone" };
const SHOWN = 60;
const MAX_LESSONS = 500;

export class Improvement {
  constructor(server, parts, actions) {
    Object.assign(this, { server, ...parts, actions, learned: [], changes: new Map(), summary: null });
    get("improve").addEventListener("click", () => this.improve());
    get("unlearn").addEventListener("click", () => this.unlearn());
    get("export-training").addEventListener("click", () => this.exportForTraining());
  }

  get moments() { return this.correcting.moments; }

  /* The corrections of all recordings in the list. */
  get corrections() { return this.moments.all.filter(({ key }) => this.recordings.clips.has(key)); }

  /* What the server learns from: the latest corrections, as far as it takes them. */
  get lessons() { return this.corrections.slice(-MAX_LESSONS).map(lesson); }

  updateButtons() {
    const { corrections } = this, isLearned = JSON.stringify(this.lessons) === JSON.stringify(this.learned);
    get("improve").disabled = !corrections.length || isLearned;
    get("unlearn").hidden = !this.learned.length;
    get("export-training").disabled = !corrections.some(({ verdict }) => verdict === "right");
    get("correction-count").textContent = corrections.length ? plural(corrections.length, "correction") : "";
  }

  /* The moments of the answers for these recordings, corrections aside. */
  async answersOf(keys) {
    const answers = new Map();
    for (const key of keys) {
      const isOpen = key === this.recordings.current && this.answers.result;
      const result = isOpen ? this.answers.result : await this.server.answer(key, this.answers.question);
      answers.set(key, fromAnswer(result.timeline.spans));
    }
    return answers;
  }

  async improve() {
    const { corrections, lessons } = this, keys = new Set([...corrections.map(({ key }) => key), this.recordings.current]);
    get("improve").disabled = true;
    const [before, after] = await track(async () => {
      const first = await this.answersOf(keys);
      await this.server.correct(lessons);
      this.learned = lessons;
      await this.answers.ask();
      return [first, await this.answersOf(keys)];
    }) ?? [];
    if (!after) return this.updateButtons();
    this.changes = new Map([...keys].map((key) => [key, differences(before.get(key), after.get(key))]));
    const count = (answers) => corrections.filter((correction) => agrees(correction, answers.get(correction.key))).length;
    this.summary = { corrections: corrections.length, before: count(before), after: count(after) };
    this.show();
    this.correcting.render();
    (get("changes").hidden ? get("unlearn") : get("changes").querySelector("summary")).focus();
    return this.actions.changed();
  }

  /* Answers without what was learned; the corrections themselves stay. */
  async unlearn() {
    if (await track(async () => { await this.server.correct([]); return true; }) === null) return;
    Object.assign(this, { learned: [], changes: new Map(), summary: null });
    this.show();
    await this.answers.ask();
    this.actions.changed();
    get("improve").focus();
  }

  show() {
    const { summary } = this, all = [...this.changes].flatMap(([key, changes]) => changes.map((change) => ({ key, ...change })));
    get("improved").hidden = !this.learned.length;
    get("changes").hidden = !all.length;
    if (!summary) {
      get("improved-summary").textContent = `Answers follow ${plural(this.learned.length, "correction")}.`;
      return;
    }
    const counts = Object.entries(KINDS).flatMap(([kind, text]) => {
      const number = all.filter((change) => change.kind === kind).length;
      return number ? [`${number} ${text}`] : [];
    });
    get("improved-summary").textContent = `Learned from ${plural(summary.corrections, "correction")}: the answers agree with ${summary.after} of them (before: ${summary.before}). `
      + `Moments changed: ${counts.join(", ") || "none"}.${this.unasked}`;
    get("changed-moments").replaceChildren(...all.slice(0, SHOWN).map((change) => this.newItem(change)));
  }

  /* Names of moments that no answer can have, as they are not asked about: in a sentence, or "". */
  get unasked() {
    const asked = new Set(this.answers.result.candidates.map(({ sentence }) => sentence));
    const names = [...new Set(this.corrections.filter(({ verdict }) => verdict === "right").map(({ sentence }) => sentence))].filter((name) => !asked.has(name));
    return names.length ? ` Not among the sentences, and so never an answer: ${names.map((name) => `“${name}”`).join(", ")}. To try: add ${names.length === 1 ? "it" : "them"}.` : "";
  }

  newItem({ key, kind, moment, before }) {
    const recording = this.changes.size > 1 ? `${this.recordings.name(key)} ` : "";
    const text = kind === "renamed" ? `${moment.sentence} (was ${before.sentence})` : moment.sentence;
    return make("li", {}, make("button", { type: "button", class: "quiet", onclick: () => this.go(key, moment) },
      `${recording}${timeRange(moment.start, moment.end)}`), make("span", {}, make("b", {}, KINDS[kind]), ` ${text}`));
  }

  async go(key, moment) {
    if (key !== this.recordings.current) await this.actions.open(key);
    this.actions.go(moment);
  }

  /* What the last improvement changed about the listed moments of a recording: id -> text. */
  marks(key, list) {
    const changes = this.changes.get(key) ?? [], ids = new Set(list.map(({ id }) => id));
    return new Map(changes.filter(({ kind, moment }) => kind !== "gone" && ids.has(moment.id))
      .map(({ kind, moment, before }) => [moment.id, kind === "new" ? "new" : `was: ${before.sentence}`]));
  }

  async exportForTraining() {
    const right = this.corrections.filter(({ verdict }) => verdict === "right");
    const moments = right.map(lesson).map(({ right: _, ...moment }) => moment);
    const names = Object.fromEntries([...new Set(moments.map(({ clip }) => clip))].map((key) => [key, this.recordings.name(key)]));
    const blob = await track(() => this.server.training({ moments, names }));
    if (!blob) return;
    saveFile(blob, "corrections.zip");
    this.correcting.unsaved = false;
    this.actions.changed();
    notify("");
  }

  get state() { return this.learned; }

  /* Teach again what was learned before. Corrections of recordings that are gone are left out. */
  async restore(learned = []) {
    this.learned = learned.filter(({ clip }) => this.recordings.clips.has(clip));
    if (this.learned.length) await this.server.correct(this.learned, true);
    this.show();
  }
}
