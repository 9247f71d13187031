/*
 * "None of these": the answer where no sentence fits.
 *
 *   isNone(text)      whether a text that was typed means it
 *   bestOf(result)    the candidate that an answer names, or null where "none of these" is more probable than all of them together
 *   shareOf(result)   the probability of that candidate, or of "none of these"
 */
export const NONE = "none of these";

export const isNone = (text) => text.trim().replace(/\s+/g, " ").toLowerCase() === NONE;

export const bestOf = ({ best, candidates }) => (best === null ? null : candidates[best]);

export const shareOf = (result) => bestOf(result)?.probability ?? result.none;
