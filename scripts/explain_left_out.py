"""How often reasons are right on a data set that the kinematic model has not seen (docs/recognise.md, "Why").

    python scripts/explain_left_out.py packs/* --left-out utd-mhad --bundle out/why

Fits a kinematic model on the packs of all other sets and on imagined recordings, and prints a table of what the motion
says about the plain sentence of each clip's class, and about the sentences of the other classes. The bundle is the
default recogniser, with its motion encoder (which has seen all sets), this model, and no calibration.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.config import PrepareSettings
from pgfa.pack import open_pack
from pgfa.recognise import Calibration, open_bundle
from pgfa.research.foreign.imagined import imagined_set
from pgfa.research.foreign.run import TEXT
from pgfa.research.foreign.sets import load_set
from pgfa.words.fit import fit_kinematics, sentence_space
from pgfa.words.lexicon import word_vectors
from pgfa.words.model import DETECTED, stated_words
from pgfa.words.reasons import CLEAR

LOGIT_SCALE = 8.0
"""Of the bundle's uncalibrated probabilities."""
OWN, OTHERS = "the sentence of the clip's class", "the sentences of the other classes"
VERDICTS = ("for", "open", "against")


def main() -> None:
    """Fit, count verdicts, save the bundle."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--left-out", required=True)
    parser.add_argument("--bundle", type=Path)
    args = parser.parse_args()
    sets = [load_set(open_pack(pack), PrepareSettings(), TEXT) for pack in args.packs]
    training = [s.measured for s in sets if s.name != args.left_out]
    model = fit_kinematics([*training, imagined_set(TEXT).measured], sentence_space(training))
    (data,) = (s for s in sets if s.name == args.left_out)
    evidence = model.evidence(data.measured.measures)
    words = np.sign(stated_words(word_vectors([action.plain for action in data.classes])))
    counts: dict[str, Counter[str]] = {OWN: Counter(), OTHERS: Counter()}
    for row, label in zip(evidence, data.labels, strict=True):
        for number, sentence in enumerate(words):
            strength = (row * sentence)[sentence != 0]
            counts[OWN if number == label else OTHERS] += Counter(
                {"for": int((strength > CLEAR).sum()), "against": int((strength < -CLEAR).sum()),
                 "open": int((np.abs(strength) <= CLEAR).sum())}
            )  # fmt: skip
    print(f"{args.left_out}: {len(evidence)} clips, {len(DETECTED)} words\n")
    print(f"| | words | {' | '.join(VERDICTS)} |\n|---|---{'|---' * len(VERDICTS)}|")
    for name, verdicts in counts.items():
        total = sum(verdicts.values())
        shares = (f"{100 * verdicts[verdict] / total:.1f} %" for verdict in VERDICTS)
        print(f"| {name} | {total:,} | {' | '.join(shares)} |")
    if args.bundle:
        default = open_bundle()
        assert default.kinematics is not None
        model = replace(model, encoder=default.kinematics.encoder)  # the bundled encoder stays beside it
        settings = default.settings.model_copy(update={"text": TEXT})
        centre, calibration = model.space.centre, Calibration.unfitted(LOGIT_SCALE)
        replace(
            default, settings=settings, centre=centre, kinematics=model, calibration=calibration
        ).save(args.bundle)  # fmt: skip


if __name__ == "__main__":
    main()
