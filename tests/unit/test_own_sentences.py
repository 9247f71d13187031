"""A catalogue of one's own: a run stores the sentences it was trained with and is evaluated with the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import RunSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.evaluate import evaluate, save_evaluation
from pgfa.pack import save_pack
from pgfa.skeleton import Source
from pgfa.synth import make_clips
from pgfa.train.corpus import build_corpus
from pgfa.train.train import train

SENTENCES = {"wave": "A person greets a friend.", "hop": "A person hops.", "duck": "A person ducks."}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack, a catalogue, and a file with vectors of its sentences only."""
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path / "cache"))
    moves = make_clips(performers=2, repeats=1, actions=("wave", "squat"))
    clips = [
        replace(moves[i % len(moves)], source=Source(id=f"{name}-{i}", dataset="mine", action=name))
        for name in SENTENCES
        for i in range(4)
    ]
    save_pack(clips, tmp_path / "pack")
    actions = [
        f'[[action]]\nname = "{name}"\nplain = "{plain}"\nskeleton = "Joints of {name}."\n'
        for name, plain in SENTENCES.items()
    ]
    split = '[splits]\nmy-own = { unseen = ["wave", "hop"], source = "me" }\n'
    (tmp_path / "mine.toml").write_text('dataset = "mine"\n' + "".join(actions) + split)
    random = np.random.default_rng(0)
    texts = [*SENTENCES.values(), *(f"Joints of {name}." for name in SENTENCES)]
    np.savez(tmp_path / "v.npz", **{text: random.normal(size=6) for text in texts})
    return tmp_path


def test_a_run_is_evaluated_with_the_sentences_it_was_trained_with(folder: Path) -> None:
    settings = RunSettings(
        packs=(str(folder / "pack"),),
        split="mine/my-own",
        prepare={"frames": 8},
        text={"encoder": "file", "source": str(folder / "v.npz"), "variants": ("skeleton", "plain")},
        model={"channels": (4, 8), "strides": (2, 1), "kernel": 3},
        train={"epochs": 1, "batch_size": 4},
    )
    train(settings, build_corpus(settings, [folder / "mine.toml"]), folder / "run", device="cpu")
    (folder / "mine.toml").unlink()
    evaluation = evaluate(folder / "run", device="cpu")
    assert [a.plain for a in evaluation.corpus.unseen] == [SENTENCES["wave"], SENTENCES["hop"]]
    _, report = save_evaluation(evaluation)
    assert all(SENTENCES[name] in report.read_text(encoding="utf-8") for name in ("wave", "hop"))

    # A catalogue that is given takes precedence over the stored one.
    (folder / "other.toml").write_text(
        'dataset = "mine"\n'
        + "".join(f'[[action]]\nname = "{name}"\nplain = "Who knows."\n' for name in SENTENCES)
        + '[splits]\nmy-own = { unseen = ["wave", "hop"], source = "me" }\n'
    )
    with pytest.raises(BadFile, match=r"a vector under 'Who knows\.'"):
        evaluate(folder / "run", catalogues=(folder / "other.toml",), device="cpu")


def test_the_split_none_trains_on_every_class(folder: Path) -> None:
    settings = RunSettings(
        packs=(str(folder / "pack"),),
        split="mine/none",
        prepare={"frames": 8},
        text={"encoder": "file", "source": str(folder / "v.npz"), "variants": ("plain",)},
        model={"channels": (4, 8), "strides": (2, 1), "kernel": 3},
        train={"epochs": 1, "batch_size": 4},
    )
    corpus = build_corpus(settings, [folder / "mine.toml"])
    assert [a.name for a in corpus.seen] == list(SENTENCES)
    assert (len(corpus.train), len(corpus.test), corpus.unseen) == (12, 0, ())
    train(settings, corpus, folder / "all", device="cpu")
    with pytest.raises(BadConfig, match=r"mine/none has no unseen class"):
        evaluate(folder / "all", device="cpu")
