/*
 * Probabilities over time, one row per sentence, under the player: a slider with a chart, and lanes of moments above it.
 *
 *   const timeline = new Timeline(element, { seek(seconds), mark(span), toggle() });
 *   timeline.show(result, body); timeline.moveTo(seconds); timeline.mark = { start, end }; timeline.zoom(2); timeline.range
 *
 * Each row is filled to the height of its probability, in the accent colour where its sentence is the most likely one.
 */
import { area } from "./areas.js";
import { axisTime, clamp, clockTime, make, percent, shortener } from "./dom.js";

const HEIGHT = 100;
const DRAG_PIXELS = 4;
const TICK_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
const MAX_TICKS = 7;
const MIN_SECONDS = 0.5;

export class Timeline {
  constructor(root, actions) {
    Object.assign(this, { root, actions, now: 0, result: null, length: 0, rows: [], span: null, range: { start: 0, end: 1 } });
    this.table = make("div", { class: "rows", role: "slider", tabindex: "0", "aria-label": "Time in the recording",
      "aria-describedby": "timeline-hint", "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0" });
    this.playhead = make("span", { class: "playhead" });
    this.band = make("span", { class: "band", hidden: true });
    this.overlay = make("div", { class: "row-overlay", "aria-hidden": "true" }, this.band, this.playhead);
    this.axis = make("div", { class: "axis", "aria-hidden": "true" });
    this.thumb = make("span", { class: "thumb" });
    this.bar = make("div", { class: "pan", "aria-hidden": "true", hidden: true }, this.thumb);
    this.lanes = make("div", { class: "lanes" });
    this.frame = make("div", { class: "row-frame" }, this.lanes, this.table, this.overlay);
    this.root.append(this.frame, this.axis, this.bar);
    this.table.addEventListener("pointerdown", (event) => this.press(event));
    this.table.addEventListener("keydown", (event) => this.key(event));
    this.bar.addEventListener("pointerdown", (event) => this.drag(event));
    this.frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  show(result, body) {
    const isOther = this.result?.timeline.source !== result.timeline.source || this.length !== result.timeline.seconds;
    this.result = result;
    this.body = body;
    this.length = result.timeline.seconds;
    this.short = shortener(result.candidates.filter(({ taught }) => !taught).map(({ sentence }) => sentence));
    this.names = [...result.timeline.sentences, ...(result.calibrated ? ["none of these"] : [])];
    const windows = result.timeline.probabilities[body] ?? [];
    const best = windows.map((row) => (row ? row.indexOf(Math.max(...row)) : -1));
    this.rows = this.names.map((name, column) => this.newRow(name, column, windows, best));
    this.table.replaceChildren(...this.rows.map((row) => row.element));
    this.table.setAttribute("aria-valuemax", this.length.toFixed(2));
    this.view(...(isOther ? [0, this.length] : [this.range.start, this.range.end]));
    this.moveTo(this.now);
    this.mark = this.span;
  }

  /* No recording is open. */
  clear() {
    this.result = null;
    this.rows = [];
    this.length = this.now = 0;
    this.table.replaceChildren();
    this.mark = null;
    this.view(0, 0);
  }

  newRow(name, column, windows, best) {
    const { sentences, times } = this.result.timeline;
    const probability = make("span", { class: "probability" });
    const track = make("svg", { preserveAspectRatio: "none", class: "track", "aria-hidden": "true" },
      make("path", { class: "area", d: area(times, windows, this.length, column, () => true) }),
      make("path", { class: "best-area", d: area(times, windows, this.length, column, (index) => best[index] === column) }));
    const element = make("div", { class: `row${column === sentences.length ? " none" : ""}` },
      make("span", { class: "name", title: name }, make("span", {}, this.short(name)), probability), track);
    return { element, probability, track };
  }

  /* Show the part from `start` to `end`, in seconds, as far as there is any. */
  view(start, end) {
    const length = clamp(end - start, Math.min(MIN_SECONDS, this.length), Math.max(this.length, 1e-9));
    const first = clamp(start, 0, Math.max(0, this.length - length));
    this.range = { start: first, end: first + length };
    for (const { track } of this.rows) track.setAttribute("viewBox", `${first} 0 ${length} ${HEIGHT}`);
    this.bar.hidden = !this.isZoomed;
    this.thumb.style.left = `${100 * first / Math.max(1e-9, this.length)}%`;
    this.thumb.style.width = `${100 * length / Math.max(1e-9, this.length)}%`;
    this.showAxis();
    this.moveTo(this.now);
    this.mark = this.span;
    this.actions.viewed?.(this.range);
  }

  get isZoomed() { return this.range.end - this.range.start < this.length - 1e-6; }

  /* Zoom in by a factor around a time, or out by one below 1. */
  zoom(factor, around = clamp(this.now, this.range.start, this.range.end)) {
    const share = (around - this.range.start) / Math.max(1e-9, this.range.end - this.range.start);
    const length = (this.range.end - this.range.start) / factor;
    this.view(around - share * length, around + (1 - share) * length);
  }

  pan(seconds) { this.view(this.range.start + seconds, this.range.end + seconds); }

  /* Bring a time into view: while it plays, page by page. */
  reveal(time) {
    const { start, end } = this.range;
    if (this.isZoomed && (time < start || time > end)) this.view(time - (end - start) * 0.1, time + (end - start) * 0.9);
  }

  /* Position of a time in the view, as a percentage of its width. */
  x(time) { return 100 * (time - this.range.start) / Math.max(1e-9, this.range.end - this.range.start); }

  showAxis() {
    const { start, end } = this.range, length = end - start;
    const step = TICK_SECONDS.find((each) => length / each <= MAX_TICKS) ?? TICK_SECONDS.at(-1);
    const ticks = [];
    for (let number = Math.ceil(start / step - 1e-6); number * step <= end + 1e-6; number++) {
      const tick = make("span", {}, axisTime(number * step, step < 1 ? 1 : 0)), x = this.x(number * step);
      tick.style.left = `${x}%`;
      tick.className = x < 3 ? "first" : x > 97 ? "last" : "";
      ticks.push(tick);
    }
    this.axis.replaceChildren(make("div", {}, ...ticks));
  }

  /* Move the playhead to a time, and show the probabilities at that time. */
  moveTo(time) {
    this.now = time;
    if (!this.result) return;
    this.playhead.hidden = time < this.range.start - 1e-6 || time > this.range.end + 1e-6;
    this.playhead.style.left = `${clamp(this.x(time), 0, 100)}%`;
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
    this.band.hidden = !span || span.end < this.range.start || span.start > this.range.end;
    if (!span) return;
    const left = clamp(this.x(span.start), 0, 100);
    this.band.style.left = `${left}%`;
    this.band.style.width = `${clamp(this.x(span.end), 0, 100) - left}%`;
  }

  timeOf(event) {
    const box = this.overlay.getBoundingClientRect();
    return this.range.start + clamp((event.clientX - box.left) / box.width, 0, 1) * (this.range.end - this.range.start);
  }

  press(event) {
    if (!this.result || event.button) return;
    const startX = event.clientX, start = this.timeOf(event);
    let dragged = false;
    this.follow(this.table, event, (next) => {
      dragged ||= Math.abs(next.clientX - startX) > DRAG_PIXELS;
      if (!dragged) return;
      const end = this.timeOf(next);
      this.actions.mark({ start: Math.min(start, end), end: Math.max(start, end) });
    }, (last) => {
      if (last.type === "pointerup" && !dragged) { this.actions.mark(null); this.actions.seek(start); }
      else if (dragged && this.span) this.actions.seek(this.span.start);
    });
  }

  /* Drag the bar below the axis. */
  drag(event) {
    const box = this.bar.getBoundingClientRect(), { start, end } = this.range;
    const grabbed = (event.clientX - box.left) / box.width * this.length, inside = grabbed >= start && grabbed <= end;
    const offset = inside ? grabbed - start : (end - start) / 2;
    const move = (next) => {
      const first = (next.clientX - box.left) / box.width * this.length - offset;
      this.view(first, first + end - start);
    };
    move(event);
    this.follow(this.bar, event, move, () => {});
  }

  /* Call `move` for each movement of a pressed pointer, and `finish` when it is released. */
  follow(element, event, move, finish) {
    element.setPointerCapture(event.pointerId);
    const end = (last) => {
      element.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) element.removeEventListener(name, end);
      finish(last);
    };
    element.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end);
  }

  /* Ctrl (or pinching) zooms at the pointer; Shift or a sideways wheel pans. */
  wheel(event) {
    if (!this.result) return;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.003)), this.timeOf(event));
    else if (sideways && this.isZoomed) this.pan(sideways * (this.range.end - this.range.start) / 800);
    else return;
    event.preventDefault();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.result) return;
    const step = event.shiftKey ? 1 : 0.1;
    const time = { ArrowLeft: this.now - step, ArrowDown: this.now - step, ArrowRight: this.now + step, ArrowUp: this.now + step,
      PageDown: this.now - this.length / 10, PageUp: this.now + this.length / 10, Home: 0, End: this.length }[event.key];
    const act = { "+": () => this.zoom(2), "=": () => this.zoom(2), "-": () => this.zoom(0.5), 0: () => this.view(0, this.length) }[event.key]
      ?? (time === undefined ? null : () => this.actions.seek(clamp(time, 0, this.length)));
    if (!act) return;
    event.preventDefault();
    act();
    this.reveal(this.now);
  }
}
