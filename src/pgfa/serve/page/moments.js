/*
 * The moments of the open recording: those of the answer, as a person has corrected them, with undo.
 *
 *   const moments = new Moments({ changed() });
 *   moments.open(key, rate, seconds); moments.show(spans); moments.list; moments.rename(id, sentence); moments.undo();
 *
 * A moment is { id, start, end, body, partner, sentence, probability, verdict }, in seconds and body slots. `verdict` is ""
 * (the answer's own), "right" or "wrong". A correction stays when the answer changes; moments of the answer that it covers,
 * or that it was made from (`hides`), are not listed, but those that a person left partly uncovered (`keeps`) are.
 * A moment that shows none of the sentences has the verdict "removed" and is not listed.
 */
import { isNone } from "./none.js";

const MAX_STEPS = 200;
const RIGHT = "right", WRONG = "wrong", REMOVED = "removed";

const overlap = (first, second) => Math.max(0, Math.min(first.end, second.end) - Math.max(first.start, second.start));
const covers = (first, second) => overlap(first, second) > (second.end - second.start) / 2;
const isOf = (moment, body) => moment.body === body || moment.partner === body;
const isIn = (moments, moment) => moments.some((each) => each.sentence === moment.sentence && each.body === moment.body && covers(each, moment));
const copy = (value) => structuredClone(value);

/* Moments of an answer; the two spans of a pair are one moment of both. */
export function fromAnswer(spans) {
  const moments = [];
  for (const span of spans) {
    const { start_s: start, end_s: end, body, partner, sentence, probability } = span;
    const same = partner === null || partner === undefined ? null
      : moments.find((other) => other.sentence === sentence && other.body === partner && other.partner === body && overlap(other, { start, end }) > 0);
    if (same) Object.assign(same, { start: Math.min(same.start, start), end: Math.max(same.end, end), probability: Math.max(same.probability, probability) });
    else moments.push({ start, end, body, partner: partner ?? null, sentence, probability });
  }
  return moments.map((moment) => ({ ...moment, verdict: "", id: `${moment.body}/${moment.start}/${moment.end}/${moment.sentence}` }));
}

export class Moments {
  constructor(actions) {
    Object.assign(this, { actions, byKey: new Map(), key: null, rate: 30, seconds: 0, answer: [], count: 0 });
  }

  open(key, rate, seconds) { Object.assign(this, { key, rate, seconds, answer: [] }); }

  show(spans) { this.answer = fromAnswer(spans); }

  /* What was corrected in the open recording, and the steps that undo and redo take. */
  get work() {
    if (!this.byKey.has(this.key)) this.byKey.set(this.key, { corrections: [], past: [], future: [] });
    return this.byKey.get(this.key);
  }

  get list() { return this.merged(this.key, this.answer); }

  /* The moments of a recording whose answer has these moments. */
  merged(key, answer) {
    const corrections = this.byKey.get(key)?.corrections ?? [];
    const isHidden = (moment) => corrections.some((correction) =>
      ((isOf(correction, moment.body) || isOf(correction, moment.partner)) && covers(correction, moment) && !isIn(correction.keeps ?? [], moment))
      || isIn(correction.hides, moment));
    return [...corrections.filter((correction) => correction.verdict !== REMOVED), ...answer.filter((moment) => !isHidden(moment))]
      .sort((first, second) => first.start - second.start || first.body - second.body);
  }

  find(id) { return this.list.find((moment) => moment.id === id) ?? null; }

  /* Corrections of all recordings as { key, ...correction }. */
  get all() { return [...this.byKey].flatMap(([key, { corrections }]) => corrections.map((correction) => ({ key, ...correction }))); }

  get canUndo() { return this.work.past.length > 0; }
  get canRedo() { return this.work.future.length > 0; }

  /* The nearest frame to a time, within the recording. */
  snap(time) { return Math.min(this.seconds, Math.max(0, Math.round(time * this.rate) / this.rate)); }

  /* Change the corrections in one step that can be undone. `change(corrections)` returns the id of the moment to select. */
  step(change) {
    const { work } = this, before = copy(work.corrections);
    const id = change(work.corrections);
    if (JSON.stringify(before) === JSON.stringify(work.corrections)) return id;
    work.past = [...work.past.slice(-MAX_STEPS), before];
    work.future = [];
    this.actions.changed(this.key);
    return id;
  }

  undo() { this.swap("past", "future"); }
  redo() { this.swap("future", "past"); }

  swap(from, to) {
    const { work } = this;
    if (!work[from].length) return;
    work[to].push(copy(work.corrections));
    work.corrections = work[from].pop();
    this.actions.changed(this.key);
  }

  newCorrection(properties) {
    return { partner: null, probability: 1, verdict: RIGHT, hides: [], ...properties, id: `c${Date.now().toString(36)}-${this.count++}` };
  }

  /* The correction for a moment: itself, or a new one made from a moment of the answer. */
  adopt(corrections, id) {
    const own = corrections.find((correction) => correction.id === id);
    if (own) return own;
    const { start, end, body, partner, sentence } = this.find(id);
    const correction = this.newCorrection({ start, end, body, partner, sentence, hides: [{ start, end, body, sentence }] });
    corrections.push(correction);
    return correction;
  }

  add({ start, end, body, sentence }) {
    return this.step((corrections) => {
      const moment = this.newCorrection({ start: this.snap(start), end: this.snap(end), body, sentence, verdict: isNone(sentence) ? REMOVED : RIGHT });
      this.keepNeighbours(moment);
      corrections.push(moment);
      return moment.id;
    });
  }

