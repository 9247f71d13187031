/* Starts the page: creates its parts, connects them, and takes up the work that the browser kept. */
import { notify, showAbsence, showWaiting } from "./activity.js";
import { Alignment } from "./alignment.js";
import { Answers } from "./answers.js";
import { Correcting } from "./correcting.js";
import { get, make, plural, sentenceCase } from "./dom.js";
import { Improvement } from "./improvement.js";
import { Keep } from "./keep.js";
import { Keys } from "./keys.js";
import { Loop } from "./loop.js";
import { ProjectMenu } from "./project-menu.js";
import { Recordings } from "./recordings.js";
import { Sentences } from "./sentences.js";
import { Server } from "./server.js";
import { Store } from "./store.js";
import { Teaching } from "./teaching.js";
import { Timeline } from "./timeline.js";
import { Video } from "./video.js";

const TYPING_DELAY = 450;
const FIRST_EXAMPLE = "wave";

const server = new Server(showWaiting, showAbsence);
const [about, store] = await Promise.all([server.about(), Store.open()]);
const layouts = {};
const changed = () => keep?.soon();
let keep = null, menu = null;

const player = new SkeletonPlayer(get("player"), layouts, { pageKeys: true, onFrame: () => {
  timeline.moveTo(time());
  if (player.playing) timeline.reveal(time());
} });
const timeline = new Timeline(get("timeline"), { seek, mark: (span) => teaching.mark(span), viewed: (range) => correcting?.lanes.view(range) });
const recordings = new Recordings(server, store, about, { show, changed, marked: () => alignment.count(), closed: close,
  removed, moments: (key) => correcting.moments.byKey.get(key)?.corrections ?? [],
  origin: () => ({ recogniser: about.recogniser.name, aligned: alignment.on }), project: (file) => menu.open(file) });
const sentences = new Sentences(get("sentence-list"),
  { changed: (immediately) => { answers.askSoon(immediately ? 0 : TYPING_DELAY); changed(); }, remove: (name) => teaching.forget(name),
    explain: about.explains ? () => answers.explain() : null }, about.limits);
const alignment = new Alignment(server, { texts: () => sentences.texts, clips: () => recordings.marked, marked: () => recordings.markedCount, name: (key) => recordings.name(key),
  use: () => answers.askSoon(0), open: (key) => recordings.open(key), changed });
const answers = new Answers(server, { recordings, sentences, alignment, timeline },
  { shown: (result, people) => correcting.show(result, people), name: (...person) => correcting.nameIn(...person), spans: (...answer) => correcting.spansOf(...answer),
    corrected: () => correcting.isCorrected, learned: () => improvement.learned, video: (key) => video.forRecording(key) }, about);
const loop = new Loop(player, timeline, { changed });
const correcting = new Correcting({ recordings, answers, timeline, sentences },
  { seek, time, changed, mark: (span) => teaching.mark(span), loop: (on) => loop.set(on),
    marks: (key, list) => improvement?.marks(key, list) ?? new Map(),
    rendered: () => { answers.showVerdict(); improvement?.updateButtons(); } }, about.limits);
const teaching = new Teaching(server, { recordings, answers, timeline }, about.limits,
  { time, changed, snap: (seconds) => correcting.moments.snap(seconds), ready: () => { correcting.updateButton(); loop.update(); } });
const improvement = new Improvement(server, { correcting, answers, recordings },
  { changed, open: (key) => recordings.open(key, false), go: (moment) => {
    const listed = correcting.moments.find(moment.id);
    if (listed) correcting.select(listed.id, true);
    else { teaching.mark(moment); seek(moment.start); timeline.reveal(moment.start); }
  } });
const video = new Video(player, store, { changed, newNumber: () => recordings.newNumber() });

function time() { return player.clip ? player.frame / player.clip.rate : 0; }
function seek(seconds) { if (player.clip) player.seek(Math.round(seconds * player.clip.rate)); }

/* Show a recording, and ask about it. */
async function show({ clip, layout }, play) {
  document.body.dataset.open = "recording";
  layouts[clip.layout] = layout;
  correcting.open(recordings.current, recordings.clips.get(recordings.current));
  video.open(recordings.current);
  answers.reset(clip.slots[0] ?? 0);
  teaching.reset();
  player.show({ ...clip, id: recordings.name(recordings.current), variant: "", action: "" }, play);
  await answers.ask();
}

