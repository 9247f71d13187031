/*
 * The editor of the selected moment, below the timeline: sentence, person, times, right or wrong, split, merge, delete.
 *
 *   const editor = new MomentEditor(element, { change(name, id, ...), time() });
 *   editor.show(moment, { rate, maxLength, people, name(body) }); editor.focus()      moment: null where none is selected
 *
 * What is half typed stays when the page is drawn anew, as long as the moment is the same.
 */
import { get, make } from "./dom.js";

export class MomentEditor {
  constructor(root, actions) {
    Object.assign(this, { root, actions, shown: "" });
  }

  show(moment, context) {
    const { rate, people, name } = context, shown = JSON.stringify([{ ...moment, probability: null }, rate, people.map((body) => [body, name(body)])]);
    if (shown === this.shown) return;
    this.shown = shown; // all that the editor shows
    const active = this.root.contains(document.activeElement) ? document.activeElement : null, role = active?.dataset.role;
    this.root.hidden = !moment;
    this.root.replaceChildren(...(moment ? this.parts(moment, context) : []));
    if (active) (this.root.querySelector(`[data-role="${role}"]`) ?? get("timeline").querySelector("[role=slider]")).focus();
  }

  parts(moment, { rate, maxLength, people, name: nameOf }) {
    const change = (name, ...values) => {
      this.shown = ""; // a value that is not taken is replaced by the one that holds
      this.actions.change(name, moment.id, ...values);
    };
    const name = make("input", { type: "text", class: "moment-name", value: moment.sentence, list: "names", maxlength: maxLength,
      "data-role": "name", "aria-label": "What this moment shows", autocomplete: "off" });
    name.addEventListener("change", () => change("rename", name.value.trim()));
    const person = make("select", { "data-role": "person", "aria-label": "Person" },
      ...people.map((body) => make("option", { value: body, selected: body === moment.body }, nameOf(body))));
    person.addEventListener("change", () => change("assign", Number(person.value)));
    return [name, ...(people.length > 1 ? [person] : []),
      newTime("start", "from", moment.start, rate, (value) => change("move", value, moment.end)),
      newTime("end", "to", moment.end, rate, (value) => change("move", moment.start, value)),
      make("span", { class: "verbs" },
        newButton("right", "Right", () => change("judge", "right"), moment.verdict === "right"),
        newButton("wrong", "Wrong", () => change("judge", "wrong"), moment.verdict === "wrong"),
        newButton("split", "Split here", () => change("split", this.actions.time())),
        newButton("merge", "Merge with next", () => change("merge")),
        newButton("remove", "Delete", () => change("remove")))];
  }

  focus() { this.root.querySelector("[data-role=name]")?.select(); }
}

function newButton(role, text, act, pressed) {
  return make("button", { type: "button", class: "quiet", "data-role": role, onclick: act,
    "aria-pressed": pressed === undefined ? null : String(pressed) }, text);
}

function newTime(role, label, value, rate, act) {
  const input = make("input", { type: "number", min: 0, step: Number((1 / rate).toFixed(4)), value: value.toFixed(3), "data-role": role });
  input.addEventListener("change", () => { if (Number.isFinite(input.valueAsNumber)) act(input.valueAsNumber); });
  return make("label", {}, label, input);
}
