/*
 * Keeps the work in the browser's store: what was typed, marked, taught and aligned, and which recording is open.
 *
 *   const keep = new Keep(store, { sentences, teaching, alignment, recordings, timeline, correcting, improvement, video, player, loop });
 *   keep.begin(name) the page shows what it shows everybody: an example of this name is not the person's own
 *   keep.soon()      something has changed: save it with what changes next
 *   keep.now()       save at once
 */
import { get } from "./dom.js";

const DELAY = 150;

export class Keep {
  constructor(store, parts) {
    Object.assign(this, { store, ...parts, timer: 0, ready: false, own: store.own, begun: null });
    addEventListener("pagehide", () => this.now());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.now(); });
    for (const id of ["add", "teach-name"]) get(id).addEventListener("input", () => this.soon());
  }

  begin(example) { this.begun = { content: this.content, example }; }

  /* What the person may have changed, as text. */
  get content() { return JSON.stringify({ ...this.state, current: null }); }

  /* Whether nothing was added, typed or corrected since the page was opened. */
  get isUntouched() {
    return this.content === this.begun.content && [...this.recordings.files.values()].every(({ example }) => example === this.begun.example);
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
    if (!this.ready) return;
    this.own ||= !this.isUntouched;
    this.store.save(this.state, this.own);
  }

  get state() {
    return {
      sentences: this.sentences.texts, typed: get("add").value, name: get("teach-name").value,
      current: this.recordings.current, marked: this.recordings.marked, order: this.recordings.list.order,
      mark: this.timeline.mark, lessons: this.teaching.lessons, alignment: this.alignment.state,
      correcting: this.correcting.state, learned: this.improvement.state, videos: this.video.state,
      player: { speed: this.player.speed, trails: this.player.trails, loop: this.loop.on },
    };
  }

  /* Speed, trails and loop of the player as they were. */
  restorePlayer({ speed, trails, loop } = { speed: 1, trails: false, loop: false }) {
    const { speedBox, trailBox } = this.player;
    if ([...speedBox.options].some(({ value }) => Number(value) === speed)) speedBox.value = String(speed);
    trailBox.checked = trails;
    for (const box of [speedBox, trailBox]) box.dispatchEvent(new Event("change"));
    this.loop.set(loop, false);
  }
}
