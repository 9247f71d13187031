/*
 * What this browser keeps of the work: recordings and a state, so that a reload, a closed tab or a restarted server
 * loses nothing. Each open page has a work of its own; a new page takes up the latest one that no other page has open,
 * one without anything of the person's own (`own`) only where there is no other.
 *
 *   const store = await Store.open();
 *   store.state; store.files; store.own; store.save(state, own); await store.addFile(file); store.removeFile(number)
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
    works.sort((first, second) => isOwn(second) - isOwn(first) || second.saved - first.saved);
    const id = await claim(works), kept = works.find((work) => work.id === id);
    const store = new Store(database, id);
    Object.assign(store, { state: kept?.state ?? null, own: Boolean(kept) && isOwn(kept) });
    store.files = database ? await request(database.transaction(FILES).objectStore(FILES).getAll(store.range())) : [];
    await store.forget(works.filter((work) => work.id !== id && Date.now() - work.saved > OLDEST));
    return store;
  }

  constructor(database, id) {
    Object.assign(this, { database, id, state: null, files: [], own: false });
  }

  get keeps() { return Boolean(this.database); }

  range(id = this.id) { return IDBKeyRange.bound([id, 0], [id, Infinity]); }

  /* own: whether anything in it is the person's own */
  save(state, own = true) { return this.write(WORK, (work) => work.put({ id: this.id, saved: Date.now(), own, state })); }

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

const isOwn = (work) => work.own !== false;

/* The work of this page: the one it had before a reload, else the latest that is not open, else a new one. One without
 * anything of the person's own comes last, also after a reload. */
async function claim(works) {
  const before = tabWork(), own = works.filter(isOwn).map((work) => work.id), others = works.map((work) => work.id);
  const order = [...(own.includes(before) ? [before] : []), ...own, ...(before ? [before] : []), ...others];
  let id = null;
  for (const candidate of new Set(order)) if (!id && await lock(candidate, candidate === before ? RELOAD_WAIT : 0)) id = candidate;
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
