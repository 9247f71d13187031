"use strict";
/* The report's map and clips: hover or walk the map, choose a clip, see it move and what was made of it. */
{
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const exampleAt = new Map(data.examples.map((example, place) => [example.index, place]));
  const pointOf = new Map(data.points.map((point) => [point[0], point]));
  const map = document.querySelector(".map");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let choose = () => {};

  if (data.examples.length) {
    const player = new SkeletonPlayer(document.getElementById("player"), data.layouts);
    const facts = document.getElementById("clip-facts");
    const buttons = [...document.querySelectorAll("[data-example]")];
    let current = -1;
    choose = (place, play) => {
      if (place === current) return;
      current = place;
      const example = data.examples[place];
      player.show(example.clip, play);
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.example) === place)));
      facts.replaceChildren(make("h3", {}, example.id), verdict(example), scores(example));
      if (map) ringAt(pointOf.get(example.index));
    };
    buttons.forEach((button) => button.addEventListener("click", () => {
      choose(Number(button.dataset.example), true);
      // Where the page is one column the player may be out of sight.
      const stage = player.canvas.getBoundingClientRect();
      if (stage.bottom < 80 || stage.top > innerHeight - 80)
        player.canvas.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    }));
  }

  function told(label, truth) {
    const right = label === truth;
    return make("span", { class: right ? "good" : "bad" }, `${right ? "✓" : "✗"} ${data.classes[label]}`);
  }

  function verdict(example) {
    return make("dl", { class: "verdict" },
      make("dt", {}, "true action"), make("dd", {}, data.classes[example.true]),
      make("dt", {}, "from sentences"), make("dd", {}, told(example.before, example.true)),
      make("dt", {}, "after alignment"), make("dd", {}, told(example.after, example.true)));
  }

  /* The classes that matter for this clip: true and answered ones, then the nearest, six at most. */
  function scores(example) {
    const [before, after] = example.scores;
    const order = [...data.classes.keys()].sort((a, b) => after[b] - after[a]);
    const must = [example.true, example.before, example.after];
    const shown = [...new Set([...must, ...order])].slice(0, 6).sort((a, b) => after[b] - after[a]);
    const meter = (values, label) => {
      const known = values.filter((value) => value !== null);
      const low = Math.min(...known), high = Math.max(...known);
      const share = high > low ? (values[label] - low) / (high - low) : 1;
      const fill = make("b");
      fill.style.width = `${Math.max(2, 100 * share)}%`;
      const number = values[label] === null ? "–" : values[label].toFixed(2).replace("-", "−");
      return make("td", {}, make("span", { class: values[label] === high ? "meter top" : "meter" }, make("i", {}, fill), number));
    };
    return make("table", { class: "scores" },
      make("caption", {}, "Likeness of this clip to each action (cosine); the highest wins. " +
        "Bars run from the least like to the most like."),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "action"), make("th", { scope: "col" }, "from sentences"),
        make("th", { scope: "col" }, "after alignment"))),
      make("tbody", {}, ...shown.map((label) => make("tr", label === example.true ? { class: "true" } : {},
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
    let at = null;

    const describe = (point) => {
      const [index, , , id, truth, before, after] = point;
      const lines = [`true action: ${data.classes[truth]}`,
        `from sentences: ${before === truth ? "✓" : "✗"} ${data.classes[before]}`,
        `after alignment: ${after === truth ? "✓" : "✗"} ${data.classes[after]}`];
      if (!exampleAt.has(index)) lines.push("not among the clips kept for playing");
      return [id, lines];
    };

    const visit = (point, speak) => {
      at = point;
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
      if (exampleAt.has(point[0])) choose(exampleAt.get(point[0]), true);
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
      if (point && point !== at) visit(point, false);
      if (!point) { at = null; box.hidden = true; }
    });
    map.addEventListener("pointerleave", () => { at = null; box.hidden = true; });
    map.addEventListener("click", (event) => { const point = nearest(event, 26); if (point) visit(point, true); });
    map.addEventListener("blur", () => { box.hidden = true; });
    map.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Escape") box.hidden = true;
      if (!way || !data.points.length) return;
      event.preventDefault();
      const from = at || [0, 50, 50];
      let best = null, least = Infinity;
      for (const point of data.points) {
        const dx = (point[1] - from[1]) * 4, dy = (point[2] - from[2]) * 3;
        const along = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
        if (point !== at && along > 0.01 && along + 2 * aside < least) [best, least] = [point, along + 2 * aside];
      }
      if (best) visit(best, true);
    });

    figure.querySelectorAll("[name=colour]").forEach((radio) =>
      radio.addEventListener("change", () => { map.dataset.colour = radio.value; }));

    const legend = [...figure.querySelectorAll("[data-legend]")];
    const alone = (label) => {
      map.classList.toggle("one", label !== null);
      map.querySelectorAll("[data-class]").forEach((mark) => mark.classList.toggle("on", mark.dataset.class === label));
    };
    legend.forEach((button) => button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      legend.forEach((other) => other.setAttribute("aria-pressed", String(on && other === button)));
      alone(on ? button.dataset.legend : null);
    }));

    /* Put each name where it covers least: of ten places about its mark the first that is free. */
    const names = [...map.querySelectorAll(".place-name")];
    const settle = () => {
      const width = map.clientWidth, height = map.clientHeight;
      if (!width) return;
      const percent = (mark, name) => parseFloat(mark.getAttribute(name)) / 100;
      const taken = [...map.querySelectorAll(".sentence, .prototype")].map((mark) => {
        const x = percent(mark, "x") * width, y = percent(mark, "y") * height;
        return [x - 10, y - 10, x + 10, y + 10];
      });
      for (const name of names) {
        const x = percent(name, "x") * width, y = percent(name, "y") * height;
        const long = name.getComputedTextLength(), tall = 15;
        let best = null, least = Infinity;
        const places = [[13, 4], [-13 - long, 4], [-long / 2, -15], [-long / 2, 24], [11, -10], [11, 19],
          [-11 - long, -10], [-11 - long, 19], [-long / 2, -31], [-long / 2, 40]];
        for (const [dx, dy] of places) {
          const area = [x + dx, y + dy - 12, x + dx + long, y + dy - 12 + tall];
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
    new ResizeObserver(settle).observe(map);
  }

  if (data.examples.length) {
    /* The first clip shown is one that alignment mended, where there is one: it tells most. It waits for the reader. */
    const mended = data.examples.findIndex((example) => example.before !== example.true && example.after === example.true);
    choose(Math.max(0, mended), false);
  }
}
