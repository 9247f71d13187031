/* Responses of the server: errors, and answers that come after lines of progress. */
export const CANCELLED = "Cancelled";
export const NO_RESPONSE = "NoResponse";
export const LINES = "application/x-ndjson";

export class RequestError extends Error {
  constructor(error, status) {
    super(error.message || "The server could not process the request.");
    this.kind = error.kind || "";
    this.expected = error.expected || "";
    this.found = error.found || "";
    this.asks = error.asks || "";
    this.options = error.options || [];
    this.status = status;
  }
}

/* The answer at the end of lines of progress: {"progress": 0.25} ..., then {"answer": ...} or {"error": ...}. */
export async function readAnswer(response, progress) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) throw new RequestError({ kind: NO_RESPONSE, message: "The server ended before it had answered." });
    const lines = (text + value).split("\n");
    text = lines.pop();
    for (const line of lines.map((content) => JSON.parse(content))) {
      if (line.answer) return line.answer;
      if (line.error) throw new RequestError(line.error, 200);
      progress(line.progress);
    }
  }
}
