/*
 * The recordings: opened by button, dropped, or added as examples; one of them is shown.
 *
 *   const recordings = new Recordings(server, about, { show(data, play), addUnlabelled(clips) });
 *   recordings.open(id); recordings.openExample(name); recordings.current
 */
import { notify, track } from "./activity.js";
import { get, make, plural, seconds } from "./dom.js";

export class Recordings {
  constructor(server, about, actions) {
    Object.assign(this, { server, limits: about.limits, actions });
    this.clips = new Map();
    this.examples = new Map();
    this.current = null;
    this.listen(about.examples);
  }

  listen(examples) {
    for (const [name, title] of Object.entries(examples))
      get("examples").append(make("button", { type: "button", class: "quiet", onclick: () => this.openExample(name) }, title));
    get("synthetic").addEventListener("click", (event) => {
      event.target.disabled = true;
      this.addUnlabelledExamples();
    });
    for (const [id, unlabelled] of [["file", false], ["unlabelled", true], ["folder", true]])
      get(id).addEventListener("change", async (event) => {
        const files = [...event.target.files];
        event.target.value = "";
        await this.upload(files, unlabelled);
      });
    get("recording").addEventListener("change", () => this.open(get("recording").value));
    onDrop(async (transfer) => this.upload(await droppedFiles(transfer)));
  }

  async open(id, play = true) {
    const data = await track(() => this.server.clip(id));
    if (!data) return;
    this.current = id;
    const info = this.clips.get(id);
    get("recording-title").textContent = info.action || info.name || "Recording";
    get("clip-facts").textContent = [seconds(info.seconds), `${Number(info.rate.toPrecision(3))} Hz`,
      plural(info.bodies, "person", "people"), info.layout, info.reading, ...info.problems].filter(Boolean).join(" · ");
    get("recording").value = id;
    await this.actions.show(data, play);
  }

  add(clips, listed = true) {
    for (const clip of clips) {
      if (this.clips.has(clip.id)) continue;
      this.clips.set(clip.id, clip);
      if (listed) get("recording").append(make("option", { value: clip.id }, clip.action || clip.name || clip.id));
    }
    get("recording-box").hidden = get("recording").length < 2;
  }

  async upload(files, unlabelled = false) {
    const added = [], errors = [];
    notify("");
    await track(async () => {
      for (const file of files) {
        try {
          const result = await this.server.upload(file, this.limits);
          added.push(...result.clips);
          errors.push(...result.failed.map((error) => error.message));
        } catch (error) {
          if (!("kind" in error)) throw error;
          errors.push(error.message);
          if (error.kind === "NoSuchSession" || error.status === 429) break;
        }
      }
    });
    this.add(added, !unlabelled);
    if (unlabelled || added.length > 1) this.actions.addUnlabelled(added);
    if (errors.length) notify(errors.length > 3 ? `${plural(errors.length, "file")} could not be read. First error: ${errors[0]}` : errors.join(" "));
    if (added.length && !unlabelled) await this.open(added[0].id);
  }

  async openExample(name, play = true) {
    notify("");
    if (!this.examples.has(name)) {
      const result = await track(() => this.server.addExample(name));
      if (!result) return;
      this.add(result.clips);
      this.examples.set(name, result.clips[0].id);
    }
    await this.open(this.examples.get(name), play);
  }

  async addUnlabelledExamples() {
    notify("");
    const result = await track(() => this.server.addExample("unlabelled"));
    if (!result) return;
    this.add(result.clips, false);
    this.actions.addUnlabelled(result.clips);
  }
}

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
    if (entry.isFile) return files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
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
