"use strict";
/* The feature map and the clips: point at a clip or move with the arrow keys, play it, see its predictions. */
{
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const exampleOf = new Map(data.examples.map((example, number) => [example.index, number]));
  const pointOf = new Map(data.points.map((point) => [point[0], point]));
  const map = document.querySelector(".map");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let choose = () => {};

  if (data.examples.length) {
    const player = new SkeletonPlayer(document.getElementById("player"), data.layouts);
    const facts = document.getElementById("clip-facts");
    const buttons = [...document.querySelectorAll("[data-example]")];
    let current = -1;
    choose = (number, play) => {
      if (number === current) return;
      current = number;
      const example = data.examples[number];
      player.show(example.clip, play);
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.example) === number)));
      facts.replaceChildren(make("h3", {}, example.id), predictions(example), scores(example));
      if (map) ringAt(pointOf.get(example.index));
    };
    buttons.forEach((button) => button.addEventListener("click", () => {
      choose(Number(button.dataset.example), true);
      // With the page in one column the player may be out of sight.
      const stage = player.canvas.getBoundingClientRect();
      if (stage.bottom < 80 || stage.top > innerHeight - 80)
        player.canvas.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    }));
  }

  function prediction(label, truth) {
    const correct = label === truth;
    return make("span", { class: correct ? "good" : "bad" }, `${correct ? "✓" : "✗"} ${data.classes[label]}`);
  }

  function predictions(example) {
    return make("dl", { class: "predictions" },
      make("dt", {}, "true class"), make("dd", {}, data.classes[example.true]),
      make("dt", {}, data.before), make("dd", {}, prediction(example.before, example.true)),
      make("dt", {}, "after alignment"), make("dd", {}, prediction(example.after, example.true)));
  }

  /* The true and predicted classes of this clip, then the nearest ones, six at most. */
  function scores(example) {
    const [before, after] = example.scores;
    const order = [...data.classes.keys()].sort((a, b) => after[b] - after[a]);
    const first = [example.true, example.before, example.after];
    const labels = [...new Set([...first, ...order])].slice(0, 6).sort((a, b) => after[b] - after[a]);
    const meter = (values, label) => {
      const finite = values.filter((value) => value !== null);
      const low = Math.min(...finite), high = Math.max(...finite);
      const fraction = high > low ? (values[label] - low) / (high - low) : 1;
      const fill = make("b");
      fill.style.width = `${Math.max(2, 100 * fraction)}%`;
      const number = values[label] === null ? "–" : values[label].toFixed(2).replace("-", "−");
      return make("td", {}, make("span", { class: values[label] === high ? "meter top" : "meter" }, make("i", {}, fill), number));
    };
    return make("table", { class: "scores" },
      make("caption", {}, "Score of each class for this clip; the highest is predicted. " +
        `Scores ${data.before} are cosines; an alignment may add an offset per class. Bars run from the lowest score to the highest.`),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "class"), make("th", { scope: "col" }, data.before),
        make("th", { scope: "col" }, "after alignment"))),
      make("tbody", {}, ...labels.map((label) => make("tr", label === example.true ? { class: "true" } : {},
        make("th", { scope: "row" }, data.classes[label]), meter(before, label), meter(after, label)))));
  }

  function ringAt(point) {
    const ring = map.querySelector(".ring");
    ring.setAttribute("cx", point ? `${point[1]}%` : "-50");
    ring.setAttribute("cy", point ? `${point[2]}%` : "-50");
  }

  if (map) {
    const box = document.getElementById("tip-box");
    const live = document.getElementById("map-live");
    const figure = map.closest("figure");
    let current = null;

    const describe = (point) => {
      const [index, , , id, truth, before, after] = point;
      const lines = [`true class: ${data.classes[truth]}`,
        `${data.before}: ${before === truth ? "✓" : "✗"} ${data.classes[before]}`,
        `after alignment: ${after === truth ? "✓" : "✗"} ${data.classes[after]}`];
      if (!exampleOf.has(index)) lines.push("cannot be played: only the clips in the list can");
      return [id, lines];
    };

    const visit = (point, speak) => {
      current = point;
      ringAt(point);
      const [id, lines] = describe(point);
      box.replaceChildren(make("b", {}, id), ...lines.flatMap((line) => [line, make("br")]).slice(0, -1));
      box.hidden = false;
      const width = map.clientWidth, height = map.clientHeight;
      const x = (point[1] / 100) * width, y = (point[2] / 100) * height;
      const left = x + 16 + box.offsetWidth > width ? x - 16 - box.offsetWidth : x + 16;
      box.style.left = `${Math.min(Math.max(0, left), Math.max(0, width - box.offsetWidth))}px`;
      box.style.top = `${y + 16 + box.offsetHeight > height ? y - 12 - box.offsetHeight : y + 16}px`;
      if (speak) live.textContent = [id, ...lines].join(", ");
      if (exampleOf.has(point[0])) choose(exampleOf.get(point[0]), true);
    };

    const nearest = (event, reach) => {
      const frame = map.getBoundingClientRect();
      let best = null, least = reach;
      for (const point of data.points) {
        const distance = Math.hypot((point[1] / 100) * frame.width - (event.clientX - frame.left),
          (point[2] / 100) * frame.height - (event.clientY - frame.top));
        if (distance < least) [best, least] = [point, distance];
      }
      return best;
    };

    map.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse") return;
      const point = nearest(event, 14);
      if (point && point !== current) visit(point, false);
      if (!point) { current = null; box.hidden = true; }
    });
    map.addEventListener("pointerleave", () => { current = null; box.hidden = true; });
    map.addEventListener("click", (event) => { const point = nearest(event, 26); if (point) visit(point, true); });
    map.addEventListener("blur", () => { box.hidden = true; });
    map.addEventListener("keydown", (event) => {
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Escape") box.hidden = true;
      if (!direction || !data.points.length) return;
      event.preventDefault();
      const from = current || [0, 50, 50];
      let best = null, least = Infinity;
      for (const point of data.points) {
        const dx = (point[1] - from[1]) * 4, dy = (point[2] - from[2]) * 3;
        const along = dx * direction[0] + dy * direction[1], aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
        if (point !== current && along > 0.01 && along + 2 * aside < least) [best, least] = [point, along + 2 * aside];
      }
      if (best) visit(best, true);
    });

    figure.querySelectorAll("[name=colour]").forEach((radio) =>
      radio.addEventListener("change", () => { map.dataset.colour = radio.value; }));

    const legend = [...figure.querySelectorAll("[data-legend]")];
    const highlight = (label) => {
      map.classList.toggle("one", label !== null);
      map.querySelectorAll("[data-class]").forEach((mark) => mark.classList.toggle("on", mark.dataset.class === label));
    };
    legend.forEach((button) => button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      legend.forEach((other) => other.setAttribute("aria-pressed", String(on && other === button)));
      highlight(on ? button.dataset.legend : null);
    }));

    /* Put each name where it covers least: the first free one of ten positions around its mark. */
    const names = [...map.querySelectorAll(".class-name")];
    const placeNames = () => {
      const width = map.clientWidth, height = map.clientHeight;
      if (!width) return;
      const percent = (mark, name) => parseFloat(mark.getAttribute(name)) / 100;
      const taken = [...map.querySelectorAll(".anchor, .prototype")].map((mark) => {
        const x = percent(mark, "x") * width, y = percent(mark, "y") * height;
        return [x - 10, y - 10, x + 10, y + 10];
      });
      for (const name of names) {
        const x = percent(name, "x") * width, y = percent(name, "y") * height;
        const length = name.getComputedTextLength(), tall = 15;
        let best = null, least = Infinity;
        const offsets = [[13, 4], [-13 - length, 4], [-length / 2, -15], [-length / 2, 24], [11, -10], [11, 19],
          [-11 - length, -10], [-11 - length, 19], [-length / 2, -31], [-length / 2, 40]];
        for (const [dx, dy] of offsets) {
          const area = [x + dx, y + dy - 12, x + dx + length, y + dy - 12 + tall];
          const outside = Math.max(0, 4 - area[0]) + Math.max(0, area[2] - width + 4)
            + Math.max(0, 4 - area[1]) + Math.max(0, area[3] - height + 4);
          const cost = outside * 40 + taken.reduce((sum, other) => sum
            + Math.max(0, Math.min(area[2], other[2]) - Math.max(area[0], other[0]))
            * Math.max(0, Math.min(area[3], other[3]) - Math.max(area[1], other[1])), 0);
          if (cost < least) [best, least] = [[dx, dy, area], cost];
          if (!cost) break;
        }
        name.setAttribute("dx", best[0]);
        name.setAttribute("dy", best[1]);
        taken.push(best[2]);
      }
    };
    new ResizeObserver(placeNames).observe(map);
  }

  if (data.examples.length) {
    /* Show a clip that alignment fixed first, if there is one; it does not play until the reader starts it. */
    const fixed = data.examples.findIndex((example) => example.before !== example.true && example.after === example.true);
    choose(Math.max(0, fixed), false);
  }
}