function close() {
  document.body.dataset.open = "none";
  player.pause();
  player.clip = null;
  answers.close();
  teaching.reset();
  correcting.close();
  video.open(null);
}

/* Recordings were taken out. What was learned from them stays as long as the server keeps it, and cannot be learned again. */
function removed(keys) {
  correcting.forget(keys);
  video.forget(keys);
  const gone = new Set(keys), uses = [...teaching.namesTaughtFrom(gone).map((name) => `“${name}”`), ...(alignment.uses(gone) ? ["the alignment"] : [])];
  if (uses.length) notify(`${sentenceCase(uses.join(", "))}: learned from a recording that was removed. It lasts until this page is loaded again.`);
}

/* A server that has lost the session gets everything again. */
server.restore = async () => {
  const { lessons } = teaching, aligned = alignment.state;
  await recordings.restore([...recordings.files.values()]);
  await teaching.restore(lessons);
  await alignment.restore(aligned);
  await improvement.restore(improvement.state);
};

/* The notice about a kept recording that cannot be read any more. */
function refusalText(file) {
  const count = correcting.moments.all.filter(({ key }) => key.startsWith(`${file.number}.`) && !recordings.clips.has(key)).length;
  return `${recordings.title(file)} could not be read; the list says why.`
    + (count ? ` Its ${plural(count, "correction")} ${count === 1 ? "is" : "are"} kept, but not used, until you remove it from the list.` : "");
}

/* Show the work that the browser kept. */
async function takeUp(state, files) {
  sentences.set(state.sentences);
  get("add").value = state.typed;
  recordings.list.order = state.order;
  keep.restorePlayer(state.player);
  correcting.restore(state.correcting);
  recordings.last = Math.max(0, ...files.map(({ number }) => number));
  const refused = await recordings.restore(files.filter((file) => !file.video), new Set(state.marked));
  video.restore(state.videos, files);
  alignment.count();
  await teaching.restore(state.lessons);
  await alignment.restore(state.alignment);
  await improvement.restore(state.learned);
  if (refused.length) notify(refused.map(refusalText).join(" "));
  const key = recordings.clips.has(state.current) ? state.current : recordings.clips.keys().next().value;
  if (key === undefined) return recordings.close();
  await recordings.open(key, false);
  teaching.mark(state.mark);
  get("teach-name").value = state.name;
  return teaching.updateButton();
}

/* On a narrow page the sentences follow the player, in the document too, so that the focus order matches. */
const narrow = matchMedia("(max-width: 980px)");
function arrange() { (narrow.matches ? get("sentences-narrow") : get("panel")).prepend(get("sentences")); }
narrow.addEventListener("change", arrange);
arrange();

get("theme").value = pgfaTheme.choice;
get("theme").addEventListener("change", () => pgfaTheme.set(get("theme").value));
document.addEventListener("pgfa-theme", () => { player.scene.readColours(); player.draw(); });
for (const [id, act] of [["zoom-in", () => timeline.zoom(2)], ["zoom-out", () => timeline.zoom(0.5)], ["zoom-all", () => timeline.view(0, timeline.length)]])
  get(id).addEventListener("click", act);

get("formats").append(...Object.values(about.formats).map((title) => make("li", {}, title)), make("li", {}, "zip archive of any of these"));
const seen = about.recogniser.seen?.length;
get("about").textContent = `pgfa ${about.version}${seen ? `, trained on ${plural(seen, "action")}` : ""}. `
  + "Recordings are held in the memory of the computer that runs the server, and deleted there when this page is closed; "
  + `${store.keeps ? "this browser keeps them with your work until you remove them" : "this browser cannot keep them"}. The examples are synthetic.`;
keep = new Keep(store, { sentences, teaching, alignment, recordings, timeline, correcting, improvement, video, player, loop });
for (const box of [player.speedBox, player.trailBox]) box.addEventListener("change", changed);
menu = new ProjectMenu({ keep, store, recordings, correcting });
new Keys({ player, correcting, teaching, timeline, loop: () => loop.toggle() });
sentences.set(about.sentences);
keep.begin(FIRST_EXAMPLE);
document.body.dataset.ready = "true";
if (store.state) await takeUp(store.state, store.files);
else await recordings.openExample(FIRST_EXAMPLE, false);
keep.start();
keep.soon();
