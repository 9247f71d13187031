/* The server behind the page: one session, opened when first needed. Every error becomes a Failure with its words. */

export class Failure extends Error {
  constructor(said, status) {
    super(said.message || "The server could not answer.");
    this.kind = said.kind || "";
    this.status = status;
  }
}

export class Server {
  constructor() {
    this.opening = null;
    addEventListener("pagehide", (event) => {
      if (!event.persisted && this.id) fetch(`/api/sessions/${this.id}`, { method: "DELETE", keepalive: true });
    });
  }

  about() { return ask("/api/about"); }

  session() {
    this.opening ??= ask("/api/sessions", { method: "POST" }).then((opened) => { this.id = opened.session; return this.id; });
    this.opening.catch(() => { this.opening = null; });
    return this.opening;
  }

  async at(path, options) {
    const id = await this.session();
    return ask(`/api/sessions/${id}${path}`, options);
  }

  add(file, limits) {
    if (file.size > limits.file_bytes)
      throw new Failure({ message: `${file.name} has ${file.size.toLocaleString("en")} bytes; at most ${limits.file_bytes.toLocaleString("en")} are taken.` });
    return this.at(`/clips?name=${encodeURIComponent(file.name)}`,
      { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
  }

  example(name) { return this.at(`/examples/${name}`, { method: "POST" }); }
  motion(clip) { return this.at(`/clips/${clip}`); }
  answer(clip, question) { return this.at(`/clips/${clip}/answer`, json(question)); }
  align(wanted) { return this.at("/alignment", json(wanted)); }
  teach(lesson) { return this.at("/classes", json(lesson)); }
  forget(name) { return this.at(`/classes/${encodeURIComponent(name)}`, { method: "DELETE" }); }

  async download(clip, form, question) {
    const id = await this.session();
    return (await call(`/api/sessions/${id}/clips/${clip}/download/${form}`, json(question))).blob();
  }
}

const json = (value) => ({ method: "POST", body: JSON.stringify(value), headers: { "content-type": "application/json" } });

async function call(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Failure({ message: "The server does not answer. Is `pgfa serve` still running?" });
  }
  if (response.ok) return response;
  let said = {};
  try { said = (await response.json()).error; } catch { /* no JSON: the status must do */ }
  if (said.kind === "NoSuchSession") said = { ...said, message: "The server has forgotten this page's recordings. Reload the page to start again." };
  throw new Failure(said, response.status);
}

async function ask(address, options) {
  const response = await call(address, options);
  return response.status === 204 ? null : response.json();
}
