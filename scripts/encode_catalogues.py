"""Write the mpnet vectors of the catalogues' sentences that come with the package; run after a change of a catalogue.

python scripts/encode_catalogues.py FOLDER

FOLDER holds sentence-transformers/all-mpnet-base-v2; its weights must have the SHA-256 in pgfa.text.mpnet. About two
minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import numpy as np

from pgfa.config import TextSettings
from pgfa.config.stages import Variant
from pgfa.text import catalogue, catalogue_names, encode, mirrored, sentence_of
from pgfa.text.encode import check_weights
from pgfa.text.mpnet import SHA256, STORED, write_vectors

VARIANTS: tuple[Variant, ...] = get_args(Variant)


def catalogue_sentences() -> list[str]:
    """All variants of all classes of all catalogues, and their mirrored sentences, each once, sorted."""
    sentences = set()
    for name in catalogue_names():
        classes = catalogue(name)
        for action in classes.actions:
            for shown in (action, mirrored(action, classes)):
                if shown is not None:
                    sentences |= {sentence_of(shown, variant) for variant in VARIANTS}
    return sorted(sentences)


def main() -> None:
    """Encode all sentences and write them as float16."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    check_weights(folder / "model.safetensors", SHA256)
    sentences = catalogue_sentences()
    vectors = encode(sentences, TextSettings(encoder="mpnet", source=str(folder)))
    write_vectors(sentences, vectors)
    rounded = vectors.astype(np.float16).astype(np.float32)
    cosines = (vectors * rounded).sum(axis=1) / np.linalg.norm(rounded, axis=1)
    print(f"{STORED}: {len(sentences):,} sentences, {STORED.stat().st_size / 1e6:.1f} MB")
    print(f"rounding to float16: smallest cosine with the exact vector 1 - {1 - cosines.min():.1e}")


if __name__ == "__main__":
    main()
