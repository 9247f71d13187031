/*
 * The recordings: opened by button, dropped, or added as examples; kept by the browser; one of them is shown.
 *
 *   const recordings = new Recordings(server, store, about, { show(data, play), marked(), changed(), closed(), removed(keys), moments(key), origin(), project(file) });
 *   await recordings.restore(files); recordings.open(key); recordings.openExample(name); recordings.current; recordings.marked
 */
import { notify, track } from "./activity.js";
import { FileList } from "./file-list.js";
import { get, make, minutes, plural } from "./dom.js";
import { bestOf, NONE, shareOf } from "./none.js";
import { isProject } from "./project.js";

/* Refused files that are named in a message. */
const SHOWN = 3;
const UNLABELLED = "unlabelled";

export class Recordings {
  constructor(server, store, about, actions) {
    Object.assign(this, { server, store, limits: about.limits, titles: about.examples, actions });
    this.files = new Map();
    this.clips = new Map();
    this.asked = new Map();
    this.current = null;
    this.last = 0;
    this.list = new FileList(get("files"),
      { open: (key) => this.open(key), remove: (keys) => this.remove(keys), mark: (key, on) => this.mark([key], on),
        state: (...answer) => this.state(...answer),
        changed: () => this.actions.changed(), moments: (key) => this.actions.moments(key), origin: () => this.actions.origin() });
    for (const [name, title] of Object.entries(about.examples))
      get("examples").append(make("button", { type: "button", class: "quiet", onclick: () => this.openExample(name) }, title));
    get("synthetic").addEventListener("click", () => this.addUnlabelledExamples());
    for (const [id, unlabelled] of [["file", false], ["unlabelled", true], ["folder", true]])
      get(id).addEventListener("change", async (event) => {
        const files = [...event.target.files];
        event.target.value = "";
        await this.upload(files, unlabelled);
      });
    onDrop(async (transfer) => this.upload(await droppedFiles(transfer)));
  }

  /* Keys of the clips that are marked for alignment. */
  get marked() { return [...this.clips.values()].filter((clip) => clip.marked).map((clip) => clip.key); }

  /* How many are marked for alignment, and how many of these are examples. */
  get markedCount() {
    const { marked } = this;
    return { count: marked.length, examples: marked.filter((key) => this.clips.get(key).isExample).length };
  }

  /* Send again what the browser kept: after a reload, or to a server that has been restarted. Returns the files of which
   * something was refused. */
  async restore(files, marked = new Set(this.marked)) {
    const refused = [];
    for (const file of files) this.files.set(file.number, file);
    for (const file of files) if ((await this.send(file, marked, true)).errors.length) refused.push(file);
    return refused;
  }

  name(key) { return this.clips.get(key)?.name ?? ""; }

  /* Send a file and list its clips. Returns them; a file that is refused is listed with the reason. */
  async send(file, marked, restoring = false) {
    const placeholder = `${file.number}.0`;
    if (!this.clips.has(placeholder)) this.list.show({ key: placeholder, name: this.title(file), state: "reading" });
    let result;
    try {
      result = await this.server.addFile(file, this.limits, restoring);
    } catch (error) {
      if (!("kind" in error)) throw error;
      const reason = reasonOf(error, file.name);
      this.list.show({ key: placeholder, name: this.title(file), state: "refused", reason: withoutName(reason, file.name), asks: error.asks, options: error.options });
      if (error.asks) this.asked.set(placeholder, { file, question: `${error.asks} ${error.options}` });
      else this.asked.delete(placeholder);
      return { clips: [], errors: [{ reason, file: this.title(file) }] };
    }
    this.asked.delete(placeholder);
    if (!this.files.has(file.number)) return this.discard(result.clips);
    const several = result.clips.length > 1;
    if (!result.clips.length) this.list.remove(placeholder);
    for (const info of result.clips) {
      if (file.removed?.includes(info.key)) continue;
      const inside = several ? info.name : null, name = this.clipName(file, inside);
      const { state = "waiting", answer, share, isUnsure, summary, basis } = this.clips.get(info.key) ?? {};
      const clip = { ...info, inside, state, answer, share, isUnsure, summary, basis, name, number: file.number, isExample: Boolean(file.example),
        marked: marked === true || (marked && marked.has(info.key)) };
      this.clips.set(info.key, clip);
      this.list.show(clip);
    }
    return { clips: result.clips, errors: result.failed.map((error) => ({ reason: error.message, file: null })) };
  }

