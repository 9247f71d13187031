/*
 * Teaching: mark a moment of the current recording, name it, and list the classes taught so far.
 *
 *   const teaching = new Teaching(server, { recordings, answers, timeline }, limits, time);
 *   teaching.mark({ start, end }); teaching.mark(null); teaching.reset(); teaching.forget(name)
 */
import { track } from "./activity.js";
import { clamp, get, make, plural, seconds, timeRange } from "./dom.js";

const MIN_SECONDS = 0.05;

export class Teaching {
  /* time: () -> seconds, where the player is */
  constructor(server, parts, limits, time) {
    Object.assign(this, { server, ...parts, time });
    this.start = null;
    this.name = get("teach-name");
    this.submit = get("teach-form").querySelector("[type=submit]");
    this.name.maxLength = limits.max_characters;
    this.name.addEventListener("input", () => this.updateButton());
    get("mark-start").addEventListener("click", () => this.markStart());
    get("mark-end").addEventListener("click", () => this.markEnd());
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=text], select")) return;
      if (event.key === "[") this.markStart();
      if (event.key === "]") this.markEnd();
    });
    get("teach-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.teach();
    });
  }

  reset() {
    this.start = null;
    this.mark(null);
  }

  mark(span) {
    const length = this.timeline.length || 0;
    const valid = span && span.end - span.start > MIN_SECONDS;
    this.timeline.mark = valid ? { start: clamp(span.start, 0, length), end: clamp(span.end, 0, length) } : null;
    const marked = this.timeline.mark;
    get("marked").textContent = marked ? `Marked: ${timeRange(marked.start, marked.end)}`
      : this.start !== null ? `Start marked at ${seconds(this.start)}. Now mark the end.` : "No moment marked.";
    this.updateButton();
  }

  markStart() {
    this.start = this.time();
    this.mark(null);
  }

  markEnd() {
    const start = this.start ?? this.timeline.mark?.start ?? 0, now = this.time();
    this.start = null;
    this.mark({ start: Math.min(start, now), end: Math.max(start, now) });
  }

  updateButton() { this.submit.disabled = !(this.timeline.mark && this.name.value.trim()); }

  async teach() {
    const { start, end } = this.timeline.mark ?? {};
    const name = this.name.value.trim();
    if (start === undefined || !name) return;
    const body = this.answers.bodyCount > 1 ? this.answers.body : null;
    const example = { clip: this.recordings.current, start_s: start, end_s: end, body };
    const taught = await track(() => this.server.teach({ name, examples: [example] }));
    if (!taught) return;
    this.name.value = "";
    this.show(taught);
  }

  async forget(name) {
    const taught = await track(() => this.server.forget(name));
    if (taught) this.show(taught);
  }

  show({ classes }) {
    this.answers.taught = new Map(Object.entries(classes));
    get("taught").replaceChildren(...Object.entries(classes).map(([name, count]) => make("li", {}, make("span", {}, name),
      make("span", { class: "faint" }, `from ${plural(count, "moment")}`),
      make("button", { type: "button", class: "quiet remove", "aria-label": `Forget ${name}`, onclick: () => this.forget(name) }, "×"))));
    this.updateButton();
    this.answers.ask();
  }
}
