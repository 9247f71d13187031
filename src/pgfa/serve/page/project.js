/*
 * Project files: the whole work in one JSON file, recordings included, videos by name only. Nothing in it is executed, and
 * every value is checked before it is used.
 *
 *   saveProject(state, files) -> Promise of a Blob;  await readProject(blob) -> { state, files }, or throws BadProject
 */
const FORMAT = "pgfa project", VERSION = 1;
const MAX_TEXT = 2000, MAX_ITEMS = 100_000;

export class BadProject extends Error {}

/* Checks: value and its path -> nothing, or a BadProject that says what was expected and where. */
const expect = (holds, path, what) => { if (!holds) throw new BadProject(`${path}: expected ${what}`); };
const text = (value, path) => expect(typeof value === "string" && value.length <= MAX_TEXT, path, "a text");
const flag = (value, path) => expect(typeof value === "boolean", path, "true or false");
const number = (value, path) => expect(typeof value === "number" && Number.isFinite(value), path, "a number");
const count = (value, path) => expect(Number.isSafeInteger(value) && value >= 0, path, "a whole number from 0");
const time = (value, path) => expect(typeof value === "number" && value >= 0 && value <= 1e9, path, "seconds from 0");
const content = (value, path) => expect(typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value), path, "base64");
const oneOf = (...choices) => (value, path) => expect(choices.includes(value), path, `one of ${choices.join(", ")}`);
const key = (value, path) => expect(typeof value === "string" && /^\d{1,9}\.\d{1,9}$/.test(value), path, "the key of a recording");
const exampleName = (value, path) => expect(typeof value === "string" && /^[a-z0-9-]{1,60}$/.test(value), path, "the name of an example");
const orNull = (check) => (value, path) => { if (value !== null) check(value, path); };
const optional = (check) => Object.assign((value, path) => { if (value !== undefined) check(value, path); }, { isOptional: true });
const list = (check) => (value, path) => {
  expect(Array.isArray(value) && value.length <= MAX_ITEMS, path, "a list");
  value.forEach((item, index) => check(item, `${path}[${index}]`));
};
const shape = (fields) => (value, path) => {
  expect(value !== null && typeof value === "object" && !Array.isArray(value), path, "an object");
  for (const name of Object.keys(value)) expect(Object.hasOwn(fields, name), path, `no ${JSON.stringify(name.slice(0, 40))}`);
  for (const [name, check] of Object.entries(fields)) {
    expect(check.isOptional || Object.hasOwn(value, name), path, `a value for ${name}`);
    check(value[name], `${path}.${name}`);
  }
};
const names = (value, path) => {
  expect(value !== null && typeof value === "object" && !Array.isArray(value), path, "names of persons");
  for (const [body, name] of Object.entries(value)) { expect(/^\d{1,3}$/.test(body), path, "body numbers"); text(name, `${path}.${body}`); }
};

const span = shape({ start: time, end: time });
const hidden = shape({ start: time, end: time, body: count, sentence: text });
const correction = shape({ id: text, start: time, end: time, body: count, partner: orNull(count), sentence: text, probability: number,
  verdict: oneOf("right", "wrong", "removed"), hides: list(hidden), keeps: optional(list(hidden)) });
const example = shape({ clip: key, start_s: time, end_s: time, body: orNull(count) });
const learned = shape({ clip: key, start_s: time, end_s: time, bodies: list(count), sentence: orNull(text), right: flag });
const state = shape({
  sentences: list(text), typed: text, name: text, current: orNull(key), marked: list(key), order: text, mark: orNull(span),
  lessons: list(shape({ name: text, examples: list(example) })),
  alignment: orNull(shape({ sentences: list(text), clips: list(key), on: flag })),
  correcting: shape({ moments: list(shape({ key, corrections: list(correction) })), persons: list(shape({ key, names })), unsaved: flag }),
  player: optional(shape({ speed: number, trails: flag, loop: flag })), learned: list(learned), videos: list(shape({ key, number: count, name: text, offset: number })),
});
const stated = shape({ layout: optional(text), up: optional(text), unit: optional(text), axes: optional(text), mirrored: optional(text), depth: optional(text), image_size: optional(text) });
const file = shape({ number: count, name: text, path: optional(text), example: optional(exampleName), content: optional(content), removed: optional(list(key)), stated: optional(stated) });
const project = shape({ format: oneOf(FORMAT), version: oneOf(VERSION), state, files: list(file) });

export async function saveProject(workState, files) {
  const parts = [`{"format": ${JSON.stringify(FORMAT)}, "version": ${VERSION},\n"state": ${JSON.stringify(workState)},\n"files": [`];
  let separator = "\n";
  for (const { number: fileNumber, name, path, example: exampleName, removed, stated: statements, blob } of files) {
    const entry = { number: fileNumber, name, path, example: exampleName, removed, stated: statements, content: blob ? await encode(blob) : undefined };
    parts.push(separator, JSON.stringify(entry));
    separator = ",\n";
  }
  return new Blob([...parts, "\n]}\n"], { type: "application/json" });
}

export async function readProject(blob) {
  let value;
  try {
    value = JSON.parse(await blob.text());
  } catch {
    throw new BadProject("This is not a project file: it is not JSON.");
  }
  try {
    project(value, "project");
  } catch (error) {
    if (error instanceof BadProject) throw new BadProject(`This is not a project file of this page. ${error.message}.`);
    throw error;
  }
  const files = value.files.map(({ content: bytes, ...rest }) => (bytes === undefined ? rest : { ...rest, blob: decode(bytes) }));
  return { state: value.state, files };
}

export const isProject = (name) => name.toLowerCase().endsWith(".pgfa.json");

/* The bytes of a blob as base64, without the head of a data URL. */
function encode(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function decode(bytes) {
  try {
    return new Blob([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))]);
  } catch {
    throw new BadProject("This is not a project file of this page: a recording in it is damaged.");
  }
}
