/*
 * Probabilities over time, one row a sentence, under the player: a slider with a picture.
 *
 *   const timeline = new Timeline(element, { seek(seconds), mark(span) });
 *   timeline.show(found, body); timeline.at(seconds); timeline.mark = { start, end };
 *
 * Each row is filled to the height of its probability, in the accent where its sentence is the likeliest.
 */
import { clamp, make, percent, seconds } from "./dom.js";

const WIDE = 1000, HIGH = 100;
const DRAG = 4;

export class Timeline {
  constructor(root, acts) {
    Object.assign(this, { root, acts, now: 0, found: null, length: 0, rows: [], span: null });
    this.table = make("div", { class: "rows", role: "slider", tabindex: "0", "aria-label": "Time in the recording",
      "aria-describedby": "timeline-hint", "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0" });
    this.head = make("span", { class: "playhead" });
    this.band = make("span", { class: "band", hidden: true });
    this.over = make("div", { class: "over-rows", "aria-hidden": "true" }, this.band, this.head);
    this.axis = make("div", { class: "axis", "aria-hidden": "true" });
    this.root.append(make("div", { class: "row-frame" }, this.table, this.over), this.axis);
    this.table.addEventListener("pointerdown", (event) => this.press(event));
    this.table.addEventListener("keydown", (event) => this.key(event));
  }

  show(found, body) {
    this.found = found;
    this.body = body;
    this.length = found.timeline.seconds;
    this.names = [...found.timeline.sentences, ...(found.calibrated ? ["none of these"] : [])];
    const windows = found.timeline.probabilities[body] ?? [];
    const best = windows.map((row) => (row ? row.indexOf(Math.max(...row)) : -1));
    this.rows = this.names.map((name, column) => {
      const number = make("span", { class: "now" });
      const track = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", class: "track" },
        make("path", { class: "all", d: this.area(windows, column, () => true) }),
        make("path", { class: "lead", d: this.area(windows, column, (at) => best[at] === column) }),
        ...found.timeline.spans.filter((span) => span.body === body && span.sentence === name).map((span) =>
          make("rect", { class: "span", x: this.x(span.start_s), width: Math.max(1, this.x(span.end_s - span.start_s)), y: 94, height: 6 })));
      const row = make("div", { class: `row${column === found.timeline.sentences.length ? " none" : ""}` },
        make("span", { class: "name", title: name }, make("span", {}, name), number), track);
      return { row, number };
    });
    this.table.replaceChildren(...this.rows.map((row) => row.row));
    this.table.setAttribute("aria-valuemax", this.length.toFixed(2));
    this.ticks();
    this.at(this.now);
    this.mark = this.span;
  }

  x(time) { return (time / Math.max(1e-9, this.length)) * WIDE; }

  /* Filled areas of one column, a separate one for every run of windows that `wanted` admits. */
  area(windows, column, wanted) {
    const times = this.found.timeline.times;
    const middle = (a, b) => this.x((times[a] + times[b]) / 2);
    const level = (at) => HIGH - windows[at][column] * HIGH;
    let path = "";
    for (let at = 0; at < windows.length; at++) {
      if (!windows[at] || !wanted(at)) continue;
      let end = at;
      while (end + 1 < windows.length && windows[end + 1] && wanted(end + 1)) end++;
      const joint = (a, b) => (windows[a] && windows[b] ? (level(a) + level(b)) / 2 : level(windows[a] ? a : b));
      const from = at ? middle(at - 1, at) : 0, to = end + 1 < windows.length ? middle(end, end + 1) : WIDE;
      path += `M${r(from)} ${HIGH}L${r(from)} ${r(at ? joint(at, at - 1) : level(at))}`;
      for (let i = at; i <= end; i++) path += `L${r(this.x(times[i]))} ${r(level(i))}`;
      path += `L${r(to)} ${r(end + 1 < windows.length ? joint(end, end + 1) : level(end))}L${r(to)} ${HIGH}Z`;
      at = end;
    }
    return path;
  }

  ticks() {
    const steps = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
    const step = steps.find((one) => this.length / one <= 7) ?? steps.at(-1);
    const marks = [];
    for (let time = 0; time <= this.length + 1e-6; time += step) {
      const mark = make("span", {}, step < 1 ? time.toFixed(1) : String(time));
      mark.style.left = `${this.x(time) / WIDE * 100}%`;
      marks.push(mark);
    }
    this.axis.replaceChildren(make("div", {}, ...marks, make("span", { class: "unit" }, "s")));
  }

  /* Move the line to a time, and say the probabilities there. */
  at(time) {
    this.now = time;
    if (!this.found) return;
    this.head.style.left = `${clamp(time / Math.max(1e-9, this.length), 0, 1) * 100}%`;
    const row = this.window(time);
    this.rows.forEach(({ number }, column) => { number.textContent = row ? percent(row[column]) : ""; });
    const best = row ? row.indexOf(Math.max(...row)) : -1;
    this.rows.forEach(({ row: element }, column) => element.classList.toggle("leading", column === best));
    this.table.setAttribute("aria-valuenow", time.toFixed(2));
    const said = best < 0 ? "nobody there" : `${this.names[best] ?? "none of these"}, ${percent(row[best])}`;
    this.table.setAttribute("aria-valuetext", `${seconds(time)}: ${said}`);
  }

  window(time) {
    const times = this.found.timeline.times, windows = this.found.timeline.probabilities[this.body] ?? [];
    if (!times.length) return null;
    const hop = times.length > 1 ? times[1] - times[0] : 1;
    return windows[clamp(Math.round((time - times[0]) / hop), 0, times.length - 1)] ?? null;
  }

  get mark() { return this.span; }
  set mark(span) {
    this.span = span;
    this.band.hidden = !span;
    if (!span) return;
    this.band.style.left = `${this.x(span.start) / WIDE * 100}%`;
    this.band.style.width = `${this.x(span.end - span.start) / WIDE * 100}%`;
  }

  time(event) {
    const place = this.over.getBoundingClientRect();
    return clamp((event.clientX - place.left) / place.width, 0, 1) * this.length;
  }

  press(event) {
    if (!this.found || event.button) return;
    const began = event.clientX, from = this.time(event);
    const id = event.pointerId;
    let dragged = false;
    this.table.setPointerCapture(id);
    const move = (next) => {
      dragged ||= Math.abs(next.clientX - began) > DRAG;
      if (!dragged) return;
      const to = this.time(next);
      this.acts.mark({ start: Math.min(from, to), end: Math.max(from, to) });
    };
    const done = (last) => {
      for (const name of ["pointermove", "pointerup", "pointercancel"]) this.table.removeEventListener(name, name === "pointermove" ? move : done);
      if (last.type === "pointerup" && !dragged) { this.acts.mark(null); this.acts.seek(from); }
      else if (dragged && this.span) this.acts.seek(this.span.start);
    };
    this.table.addEventListener("pointermove", move);
    this.table.addEventListener("pointerup", done);
    this.table.addEventListener("pointercancel", done);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.found) return;
    const step = event.shiftKey ? 1 : 0.1;
    const to = { ArrowLeft: this.now - step, ArrowDown: this.now - step, ArrowRight: this.now + step, ArrowUp: this.now + step,
      PageDown: this.now - this.length / 10, PageUp: this.now + this.length / 10, Home: 0, End: this.length }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.acts.seek(clamp(to, 0, this.length));
  }
}

const r = (value) => Math.round(value * 10) / 10;
