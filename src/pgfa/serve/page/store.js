/*
 * What this browser keeps of the work: recordings and a state, so that a reload, a closed tab or a restarted server
 * loses nothing. Each open page has a work of its own; a new page takes up the latest one that no other page has open.
 *
 *   const store = await Store.open();
 *   store.state; store.files; store.save(state); await store.addFile(file); store.removeFile(number)
 */
const DATABASE = "pgfa", WORK = "work", FILES = "files";
const WORK_KEY = "pgfa-work";
const RELOAD_WAIT = 1500;
const OLDEST = 30 * 24 * 3600 * 1000;

export class Store {
  /* Open what was kept. Without a store of the browser's own (a private window, no space) everything works, unkept. */
  static async open() {
    const database = await openDatabase().catch(() => null);
    const works = database ? (await request(database.transaction(WORK).objectStore(WORK).getAll())) : [];
    works.sort((first, second) => second.saved - first.saved);
    const id = await claim(works.map((work) => work.id));
    const store = new Store(database, id);
    store.state = works.find((work) => work.id === id)?.state ?? null;
    store.files = database ? await request(database.transaction(FILES).objectStore(FILES).getAll(store.range())) : [];
    await store.forget(works.filter((work) => work.id !== id && Date.now() - work.saved > OLDEST));
    return store;
  }

  constructor(database, id) {
    Object.assign(this, { database, id, state: null, files: [] });
  }

  get keeps() { return Boolean(this.database); }

  range(id = this.id) { return IDBKeyRange.bound([id, 0], [id, Infinity]); }

  save(state) { return this.write(WORK, (work) => work.put({ id: this.id, saved: Date.now(), state })); }

  /* Keep a file ({ number, name, blob or example }). False: the browser has no room for it. */
  addFile(file) { return this.write(FILES, (files) => files.put({ ...file, work: this.id })); }

  removeFile(number) { return this.write(FILES, (files) => files.delete([this.id, number])); }

  /* Delete what is kept of this work. */
  clear() { return this.forget([{ id: this.id }]); }

  async forget(works) {
    for (const { id } of works) {
      await this.write(FILES, (files) => files.delete(this.range(id)));
      await this.write(WORK, (work) => work.delete(id));
    }
  }

  async write(name, change) {
    if (!this.database) return false;
    try {
      const transaction = this.database.transaction(name, "readwrite");
      change(transaction.objectStore(name));
      return await new Promise((resolve) => {
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => resolve(false);
      });
    } catch {
      return false;
    }
  }
}

function openDatabase() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(WORK, { keyPath: "id" });
    opening.result.createObjectStore(FILES, { keyPath: ["work", "number"] });
  };
  return request(opening);
}

function request(pending) {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(pending.error);
  });
}

/* The work of this page: the one it had before a reload, else the latest that is not open, else a new one. */
async function claim(ids) {
  const before = tabWork();
  let id = null;
  if (before && await lock(before, RELOAD_WAIT)) id = before;
  for (const candidate of ids) if (!id && candidate !== before && await lock(candidate, 0)) id = candidate;
  if (!id) {
    id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    await lock(id, 0);
  }
  try { sessionStorage.setItem(WORK_KEY, id); } catch { /* a browser without storage */ }
  return id;
}

function tabWork() {
  try { return sessionStorage.getItem(WORK_KEY); } catch { return null; }
}

/* Hold a lock for as long as the page is open. Without locks (plain HTTP to another machine) every work counts as free. */
function lock(id, wait) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const options = wait ? { signal: AbortSignal.timeout(wait) } : { ifAvailable: true };
    navigator.locks.request(`${WORK_KEY}-${id}`, options, (granted) => {
      resolve(Boolean(granted));
      return granted ? new Promise(() => {}) : null;
    }).catch(() => resolve(false));
  });
}
