/*
 * Correcting: the moments of the open recording in lanes and as a list, the changes a person makes, and names of persons.
 *
 *   const correcting = new Correcting({ recordings, answers, timeline, sentences }, { seek, mark, time, loop, changed, marks }, limits);
 *   correcting.open(key, info); correcting.show(result); correcting.spansOf(key, spans); correcting.state; correcting.restore(state)
 */
import { notify, withdraw } from "./activity.js";
import { clockTime, get, letter, make, plural } from "./dom.js";
import { Lanes } from "./lanes.js";
import { MomentEditor } from "./moment-editor.js";
import { MomentList } from "./moment-list.js";
import { fromAnswer, Moments } from "./moments.js";
import { isNone } from "./none.js";

export class Correcting {
  /* actions.marks: key -> Map of moment id -> what the last improvement changed about it */
  constructor(parts, actions, limits) {
    Object.assign(this, { ...parts, actions, limits, selected: null, people: [], report: "", unsaved: false, changing: false, namesOf: new Map() });
    this.moments = new Moments({ changed: () => {
      this.unsaved = true;
      if (!this.changing) this.render();
      this.actions.changed();
    } });
    this.lanes = new Lanes(this.timeline.lanes, { select: (id) => this.select(id), move: (...values) => this.change("move", ...values),
      loop: (id) => { this.select(id, true); this.actions.loop(true); }, rename: (body, name) => this.renamePerson(body, name) });
    this.list = new MomentList(get("spans"), { select: (id) => this.select(id === this.selected ? null : id), time: () => this.actions.time(),
      change: (...values) => this.change(...values) });
    this.editor = new MomentEditor(get("editor"), { time: () => this.actions.time(), change: (...values) => this.change(...values) });
    get("undo").addEventListener("click", () => this.undo());
    get("redo").addEventListener("click", () => this.redo());
    get("add-moment").addEventListener("click", () => this.add());
    get("teach-name").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return;
      event.preventDefault();
      this.add();
    });
  }

  get names() { return this.namesOf.get(this.moments.key) ?? {}; }

  open(key, { rate, seconds }) {
    this.selected = null;
    withdraw(this.report);
    this.moments.open(key, rate, seconds);
  }

  /* Show the answer of the open recording. */
  show({ timeline }, people) {
    this.people = people;
    this.moments.show(timeline.spans);
    this.render();
  }

  close() {
    this.moments.key = null;
    this.people = [];
    this.lanes.show([], { people: [], body: 0, selected: null, names: {} });
    get("spans").replaceChildren();
    this.showEditor(null);
  }

  render() {
    const { moments, people, names, selected } = this, { list } = moments, marks = this.actions.marks(moments.key, list);
    this.lanes.show(list, { people, body: this.answers.body, selected, names, short: this.timeline.short });
    this.list.show(list, { selected, people, name: (body) => this.personName(body), marks });
    this.showEditor(list.find((moment) => moment.id === selected) ?? null);
    get("undo").disabled = !moments.canUndo;
    get("redo").disabled = !moments.canRedo;
    const offered = new Set([...this.sentences.texts, ...this.answers.taught.keys(), ...list.map((moment) => moment.sentence)]);
    get("names").replaceChildren(...[...offered].map((value) => make("option", { value })));
    this.updateButton();
    this.actions.rendered();
    this.keepFocus();
  }

  showEditor(moment) {
    this.editor.show(moment, { people: this.people, name: (body) => this.personName(body), rate: this.moments.rate, maxLength: this.limits.max_characters });
  }

  /* A button that was pressed and is now disabled passes the focus on. */
  keepFocus() {
    if (!document.activeElement?.disabled) return;
    const next = [get("undo"), get("redo")].find((button) => !button.disabled && document.activeElement.matches("#undo, #redo"));
    (next ?? this.timeline.table).focus();
  }

  updateButton() { get("add-moment").disabled = !(this.timeline.mark && get("teach-name").value.trim()); }

  select(id, keep = false) {
    const moment = id === null ? null : this.moments.find(id);
    this.selected = moment?.id ?? null;
    if (moment) {
      if (moment.body !== this.answers.body && moment.partner !== this.answers.body) this.answers.selectBody(moment.body);
      this.actions.mark({ start: moment.start, end: moment.end });
      const now = this.actions.time();
      if (!keep || now < moment.start || now > moment.end) this.actions.seek(moment.start);
      this.timeline.reveal(moment.start);
    }
    this.render();
  }

  /* Change a moment: the name of a method of Moments, its id, and the rest. The moment stays selected, or the one after it. */
  change(name, id, ...values) {
    const before = this.moments.list, index = before.findIndex((moment) => moment.id === id);
    if (index < 0) return;
    this.selected = id;
    this.changing = true; // drawn once, when it is known which moment is selected then
    const changed = this.moments[name](id, ...values), { list } = this.moments, { start, body } = before[index];
    this.changing = false;
    const byId = (wanted) => list.find((moment) => moment.id === wanted);
    const near = byId(changed) ?? list.find((moment) => Math.abs(moment.start - start) < 1e-6 && moment.body === body)
      ?? byId(before[index + 1]?.id) ?? byId(before[index - 1]?.id) ?? null;
    this.selected = near?.id ?? null;
    if (near) this.actions.mark({ start: near.start, end: near.end });
    this.render();
    this.reportChange(name, values, before.filter((moment) => moment.id !== id));
  }

  /* What a change did that is easily overlooked. others: the moments before it, without the changed one */
  reportChange(name, values, others) {
    const { moments } = this, [start, end] = values, ids = new Set(moments.list.map((moment) => moment.id)), texts = [];
    if (name === "move" && start > end) texts.push("The start was after the end, so they were exchanged.");
    if (name === "move" && Math.max(start, end) > moments.seconds + 1 / moments.rate) texts.push(`The recording ends at ${clockTime(moments.seconds)}.`);
    if (name === "split" && moments.list.length === others.length + 1) texts.push("To split a moment, first move the player to a time inside it.");
    if (name === "merge" && moments.list.length === others.length + 1) texts.push("There is no later moment of this person to merge with.");
    if (name === "rename" && isNone(values[0])) texts.push("The moment shows none of the sentences and is no longer listed.");
    const covered = name === "merge" ? 0 : others.filter((moment) => !ids.has(moment.id)).length;
    if (covered) texts.push(`${plural(covered, "other moment")} ${covered === 1 ? "is" : "are"} covered and no longer listed.`);
    if (texts.length) texts.push(covered > 1 ? "Undo brings them back." : covered || name === "rename" ? "Undo brings it back." : "");
    withdraw(this.report);
    this.report = texts.join(" ").trim();
    if (this.report) notify(this.report);
  }

  /* A correction by key, of the moment with the focus or the selected one. */
  changeSelected(name, ...values) {
    const id = this.list.current;
    if (id !== null) this.change(name, id, ...values);
  }

  /* Go to the editor, of the moment with the focus or the selected one. */
  edit() {
    const id = this.list.current;
    if (id === null) return;
    if (id !== this.selected) this.select(id);
    this.editor.focus();
  }

  step(by) {
    const { list } = this.moments, now = this.actions.time(), index = list.findIndex((moment) => moment.id === this.list.current);
    const next = index >= 0 ? list[index + by] : by > 0 ? list.find((moment) => moment.start > now - 1e-6) : list.findLast((moment) => moment.start < now);
    if (next) this.select(next.id);
  }

  add() {
    const { mark } = this.timeline, sentence = get("teach-name").value.trim();
    if (!mark || !sentence) return;
    const before = this.moments.list;
    this.selected = this.moments.add({ ...mark, body: this.answers.body, sentence });
    get("teach-name").value = "";
    this.render();
    if (this.moments.find(this.selected)) this.list.focus(this.selected);
    else this.timeline.table.focus();
    this.actions.changed();
    this.reportChange(isNone(sentence) ? "rename" : "add", [sentence], before);
  }

  undo() {
    this.moments.undo();
    withdraw(this.report);
  }

  redo() { this.moments.redo(); }

  renamePerson(body, name) {
    this.namesOf.set(this.moments.key, { ...this.names, [body]: name });
    this.unsaved = true;
    this.answers.showBodies();
    this.render();
    this.actions.changed();
  }

  /* How a person of a recording is called, in which these people are seen: by the given name, or the letter in the player. */
  nameIn(key, body, people) { return this.namesOf.get(key)?.[body] || letter(Math.max(0, people.indexOf(body))); }

  personName(body) { return this.nameIn(this.moments.key, body, this.people); }

  /* The moments of a recording with this answer, as corrected, as spans of an answer. */
  spansOf(key, spans) {
    return this.moments.merged(key, fromAnswer(spans)).filter((moment) => moment.verdict !== "wrong").flatMap(({ start, end, body, partner, sentence, probability }) => {
      const span = { start_s: start, end_s: end, body, partner, sentence, probability };
      return partner === null ? [span] : [span, { ...span, body: partner, partner: body }];
    });
  }

  get isCorrected() { return this.moments.work.corrections.length > 0; }

  forget(keys) {
    this.moments.forget(keys);
    for (const key of keys) this.namesOf.delete(key);
  }

  get state() { return { moments: this.moments.state, persons: [...this.namesOf].map(([key, names]) => ({ key, names })), unsaved: this.unsaved }; }

  restore({ moments, persons, unsaved } = { moments: [], persons: [], unsaved: false }) {
    this.moments.restore(moments);
    this.namesOf = new Map(persons.map(({ key, names }) => [key, names]));
    this.unsaved = unsaved;
  }
}
