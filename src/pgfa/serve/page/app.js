/* The page: what was opened, what is asked of it, and what came out. */
import { Aligning } from "./aligning.js";
import { clamp, get, letter, make, percent, plural, sentenceCase, seconds } from "./dom.js";
import { Sentences } from "./sentences.js";
import { Server } from "./server.js";
import { Timeline } from "./timeline.js";

const TYPING = 450;
const FIRST = "several";
const server = new Server();
const about = await server.about();
const layouts = {};
const state = { clips: new Map(), clip: null, found: null, body: 0, asked: 0, marking: null };

const player = new SkeletonPlayer(get("player"), layouts, { pageKeys: true, onFrame: () => timeline.at(now()) });
const timeline = new Timeline(get("timeline"), { seek, mark });
const sentences = new Sentences(get("sentence-list"), { changed: (at_once) => askSoon(at_once ? 0 : TYPING), remove: forget }, about.limits);
const aligning = new Aligning({ align, use: () => askSoon(0), open: (id) => open(id) });

function now() { return player.clip ? player.frame / player.clip.rate : 0; }
function seek(time) { if (player.clip) player.seek(Math.round(time * player.clip.rate)); }

/* ---- what happens while it works, and what went wrong ---- */

let working = 0;
async function work(act) {
  working++;
  get("working").hidden = false;
  document.body.setAttribute("aria-busy", "true");
  try {
    return await act();
  } catch (failure) {
    say(failure.message);
    if (!("kind" in failure)) throw failure;
    return null;
  } finally {
    if (!--working) { get("working").hidden = true; document.body.removeAttribute("aria-busy"); }
  }
}

function say(text) {
  const notice = get("notice");
  notice.hidden = !text;
  notice.querySelector("p").textContent = text;
}
get("notice").querySelector("button").addEventListener("click", () => say(""));

/* ---- recordings ---- */

/* What is shown still belongs to another recording. */
function stale(yes) {
  for (const id of ["timeline", "spans", "sentence-list"]) get(id).classList.toggle("stale", yes);
  if (yes) get("verdict").textContent = "…";
}

async function open(id, play = true) {
  const motion = await work(() => server.motion(id));
  if (!motion) return;
  layouts[motion.clip.layout] = motion.layout;
  stale(true);
  Object.assign(state, { clip: id, found: null, body: motion.clip.slots[0] ?? 0, marking: null });
  mark(null);
  player.show(motion.clip, play);
  const held = state.clips.get(id);
  get("recording-title").textContent = held.action || held.name || "Recording";
  get("clip-facts").textContent = [seconds(held.seconds), `${Number(held.rate.toPrecision(3))} Hz`,
    plural(held.bodies, "person", "people"), held.layout, ...held.problems].join(" · ");
  get("held").value = id;
  await ask();
}

function hold(clips, shown = true) {
  for (const clip of clips) {
    if (state.clips.has(clip.id)) continue;
    state.clips.set(clip.id, clip);
    if (shown) get("held").append(make("option", { value: clip.id }, clip.action || clip.name || clip.id));
  }
  get("held-box").hidden = get("held").length < 2;
}

async function take(files, unlabelled = false) {
  const added = [], failed = [];
  say("");
  await work(async () => {
    for (const file of files) {
      try {
        const answer = await server.add(file, about.limits);
        added.push(...answer.clips);
        failed.push(...answer.failed.map((one) => one.message));
      } catch (failure) {
        if (!("kind" in failure)) throw failure;
        failed.push(failure.message);
        if (failure.kind === "NoSuchSession" || failure.status === 429) break;
      }
    }
  });
  hold(added, !unlabelled);
  if (unlabelled || added.length > 1) aligning.add(added);
  if (failed.length) say(failed.length > 3 ? `${plural(failed.length, "file")} could not be read; the first: ${failed[0]}` : failed.join(" "));
  if (added.length && !unlabelled) await open(added[0].id);
}

const opened = new Map();
async function example(name, play = true) {
  say("");
  if (opened.has(name)) { await open(opened.get(name), play); return; }
  const answer = await work(() => server.example(name));
  if (!answer) return;
  if (name === "unlabelled") { hold(answer.clips, false); aligning.add(answer.clips); return; }
  hold(answer.clips);
  opened.set(name, answer.clips[0].id);
  await open(answer.clips[0].id, play);
}

