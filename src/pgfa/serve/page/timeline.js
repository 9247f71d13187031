/*
 * Probabilities over time, one row per sentence, under the player: a slider with a chart.
 *
 *   const timeline = new Timeline(element, { seek(seconds), mark(span), toggle() });
 *   timeline.show(result, body); timeline.moveTo(seconds); timeline.mark = { start, end };
 *
 * Each row is filled to the height of its probability, in the accent colour where its sentence is the most likely one.
 */
import { clamp, clockTime, make, minutes, percent } from "./dom.js";

const WIDTH = 1000, HEIGHT = 100;
const DRAG_PIXELS = 4;
const TICK_SECONDS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
const MAX_TICKS = 7;

export class Timeline {
  constructor(root, actions) {
    Object.assign(this, { root, actions, now: 0, result: null, length: 0, rows: [], span: null });
    this.table = make("div", { class: "rows", role: "slider", tabindex: "0", "aria-label": "Time in the recording",
      "aria-describedby": "timeline-hint", "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0" });
    this.playhead = make("span", { class: "playhead" });
    this.band = make("span", { class: "band", hidden: true });
    this.overlay = make("div", { class: "row-overlay", "aria-hidden": "true" }, this.band, this.playhead);
    this.axis = make("div", { class: "axis", "aria-hidden": "true" });
    this.root.append(make("div", { class: "row-frame" }, this.table, this.overlay), this.axis);
    this.table.addEventListener("pointerdown", (event) => this.press(event));
    this.table.addEventListener("keydown", (event) => this.key(event));
  }

  show(result, body) {
    this.result = result;
    this.body = body;
    this.length = result.timeline.seconds;
    this.names = [...result.timeline.sentences, ...(result.calibrated ? ["none of these"] : [])];
    const windows = result.timeline.probabilities[body] ?? [];
    const best = windows.map((row) => (row ? row.indexOf(Math.max(...row)) : -1));
    this.rows = this.names.map((name, column) => this.newRow(name, column, windows, best));
    this.table.replaceChildren(...this.rows.map((row) => row.element));
    this.table.setAttribute("aria-valuemax", this.length.toFixed(2));
    this.showAxis();
    this.moveTo(this.now);
    this.mark = this.span;
  }