  /* Clips of a file that was taken out of the list while it was read. */
  async discard(clips) {
    for (const { key } of clips) await this.server.removeClip(key);
    return { clips: [], errors: [] };
  }

  /* How a file is called in the list: by its name; of several with one name by folder, or by a number. */
  title(file) {
    const same = [...this.files.values()].filter(({ name }) => name === file.name);
    if (same.length < 2) return file.name;
    const own = file.path ?? file.name, index = same.filter((other) => (other.path ?? other.name) === own).indexOf(file);
    return index > 0 ? `${own} (${index + 1})` : own;
  }

  clipName(file, inside) { return inside === null ? this.title(file) : `${this.title(file)} · ${inside}`; }

  /* A file was added or taken out: others may now be called differently. */
  nameAgain() {
    for (const clip of this.clips.values()) {
      const file = this.files.get(clip.number), name = file ? this.clipName(file, clip.inside) : clip.name;
      if (name === clip.name) continue;
      clip.name = name;
      this.list.show(clip);
    }
    if (this.clips.has(this.current)) showTitle(this.name(this.current));
  }

  /* A number that no file of this work has had since the page was opened. */
  newNumber() {
    this.last = Math.max(this.last, ...this.files.keys()) + 1;
    return this.last;
  }

  /* The user says how a file is to be read, and perhaps all others about which the same is asked: read them again. */
  async state(key, name, value, all) {
    const { question } = this.asked.get(key), added = [];
    const files = [...this.asked].filter(([other, asked]) => other === key || (all && asked.question === question)).map(([, { file }]) => file);
    await track(async () => {
      for (const file of files) {
        file.stated = { ...file.stated, [name]: value };
        if (files.length > 1) this.unmarkExamples();
        const { clips } = await this.send(file, files.length > 1);
        added.push(...clips);
        if (clips.length) await this.keep(file);
      }
    });
    this.actions.marked();
    if (added.length) await this.open(added[0].key);
    this.actions.changed();
  }

  newFile(properties) {
    const file = { number: this.newNumber(), ...properties };
    this.files.set(file.number, file);
    return file;
  }

  async keep(file) {
    if (!this.files.has(file.number)) return;
    if (!await this.store.addFile(file) && !this.unkept) {
      this.unkept = true;
      notify("This browser has no room to store recordings: they will be lost when the page is closed.");
    }
  }

  async open(key, play = true) {
    const data = await track(() => this.server.clip(key));
    if (!data || !this.clips.has(key)) return;
    this.current = key;
    const info = this.clips.get(key);
    showTitle(info.name);
    this.showFacts(info);
    this.list.select(key);
    this.actions.changed();
    await this.actions.show(data, play);
  }

