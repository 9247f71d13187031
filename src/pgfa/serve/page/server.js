/* The server behind the page: one session, opened when first needed. Every error response becomes a RequestError. */

export class RequestError extends Error {
  constructor(error, status) {
    super(error.message || "The server could not process the request.");
    this.kind = error.kind || "";
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

  about() { return fetchJson("/api/about"); }

  session() {
    this.opening ??= fetchJson("/api/sessions", { method: "POST" }).then((info) => { this.id = info.session; return this.id; });
    this.opening.catch(() => { this.opening = null; });
    return this.opening;
  }

  async request(path, options) {
    const id = await this.session();
    return fetchJson(`/api/sessions/${id}${path}`, options);
  }

  upload(file, limits) {
    if (file.size > limits.max_file_bytes)
      throw new RequestError({ message: `${file.name} is ${file.size.toLocaleString("en")} bytes; the limit is ${limits.max_file_bytes.toLocaleString("en")} bytes.` });
    return this.request(`/clips?name=${encodeURIComponent(file.name)}`,
      { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
  }

  addExample(name) { return this.request(`/examples/${name}`, { method: "POST" }); }
  clip(id) { return this.request(`/clips/${id}`); }
  answer(clip, question) { return this.request(`/clips/${clip}/answer`, postJson(question)); }
  why(clip, question) { return this.request(`/clips/${clip}/why`, postJson(question)); }
  align(alignment) { return this.request("/alignment", postJson(alignment)); }
  teach(lesson) { return this.request("/classes", postJson(lesson)); }
  forget(name) { return this.request(`/classes/${encodeURIComponent(name)}`, { method: "DELETE" }); }

  async download(clip, format, question) {
    const id = await this.session();
    return (await send(`/api/sessions/${id}/clips/${clip}/download/${format}`, postJson(question))).blob();
  }
}

const postJson = (value) => ({ method: "POST", body: JSON.stringify(value), headers: { "content-type": "application/json" } });

async function send(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new RequestError({ message: "The server is not responding. Is `pgfa serve` still running?" });
  }
  if (response.ok) return response;
  let error = {};
  try { error = (await response.json()).error; } catch { /* not JSON: the status has to do */ }
  if (error.kind === "NoSuchSession")
    error = { ...error, message: "This session has expired and its recordings were deleted. Reload the page to start again." };
  throw new RequestError(error, response.status);
}

async function fetchJson(address, options) {
  const response = await send(address, options);
  return response.status === 204 ? null : response.json();
}
