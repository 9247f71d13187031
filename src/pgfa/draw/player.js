"use strict";
/*
 * A player of 3-D skeleton clips: the controls and the clock around a SkeletonScene (scene.js).
 *
 *   const player = new SkeletonPlayer(element, layouts, options);
 *   player.show(clip, play);          clip and layouts as payload.py writes them
 *
 * `player.loop = { first, last }` repeats these frames; null, the whole clip.
 *
 * Options: pageKeys: keys also work while nothing on the page has the focus; wheel: the wheel zooms even before the
 * canvas was clicked (otherwise it scrolls the page, as expected of a long page); onFrame: called after every change
 * of frame.
 * The element has data-frame and data-playing attributes, so that a test can see it play.
 */
const SkeletonPlayer = (() => {
  const HOLD_SECONDS = 0.5;
  const DEFAULT_VIEW = { yaw: 0.42, pitch: 0.16, zoom: 1 };
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const ICONS = {
    play: "M5 3v14l12-7z", pause: "M5 3h4v14H5zM11 3h4v14h-4z",
    back: "M4 4h2.5v12H4zM16 4v12L7.5 10z", forward: "M13.5 4H16v12h-2.5zM4 4v12l8.5-6z",
    view: "M10 3a7 7 0 1 0 7 7h-2.2a4.8 4.8 0 1 1-4.8-4.8V8l4.5-3.9L10 .2z",
  };

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /* 4.20 s, 1:04.20 */
  const clockTime = (time) => (time < 60 ? `${time.toFixed(2)} s` : `${Math.floor(time / 60)}:${(time % 60).toFixed(2).padStart(5, "0")}`);
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  return class {
    constructor(root, layouts, options = {}) {
      this.root = root;
      this.layouts = layouts;
      this.options = options;
      this.clip = null;
      this.frame = 0;
      this.speed = 1;
      this.trails = false;
      this.playing = false;
      this.loop = null;
      this.view = { ...DEFAULT_VIEW };
      this.pointers = new Map();
      this.build();
      this.scene = new SkeletonScene(this.canvas);
      this.listen();
      new ResizeObserver(() => this.resize()).observe(this.canvas);
    }

    build() {
      const button = (label, name, act) => {
        const element = make("button", { type: "button", "aria-label": label, title: label }, icon(name));
        element.addEventListener("click", act);
        return element;
      };
      this.canvas = make("canvas", { tabindex: "0", role: "img" });
      this.playButton = button("Play", "play", () => this.toggle());
      this.slider = make("input", { type: "range", min: "0", max: "0", value: "0", step: "1", "aria-label": "Frame" });
      this.slider.addEventListener("input", () => { this.pause(); this.seek(Number(this.slider.value)); });
      // Not an <output>: a screen reader would read every frame. The slider says where the player is.
      this.clock = make("span", { class: "clock", "aria-hidden": "true" });
      this.speedBox = make("select", { "aria-label": "Speed" });
      for (const speed of [0.25, 0.5, 1, 2]) this.speedBox.append(make("option", { value: speed }, `${speed}×`));
      this.speedBox.value = "1";
      this.speedBox.addEventListener("change", () => { this.speed = Number(this.speedBox.value); });
      this.trailBox = make("input", { type: "checkbox" });
      this.trailBox.addEventListener("change", () => { this.trails = this.trailBox.checked; this.draw(); });
      const swatch = (kind) => make("span", { class: `limb ${kind}`, "aria-hidden": "true" });
      this.people = make("span", { class: "people" });
      this.keys = make("p", { class: "keys" },
        `Drag to rotate, pinch or scroll${this.options.wheel ? "" : " (after a click)"} to zoom. ` +
        "Keys: Space plays or pauses, ← → step, Shift + arrows rotate, + − zoom, 0 resets the view.");
      this.root.classList.add("player");
      this.root.append(
        make("div", { class: "stage" }, this.canvas),
        make("div", { class: "transport" },
          this.playButton,
          button("Previous frame", "back", () => this.step(-1)),
          button("Next frame", "forward", () => this.step(1)),
          this.slider, this.clock),
        make("div", { class: "options" },
          make("span", { class: "legend" }, make("span", {}, swatch("left"), "left: solid"),
            make("span", {}, swatch("right"), "right: hollow"), this.people),
          make("span", { class: "choices" },
            make("label", {}, this.trailBox, "trails"),
            make("label", {}, "speed ", this.speedBox),
            button("Reset view", "view", () => { this.view = { ...DEFAULT_VIEW }; this.draw(); }))),
        this.keys);
    }

    listen() {
      const canvas = this.canvas;
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      });
      canvas.addEventListener("pointermove", (event) => this.drag(event));
      for (const name of ["pointerup", "pointercancel"])
        canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
      canvas.addEventListener("wheel", (event) => {
        if (!(this.options.wheel || event.ctrlKey || document.activeElement === canvas)) return;
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)));
      }, { passive: false });
      canvas.addEventListener("keydown", (event) => this.key(event));
      if (this.options.pageKeys)
        document.addEventListener("keydown", (event) => {
          if (document.activeElement === document.body) this.key(event);
        });
      dark.addEventListener("change", () => { this.scene.readColours(); this.draw(); });
      reducedMotion.addEventListener("change", () => { if (reducedMotion.matches) this.pause(); });
    }

    drag(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const after = [event.clientX, event.clientY];
      const second = [...this.pointers].find(([id]) => id !== event.pointerId);
      if (second) {
        const distance = (point) => Math.hypot(point[0] - second[1][0], point[1] - second[1][1]);
        if (distance(before) > 0) this.zoom(distance(after) / distance(before));
      } else {
        this.rotate((before[0] - after[0]) * 0.01, (after[1] - before[1]) * 0.01);
      }
      this.pointers.set(event.pointerId, after);
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const shift = event.shiftKey;
      const actions = {
        " ": () => this.toggle(),
        ArrowLeft: () => (shift ? this.rotate(0.12, 0) : this.step(-1)),
        ArrowRight: () => (shift ? this.rotate(-0.12, 0) : this.step(1)),
        ArrowUp: shift && (() => this.rotate(0, -0.08)),
        ArrowDown: shift && (() => this.rotate(0, 0.08)),
        Home: () => { this.pause(); this.seek(0); },
        End: () => { this.pause(); this.seek(Infinity); },
        "+": () => this.zoom(1.15), "=": () => this.zoom(1.15), "-": () => this.zoom(1 / 1.15),
        0: () => { this.view = { ...DEFAULT_VIEW }; this.draw(); },
        t: () => this.trailBox.click(),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    }

    rotate(yaw, pitch) {
      this.view.yaw += yaw;
      this.view.pitch = clamp(this.view.pitch + pitch, -0.2, 1.5);
      this.draw();
    }

    zoom(factor) {
      this.view.zoom = clamp(this.view.zoom * factor, 0.3, 8);
      this.draw();
    }

    /* Show a clip from its first frame; `play` starts it unless the system asks for reduced motion. */
    show(clip, play = false) {
      this.pause();
      this.clip = clip;
      this.scene.load(clip, this.layouts[clip.layout]);
      this.view.zoom = 1;
      this.slider.max = String(Math.max(0, clip.frames - 1));
      const label = [clip.id, clip.variant || clip.action].filter(Boolean).join(", ");
      this.canvas.setAttribute("aria-label", `Animated skeleton of clip ${label}. ${this.keys.textContent}`);
      this.people.replaceChildren(...(clip.bodies < 2 ? [] : Array.from({ length: clip.bodies }, (_, body) =>
        make("span", {}, make("span", { class: `person person-${body % 8}`, "aria-hidden": "true" }),
          `person ${"ABCDEFGH"[body] || body + 1}`))));
      for (const element of [this.playButton, this.slider]) element.disabled = clip.frames < 2;
      this.seek(0);
      if (play && !reducedMotion.matches) this.play();
    }

    play() {
      if (this.playing || !this.clip || this.clip.frames < 2) return;
      this.playing = true;
      this.showState();
      let last = performance.now();
      let position = this.frame;
      const { frames, rate } = this.clip;
      const tick = (now) => {
        if (!this.playing) return;
        position += ((now - last) / 1000) * rate * this.speed;
        last = now;
        if (this.loop && position > this.loop.last + 1) position = this.loop.first;
        if (position >= frames + HOLD_SECONDS * rate * this.speed) position = 0;
        // A step by key or slider while playing also moves the clock.
        if (this.jumped) { position = this.frame; this.jumped = false; }
        const frame = Math.min(frames - 1, Math.floor(position));
        if (frame !== this.frame) this.seek(frame, true);
        requestAnimationFrame(tick);
      };
      this.jumped = false;
      requestAnimationFrame(tick);
    }

    pause() {
      this.playing = false;
      this.showState();
    }

    toggle() {
      if (this.playing) return this.pause();
      if (this.clip && this.frame >= this.clip.frames - 1) this.seek(0);
      this.play();
    }

    step(by) {
      this.pause();
      this.seek(this.frame + by);
    }

    seek(frame, ticking = false) {
      if (!this.clip) return;
      const { frames, rate, every } = this.clip;
      this.frame = clamp(frame, 0, Math.max(0, frames - 1));
      if (!ticking) this.jumped = true;
      this.slider.value = String(this.frame);
      const number = frames ? this.frame * every + 1 : 0;
      const count = `${number} / ${this.clip.recorded_frames}`;
      this.slider.setAttribute("aria-valuetext", `frame ${count}`);
      this.clock.textContent = `${count} · ${clockTime(this.frame / rate)}`;
      this.root.dataset.frame = String(this.frame);
      this.draw();
      this.options.onFrame?.(this.frame);
    }

    showState() {
      const label = this.playing ? "Pause" : "Play";
      this.playButton.replaceChildren(icon(label.toLowerCase()));
      this.playButton.setAttribute("aria-label", label);
      this.playButton.title = label;
      this.root.dataset.playing = String(this.playing);
    }

    resize() {
      this.scene.resize();
      this.draw();
    }

    draw() {
      this.scene.draw(this.frame, this.view, this.trails);
    }
  };
})();
