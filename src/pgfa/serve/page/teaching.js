/*
 * Teaching: mark a moment of the current recording, name it, and list the classes taught so far.
 *
 *   const teaching = new Teaching(server, { recordings, answers, timeline }, limits, { time(), snap(time), changed(), ready() });
 *   teaching.mark({ start, end }); teaching.mark(null); teaching.reset(); teaching.forget(name); await teaching.restore(lessons)
 */
import { notify, track } from "./activity.js";
import { clamp, get, make, plural, seconds, timeRange } from "./dom.js";

const MIN_SECONDS = 0.05;

export class Teaching {
  /* actions.time: () -> seconds, where the player is */
  constructor(server, parts, limits, actions) {
    Object.assign(this, { server, ...parts, actions });
    this.start = null;
    this.lessons = [];
    this.name = get("teach-name");
    this.submit = get("teach-form").querySelector("[type=submit]");
    this.name.maxLength = limits.max_characters;
    this.name.addEventListener("input", () => this.updateButton());
    get("mark-start").addEventListener("click", () => this.markStart());
    get("mark-end").addEventListener("click", () => this.markEnd());
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
    const start = span ? this.actions.snap(clamp(span.start, 0, length)) : 0, end = span ? this.actions.snap(clamp(span.end, 0, length)) : 0;
    this.timeline.mark = end - start > MIN_SECONDS ? { start, end } : null;
    const marked = this.timeline.mark;
    get("marked").textContent = marked ? `Marked: ${timeRange(marked.start, marked.end)}`
      : this.start !== null ? `Start marked at ${seconds(this.start)}. Now mark the end.` : "No moment marked.";
    this.updateButton();
    this.actions.changed();
  }

  markStart() {
    this.start = this.actions.time();
    this.mark(null);
  }

  markEnd() {
    const start = this.start ?? this.timeline.mark?.start ?? 0, now = this.actions.time();
    this.start = null;
    this.mark({ start: Math.min(start, now), end: Math.max(start, now) });
  }

  updateButton() {
    this.submit.disabled = !(this.timeline.mark && this.name.value.trim());
    this.actions.ready();
  }

  /* Names of the classes that have an example in one of these recordings (a Set of keys). */
  namesTaughtFrom(keys) {
    return [...new Set(this.lessons.filter(({ examples }) => examples.some(({ clip }) => keys.has(clip))).map(({ name }) => name))];
  }

  async teach() {
    const { start, end } = this.timeline.mark ?? {};
    const name = this.name.value.trim();
    if (start === undefined || !name) return;
    const body = this.answers.bodyCount > 1 ? this.answers.body : null;
    const example = { clip: this.recordings.current, start_s: start, end_s: end, body };
    const lesson = { name, examples: [example] };
    const taught = await track(() => this.server.teach(lesson));
    if (!taught) return;
    this.lessons.push(lesson);
    this.name.value = "";
    this.show(taught);
  }

  async forget(name) {
    const taught = await track(() => this.server.forget(name));
    if (!taught) return;
    this.lessons = this.lessons.filter((lesson) => lesson.name !== name);
    this.show(taught);
  }

  /* Teach again what was taught before, from the recordings that are still there. */
  async restore(lessons) {
    this.lessons = [];
    let taught = { classes: {} };
    for (const lesson of lessons) {
      try {
        taught = await this.server.teach(lesson, true);
        this.lessons.push(lesson);
      } catch (error) {
        if (!("kind" in error)) throw error;
        notify(`“${lesson.name}” could not be taught again: ${error.message}`);
      }
    }
    this.list(taught);
  }

  show(taught) {
    this.list(taught);
    this.updateButton();
    this.actions.changed();
    this.answers.ask();
  }

  list({ classes }) {
    this.answers.taught = new Map(Object.entries(classes));
    get("taught").replaceChildren(...Object.entries(classes).map(([name, count]) => make("li", {}, make("span", {}, name),
      make("span", { class: "faint" }, `from ${plural(count, "moment")}`),
      make("button", { type: "button", class: "quiet remove", "aria-label": `Forget ${name}`, onclick: () => this.forget(name) }, "×"))));
  }
}
