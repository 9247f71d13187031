/* The list of recordings as a file: one row each, with the answer that the list shows; in JSON also the corrected moments. */
const COLUMNS = ["file", "seconds", "people", "state", "answer", "probability", "reason", "recogniser", "aligned"];

/* What a spreadsheet would run as a formula gets an apostrophe in front, as in every CSV of pgfa. */
const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value), safe = /^[=+\-@\t\r]/.test(text) && typeof value === "string" ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const rounded = (value, digits) => (value === undefined ? null : Number(value.toFixed(digits)));

/* rows: what the list shows; momentsOf(key): its corrected moments; origin: { recogniser, aligned }, what answered */
export function listing(rows, momentsOf, origin) {
  return rows.map((clip) => ({ file: clip.name, seconds: rounded(clip.seconds, 3), people: clip.bodies ?? null, state: clip.state,
    answer: clip.summary ?? clip.answer ?? null, probability: clip.summary ? null : rounded(clip.share, 6), reason: clip.reason ?? null,
    ...(clip.answer ? origin : { recogniser: null, aligned: null }), moments: momentsOf(clip.key) }));
}

export const listingCsv = (entries) => `${[COLUMNS.join(","), ...entries.map((entry) => COLUMNS.map((name) => cell(entry[name])).join(","))].join("\n")}\n`;
export const listingJson = (entries) => `${JSON.stringify(entries, null, 1)}\n`;
