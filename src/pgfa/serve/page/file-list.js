/*
 * The list of recordings: name, length, people, best answer or state; open, mark for alignment, remove, sort, filter.
 *
 *   const list = new FileList(element, { open(key), mark(key, on), remove(keys), changed(), moments(key), origin(), state(key, name, value, all) });
 *   list.show(clip); list.remove(key); list.select(key); list.order
 */
import { get, make, minutes, percent, plural, saveFile, scrollWithin } from "./dom.js";
import { readingForm } from "./reading-form.js";
import { listing, listingCsv, listingJson } from "./listing.js";

const TOOLS_FROM = 3;
const shownAnswer = ({ summary, answer }) => summary ?? answer ?? "~";
const ORDERS = {
  opened: () => 0,
  name: (first, second) => first.name.localeCompare(second.name, undefined, { numeric: true }),
  length: (first, second) => (second.seconds ?? 0) - (first.seconds ?? 0),
  answer: (first, second) => shownAnswer(first).localeCompare(shownAnswer(second), undefined, { numeric: true }) || (second.share ?? 0) - (first.share ?? 0),
};

export class FileList {
  constructor(root, actions) {
    Object.assign(this, { root, actions });
    this.rows = new Map();
    this.byItem = new Map();
    this.selected = null;
    get("sort").addEventListener("change", () => { this.arrange(); this.actions.changed(); });
    get("filter").addEventListener("input", () => this.filter());
    get("list-csv").addEventListener("click", () => saveFile(new Blob([listingCsv(this.entries)], { type: "text/csv" }), "recordings.csv"));
    get("list-json").addEventListener("click", () => saveFile(new Blob([listingJson(this.entries)], { type: "application/json" }), "recordings.json"));
    get("remove-all").addEventListener("click", () => {
      this.actions.remove([...this.rows.keys()]);
      get("file").focus();
    });
  }

  /* All rows in the order of the list, for a file. */
  get entries() { return listing([...this.root.children].map((item) => this.byItem.get(item).clip), (key) => this.actions.moments(key), this.actions.origin()); }

  get order() { return get("sort").value; }
  set order(name) { if (name in ORDERS) { get("sort").value = name; this.arrange(); } }

  /* Add or update a row: { key, name, state, reason, asks, options, seconds, bodies, answer, share, isUnsure, summary, marked } */
  show(clip) {
    let row = this.rows.get(clip.key);
    const isNew = !row;
    if (isNew) {
      row = this.newRow(clip);
      this.rows.set(clip.key, row);
      this.byItem.set(row.item, row);
      this.root.append(row.item);
    }
    const renamed = row.clip.name !== clip.name;
    row.clip = clip;
    const reason = clip.reason?.startsWith(`${clip.name}: `) ? clip.reason.slice(clip.name.length + 2) : clip.reason;
    const ready = clip.seconds !== undefined;
    row.name.textContent = clip.name;
    row.facts.textContent = ready ? [minutes(clip.seconds), ...(clip.bodies > 1 ? [plural(clip.bodies, "person", "people")] : [])].join(" · ") : "";
    row.state.textContent = reason ?? clip.summary ?? (clip.answer ? `${percent(clip.share)} ${clip.isUnsure ? "perhaps: " : ""}${clip.answer}` : clip.state);
    row.open.title = ready && clip.answer ? `${clip.name}\n${row.state.textContent}` : clip.name;
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
    if (isNew) this.showTools();
    this.filterRow(row, this.filterText);
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
    const keys = [...this.root.children].map((item) => this.byItem.get(item).clip.key);
    const index = keys.indexOf(key), next = keys[index + 1] ?? keys[index - 1];
    this.actions.remove([key]);
    (this.rows.get(next)?.remove ?? get("file")).focus();
  }

  remove(key) {
    const item = this.rows.get(key)?.item;
    item?.remove();
    this.byItem.delete(item);
    this.rows.delete(key);
    this.showTools();
  }

  select(key) {
    this.selected = key;
    for (const [other, row] of this.rows) {
      if (other === key) row.open.setAttribute("aria-current", "true");
      else row.open.removeAttribute("aria-current");
    }
    const item = this.rows.get(key)?.item;
    if (item) scrollWithin(this.root, item);
  }

  arrange() {
    const opened = [...this.rows.values()];
    this.root.append(...opened.sort((first, second) => ORDERS[this.order](first.clip, second.clip)).map((row) => row.item));
  }

  get filterText() { return get("filter").value.trim().toLowerCase(); }

  filter() {
    const text = this.filterText;
    for (const row of this.rows.values()) this.filterRow(row, text);
  }

  filterRow({ item, clip }, text) {
    item.hidden = Boolean(text) && ![clip.name, clip.answer ?? "", clip.summary ?? "", clip.state].some((part) => part.toLowerCase().includes(text));
  }

  showTools() {
    get("file-tools").hidden = this.rows.size < TOOLS_FROM;
    get("remove-all").hidden = get("file-exports").hidden = !this.rows.size;
    get("file-count").textContent = this.rows.size > 1 ? String(this.rows.size) : "";
  }
}
