"""Fit the probabilities of a recogniser on classes held out of training, and say what they are worth.

Train with the final recipe several times, each time with other classes held out, then:

    python scripts/calibrate.py runs/held-a runs/held-b runs/held-c --out calibration.json --bundle weights/

Each run's unseen classes are the held-out ones. They must not be classes whose figures are reported elsewhere as
unseen: calibration looks at their labels. What is printed for a run was fitted on the other runs; what is stored was
fitted on all of them. With one run, what is printed was fitted on the other half of its classes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.files import write_json
from pgfa.recognise import open_bundle
from pgfa.recognise.calibration.fit import (
    Held,
    answered,
    fit,
    questions,
    rejection_curve,
    reliability,
    worth,
)
from pgfa.text.catalogue import sentence_of
from pgfa.train.corpus import build_corpus


def held_of(run: Path, packs: list[str]) -> Held:
    """The held-out clips of a run, against one plain sentence a class: what a user types."""
    bundle = open_bundle(run)
    settings = bundle.settings.model_copy(update={"packs": tuple(packs)}) if packs else bundle.settings
    corpus = build_corpus(settings)
    features = bundle.encoder.features(corpus.test.positions, corpus.test.present)
    anchors = bundle.anchors([sentence_of(action, "plain") for action in corpus.unseen])
    return Held(features, corpus.test.labels, anchors)


def halves(held: Held, seed: int = 0) -> list[Held]:
    """The same run as two, with half of the held-out classes each."""
    order = np.random.default_rng(seed).permutation(len(held.anchors))
    parts = []
    for chosen in np.array_split(order, 2):
        mine = np.isin(held.labels, chosen)
        row = np.full(len(held.anchors), -1)
        row[chosen] = np.arange(len(chosen))
        parts.append(Held(held.features[mine], row[held.labels[mine]], held.anchors[chosen]))
    return parts


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument(
        "--pack", action="append", default=[], help="where the packs lie now, in the same order"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, help="a bundle whose calibration is replaced")
    parser.add_argument("--none-share", type=float, default=0.5)
    given = parser.parse_args()
    held = [held_of(run, given.pack) for run in given.runs]
    names = [run.name for run in given.runs]
    if len(held) == 1:
        if len(held[0].anchors) < 6:
            parser.error("one run needs at least 6 held-out classes; give several runs")
        held, names = halves(held[0]), [f"{names[0]}, one half", f"{names[0]}, other half"]

    print(
        f"{'asked about':<28}{'clips':>6}{'right':>8}{'sure':>8}{'ECE':>8}  (95 %)            uncalibrated ECE"
    )
    tested, each = [], []
    for number, name in enumerate(names):
        others = [h for i, h in enumerate(held) if i != number]
        made = fit(questions(others, none_share=given.none_share))
        asked = questions([held[number]], none_share=given.none_share, seed=1)
        told, sure = worth(made, asked), answered(made, asked)
        raw = worth(
            replace(made, slope=14.2857, prototype_slope=14.2857, prototype_offset=0.0, none=None), asked
        )
        tested.append(sure)
        each.append({"asked_about": name, **told})
        low, high = told["ece_interval"]
        print(f"{name:<28}{told['clips']:>6}{told['accuracy']:>8.3f}{told['confidence']:>8.3f}{told['ece']:>8.3f}"
              f"  ({low:.3f} to {high:.3f})  {raw['ece']:.3f}")  # fmt: skip
    sure = np.concatenate([s for s, _ in tested])
    right = np.concatenate([r for _, r in tested])
    confidence, accuracy, count = reliability(sure, right)
    print("\nconfidence  right  answers")
    for c, a, n in zip(confidence, accuracy, count, strict=True):
        if n:
            print(f"{c:10.3f}{a:7.3f}{n:9,}")
    shares, kept = rejection_curve(sure, right)
    places = [round(x * len(shares)) - 1 for x in (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)]
    print("\nanswered  right")
    for place in places:
        print(f"{100 * shares[place]:6.0f} %{100 * kept[place]:7.1f} %")

    final = fit(questions(held, none_share=given.none_share))
    about = {
        **final.about,
        "held_out": each,
        "reliability": [
            [round(float(c), 4), round(float(a), 4), int(n)]
            for c, a, n in zip(confidence, accuracy, count, strict=True)
            if n
        ],
        "rejection": [[round(float(shares[p]), 4), round(float(kept[p]), 4)] for p in places],
        "note": "fitted on classes held out of training; figures of each run by a fit on the others",
    }
    final = replace(final, about=about)
    write_json(given.out, final.to_dict())
    print(f"\ncalibration: {given.out}")
    if given.bundle:
        replace(open_bundle(given.bundle), calibration=final).save(given.bundle)
        print(f"stored in: {given.bundle}")


if __name__ == "__main__":
    main()
