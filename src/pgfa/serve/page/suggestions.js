/*
 * What to try next, in a sentence: below the headline for the whole answer, and below an opened sentence.
 *
 *   suggestion(result, spans, problems) -> text, or "";  suggestionFor(reasons, isBest) -> text, or ""
 */
import { bestOf } from "./none.js";

const CLOSE = 1.5, LIKELY = 0.15;

/* result: an answer; spans: its moments as listed; problems: of the recording */
export function suggestion(result, spans, problems) {
  if (!result) return "";
  const [first, second] = [...result.candidates].sort((one, other) => other.probability - one.probability);
  if (problems.some((problem) => problem.includes("no depth")))
    return "The recording has no depth: a camera in front of the person, or a sentence that needs none, makes answers firmer.";
  const best = bestOf(result);
  if ((!best || best.probability < (result.none ?? 0)) && !spans.length)
    return "To try: name the limb, its direction and how often it moves; or mark a moment on the timeline and say what it shows.";
  if (second && second.probability > LIKELY && first.probability < CLOSE * second.probability)
    return `“${first.sentence}” and “${second.sentence}” are nearly as likely. To try: say which limb or direction differs.`;
  return "";
}

/* reasons: of one sentence, as the server gives them */
export function suggestionFor({ speaks_for: supported, speaks_against: contradicted, taught }, isBest) {
  if (taught) return isBest ? "" : "teach it with another example.";
  if (contradicted.length) return `leave out “${contradicted[0]}”, or say what moves instead.`;
  if (!supported.length) return "name the limb, its direction and how often it moves.";
  return isBest ? "" : "add what else moves, or mark a moment that shows it and add it under this sentence.";
}