  /* Say that a moment is right or wrong; saying the same again takes it back, and the answer's moment returns. */
  judge(id, verdict) {
    return this.step((corrections) => {
      const before = this.find(id)?.verdict;
      const moment = this.adopt(corrections, id);
      if (before !== verdict) {
        moment.verdict = verdict;
        return moment.id;
      }
      corrections.splice(corrections.indexOf(moment), 1);
      return null;
    });
  }

  move(id, start, end) {
    const from = this.snap(Math.min(start, end)), to = this.snap(Math.max(start, end));
    if (to - from < 0.5 / this.rate) return id;
    return this.step((corrections) => {
      const moment = this.adopt(corrections, id);
      Object.assign(moment, { start: from, end: to, verdict: RIGHT });
      this.keepNeighbours(moment);
      return moment.id;
    });
  }

  /* What the answer has beside a moment and the moment does not cover completely stays listed. */
  keepNeighbours(moment) {
    const frame = 1 / this.rate, coversAll = (each) => moment.start < each.start + frame && moment.end > each.end - frame;
    const isBeside = (each) => isOf(moment, each.body) || isOf(moment, each.partner);
    const keeps = this.answer.filter((each) => isBeside(each) && covers(moment, each) && !coversAll(each) && !isIn(moment.hides, each));
    moment.keeps = keeps.map(({ start, end, body, sentence }) => ({ start, end, body, sentence }));
    if (!keeps.length) delete moment.keeps;
  }

  /* Give a moment another name; "none of these" means that it shows none of the sentences. */
  rename(id, sentence) {
    if (!sentence) return id;
    return this.step((corrections) => {
      const moment = this.adopt(corrections, id);
      Object.assign(moment, isNone(sentence) ? { verdict: REMOVED } : { sentence, verdict: RIGHT });
      return moment.id;
    });
  }

  assign(id, body) {
    return this.step((corrections) => {
      const moment = this.adopt(corrections, id);
      Object.assign(moment, { body, partner: null, verdict: RIGHT });
      return moment.id;
    });
  }

  /* Split a moment at a time inside it; the second part is selected. */
  split(id, time) {
    const border = this.snap(time), { start, end } = this.find(id);
    if (border - start < 0.5 / this.rate || end - border < 0.5 / this.rate) return id;
    return this.step((corrections) => {
      const first = this.adopt(corrections, id);
      const second = this.newCorrection({ ...first, start: border, hides: [] });
      Object.assign(first, { end: border, verdict: RIGHT });
      corrections.push({ ...second, verdict: RIGHT });
      return second.id;
    });
  }

  /* The next moment of the same person. */
  next(id) {
    const { list } = this, index = list.findIndex((moment) => moment.id === id);
    return list.slice(index + 1).find((moment) => moment.body === list[index].body) ?? null;
  }

  /* Merge a moment with the next one of the same person, under the name of the first. */
  merge(id) {
    const next = this.next(id);
    if (!next) return id;
    return this.step((corrections) => {
      const first = this.adopt(corrections, id), second = this.adopt(corrections, next.id);
      Object.assign(first, { end: Math.max(first.end, second.end), verdict: RIGHT, hides: [...first.hides, ...second.hides] });
      corrections.splice(corrections.indexOf(second), 1);
      return first.id;
    });
  }

  remove(id) {
    return this.step((corrections) => {
      const moment = this.adopt(corrections, id);
      if (moment.hides.length) moment.verdict = REMOVED;
      else corrections.splice(corrections.indexOf(moment), 1);
      return null;
    });
  }

  /* What is kept: the corrections of each recording, without the steps. */
  get state() { return [...this.byKey].filter(([, { corrections }]) => corrections.length).map(([key, { corrections }]) => ({ key, corrections })); }

  restore(state) {
    this.byKey = new Map(state.map(({ key, corrections }) => [key, { corrections: corrections.flatMap(withoutNone), past: [], future: [] }]));
  }

  forget(keys) { for (const key of keys) this.byKey.delete(key); }
}

/* A correction that was kept, without "none of these" as a name, which earlier versions took for one. */
function withoutNone(correction) {
  if (!isNone(correction.sentence) || correction.verdict === REMOVED) return [copy(correction)];
  return correction.verdict === RIGHT ? [{ ...copy(correction), verdict: REMOVED }] : [];
}

/* A correction as the server learns from it: what a moment shows, what it does not show, or that it shows nothing. */
export function lesson({ key, start, end, body, partner, sentence, verdict }) {
  return { clip: key, start_s: start, end_s: end, bodies: partner === null ? [body] : [body, partner],
    sentence: verdict === REMOVED ? null : sentence, right: verdict !== WRONG };
}

/* Whether an answer with these moments agrees with a correction. */
export function agrees(correction, answer) {
  const inside = answer.filter((moment) => isOf(moment, correction.body) && overlap(moment, correction) > 0);
  if (correction.verdict === RIGHT) return inside.some((moment) => moment.sentence === correction.sentence && covers(moment, correction));
  return !inside.some((moment) => (correction.verdict === REMOVED || moment.sentence === correction.sentence) && covers(moment, correction));
}

/* What differs between two answers: [{ kind: "new" | "gone" | "renamed", moment, before }], by time. */
export function differences(before, after) {
  const match = (moment, others) => others.find((other) => other.body === moment.body && (covers(other, moment) || covers(moment, other)));
  const fresh = after.flatMap((moment) => {
    const old = match(moment, before);
    if (!old) return [{ kind: "new", moment, before: null }];
    return old.sentence === moment.sentence ? [] : [{ kind: "renamed", moment, before: old }];
  });
  const gone = before.filter((moment) => !match(moment, after)).map((moment) => ({ kind: "gone", moment, before: moment }));
  return [...fresh, ...gone].sort((first, second) => first.moment.start - second.moment.start);
}
