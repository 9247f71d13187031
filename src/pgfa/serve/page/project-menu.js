/* The project: save it to a file, open one in place of the present work, and ask before unsaved corrections are left. */
import { notify, track } from "./activity.js";
import { get, saveFile } from "./dom.js";
import { BadProject, readProject, saveProject } from "./project.js";

export class ProjectMenu {
  /* parts: { keep, store, recordings, correcting } */
  constructor(parts) {
    Object.assign(this, parts);
    get("save-project").addEventListener("click", () => this.save());
    get("project-file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) this.open(file);
    });
    addEventListener("beforeunload", (event) => { if (this.correcting.unsaved && !this.leaving) event.preventDefault(); });
  }

  async save() {
    const { state } = this.keep, corrected = JSON.stringify(state.correcting);
    const saved = { ...state, correcting: { ...state.correcting, unsaved: false } };
    const blob = await track(() => saveProject(saved, this.recordings.files.values()));
    if (!blob) return;
    saveFile(blob, "work.pgfa.json");
    // A correction that was made while the file was written is not in it.
    if (JSON.stringify(this.correcting.state) === corrected) this.correcting.unsaved = false;
    // At once: the page may be closed next.
    this.keep.now();
  }

  /* Open a project in place of the present work. Nothing is replaced before the file was checked. */
  async open(file) {
    let project;
    try {
      project = await readProject(file);
    } catch (error) {
      if (!(error instanceof BadProject)) throw error;
      return notify(`${file.name}: ${error.message}`);
    }
    if (this.correcting.unsaved && !await this.confirm()) return null;
    this.keep.stop();
    await this.store.clear();
    for (const each of project.files) await this.store.addFile(each);
    await this.store.save(project.state);
    this.leaving = true;
    return location.reload();
  }

  confirm() {
    const dialog = get("replace");
    dialog.showModal();
    return new Promise((resolve) => { dialog.addEventListener("close", () => resolve(dialog.returnValue === "replace"), { once: true }); });
  }
}
