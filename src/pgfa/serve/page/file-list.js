/*
 * The list of recordings: name, length, people, best answer or state; open, mark for alignment, remove, sort, filter.
 *
 *   const list = new FileList(element, { open(key), mark(key, on), remove(keys), state(key, name, value, all), changed() });
 *   list.show(clip); list.remove(key); list.select(key); list.order
 */
import { readingForm } from "./reading-form.js";
import { get, make, minutes, percent, plural } from "./dom.js";

const TOOLS_FROM = 3;
const ORDERS = {
  opened: () => 0,
  name: (first, second) => first.name.localeCompare(second.name, undefined, { numeric: true }),
  length: (first, second) => (second.seconds ?? 0) - (first.seconds ?? 0),
  answer: (first, second) => (first.answer ?? "~").localeCompare(second.answer ?? "~") || (second.share ?? 0) - (first.share ?? 0),
};

export class FileList {
  constructor(root, actions) {
    Object.assign(this, { root, actions });
    this.rows = new Map();
    this.selected = null;
    get("sort").addEventListener("change", () => { this.arrange(); this.actions.changed(); });
    get("filter").addEventListener("input", () => this.filter());
    get("remove-all").addEventListener("click", () => {
      this.actions.remove([...this.rows.keys()]);
      get("file").focus();
    });
  }

  get order() { return get("sort").value; }
  set order(name) { if (name in ORDERS) { get("sort").value = name; this.arrange(); } }

  /* Add or update a row: { key, name, state, reason, asks, options, seconds, bodies, answer, share, marked } */
  show(clip) {
    let row = this.rows.get(clip.key);
    const isNew = !row;
    if (isNew) {
      row = this.newRow(clip);
      this.rows.set(clip.key, row);
      this.root.append(row.item);
    }
    const renamed = row.clip.name !== clip.name;
    row.clip = clip;
    const reason = clip.reason?.startsWith(`${clip.name}: `) ? clip.reason.slice(clip.name.length + 2) : clip.reason;
    const ready = clip.seconds !== undefined;
    row.name.textContent = row.open.title = clip.name;
    row.facts.textContent = ready ? [minutes(clip.seconds), ...(clip.bodies > 1 ? [plural(clip.bodies, "person", "people")] : [])].join(" · ") : "";
    row.state.textContent = reason ?? (clip.answer ? `${percent(clip.share)} ${clip.answer}` : clip.state);
    row.item.classList.toggle("refused", clip.state === "refused");
    row.open.disabled = !ready;
    row.question?.remove();
    row.question = clip.asks ? readingForm(clip, (...answer) => this.actions.state(clip.key, ...answer)) : null;
    if (row.question) row.item.append(row.question);
    row.markBox.hidden = !ready;
    row.mark.checked = Boolean(clip.marked);
    if (renamed || !row.named) {
      row.named = true;
      row.mark.setAttribute("aria-label", `Use ${clip.name} for alignment`);
      row.remove.setAttribute("aria-label", `Remove ${clip.name}`);
    }
    this.showTools();
    this.filter();
    // Rows do not move under the pointer of somebody who is working with them, or lose the focus.
    if (this.order !== "opened" && (isNew || !this.root.matches(":hover, :focus-within"))) this.arrange();
  }

  newRow(clip) {
    const { key } = clip;
    const name = make("span", { class: "name" }), facts = make("span", { class: "facts-line" }), state = make("span", { class: "state" });
    const open = make("button", { type: "button", class: "open", onclick: () => this.actions.open(key) }, name, facts, state);
    const mark = make("input", { type: "checkbox" });
    mark.addEventListener("change", () => this.actions.mark(key, mark.checked));
    const markBox = make("label", { class: "mark", title: "Use for alignment" }, mark);
    const remove = make("button", { type: "button", class: "quiet remove", title: "Remove", onclick: () => this.removeByUser(key) }, "×");
    return { item: make("li", {}, open, markBox, remove), open, name, facts, state, mark, markBox, remove, clip };
  }

  removeByUser(key) {
    const keys = [...this.root.children].map((item) => [...this.rows].find(([, row]) => row.item === item)[0]);
    const index = keys.indexOf(key), next = keys[index + 1] ?? keys[index - 1];
    this.actions.remove([key]);
    (this.rows.get(next)?.remove ?? get("file")).focus();
  }

  remove(key) {
    this.rows.get(key)?.item.remove();
    this.rows.delete(key);
    this.showTools();
  }

  select(key) {
    this.selected = key;
    for (const [other, row] of this.rows) {
      if (other === key) row.open.setAttribute("aria-current", "true");
      else row.open.removeAttribute("aria-current");
    }
    this.rows.get(key)?.item.scrollIntoView({ block: "nearest" });
  }

  arrange() {
    const opened = [...this.rows.values()];
    this.root.append(...opened.sort((first, second) => ORDERS[this.order](first.clip, second.clip)).map((row) => row.item));
  }

  filter() {
    const text = get("filter").value.trim().toLowerCase();
    for (const { item, clip } of this.rows.values())
      item.hidden = Boolean(text) && ![clip.name, clip.answer ?? "", clip.state].some((part) => part.toLowerCase().includes(text));
  }

  showTools() {
    get("file-tools").hidden = this.rows.size < TOOLS_FROM;
    get("remove-all").hidden = !this.rows.size;
    get("file-count").textContent = this.rows.size > 1 ? String(this.rows.size) : "";
  }
}
