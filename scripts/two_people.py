"""Accuracy on synthetic recordings of two people, with and without what they do to each other (docs/motion-words.md).

    python scripts/two_people.py [--pairs 20]

Thirteen interactions (`pgfa.synth.pairs`), each by every pair, one sentence for each: all of them as candidates, and
beside ten sentences about one person. The bundled recogniser has seen how one person moves in most of them, in imagined
recordings; the interactions between two were part of no training.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from pgfa.recognise import Recogniser
from pgfa.synth.pairs import PAIRS, make_pairs

ALONE = (
    "A person waves one hand.", "A person walks forward.", "A person sits down on a chair.",
    "A person kicks forward with one leg.", "A person punches forward.", "A person claps the hands.", "A person bows.",
    "A person picks something up from the floor.", "A person drinks.", "A person jumps.",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=20, help="pairs of people")
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args()
    clips, recogniser = make_pairs(args.pairs, seed=args.seed), Recogniser.load()
    bundle = recogniser.bundle
    assert bundle.kinematics is not None
    without = replace(bundle, kinematics=replace(bundle.kinematics, interacting=False))
    right = {
        way: _right(one, clips)
        for way, one in (("without", replace(recogniser, bundle=without)), ("with", recogniser))
    }
    actions = np.array([clip.source.action for clip in clips])
    print("| interaction | clips | without | with | beside sentences about one person, without | with |")
    print("|---|---|---|---|---|---|")
    for name in [*PAIRS, "all"]:
        of = np.full(len(clips), True) if name == "all" else actions == name
        shares = [f"{100 * right[way][kind][of].mean():.1f} %" for kind in (0, 1) for way in right]
        print(f"| {name} | {of.sum()} | {' | '.join(shares)} |")


def _right(recogniser: Recogniser, clips: list) -> list[np.ndarray]:
    """(clips,) whether each is right among the interactions, and among these and sentences about one person."""
    sentences = [interaction.sentence for interaction in PAIRS.values()]
    out = []
    for candidates in (sentences, [*sentences, *ALONE]):
        answers = recogniser.recognise(clips, candidates)
        expected = [PAIRS[clip.source.action].sentence for clip in clips]
        out.append(np.array([a.answers[0].sentence == w for a, w in zip(answers, expected, strict=True)]))
    return out


if __name__ == "__main__":
    main()
