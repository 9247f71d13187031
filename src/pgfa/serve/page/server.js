/*
 * The server behind the page: one session, opened when first needed. Every error response becomes a RequestError.
 *
 * Clips have keys of the page's own. If the session is gone (the server was restarted, or was full), a new one is
 * opened, `restore()` sends again what it held, and the request is repeated. A busy server is asked again, and so is one
 * that did not respond, as soon as it does.
 */
import { LINES, NO_RESPONSE, readAnswer, RequestError } from "./responses.js";

const HEARTBEAT = 20_000;
const MAX_ATTEMPTS = 40;
const RETRY = 3_000;
/* Requests that fail although the server responds to others: a few times it is a restart, after that it is the request. */
const MAX_FAILURES = 3;

export class Server {
  /* waiting(text): called with a message while a busy server is asked again, and with "" afterwards
   * absent(on): the server does not respond, or does so again */
  constructor(waiting, absent) {
    Object.assign(this, { waiting, absent, returning: null, opening: null, reopening: null, id: null, ids: new Map(), restore: async () => {} });
    addEventListener("pagehide", (event) => {
      if (!event.persisted && this.id) fetch(`/api/sessions/${this.id}`, { method: "DELETE", keepalive: true });
    });
    setInterval(() => this.heartbeat(), HEARTBEAT);
  }

  about() { return this.fetchJson("/api/about"); }

  session() {
    this.opening ??= this.fetchJson("/api/sessions", { method: "POST" }).then((info) => {
      this.id = info.session;
      this.heartbeat();
      return this.id;
    });
    this.opening.catch(() => { this.opening = null; });
    return this.opening;
  }

  /* Tell the server that the page is open, so that it keeps the session. A server that has stopped is no error here. */
  async heartbeat() {
    if (!this.id || this.reopening) return;
    const response = await fetch(`/api/sessions/${this.id}/heartbeat`, { method: "POST" }).catch(() => null);
    if (response?.status === 404) await this.reopen(this.id).catch(() => {});
  }

  /* build: () -> [path, options], called when the session is known; restoring: part of sending everything again */
  async request(build, restoring = false, receive = (response) => (response.status === 204 ? null : response.json())) {
    let isReopened = false;
    for (let attempt = 0; ; attempt++) {
      if (!restoring) await this.reopening;
      const id = await this.session();
      try {
        const [path, options] = build();
        return await receive(await this.send(`/api/sessions/${id}${path}`, options));
      } catch (error) {
        const isLost = error.kind === "NoSuchSession" && !restoring && !isReopened;
        // The server ended in the middle of its answer.
        const isCut = error.kind === NO_RESPONSE && error.status === undefined && attempt < MAX_FAILURES;
        if (!isLost && !isCut) throw error;
        if (!isLost) continue;
        isReopened = true;
        await this.reopen(id);
      }
    }
  }

  reopen(lost) {
    if (this.id !== lost && !this.reopening) return null;
    this.reopening ??= (async () => {
      this.opening = null;
      this.ids.clear();
      await this.session();
      await this.restore();
    })().finally(() => { this.reopening = null; });
    return this.reopening;
  }

  clipId(key) {
    if (!this.ids.has(key)) throw new RequestError({ kind: "NoSuchClip", message: "This recording could not be sent to the server again." });
    return this.ids.get(key);
  }

  /* Upload a file ({ number, name, blob or example, stated }); its clips get the keys "NUMBER.INDEX". */
  async addFile(file, limits, restoring = false) {
    const size = file.blob?.size ?? 0;
    if (size > limits.max_file_bytes)
      throw new RequestError({ kind: "LimitExceeded", message: `${file.name} has ${size.toLocaleString("en")} bytes; the limit is ${limits.max_file_bytes.toLocaleString("en")}.` });
    const result = await this.request(() => (file.example ? [`/examples/${file.example}`, { method: "POST" }]
      : [`/clips?${new URLSearchParams({ name: file.name, ...file.stated })}`,
        { method: "POST", body: file.blob, headers: { "content-type": "application/octet-stream" } }]), restoring);
    const clips = result.clips.map((clip, index) => ({ ...clip, key: `${file.number}.${index}` }));
    for (const { key, id } of clips) this.ids.set(key, id);
    return { clips, failed: result.failed };
  }