for (const [name, title] of Object.entries(about.examples))
  get("examples").append(make("button", { type: "button", class: "quiet", onclick: () => example(name) }, title));
get("synthetic").addEventListener("click", (event) => { event.target.disabled = true; example("unlabelled"); });
for (const [id, unlabelled] of [["file", false], ["unlabelled", true], ["folder", true]])
  get(id).addEventListener("change", async (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    await take(files, unlabelled);
  });
get("held").addEventListener("change", () => open(get("held").value));

let within = 0;
const carries = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => { if (carries(event)) { within++; get("drop").hidden = false; } });
addEventListener("dragleave", (event) => { if (carries(event) && !--within) get("drop").hidden = true; });
addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  within = 0;
  get("drop").hidden = true;
  await take(await dropped(event.dataTransfer));
});

/* Files of a drop; folders are walked. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) return files.push(await new Promise((done, fail) => entry.file(done, fail)));
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return null;
      for (const one of some) if (!one.name.startsWith(".")) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return files;
}

/* ---- questions and answers ---- */

let timer = 0;
function askSoon(delay) {
  clearTimeout(timer);
  timer = setTimeout(ask, delay);
}

function question() { return { sentences: sentences.asked, aligned: aligning.on }; }

async function ask() {
  clearTimeout(timer);
  const number = ++state.asked;
  if (!state.clip) return;
  const asked = question();
  if (!asked.sentences.length && !taught.size) return verdict(null);
  const found = await work(() => server.answer(state.clip, asked));
  if (number !== state.asked || !found) return;
  state.found = found;
  stale(false);
  document.body.dataset.answers = String(number);
  sentences.show(found);
  verdict(found);
  showBodies(found);
  timeline.show(found, state.body);
  showSpans(found);
}

function verdict(found) {
  const best = found && found.best !== null ? found.candidates[found.best] : null;
  // Of several actions in a row none fills the recording: then its surest moment tells more.
  const moments = found && !best ? found.timeline.spans : [];
  const moment = moments.reduce((one, other) => (one && one.probability >= other.probability ? one : other), null);
  get("sentences-title").textContent = moment
    ? `No sentence fits the whole recording; surest at ${moment.start_s.toFixed(1)} to ${seconds(moment.end_s)}`
    : "Most likely for the whole recording";
  const shown = best ?? moment;
  get("verdict").replaceChildren(...(!found ? ["Add a sentence."] : shown
    ? [`${sentenceCase(shown.sentence)} `, make("span", { class: "share" }, percent(shown.probability))]
    : ["None of these ", make("span", { class: "share" }, percent(found.none))]));
  get("certainty").textContent = !found || found.calibrated ? ""
    : "Not calibrated: these figures rank the sentences, but are surer than they should be, and “none of these” is not among them.";
}

function showBodies(found) {
  const present = found.timeline.probabilities.flatMap((rows, body) => (rows.some(Boolean) ? [body] : []));
  if (!present.includes(state.body)) state.body = present[0] ?? 0;
  get("bodies").hidden = present.length < 2;
  get("bodies").replaceChildren(...present.map((body, place) => {
    const box = make("input", { type: "radio", name: "body", value: body, checked: body === state.body });
    box.addEventListener("change", () => { state.body = body; timeline.show(state.found, body); });
    return make("label", {}, box, make("span", { class: `person person-${place % 4}`, "aria-hidden": "true" }), letter(place));
  }));
}

function showSpans(found) {
  const several = found.timeline.probabilities.length > 1;
  const spans = [...found.timeline.spans].sort((a, b) => a.start_s - b.start_s || a.body - b.body);
  get("spans").replaceChildren(...spans.map((span) => make("li", {}, make("button", { type: "button", onclick: () => {
    if (span.body !== state.body) { state.body = span.body; showBodies(found); timeline.show(found, span.body); }
    mark({ start: span.start_s, end: span.end_s });
    seek(span.start_s);
  } },
  make("span", { class: "when" }, `${span.start_s.toFixed(1)} – ${seconds(span.end_s)}`),
  make("span", { class: "what" }, several ? `${letter(span.body)}: ${span.sentence}` : span.sentence),
  make("span", { class: "how" }, percent(span.probability))))));
  if (!spans.length) get("spans").append(make("li", { class: "hint" }, "No sentence stands out at any moment."));
}

