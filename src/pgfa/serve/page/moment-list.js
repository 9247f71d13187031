/*
 * The list of moments. The selected one is corrected in the editor below the timeline.
 *
 *   const list = new MomentList(element, { select(id), change(name, ...), time() });
 *   list.show(moments, { selected, people, name(body), marks }); list.focus(id)
 *
 * Keys on the list: arrows choose, R right, W wrong, S split at the player's time, M merge with the next, Delete removes.
 */
import { get, make, percent, scrollWithin, timeRange } from "./dom.js";

const VERDICTS = { right: "✓", wrong: "✗" };

export class MomentList {
  constructor(root, actions) {
    Object.assign(this, { root, actions, rows: new Map(), selected: null, moments: [] });
    root.addEventListener("keydown", (event) => this.key(event));
  }

  show(moments, context) {
    const active = this.root.contains(document.activeElement) ? document.activeElement : null;
    const index = this.moments.findIndex((moment) => moment.id === this.selected);
    Object.assign(this, { moments, context, selected: context.selected });
    this.rows.clear();
    this.root.replaceChildren(...moments.map((moment) => this.newRow(moment)));
    if (!moments.length) this.root.append(make("li", {}, make("p", { class: "hint" }, "No part of the recording shows one of the sentences clearly enough by itself; the answer for the whole recording can still be clear. To add a moment, drag across the timeline, then name what it shows below.")));
    this.reveal();
    if (!active) return;
    const id = this.rows.has(this.selected) ? this.selected : moments[Math.min(Math.max(0, index), moments.length - 1)]?.id;
    if (id === undefined) get("timeline").querySelector("[role=slider]").focus();
    else this.focus(id);
  }

  reveal() {
    const row = this.rows.get(this.selected)?.item;
    if (row) scrollWithin(this.root, row);
  }

  newRow(moment) {
    const { name, people, marks } = this.context, isSelected = moment.id === this.selected;
    const persons = [moment.body, ...(moment.partner === null ? [] : [moment.partner])];
    const who = people.length > 1 ? [make("span", { class: "who" }, ...persons.flatMap((body) =>
      [make("span", { class: `person person-${Math.max(0, people.indexOf(body)) % 8}`, "aria-hidden": "true" }), `${name(body)} `]))] : [];
    const mark = marks.get(moment.id);
    const button = make("button", { type: "button", class: "moment", "aria-expanded": String(isSelected), "aria-controls": "editor",
      onclick: () => this.actions.select(moment.id) },
    make("span", { class: "time" }, timeRange(moment.start, moment.end)),
    make("span", { class: "sentence" }, ...who, moment.sentence, ...(mark ? [make("span", { class: "change" }, mark)] : [])),
    make("span", { class: "probability" }, ...this.verdict(moment)));
    const item = make("li", { class: `${moment.verdict}${isSelected ? " selected" : ""}` }, button);
    this.rows.set(moment.id, { item, button });
    return item;
  }

  verdict({ verdict, probability }) {
    if (!verdict) return [percent(probability)];
    return [make("span", { "aria-hidden": "true" }, VERDICTS[verdict]), make("span", { class: "sr-only" }, verdict)];
  }

  /* The moment that keys are about: the one with the focus, or else the selected one. */
  get current() {
    const focused = [...this.rows].find(([, { item }]) => item.contains(document.activeElement));
    return focused?.[0] ?? this.selected;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const id = this.current, index = this.moments.findIndex((moment) => moment.id === id), { actions } = this;
    const choose = (step) => {
      const next = this.moments[Math.min(this.moments.length - 1, Math.max(0, index + step))];
      if (next) { actions.select(next.id); this.focus(next.id); }
    };
    const verb = (name, ...values) => () => { if (id !== null) actions.change(name, id, ...values); };
    const act = { ArrowDown: () => choose(1), ArrowUp: () => choose(-1), r: verb("judge", "right"), w: verb("judge", "wrong"),
      s: verb("split", actions.time()), m: verb("merge"), Delete: verb("remove"), Backspace: verb("remove") }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  focus(id) { this.rows.get(id)?.button.focus(); }
}
