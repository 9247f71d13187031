/*
 * The headline: a summary that agrees with the lists beside it.
 *
 *   headline(result, name) -> { lines, share, isNone, isUnsure }     lines of text; share: probability of the one line, or
 *     null; isNone: that no sentence fits; isUnsure: that "none of these" is more probable than the one that is named
 *
 * One action: its sentence, with the figure that the list of sentences shows. Several people or several moments: what
 * each does, without a figure, because none in the list of the whole recording belongs to it. A sentence that is less
 * probable than "none of these" is named with "perhaps".
 */
import { bestOf } from "./none.js";
import { letter, plural, sentenceCase, timeRange } from "./dom.js";

const MAX_LINES = 3;

/* name(body): how a person is called */
export function headline(result, name = letter) {
  const { probabilities, spans } = result.timeline;
  const people = probabilities.flatMap((rows, body) => (rows.some(Boolean) ? [body] : []));
  const best = bestOf(result), isClear = best && best.probability >= (result.none ?? 0);
  const named = () => ({
    lines: [isClear ? sentenceCase(best.sentence) : `Perhaps: ${best.sentence}`], share: best.probability, isUnsure: !isClear,
  });
  if (people.length > 1 && spans.length) return { lines: linesOfPeople(people, spans, isClear ? best : null, name), share: null };
  const names = new Set(spans.map((span) => span.sentence));
  if (best && (!names.size || (names.size === 1 && names.has(best.sentence))))
    return named();
  if (spans.length > 1) return { lines: [plural(spans.length, "moment")], share: null };
  if (spans.length)
    return { lines: [`${sentenceCase(spans[0].sentence)}, ${timeRange(spans[0].start_s, spans[0].end_s)}`], share: null };
  return best ? named() : { lines: ["None of these sentences fits"], share: null, isNone: true };
}

/* A line for each person who is seen doing something, and one for what fits the recording if none of them does that. */
function linesOfPeople(people, spans, best, name) {
  const lines = people.flatMap((body) => {
    const own = spans.filter((span) => span.body === body);
    const names = [...new Set(own.map((span) => span.sentence))];
    return own.length ? [`${name(body)}: ${names.length === 1 ? names[0] : plural(own.length, "moment")}`] : [];
  });
  if (best && !spans.some((span) => span.sentence === best.sentence)) lines.push(`As a whole: ${best.sentence}`);
  return lines.length <= MAX_LINES ? lines
    : [`${plural(spans.length, "moment")} of ${plural(people.length, "person", "people")}`];
}