const form = get("add-form");
get("add").maxLength = about.limits.characters;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (sentences.add(get("add").value)) get("add").value = "";
  else if (get("add").value.trim()) say(`At most ${about.limits.sentences} sentences.`);
});

/* ---- alignment, teaching, downloads ---- */

async function align(ids) {
  const told = await work(() => server.align({ sentences: sentences.asked, clips: ids }));
  if (!told) return;
  aligning.show(told);
  aligning.use(true);
}

function mark(span) {
  const length = timeline.length || 0;
  const good = span && span.end - span.start > 0.05;
  timeline.mark = good ? { start: clamp(span.start, 0, length), end: clamp(span.end, 0, length) } : null;
  get("marked").textContent = timeline.mark ? `Marked: ${timeline.mark.start.toFixed(1)} – ${seconds(timeline.mark.end)}`
    : state.marking !== null ? `Marked from ${seconds(state.marking)}; now the end.` : "No moment is marked.";
  teachable();
}

function markFrom() { state.marking = now(); mark(null); }
function markTo() {
  const from = state.marking ?? timeline.mark?.start ?? 0;
  state.marking = null;
  mark({ start: Math.min(from, now()), end: Math.max(from, now()) });
}
get("mark-here").addEventListener("click", markFrom);
get("mark-to").addEventListener("click", markTo);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=text], select")) return;
  if (event.key === "[") markFrom();
  if (event.key === "]") markTo();
});

const taught = new Map();
const teachForm = get("teach-form"), teachName = get("teach-name");
teachName.maxLength = about.limits.characters;
teachName.addEventListener("input", teachable);
function teachable() { teachForm.querySelector("[type=submit]").disabled = !(timeline.mark && teachName.value.trim()); }
teachForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { start, end } = timeline.mark ?? {};
  const name = teachName.value.trim();
  if (start === undefined || !name) return;
  const several = state.found && state.found.timeline.probabilities.length > 1;
  const one = { clip: state.clip, start_s: start, end_s: end, body: several ? state.body : null };
  const told = await work(() => server.teach({ name, examples: [one] }));
  if (!told) return;
  teachName.value = "";
  showTaught(told);
});

async function forget(name) {
  const told = await work(() => server.forget(name));
  if (told) showTaught(told);
}

function showTaught(told) {
  taught.clear();
  for (const [name, count] of Object.entries(told.classes)) taught.set(name, count);
  get("taught").replaceChildren(...[...taught].map(([name, count]) => make("li", {}, make("span", {}, name),
    make("span", { class: "faint" }, `from ${plural(count, "moment")}`),
    make("button", { type: "button", class: "quiet cross", "aria-label": `Forget ${name}`, onclick: () => forget(name) }, "×"))));
  teachable();
  ask();
}

for (const button of document.querySelectorAll("[data-download]"))
  button.addEventListener("click", async () => {
    if (!state.clip) return;
    const kind = button.dataset.download;
    const blob = await work(() => server.download(state.clip, kind, question()));
    if (!blob) return;
    const link = make("a", { href: URL.createObjectURL(blob), download: `${(state.clips.get(state.clip).name || "recording").replace(/[^\w.-]+/g, "_")}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });

/* ---- the start ---- */

/* On a narrow page the sentences come right after the picture; in the document too, so that focus goes the same way. */
const narrow = matchMedia("(max-width: 980px)");
function arrange() { (narrow.matches ? get("sentences-here") : get("asking")).prepend(get("sentences")); }
narrow.addEventListener("change", arrange);
arrange();

get("theme").value = pgfaTheme.choice;
get("theme").addEventListener("change", () => pgfaTheme.set(get("theme").value));
document.addEventListener("pgfa-theme", () => { player.scene.readColours(); player.draw(); });
get("formats").append(...Object.values(about.formats).map((title) => make("li", {}, title)), make("li", {}, "a zip of such files"));
const seen = about.recogniser.seen?.length;
get("about").textContent = `pgfa ${about.version}${seen ? `, trained on ${plural(seen, "action")}` : ""}. `
  + "Recordings stay on the machine that serves this page, in memory, until the page is closed. The examples are synthetic: made by kinematics, performed by nobody.";
sentences.set(about.sentences);
document.body.dataset.ready = "true";
await example(FIRST, false);
