/* Starts the page: creates its parts and connects them. */
import { Alignment } from "./alignment.js";
import { Answers } from "./answers.js";
import { get, make, plural } from "./dom.js";
import { Recordings } from "./recordings.js";
import { Sentences } from "./sentences.js";
import { Server } from "./server.js";
import { Teaching } from "./teaching.js";
import { Timeline } from "./timeline.js";

const TYPING_DELAY = 450;
const FIRST_EXAMPLE = "several";

const server = new Server();
const about = await server.about();
const layouts = {};

const player = new SkeletonPlayer(get("player"), layouts, { pageKeys: true, onFrame: () => timeline.moveTo(time()) });
const timeline = new Timeline(get("timeline"), { seek, mark: (span) => teaching.mark(span) });
const recordings = new Recordings(server, about, { show, addUnlabelled: (clips) => alignment.add(clips) });
const sentences = new Sentences(get("sentence-list"),
  { changed: (immediately) => answers.askSoon(immediately ? 0 : TYPING_DELAY), remove: (name) => teaching.forget(name),
    explain: about.explains ? () => answers.explain() : null }, about.limits);
const alignment = new Alignment(server,
  { texts: () => sentences.texts, use: () => answers.askSoon(0), open: (id) => recordings.open(id) });
const answers = new Answers(server, { recordings, sentences, alignment, timeline }, { seek, mark: (span) => teaching.mark(span) }, about);
const teaching = new Teaching(server, { recordings, answers, timeline }, about.limits, time);

function time() { return player.clip ? player.frame / player.clip.rate : 0; }
function seek(seconds) { if (player.clip) player.seek(Math.round(seconds * player.clip.rate)); }

/* Show a recording, and ask about it. */
async function show({ clip, layout }, play) {
  layouts[clip.layout] = layout;
  answers.reset(clip.slots[0] ?? 0);
  teaching.reset();
  player.show(clip, play);
  await answers.ask();
}

/* On a narrow page the sentences follow the player, in the document too, so that the focus order matches. */
const narrow = matchMedia("(max-width: 980px)");
function arrange() { (narrow.matches ? get("sentences-narrow") : get("panel")).prepend(get("sentences")); }
narrow.addEventListener("change", arrange);
arrange();

get("theme").value = pgfaTheme.choice;
get("theme").addEventListener("change", () => pgfaTheme.set(get("theme").value));
document.addEventListener("pgfa-theme", () => { player.scene.readColours(); player.draw(); });

get("formats").append(...Object.values(about.formats).map((title) => make("li", {}, title)), make("li", {}, "zip archive of any of these"));
const seen = about.recogniser.seen?.length;
get("about").textContent = `pgfa ${about.version}${seen ? `, trained on ${plural(seen, "action")}` : ""}. `
  + "Recordings are held in the memory of the computer that runs the server, and deleted when this page is closed. The examples are synthetic.";
get("add").maxLength = about.limits.max_characters;
sentences.set(about.sentences);
document.body.dataset.ready = "true";
await recordings.openExample(FIRST_EXAMPLE, false);
