"use strict";
/*
 * A clip on a canvas: unpacks positions, projects them (the project's own small perspective), draws floor, shadow,
 * trails and bodies. Left limbs are solid, right limbs hollow; more distant bones are paler.
 *
 *   const scene = new SkeletonScene(canvas);
 *   scene.load(clip, layout);           as payload.py writes them
 *   scene.draw(frame, view, trails);    view: { yaw, pitch, zoom }, yaw counted from the clip's front
 */
const SkeletonScene = (() => {
  const MISSING = -32768;
  const TRAIL_SECONDS = 0.7;
  const DISTANCE = 5;                      // from the camera to the target, in units of the reach: a weak perspective

  function unpack(clip) {
    const bytes = Uint8Array.from(atob(clip.positions), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const points = new Float32Array(bytes.length / 2);
    for (let i = 0; i < points.length; i++) {
      const value = view.getInt16(2 * i, true);
      points[i] = value === MISSING ? NaN : value * clip.step + clip.origin[i % 3];
    }
    return points;
  }

  const rgb = (text) => [1, 3, 5].map((start) => parseInt(text.trim().slice(start, start + 2), 16));
  const mix = (a, b, share) => `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * share)).join(",")})`;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  return class {
    constructor(canvas) {
      this.canvas = canvas;
      this.clip = null;
      this.readColours();
    }

    load(clip, layout) {
      this.clip = clip;
      this.layout = layout;
      this.points = unpack(clip);
    }

    readColours() {
      const style = getComputedStyle(this.canvas);
      const read = (name) => rgb(style.getPropertyValue(name));
      this.colours = { paper: read("--stage"), grid: read("--grid"), ink: read("--ink"),
        bodies: [0, 1, 2, 3, 4, 5, 6, 7].map((body) => read(`--body-${body}`)) };
    }

    resize() {
      const ratio = Math.min(3, devicePixelRatio || 1);
      this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
      this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    }

    /* A function that maps (x, y, z) in metres to [x, y, pixels per metre, depth], or to null behind the camera. */
    camera(view) {
      const { target, reach, yaw: front } = this.clip;
      const yaw = front + view.yaw, pitch = view.pitch;
      const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
      const { width, height } = this.canvas;
      const tall = reach[1] * 1.12 + 0.12 + reach[0] * Math.abs(sp) * 0.4;
      const fit = Math.min(width / 2 / (reach[0] + 0.15), height / 2 / tall);
      const distance = DISTANCE * Math.max(...reach);
      const focal = fit * 0.92 * view.zoom * distance;
      return (x, y, z) => {
        const dx = x - target[0], dy = y - target[1], dz = z - target[2];
        const towards = dx * sy + dz * cy;
        const depth = distance - (dy * sp + towards * cp);
        if (!(depth > distance * 0.05)) return null;
        const scale = focal / depth;
        return [width / 2 + (dx * cy - dz * sy) * scale, height / 2 - (dy * cp - towards * sp) * scale, scale,
          (distance - depth) / Math.max(...reach)];
      };
    }

    point(frame, body, joint) {
      const start = ((frame * this.clip.bodies + body) * this.clip.joints + joint) * 3;
      return this.points.subarray(start, start + 3);
    }

    /* Draw a frame as seen from `view` (yaw, pitch, zoom), and with trails of hands and feet if `trails` is set. */
    draw(frame, view, trails) {
      if (!this.clip || !this.canvas.width) return;
      const pen = this.canvas.getContext("2d");
      pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
      pen.lineCap = pen.lineJoin = "round";
      const camera = this.camera(view);
      this.drawFloor(pen, camera);
      if (!this.clip.bodies || !this.clip.frames) return this.showMessage(pen, "No person detected in this clip.");
      if (trails) this.drawTrails(pen, camera, frame);
      const strokes = [];
      let heads = 0;
      for (let body = 0; body < this.clip.bodies; body++) heads += this.addBody(strokes, pen, camera, frame, body);
      if (!strokes.length && !heads) this.showMessage(pen, "No person detected in this frame.");
      strokes.sort((a, b) => a.depth - b.depth).forEach((stroke) => stroke.paint());
    }

    showMessage(pen, text) {
      pen.fillStyle = mix(this.colours.ink, this.colours.paper, 0.35);
      pen.font = `${Math.round(this.canvas.width / this.canvas.clientWidth * 15)}px system-ui, sans-serif`;
      pen.textAlign = "center";
      pen.fillText(text, this.canvas.width / 2, this.canvas.height / 2);
    }

    drawFloor(pen, camera) {
      const { target, reach, floor } = this.clip;
      const half = Math.max(1.5, Math.ceil((reach[0] + 0.5) * 2) / 2);
      const steps = Math.min(40, Math.round(half / 0.5)), cell = half / steps;
      for (let i = -steps; i <= steps; i++) {
        for (let j = -steps; j < steps; j++) {
          const fade = 1 - Math.hypot(i, j + 0.5) / steps;
          if (fade <= 0) continue;
          pen.strokeStyle = mix(this.colours.paper, this.colours.grid, Math.min(1, fade * 1.6));
          pen.lineWidth = Math.max(1, this.canvas.width / this.canvas.clientWidth);
          for (const [a, b] of [[[i, j], [i, j + 1]], [[j, i], [j + 1, i]]]) {
            const from = camera(target[0] + a[0] * cell, floor, target[2] + a[1] * cell);
            const to = camera(target[0] + b[0] * cell, floor, target[2] + b[1] * cell);
            if (from && to) line(pen, from, to);
          }
        }
      }
    }

    drawTrails(pen, camera, now) {
      const { rate, bodies } = this.clip;
      const first = Math.max(0, now - Math.round(TRAIL_SECONDS * rate));
      for (let body = 0; body < bodies; body++)
        for (const joint of this.layout.trails)
          for (let frame = first; frame < now; frame++) {
            const from = this.project(camera, frame, body, joint), to = this.project(camera, frame + 1, body, joint);
            if (!from || !to) continue;
            const fresh = (frame - first + 1) / (now - first);
            pen.strokeStyle = mix(this.colours.paper, this.colours.bodies[body % 8], 0.15 + 0.5 * fresh);
            pen.lineWidth = to[2] * (0.006 + 0.018 * fresh);
            line(pen, from, to);
          }
    }

    project(camera, frame, body, joint) {
      const [x, y, z] = this.point(frame, body, joint);
      return x === x ? camera(x, y, z) : null;
    }

    /* Collect the strokes of one body, to be painted from back to front; its shadow is painted now. Returns the number of heads. */
    addBody(strokes, pen, camera, frame, body) {
      const { bones, sides, head } = this.layout;
      const { paper, ink, bodies } = this.colours;
      const colour = bodies[body % 8];
      const points = Array.from({ length: this.clip.joints }, (_, joint) => this.project(camera, frame, body, joint));
      const shadow = points.map((point, joint) => {
        const [x, , z] = this.point(frame, body, joint);
        return point && camera(x, this.clip.floor, z);
      });
      pen.strokeStyle = mix(paper, ink, 0.13);
      for (const [child, parent] of bones)
        if (shadow[child] && shadow[parent]) {
          pen.lineWidth = shadow[child][2] * 0.05;
          line(pen, shadow[child], shadow[parent]);
        }
      const shade = (depth) => mix(colour, paper, clamp(0.16 - 0.3 * depth, 0, 0.5));
      for (const [child, parent] of bones) {
        const from = points[parent], to = points[child];
        if (!from || !to) continue;
        const depth = (from[3] + to[3]) / 2, scale = (from[2] + to[2]) / 2;
        const width = scale * (sides[child] ? 0.042 : 0.06);
        strokes.push({ depth, paint() {
          pen.strokeStyle = shade(depth);
          pen.lineWidth = width;
          line(pen, from, to);
          if (sides[child] === "right") {
            pen.strokeStyle = mix(paper, paper, 0);
            pen.lineWidth = width * 0.5;
            line(pen, from, to);
          }
        } });
      }
      const top = points[head];
      if (top) strokes.push({ depth: top[3] + 0.01, paint: () => {
        pen.fillStyle = shade(top[3]);
        disc(pen, top, top[2] * 0.095);
        if (this.clip.bodies > 1) {
          pen.fillStyle = mix(paper, paper, 0);
          pen.font = `600 ${Math.round(top[2] * 0.12)}px system-ui, sans-serif`;
          pen.textAlign = "center";
          pen.textBaseline = "middle";
          pen.fillText("ABCDEFGH"[body] || body + 1, top[0], top[1]);
          pen.textBaseline = "alphabetic";
        }
      } });
      return top ? 1 : 0;
    }
  };

  function line(pen, from, to) {
    pen.beginPath();
    pen.moveTo(from[0], from[1]);
    pen.lineTo(to[0], to[1]);
    pen.stroke();
  }

  function disc(pen, centre, radius) {
    pen.beginPath();
    pen.arc(centre[0], centre[1], radius, 0, 2 * Math.PI);
    pen.fill();
  }
})();
