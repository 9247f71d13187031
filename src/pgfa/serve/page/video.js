/*
 * A video of the same scene beside the skeleton: a local file, played in step and never uploaded.
 *
 *   const video = new Video(player, store, { changed(), newNumber() });
 *   video.open(key); video.forRecording(key) -> { name, offset } or null; video.state; video.restore(state, files)
 *
 * The player's clock leads: at its time t the video shows t + offset. While "in step" is off the video has controls of its
 * own; when it is turned on again, what both show then belongs together.
 */
import { notify } from "./activity.js";
import { get, make } from "./dom.js";

const DRIFT = 0.12, STILL = 0.01;

export class Video {
  constructor(player, store, actions) {
    Object.assign(this, { player, store, actions, key: null, byKey: new Map(), inStep: true });
    this.element = make("video", { muted: true, playsinline: true, preload: "auto", "aria-label": "Video of the same scene" });
    this.element.muted = true;
    this.element.hidden = true;
    player.root.querySelector(".stage").append(this.element);
    this.element.addEventListener("error", () => {
      if (this.element.src) notify(`${this.current?.name ?? "This file"} cannot be played by this browser.`);
    });
    get("video-file").addEventListener("change", (event) => {
      const [blob] = event.target.files;
      event.target.value = "";
      if (blob) this.add(blob);
    });
    get("video-remove").addEventListener("click", () => this.remove());
    get("video-step").addEventListener("change", (event) => this.setStep(event.target.checked));
    get("video-offset").addEventListener("change", (event) => this.setOffset(event.target.valueAsNumber));
    const tick = () => { this.follow(); requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
  }

  get current() { return this.byKey.get(this.key) ?? null; }
  get time() { return this.player.clip ? this.player.frame / this.player.clip.rate : 0; }

  forRecording(key) {
    const video = this.byKey.get(key);
    return video ? { name: video.name, offset: video.offset } : null;
  }

  async add(blob) {
    if (!this.key) return;
    // A video that is known by name only, of an opened project, has no place in this browser's store yet.
    const number = this.current?.blob ? this.current.number : this.actions.newNumber();
    this.byKey.set(this.key, { number, name: blob.name, blob, offset: this.current?.offset ?? 0 });
    this.show();
    if (!await this.store.addFile({ number, name: blob.name, blob, video: this.key }))
      notify("This browser has no room to store the video: open it again after a reload.");
    this.actions.changed();
  }

  remove() {
    if (this.current?.blob) this.store.removeFile(this.current.number);
    this.byKey.delete(this.key);
    this.show();
    this.actions.changed();
    get("video-file").focus();
  }

  forget(keys) {
    for (const key of keys) {
      const video = this.byKey.get(key);
      if (video?.blob) this.store.removeFile(video.number);
      this.byKey.delete(key);
    }
  }

  open(key) {
    this.key = key;
    this.show();
  }

  show() {
    const { current } = this, isPlayable = Boolean(current?.blob);
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = isPlayable ? URL.createObjectURL(current.blob) : null;
    if (isPlayable) this.element.src = this.address;
    else { this.element.removeAttribute("src"); this.element.load(); }
    this.element.hidden = !isPlayable;
    this.player.root.querySelector(".stage").classList.toggle("with-video", isPlayable);
    get("video-controls").hidden = !current;
    get("video-name").textContent = !current ? "" : isPlayable ? current.name : `${current.name} (open it again)`;
    get("video-offset").value = (current?.offset ?? 0).toFixed(2);
    this.setStep(true, false);
  }

  setOffset(seconds) {
    if (!this.current) return;
    // A field that was emptied shows again what holds.
    if (Number.isFinite(seconds)) this.current.offset = seconds;
    get("video-offset").value = this.current.offset.toFixed(2);
    this.actions.changed();
  }

  /* In step or not. When it is set by the user, the offset is what both show now. */
  setStep(inStep, byUser = true) {
    if (inStep && !this.inStep && byUser) this.setOffset(Math.round(100 * (this.element.currentTime - this.time)) / 100);
    this.inStep = inStep;
    this.element.controls = !inStep;
    if (!inStep) this.element.pause();
    get("video-step").checked = inStep;
  }

  /* Once per picture of the screen: keep the video at the player's time. */
  follow() {
    const { element, current, player } = this;
    if (!current?.blob || !this.inStep || element.readyState < 1 || element.seeking) return;
    const target = this.time + current.offset, last = Number.isFinite(element.duration) ? element.duration : Infinity;
    const inside = target >= 0 && target <= last, difference = Math.abs(element.currentTime - Math.min(last, Math.max(0, target)));
    if (player.playing && inside) {
      element.playbackRate = player.speed;
      if (element.paused) element.play().catch(() => {});
      if (difference > DRIFT * Math.max(1, player.speed)) element.currentTime = target;
    } else {
      if (!element.paused) element.pause();
      if (difference > STILL) element.currentTime = Math.min(last, Math.max(0, target));
    }
  }

  /* What is kept; the files themselves are in the browser's store. */
  get state() { return [...this.byKey].map(([key, { number, name, offset }]) => ({ key, number, name, offset })); }

  restore(state = [], files = []) {
    const blobs = new Map(files.filter((file) => file.video).map((file) => [file.video, file.blob]));
    this.byKey = new Map(state.map(({ key, number, name, offset }) => [key, { number, name, offset, blob: blobs.get(key) ?? null }]));
    this.show();
  }
}
