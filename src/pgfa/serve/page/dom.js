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
/* A time as people read it: 4.2 s, 1:04.2 */
export const clockTime = (value) => (value < 60 ? seconds(value) : `${Math.floor(value / 60)}:${(value % 60).toFixed(1).padStart(4, "0")}`);
/* A length: 0:04, 27:47 */
export const minutes = (value) => `${Math.floor(Math.round(value) / 60)}:${String(Math.round(value) % 60).padStart(2, "0")}`;
/* A time on an axis: 0:05, 1:02.5 */
export const axisTime = (value, digits = 0) => {
  const text = value.toFixed(digits), whole = Math.floor(Number(text) / 60);
  return `${whole}:${(Number(text) - 60 * whole).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
};
export const timeRange = (start, end) => (end < 60 ? `${start.toFixed(1)} – ${seconds(end)}` : `${clockTime(start)} – ${clockTime(end)}`);
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const letter = (body) => "ABCDEFGH"[body] || String(body + 1);
export const plural = (count, singular, pluralForm = `${singular}s`) => `${count.toLocaleString("en")} ${count === 1 ? singular : pluralForm}`;
export const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/* A function that leaves out the words with which all of several sentences start ("a person"), where space is short. */
export function shortener(sentences) {
  const [first, ...others] = sentences.map((sentence) => sentence.split(" "));
  let count = 0;
  while (others.length && [first, ...others].every((words) => words.length > count + 1 && words[count] === first[count])) count++;
  const start = count ? `${first.slice(0, count).join(" ")} ` : "";
  return (sentence) => (sentence.startsWith(start) ? sentence.slice(start.length) : sentence);
}

/* Scroll a list, not the page, to one of its items. */
export function scrollWithin(list, item) {
  const top = item.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + item.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + item.offsetHeight - list.clientHeight;
}

/* Offer a file to be saved. */
export function saveFile(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