  newRow(name, column, windows, best) {
    const { sentences, spans } = this.result.timeline;
    const probability = make("span", { class: "probability" });
    const track = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "track" },
      make("path", { class: "area", d: this.area(windows, column, () => true) }),
      make("path", { class: "best-area", d: this.area(windows, column, (index) => best[index] === column) }),
      ...spans.filter((span) => span.body === this.body && span.sentence === name).map((span) =>
        make("rect", { class: "span", x: this.x(span.start_s), width: Math.max(1, this.x(span.end_s - span.start_s)), y: 94, height: 6 })));
    const element = make("div", { class: `row${column === sentences.length ? " none" : ""}` },
      make("span", { class: "name", title: name }, make("span", {}, name), probability), track);
    return { element, probability };
  }

  x(time) { return (time / Math.max(1e-9, this.length)) * WIDTH; }

  /* Filled areas of one column: a separate one for every run of windows that `included` accepts. */
  area(windows, column, included) {
    const times = this.result.timeline.times;
    const middle = (first, second) => this.x((times[first] + times[second]) / 2);
    const level = (index) => HEIGHT - windows[index][column] * HEIGHT;
    const joint = (first, second) => (windows[first] && windows[second] ? (level(first) + level(second)) / 2 : level(windows[first] ? first : second));
    let path = "";
    for (let start = 0; start < windows.length; start++) {
      if (!windows[start] || !included(start)) continue;
      let end = start;
      while (end + 1 < windows.length && windows[end + 1] && included(end + 1)) end++;
      const isLast = end + 1 >= windows.length;
      const left = start ? middle(start - 1, start) : 0, right = isLast ? WIDTH : middle(end, end + 1);
      path += `M${rounded(left)} ${HEIGHT}L${rounded(left)} ${rounded(start ? joint(start, start - 1) : level(start))}`;
      for (let index = start; index <= end; index++) path += `L${rounded(this.x(times[index]))} ${rounded(level(index))}`;
      path += `L${rounded(right)} ${rounded(isLast ? level(end) : joint(end, end + 1))}L${rounded(right)} ${HEIGHT}Z`;
      start = end;
    }
    return path;
  }

  showAxis() {
    const step = TICK_SECONDS.find((length) => this.length / length <= MAX_TICKS) ?? TICK_SECONDS.at(-1);
    const ticks = [];
    for (let time = 0; time <= this.length + 1e-6; time += step) {
      if (time && this.length - time < this.length / 25) continue; // the unit is there
      const tick = make("span", {}, this.length >= 60 ? minutes(time) : step < 1 ? time.toFixed(1) : String(time));
      tick.style.left = `${this.x(time) / WIDTH * 100}%`;
      ticks.push(tick);
    }
    this.axis.replaceChildren(make("div", {}, ...ticks, make("span", { class: "unit" }, this.length >= 60 ? "" : "s")));
  }

  /* Move the playhead to a time, and show the probabilities at that time. */
  moveTo(time) {
    this.now = time;
    if (!this.result) return;
    this.playhead.style.left = `${clamp(time / Math.max(1e-9, this.length), 0, 1) * 100}%`;
    const window = this.windowAt(time);
    const best = window ? window.indexOf(Math.max(...window)) : -1;
    this.rows.forEach(({ element, probability }, column) => {
      probability.textContent = window ? percent(window[column]) : "";
      element.classList.toggle("best", column === best);
    });
    this.table.setAttribute("aria-valuenow", time.toFixed(2));
    const text = best < 0 ? "no person detected" : `${this.names[best] ?? "none of these"}, ${percent(window[best])}`;
    this.table.setAttribute("aria-valuetext", `${clockTime(time)}: ${text}`);
  }

  windowAt(time) {
    const times = this.result.timeline.times, windows = this.result.timeline.probabilities[this.body] ?? [];
    if (!times.length) return null;
    const hop = times.length > 1 ? times[1] - times[0] : 1;
    return windows[clamp(Math.round((time - times[0]) / hop), 0, times.length - 1)] ?? null;
  }

  get mark() { return this.span; }
  set mark(span) {
    this.span = span;
    this.band.hidden = !span;
    if (!span) return;
    this.band.style.left = `${this.x(span.start) / WIDTH * 100}%`;
    this.band.style.width = `${this.x(span.end - span.start) / WIDTH * 100}%`;
  }

  timeOf(event) {
    const box = this.overlay.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * this.length;
  }

  press(event) {
    if (!this.result || event.button) return;
    const startX = event.clientX, start = this.timeOf(event);
    let dragged = false;
    this.table.setPointerCapture(event.pointerId);
    const move = (next) => {
      dragged ||= Math.abs(next.clientX - startX) > DRAG_PIXELS;
      if (!dragged) return;
      const end = this.timeOf(next);
      this.actions.mark({ start: Math.min(start, end), end: Math.max(start, end) });
    };
    const finish = (last) => {
      this.table.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) this.table.removeEventListener(name, finish);
      if (last.type === "pointerup" && !dragged) { this.actions.mark(null); this.actions.seek(start); }
      else if (dragged && this.span) this.actions.seek(this.span.start);
    };
    this.table.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) this.table.addEventListener(name, finish);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.result) return;
    if (event.key === " ") {
      event.preventDefault();
      this.actions.toggle();
      return;
    }
    const step = event.shiftKey ? 1 : 0.1;
    const time = { ArrowLeft: this.now - step, ArrowDown: this.now - step, ArrowRight: this.now + step, ArrowUp: this.now + step,
      PageDown: this.now - this.length / 10, PageUp: this.now + this.length / 10, Home: 0, End: this.length }[event.key];
    if (time === undefined) return;
    event.preventDefault();
    this.actions.seek(clamp(time, 0, this.length));
  }
}

const rounded = (value) => Math.round(value * 10) / 10;
