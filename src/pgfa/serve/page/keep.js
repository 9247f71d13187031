/*
 * Keeps the work in the browser's store: what was typed, marked, taught and aligned, and which recording is open.
 *
 *   const keep = new Keep(store, { sentences, teaching, alignment, recordings, timeline, correcting, improvement, video });
 *   keep.soon()      something has changed: save it with what changes next
 *   keep.now()       save at once
 */
import { get } from "./dom.js";

const DELAY = 150;

export class Keep {
  constructor(store, parts) {
    Object.assign(this, { store, ...parts, timer: 0, ready: false });
    addEventListener("pagehide", () => this.now());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.now(); });
    for (const id of ["add", "teach-name"]) get(id).addEventListener("input", () => this.soon());
  }

  /* From here on the page shows what was kept, and changes of it are kept. */
  start() { this.ready = true; }

  /* From here on what is kept stays as it is. */
  stop() { this.ready = false; }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), DELAY);
  }

  now() {
    clearTimeout(this.timer);
    if (this.ready) this.store.save(this.state);
  }

  get state() {
    return {
      sentences: this.sentences.texts, typed: get("add").value, name: get("teach-name").value,
      current: this.recordings.current, marked: this.recordings.marked, order: this.recordings.list.order,
      mark: this.timeline.mark, lessons: this.teaching.lessons, alignment: this.alignment.state,
      correcting: this.correcting.state, learned: this.improvement.state, videos: this.video.state,
    };
  }
}
