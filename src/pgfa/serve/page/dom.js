/* Small helpers: elements (text is always set as text), and numbers formatted for people. */

export const get = (id) => document.getElementById(id);

const SVG_TAGS = new Set(["svg", "path", "line", "rect", "g"]);

export function make(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export const percent = (share) => (share > 0 && share < 0.005 ? "<1 %" : `${Math.round(share * 100)} %`);
export const seconds = (value) => `${value.toFixed(1)} s`;
export const timeRange = (start, end) => `${start.toFixed(1)} – ${seconds(end)}`;
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const letter = (body) => "ABCDEFGH"[body] || String(body + 1);
export const plural = (count, singular, pluralForm = `${singular}s`) => `${count.toLocaleString("en")} ${count === 1 ? singular : pluralForm}`;
export const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);