  async upload(files, unlabelled = false) {
    const added = [], errors = [], own = files.length > 1 || unlabelled;
    notify("");
    const projects = files.filter((file) => isProject(file.name));
    if (projects.length) return this.actions.project(projects[0]);
    if (own) this.unmarkExamples();
    const waiting = files.map((blob) => {
      const path = blob.webkitRelativePath || blob.pathInDrop;
      return this.newFile({ name: blob.name, ...(path ? { path } : {}), blob });
    });
    for (const file of waiting) this.list.show({ key: `${file.number}.0`, name: this.title(file), state: "waiting to be read" });
    await track(async () => {
      // Kept before they are sent: the page may be loaded again meanwhile.
      for (const file of waiting) await this.keep(file);
      this.actions.changed();
      for (const file of waiting) {
        if (!this.files.has(file.number)) continue; // taken out of the list while it waited
        const { clips, errors: others } = await this.send(file, own);
        added.push(...clips);
        errors.push(...others);
        if (clips.length || this.asked.has(`${file.number}.0`)) continue;
        this.files.delete(file.number);
        this.store.removeFile(file.number);
      }
    });
    this.nameAgain();
    if (added.length > 1) {
      this.unmarkExamples();
      this.mark(added.map((clip) => clip.key), true);
    }
    this.actions.marked();
    notify(refusals(errors));
    if (added.length && (!unlabelled || !this.current)) await this.open(added[0].key);
    return this.actions.changed();
  }

  async openExample(name, play = true) {
    notify("");
    const present = [...this.clips.values()].find((clip) => this.files.get(clip.number)?.example === name);
    await this.open(present ? present.key : (await this.addExample(name, this.titles[name], false))[0]?.key, play);
  }

  async addUnlabelledExamples() {
    notify("");
    const present = [...this.clips.values()].filter((clip) => this.files.get(clip.number)?.example === UNLABELLED);
    const clips = present.length ? present : await this.addExample(UNLABELLED, "Synthetic", true);
    this.mark(clips.map((clip) => clip.key), true);
  }

  async addExample(example, name, marked) {
    const file = this.newFile({ name, example });
    const { clips, errors } = await track(() => this.send(file, marked)) ?? { clips: [], errors: [] };
    if (errors.length) notify(errors[0].reason);
    if (clips.length) await this.keep(file);
    this.actions.marked();
    return clips;
  }

  /* Examples are aligned together with recordings of the person's own only if the person marks both. */
  unmarkExamples() { this.mark([...this.clips.values()].filter((clip) => clip.isExample && clip.marked).map((clip) => clip.key), false); }

  mark(keys, on) {
    for (const key of keys) {
      const clip = this.clips.get(key);
      clip.marked = on;
      this.list.show(clip);
    }
    this.actions.marked();
    this.actions.changed();
  }

  /* Take recordings out: here, of the browser's store, and of the server. */
  async remove(keys) {
    const sent = keys.filter((key) => this.clips.has(key));
    for (const key of keys) {
      const clip = this.clips.get(key);
      this.clips.delete(key);
      this.list.remove(key);
      this.asked.delete(key);
      if (!clip) { // refused, or not read yet
        const number = Number(key.split(".")[0]);
        this.files.delete(number);
        this.store.removeFile(number);
        continue;
      }
      const isLast = ![...this.clips.values()].some((other) => other.number === clip.number);
      if (isLast) {
        this.files.delete(clip.number);
        this.store.removeFile(clip.number);
      } else {
        const file = this.files.get(clip.number);
        file.removed = [...(file.removed ?? []), key];
        this.store.addFile(file);
      }
    }
    // The list is up to date at once; the server takes its time for many.
    for (const key of sent) await track(() => this.server.removeClip(key));
    this.nameAgain();
    this.actions.removed(keys);
    this.actions.marked();
    if (!this.list.rows.size) notify("");
    if (!this.clips.has(this.current)) {
      this.current = null;
      const next = this.clips.keys().next().value;
      if (next) await this.open(next, false);
      else this.close();
    }
    this.actions.changed();
  }

  close() {
    showTitle("No recording yet");
    get("clip-facts").hidden = true;
    this.actions.closed();
  }