  clip(key) { return this.request(() => [`/clips/${this.clipId(key)}`]); }
  answer(key, question, signal) { return this.request(() => [`/clips/${this.clipId(key)}/answer`, { ...postJson(question), signal }]); }
  /* A question that may take long; see asking.js. */
  ask(key, question, { signal, progress }) {
    return this.request(() => [`/clips/${this.clipId(key)}/answer`, { ...postJson(question, { accept: LINES }), signal }],
      false, (response) => readAnswer(response, progress));
  }
  why(key, question) { return this.request(() => [`/clips/${this.clipId(key)}/why`, postJson(question)]); }
  forget(name) { return this.request(() => [`/classes/${encodeURIComponent(name)}`, { method: "DELETE" }]); }

  async removeClip(key) {
    await this.request(() => [`/clips/${this.clipId(key)}`, { method: "DELETE" }]);
    this.ids.delete(key);
  }

  async align({ sentences, clips }, restoring = false) {
    const result = await this.request(() => ["/alignment", postJson({ sentences, clips: clips.map((key) => this.clipId(key)) })], restoring);
    const keys = new Map([...this.ids].map(([key, id]) => [id, key]));
    return { ...result, clips: result.clips.map((clip) => ({ ...clip, clip: keys.get(clip.clip) })) };
  }

  teach({ name, examples }, restoring = false) {
    return this.request(() => ["/classes",
      postJson({ name, examples: examples.map((example) => ({ ...example, clip: this.clipId(example.clip) })) })], restoring);
  }

  /* All corrections ([{ clip, start_s, end_s, bodies, sentence, right }]), in place of those sent before. */
  correct(corrections, restoring = false) {
    return this.request(() => ["/corrections",
      postJson({ corrections: corrections.map((correction) => ({ ...correction, clip: this.clipId(correction.clip) })) })], restoring);
  }

  /* A zip to train on. */
  training({ moments, names }) {
    return this.request(() => ["/training", postJson({ moments: moments.map((moment) => ({ ...moment, clip: this.clipId(moment.clip) })),
      names: Object.fromEntries(Object.entries(names).map(([key, name]) => [this.clipId(key), name])) })], false, (response) => response.blob());
  }

  download(key, format, question) {
    return this.request(() => [`/clips/${this.clipId(key)}/download/${format}`, postJson(question)], false, (response) => response.blob());
  }

  async fetchJson(address, options) { return (await this.send(address, options)).json(); }

  /* Fetch, once more each time the server has responded again. */
  async fetch(address, options) {
    for (let failures = 0; ; failures++) {
      try {
        return await fetch(address, options);
      } catch (error) {
        if (options?.signal?.aborted) throw error;
        if (failures >= MAX_FAILURES) throw new RequestError({ kind: NO_RESPONSE, message: "The server did not respond to a request. Your work is not lost: this page keeps it." }, 0);
        await untilAborted(this.returned(), options?.signal);
      }
    }
  }

  /* Ask every few seconds until the server responds; all requests wait for the same. */
  returned() {
    this.returning ??= (async () => {
      this.absent(true);
      do await sleep(RETRY); while (!await fetch("/api/about").catch(() => null));
      this.absent(false);
      this.returning = null;
    })();
    return this.returning;
  }

  async send(address, options) {
    for (let attempt = 1; ; attempt++) {
      const response = await this.fetch(address, options).finally(() => { if (attempt > 1) this.waiting(""); });
      if (response.ok) return response;
      const error = await response.json().then((body) => body.error, () => ({}));
      if (![429, 503].includes(response.status) || attempt >= MAX_ATTEMPTS) throw new RequestError(error, response.status);
      this.waiting(error.where === "sessions" ? "The server has reached its limit of open pages. This one will start by itself when another is closed."
        : "The server is busy. This page will try again by itself.");
      await sleep((Number(response.headers.get("retry-after")) || 2) * 1000 * (0.75 + Math.random() / 2));
    }
  }
}

/* What the promise gives, or an error as soon as the request is cancelled. */
function untilAborted(promise, signal) {
  return signal ? Promise.race([promise, new Promise((_, reject) => { signal.addEventListener("abort", () => reject(signal.reason)); })]) : promise;
}

const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const postJson = (value, headers = {}) => ({ method: "POST", body: JSON.stringify(value), headers: { "content-type": "application/json", ...headers } });
