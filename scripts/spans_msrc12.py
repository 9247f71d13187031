"""Are the tagged moments of untrimmed MSRC-12 sessions recognised? MSRC-12 is not used in training.

    python scripts/spans_msrc12.py RECOGNISER FOLDER_OF_MSRC12

Each session repeats one of 12 gestures; a tag marks one moment of each repetition, not its start or end. The baseline
shifts the tags of a session cyclically by a random amount: the same number of moments and the same gaps, at the wrong
times.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np

from pgfa.read import as_ref
from pgfa.read.datasets import msrc12
from pgfa.recognise import Recogniser

SENTENCES = (
    "a person lifts both outstretched arms up",
    "a person crouches down to hide",
    "a person pushes an arm across to the right",
    "a person brings both hands up to the eyes like putting on goggles",
    "a person winds both hands round each other in circles in front of the chest",
    "a person stretches both arms out in front and shoots a pistol",
    "a person takes a bow",
    "a person throws something with one arm",
    "a person raises both arms to the head in protest",
    "a person reaches over the shoulder and brings the hand back to the front",
    "a person beats the air with both arms",
    "a person kicks with one leg",
)
TOLERANCE = 0.5
SHIFTS = 200


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recogniser", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    recogniser = Recogniser.load(args.recogniser)
    random = np.random.default_rng(0)
    rows = []
    hits, shifted_hits, lengths, right_spans, all_spans, shown = [], [], [], 0, 0, []
    covered, false_spans, minutes = [], 0, 0.0
    for ref in msrc12.find(args.folder):
        match = re.fullmatch(msrc12.NAME, ref.name)
        assert match
        gesture = int(match[3]) - 1
        clip = msrc12.read(as_ref(ref.path))
        tags = np.array([t for t, text in msrc12.tags(ref) if text.strip() and t < clip.seconds])
        if not len(tags):
            continue
        line = recogniser.spans(clip, SENTENCES)
        likely = line.probabilities[0]
        present = np.isfinite(likely[:, -1])
        if not present.any():
            continue
        times, likely = line.times[present], likely[present]
        own = likely[:, gesture]

        def windows_at(moments: np.ndarray, times: np.ndarray = times) -> np.ndarray:
            return np.abs(times[None] - moments[:, None]).argmin(axis=1)

        shifts = random.uniform(0, clip.seconds, SHIFTS)
        moved = [(tags + s) % clip.seconds for s in shifts]
        spans = [s for s in line.spans if s.sentence == SENTENCES[gesture]]
        all_spans += len(line.spans)
        right_spans += len(spans)

        def hit_rate(moments: np.ndarray, spans: list = spans) -> float:  # type: ignore[type-arg]
            inside = [
                ((moments > s.start_s - TOLERANCE) & (moments < s.end_s + TOLERANCE)).any() for s in spans
            ]
            return float(np.mean(inside))

        covered += [any(s.start_s - TOLERANCE < t < s.end_s + TOLERANCE for s in spans) for t in tags]
        others = [s for k, s in enumerate(SENTENCES) if k != gesture]
        false_spans += len(recogniser.spans(clip, others).spans)
        minutes += clip.seconds / 60
        lengths += [s.end_s - s.start_s for s in spans]
        if spans:
            hits += [hit_rate(tags)] * len(spans)
            shifted_hits += [float(np.mean([hit_rate(m) for m in moved]))] * len(spans)
        at_tags = own[windows_at(tags)].mean()
        at_shifted = np.array([own[windows_at(m)].mean() for m in moved])
        best = likely[windows_at(tags), :-1].argmax(axis=1)
        shown.append((best, gesture))
        rows.append((at_tags, at_shifted.mean(), (at_shifted < at_tags).mean()))
        print(
            f"{ref.name:20} {len(tags):3} tags  correct of 12 {100 * (best == gesture).mean():4.0f} %  "
            f"P at tags {at_tags:.3f}  shifted {at_shifted.mean():.3f}  "
            f"above {100 * (at_shifted < at_tags).mean():3.0f} % of shifts"
        )
    at_tags, at_shifted, _ = np.array(rows).T
    right = np.concatenate([b == g for b, g in shown])
    labels = [g for _, g in shown]
    chance = np.mean(
        [np.concatenate([b == g for (b, _), g in zip(shown, random.permutation(labels), strict=True)]).mean()
         for _ in range(SHIFTS)]
    )  # fmt: skip
    print(f"\n{len(rows)} sessions, {len(right)} tags")
    print(
        f"correct sentence of 12 at the tag: {100 * right.mean():.1f} %; with sessions shuffled {100 * chance:.1f} %"
    )
    print(
        f"probability of the correct sentence: {at_tags.mean():.3f} at tags, {at_shifted.mean():.3f} at shifted tags; "
        f"higher at tags in {(at_tags > at_shifted).sum()} of {len(rows)} sessions"
    )
    print(
        f"spans that name the session's gesture: {right_spans} of {all_spans}; "
        f"median length {np.median(lengths or [0]):.1f} s; "
        f"within {TOLERANCE} s of {100 * np.mean(covered):.1f} % of the tags"
    )
    print(
        f"spans in the {minutes:.1f} minutes without the correct sentence, all of them false: {false_spans}"
    )
    if hits:
        print(
            f"of these, a tag within {TOLERANCE} s: {100 * np.mean(hits):.1f} %; "
            f"shifted {100 * np.mean(shifted_hits):.1f} %"
        )


if __name__ == "__main__":
    main()
