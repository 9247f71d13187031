/*
 * What a file does not say about how it is to be read: the question, and a button for each answer.
 *
 *   item.append(readingForm({ asks: "up", options: ["z", "y"], name }, (name, value, all) => ...));
 */
import { make } from "./dom.js";

const QUESTIONS = {
  up: "Which axis of the file points up?",
  layout: "Which joints does the file hold?",
  axes: "In which order are its axes or columns?",
  unit: "In which unit is it?",
  mirrored: "Are its left and right mirrored?",
  depth: "Was depth measured?",
};
const SWITCHES = [["yes", "true"], ["no", "false"]];

export function readingForm({ asks, options, name }, answer) {
  const question = QUESTIONS[asks] ?? `Which ${asks}?`;
  const answers = options.length ? options.map((option) => [option, option]) : asks === "mirrored" ? SWITCHES : [];
  const all = make("input", { type: "checkbox" });
  const buttons = answers.map(([title, value]) =>
    make("button", { type: "button", class: "button", onclick: () => answer(asks, value, all.checked) }, title));
  return make("div", { class: "reading", role: "group", "aria-label": `${name}: ${question}` }, make("p", {}, question), ...buttons,
    make("label", {}, all, "and all others about which this is asked"));
}