  /* What everybody wants to know in one line; how the file was read, and what is odd about it, behind a button. */
  showFacts(info) {
    const facts = get("clip-facts"), read = [info.layout, info.reading, ...info.problems].filter(Boolean), odd = info.problems.length;
    facts.hidden = false;
    facts.querySelector("span").textContent = [minutes(info.seconds), `${Number(info.rate.toPrecision(3))} Hz`, plural(info.bodies, "person", "people")].join(" · ");
    facts.querySelector("summary").textContent = `How it was read${odd ? ` · ${plural(odd, "note")}` : ""}`;
    facts.querySelector("p").textContent = read.join(" · ");
  }

  /* Something was asked or taught that changes all answers: those of before are no longer listed. */
  expire() {
    for (const clip of this.clips.values()) {
      if (clip.state !== "answered") continue;
      Object.assign(clip, { state: "waiting", answer: undefined, share: undefined, summary: null, isUnsure: false, basis: undefined });
      this.list.show(clip);
    }
  }

  /* Show the best answer for a recording in the list. basis: what was asked, and what was taught and learned by then */
  answered(key, result, basis) {
    const clip = this.clips.get(key);
    if (!clip) return;
    Object.assign(clip, { basis, state: "answered", answer: bestOf(result)?.sentence ?? NONE, share: shareOf(result), summary: null, isUnsure: false });
    this.list.show(clip);
  }

  /* What the headline says of a recording, in its row: without a figure where it names several */
  summarise(key, { lines, share, isNone = false, isUnsure = false }) {
    const clip = this.clips.get(key), summary = share === null && !isNone ? lines.join("; ") : null;
    if (!clip || (clip.summary === summary && clip.isUnsure === isUnsure)) return;
    Object.assign(clip, { summary, isUnsure });
    this.list.show(clip);
  }
}

/* In one line; a name that is cut is shown whole under the pointer, and in the list. */
function showTitle(text) {
  get("recording-title").textContent = get("recording-title").title = text;
}

/* Why a file was refused, for people; the list of formats is at the foot of the page. */
function reasonOf(error, name) {
  // The options of the command line are buttons here.
  if (error.asks) return `${name}: ${error.found.split("; state it with")[0]}`;
  if (error.expected.startsWith("a recording in a known format"))
    return `${name}: this is not a skeleton recording (${error.found}). The supported formats are listed at the foot of the page.`;
  if (error.kind !== "BadFile") return error.message;
  const detail = error.message.startsWith(name) ? error.message.slice(name.length).replace(/^[:, ]+/, "") : error.message;
  return `${name}: this recording is damaged, incomplete or of a kind that is not supported (${detail}).`;
}

/* Files that were refused, in one message: of several, the list says why. */
function refusals(errors) {
  const listed = errors.filter(({ file }) => file !== null);
  const texts = errors.filter(({ file }) => file === null || listed.length === 1).map(({ reason }) => reason);
  const inside = texts.length > SHOWN ? [`${plural(texts.length, "recording")} could not be read. First error: ${texts[0]}`] : texts;
  if (listed.length < 2) return inside.join(" ");
  const names = listed.slice(0, SHOWN).map(({ file }) => file), more = listed.length - names.length;
  return [`${listed.length} files could not be read: ${names.join(", ")}${more ? ` and ${more} more` : ""}. The list says why.`, ...inside].join(" ");
}

const withoutName = (reason, name) => (reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason);

/* Call `receive` with what is dropped anywhere on the page; an overlay is shown while files are dragged over it. */
function onDrop(receive) {
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth++; get("drop").hidden = false; } });
  addEventListener("dragleave", (event) => { if (hasFiles(event) && !--depth) get("drop").hidden = true; });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    get("drop").hidden = true;
    await receive(event.dataTransfer);
  });
}

/* The files of a drop, with those in folders and their subfolders. */
async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return files.push(Object.assign(file, { pathInDrop: entry.fullPath.replace(/^\//, "") }));
    }
    const reader = entry.createReader();
    for (;;) {
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!batch.length) return null;
      for (const child of batch) if (!child.name.startsWith(".")) await walk(child);
    }
  };
  for (const entry of entries) await walk(entry);
  return files;
}
