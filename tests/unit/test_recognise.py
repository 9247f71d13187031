"""The recogniser: what it answers, that it never changes, bundles on disk, spans of time, live frames, ONNX."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import re
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

import pgfa
from pgfa.adapt import align, cosines
from pgfa.config import AdaptSettings, RunSettings
from pgfa.errors import BadCheckpoint, BadConfig, BadFile, LayoutMismatch, LimitExceeded, PgfaError
from pgfa.model.encoder import build_model
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Bundle, Calibration, Recogniser, Span, outputs
from pgfa.recognise.encoders import OnnxEncoder, TorchEncoder
from pgfa.recognise.export import export
from pgfa.recognise.pairs import needs_two
from pgfa.recognise.temporal.jsonl import MAX_LINE, answer_lines
from pgfa.recognise.temporal.spans import in_this_recording, likeliest_course
from pgfa.recognise.temporal.windows import tracks, window_cosines
from pgfa.skeleton import KINECT20, NTU25, Clip, Source

torch.set_num_threads(1)

SAID = ("a person waves", "a person kicks", "two people shake hands", "a person bows")
FITTED = Calibration(20.0, 12.0, -3.0, 1.0, 0.5, fitted=True, about={"ece": 0.03})


def tiny(recipe: str = "default", encoder: str = "stgcn", calibration: Calibration = FITTED) -> Recogniser:
    """Untrained, small, with stored vectors of a few sentences: no sentence encoder is needed."""
    small = {"encoder": encoder, "channels": (4, 8), "strides": (2, 1), "kernel": 3}
    settings = RunSettings(recipe=recipe, prepare={"layout": "kinect20", "frames": 12}, model=small)
    torch.manual_seed(1)
    model = build_model(settings, KINECT20, 6).eval()
    with torch.inference_mode():  # running means of a model that has seen something
        for value in model.buffers():
            if value.dtype == torch.float32 and value.ndim == 1:
                value += torch.rand_like(value) * 0.1
    random = np.random.default_rng(0)
    names = (*SAID, "a person jumps")
    vectors = random.normal(size=(len(names), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centre = (random.normal(size=6) * 0.1).astype(np.float32)
    stored = dict(zip(names, vectors, strict=True))
    return Recogniser(Bundle(settings, TorchEncoder(model), centre, calibration, {"seen": ["a/b"]}, stored))


def clip(seed: int = 0, frames: int = 30, bodies: int = 1, layout: Any = KINECT20) -> Clip:
    random = np.random.default_rng(seed)
    joints = len(layout.joints)
    rest = random.normal(0, 0.4, (bodies, joints, 3)) + np.arange(bodies)[:, None, None] * [1.5, 0, 0]
    sway = np.sin(np.linspace(0, 9, frames) + seed)[:, None, None, None] * random.normal(
        0, 0.2, (bodies, joints, 3)
    )
    return Clip((rest + sway).astype(np.float32), 30.0, layout, Source(id=f"clip-{seed}"))


@pytest.fixture(scope="module")
def r() -> Recogniser:
    return tiny()


@pytest.fixture(scope="module")
def exported(r: Recogniser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    folder = tmp_path_factory.mktemp("bundle")
    r.save(folder / "torch")
    export(folder / "torch", folder / "onnx")
    return folder / "onnx"


# Answers


def test_an_answer_is_the_calibrated_cosine(r: Recogniser) -> None:
    found = r.recognise(clip(), list(SAID))
    near = cosines(r.features([clip()]), np.stack([r.bundle.sentences[s] for s in SAID]) - r.bundle.centre)[0]
    weights = np.exp([*(20 * near.astype(float)), 1 + 0.5 * np.log(4)])
    for answer in found:
        at = SAID.index(answer.sentence)
        assert answer.cosine == pytest.approx(float(near[at]), abs=1e-6)
        assert answer.probability == pytest.approx(weights[at] / weights.sum(), abs=1e-5)
    assert found.none == pytest.approx(weights[-1] / weights.sum(), abs=1e-5)
    assert [a.probability for a in found] == sorted((a.probability for a in found), reverse=True)
    assert found.best == (found[0] if found[0].probability >= found.none else None)
    assert found.source == "clip-0"
    assert json.loads(json.dumps(found.to_dict()))["answers"][0]["sentence"] == found[0].sentence


def test_many_at_once_and_of_several_layouts(r: Recogniser) -> None:
    some = [clip(1), clip(2, layout=NTU25), clip(3, frames=50, bodies=2), clip(4)]
    together = r.recognise(some, SAID)
    for one, found in zip(some, together, strict=True):
        alone = r.recognise(one, SAID)
        assert [a.sentence for a in alone] == [a.sentence for a in found]
        np.testing.assert_allclose([a.cosine for a in alone], [a.cosine for a in found], atol=1e-5)


def test_one_encoder_call_for_many_clips(r: Recogniser) -> None:
    calls: list[int] = []

    class Counting:
        kind = "torch"

        def features(self, positions: Any, present: Any) -> Any:
            calls.append(len(positions))
            return r.bundle.encoder.features(positions, present)

    Recogniser(replace(r.bundle, encoder=Counting())).recognise([clip(i) for i in range(9)], SAID)
    assert calls == [9]


def test_threads_share_it_and_answers_repeat(r: Recogniser) -> None:
    some = [clip(i) for i in range(6)]
    wanted = r.recognise(some, SAID)
    got: list[Any] = [None] * 6
    threads = [
        threading.Thread(target=lambda i=i: got.__setitem__(i, r.recognise(some, SAID))) for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == wanted for answers in got)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([], "at least one"),
        (["a", " "], "sentence 2 of 2 is empty"),
        (["a", "a"], "twice"),
        ("wave", "a list"),
        (["a", None], "sentence 2 of 2 is no text: None"),
        ([b"a"], "no text"),
        (["half a \ud83d"], "no text"),
    ],
)
def test_wrong_sentences_are_refused(r: Recogniser, said: Any, error: str) -> None:
    for ask in (r.recognise, r.spans, lambda _, s: r.adapt([clip()], s), lambda _, s: r.live(s, "kinect20")):
        with pytest.raises(BadConfig, match=error):
            ask(clip(), said)


def test_sentences_of_an_array_are_taken(r: Recogniser) -> None:
    assert r.recognise(clip(), np.array(SAID)) == r.recognise(clip(), SAID)


def test_what_is_no_recording_is_named(r: Recogniser) -> None:
    for wrong in (clip().positions, None, [clip(), 5]):
        with pytest.raises(BadConfig, match=r"a path or a clip, Clip\(positions"):
            r.recognise(wrong, SAID)  # type: ignore[arg-type]


def test_where_nobody_is_seen_it_is_none_of_them(r: Recogniser) -> None:
    empty = replace(clip(), positions=np.full_like(clip().positions, np.nan))
    for one in (r, tiny(calibration=Calibration.unfitted(14.0))):
        found, seen = one.recognise([empty, clip()], SAID)
        assert found.best is None
        assert found.none == 1
        assert {a.probability for a in found} == {0.0}
        assert seen[0].probability == pytest.approx(one.recognise(clip(), SAID)[0].probability, abs=1e-5)
    some = [clip(i) for i in range(6)]
    for method in ("paper", "balanced", "neighbours"):
        adapted = r.adapt([empty, empty, empty], SAID, AdaptSettings(method=method, alpha=1))
        assert adapted.prototypes == {}
        support = r.adapt([empty, *some], SAID, AdaptSettings(method=method, alpha=1)).adaptation.support
        assert sum(support) == 6
    stream = r.stream(SAID, AdaptSettings(alpha=1))
    assert stream.recognise([empty, empty])[0].none == 1
    assert stream.recogniser.prototypes == {}
    with pytest.raises(BadConfig, match="nobody is seen in an example of 'x': clip-0"):
        r.teach("x", [clip(1), empty])


def test_problems_of_a_recording_stand_beside_its_answers(r: Recogniser) -> None:
    flat = clip().without_depth()
    assert r.recognise([flat, clip()], SAID)[0].problems == ("no depth",)
    assert r.recognise(flat, SAID).to_dict()["problems"] == ["no depth"]
    assert r.recognise(clip(), SAID).problems == ()


def test_too_many_sentences(r: Recogniser) -> None:
    with pytest.raises(LimitExceeded, match="1,000"):
        r.recognise(clip(), [f"number {i}" for i in range(1001)])


# Adapting and teaching


def test_adapt_is_the_alignment_and_changes_nothing_old(r: Recogniser) -> None:
    some = [clip(i) for i in range(12)]
    before = r.recognise(some, SAID)
    new = r.adapt(some, SAID, AdaptSettings(method="paper", alpha=0.9))
    anchors = r.bundle.anchors(SAID)
    wanted = align(r.features(some), anchors, 0.9)
    got, prototype = new.anchors(SAID)
    np.testing.assert_allclose(got, wanted.prototypes, atol=1e-6)
    support = np.bincount(wanted.labels[wanted.support], minlength=4)
    assert new.adaptation is not None
    assert new.adaptation.support == tuple(support)
    assert prototype.tolist() == (support > 0).tolist()
    assert new.adaptation.changed == int((wanted.predictions != wanted.labels).sum())
    assert f"adapted on 12 clips; the answer changed for {new.adaptation.changed}" in str(new.adaptation)
    assert r.recognise(some, SAID) == before
    assert not r.prototypes
    assert new.recognise(some, SAID) != before
    assert new.forget(SAID[int(np.argmax(support))]).prototypes.keys() < new.prototypes.keys()


def test_adapt_to_a_folder(r: Recogniser, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="recordings"):
        r.adapt(tmp_path, SAID)
    (tmp_path / "notes.txt").write_text("no recording")
    some = [clip(i) for i in range(5)]
    for i, one in enumerate(some):
        save_clip(tmp_path / "sub" / f"{i}.npz", one)
    got, wanted = r.adapt(tmp_path, SAID), r.adapt(some, SAID)
    assert got.adaptation == wanted.adaptation


def test_adapt_to_frames_in_folders_and_to_files_of_many_clips(r: Recogniser, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for n, people in enumerate([1, 0, 1, 1]):  # in one frame nobody is seen
        points = [{"pose_keypoints_2d": random.uniform(1, 500, 75).tolist()} for _ in range(people)]
        (tmp_path / "video").mkdir(exist_ok=True)
        (tmp_path / "video" / f"v_{n:012d}_keypoints.json").write_text(json.dumps({"people": points}))
    some = [{"keypoint": random.uniform(1, 500, (1, 5, 17, 2))} for _ in range(3)]
    (tmp_path / "many.pkl").write_bytes(pickle.dumps(some))
    adapted = r.adapt(tmp_path, SAID)
    assert adapted.adaptation is not None
    assert len(adapted.adaptation.before) == 1 + 3
    (tmp_path / "many.pkl").write_bytes(pickle.dumps([*some, {"keypoint": 5}]))
    with pytest.raises(BadFile, match="annotation 4"):
        r.adapt(tmp_path, SAID)


def test_a_taught_class_stands_beside_sentences(r: Recogniser) -> None:
    new = r.teach("my dance", [clip(7), clip(8)])
    assert r.taught == ()
    assert new.taught == ("my dance",)
    found = new.recognise(clip(7), SAID)
    assert {a.sentence for a in found} == {*SAID, "my dance"}
    mine = next(a for a in found if a.sentence == "my dance")
    assert mine.prototype
    unit = r.features([clip(7), clip(8)])
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    mean = unit.mean(axis=0)
    assert mine.cosine == pytest.approx(float(unit[0] @ mean / np.linalg.norm(mean)), abs=1e-5)
    assert [a.sentence for a in new.recognise(clip(7))] == ["my dance"]
    again = new.teach("my dance", clip(9))
    assert again.prototypes["my dance"].clips == 1
    assert again.recognise(clip(9)).answers[0].cosine == pytest.approx(1, abs=1e-5)
    assert again.forget("my dance").prototypes == {}
    for wrong in (lambda: r.teach("x", []), lambda: r.teach(" ", clip()), lambda: r.forget("x")):
        with pytest.raises(BadConfig):
            wrong()


def test_a_stream_ends_as_adapt_does(r: Recogniser) -> None:
    some, settings = [clip(i) for i in range(12)], AdaptSettings(method="paper", alpha=0.9)
    stream = r.stream(SAID, settings)
    for one in some[:5]:
        assert len(stream.recognise(one)) == 1
    stream.recognise(some[5:])
    wanted = r.adapt(some, SAID, settings)
    got = stream.recogniser
    assert got.prototypes.keys() == wanted.prototypes.keys()
    np.testing.assert_allclose(got.anchors(SAID)[0], wanted.anchors(SAID)[0], atol=1e-5)
    assert got.recognise(some[0], SAID)[0].sentence == wanted.recognise(some[0], SAID)[0].sentence


# On disk


def test_a_bundle_answers_as_before(r: Recogniser, tmp_path: Path) -> None:
    r.save(tmp_path)
    again = Recogniser.load(tmp_path)
    assert again.recognise(clip(), SAID) == r.recognise(clip(), SAID)
    assert again.calibration == FITTED
    assert again.bundle.provenance == {"seen": ["a/b"]}
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content


def test_a_bundle_keeps_what_was_adapted_and_taught(r: Recogniser, tmp_path: Path) -> None:
    some = [clip(i) for i in range(6)]
    mine = r.adapt(some, SAID[:3]).teach("my dance\n😀", some[:2]).teach(SAID[3], clip(9))
    mine.save(tmp_path)
    again = Recogniser.load(tmp_path)
    assert again.recognise(some, SAID) == mine.recognise(some, SAID)
    assert again.taught == mine.taught == ("my dance\n😀", SAID[3])
    assert {n: (p.clips, p.taught) for n, p in again.prototypes.items()} == {
        n: (p.clips, p.taught) for n, p in mine.prototypes.items()
    }
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content
    r.save(tmp_path)  # nothing of it stays behind
    assert Recogniser.load(tmp_path).prototypes == {}
    assert not (tmp_path / "prototypes.safetensors").exists()


@pytest.mark.parametrize("kind", ["cut", "absent", "fewer", "no name", "text", "not finite"])
def test_damaged_prototypes_are_refused(kind: str, r: Recogniser, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    r.teach("a", clip()).teach("b", clip(1)).save(tmp_path)
    facts, vectors = tmp_path / "recogniser.json", tmp_path / "prototypes.safetensors"
    said = json.loads(facts.read_text())
    if kind == "cut":
        vectors.write_bytes(vectors.read_bytes()[:-3])
    elif kind == "absent":
        vectors.unlink()
    elif kind == "not finite":
        save_file({"vectors": np.full((2, 6), np.nan, np.float32)}, vectors)
    else:
        listed = said["prototypes"]
        said["prototypes"] = {"fewer": listed[:1], "no name": [{}, {}], "text": "a"}[kind]
        facts.write_text(json.dumps(said))
    with pytest.raises(BadCheckpoint, match=str(vectors)):
        Recogniser.load(tmp_path)


def test_no_path_is_the_recogniser_in_the_box(
    monkeypatch: pytest.MonkeyPatch, r: Recogniser, tmp_path: Path
) -> None:
    monkeypatch.setattr("pgfa.recognise.bundle.IN_THE_BOX", tmp_path)
    with pytest.raises(BadCheckpoint, match="no weights come with"):
        pgfa.Recogniser.load()
    r.save(tmp_path)
    assert pgfa.Recogniser.load().recognise(clip(), SAID) == r.recognise(clip(), SAID)


@pytest.mark.parametrize("kind", ["no weights", "changed weights", "form", "text", "list", "settings", "centre",
                                  "calibration", "sentences", "long vector", "other file"])  # fmt: skip
def test_a_damaged_bundle_is_refused(kind: str, r: Recogniser, tmp_path: Path) -> None:
    r.save(tmp_path)
    facts = tmp_path / "recogniser.json"
    said = json.loads(facts.read_text())
    weights, vectors = tmp_path / "encoder.safetensors", tmp_path / "sentences.safetensors"
    if kind == "no weights":
        weights.unlink()
    elif kind == "changed weights":
        raw = bytearray(weights.read_bytes())
        raw[-3] ^= 1
        weights.write_bytes(raw)
    elif kind == "sentences":
        vectors.write_bytes(vectors.read_bytes()[:-5])
    elif kind == "long vector":
        from safetensors.numpy import save_file

        save_file({"x": np.ones(6, np.float32)}, vectors)
    elif kind == "text":
        facts.write_text("{")
    elif kind == "list":
        facts.write_text("[1]")
    else:
        said |= {
            "form": {"form": "another"},
            "settings": {"settings": {"model": {"channels": "many"}}},
            "centre": {"text_centre": ["a"]},
            "calibration": {"calibration": {"slope": 1}},
            "other file": {"encoder": {"file": "../x", "sha256": ""}},
        }[kind]
        facts.write_text(json.dumps(said))
    with pytest.raises(BadCheckpoint, match=str(tmp_path)):
        Recogniser.load(tmp_path)


def test_a_bundle_names_no_place_of_its_machine(tmp_path: Path) -> None:
    own = tiny()
    settings = own.bundle.settings.model_copy(
        update={"packs": ("/home/somebody/packs/utd-mhad", "C:\\data\\mine")}
    )
    Recogniser(replace(own.bundle, settings=settings)).save(tmp_path)
    text = (tmp_path / "recogniser.json").read_text()
    assert "somebody" not in text
    assert "utd-mhad" in text
    assert '"mine"' in text


# ONNX


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_onnx_gives_what_torch_gives(recipe: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    own = tiny(recipe)
    own.save(tmp_path / "torch")
    export(tmp_path / "torch", tmp_path / "onnx")
    other = Recogniser.load(tmp_path / "onnx")
    assert isinstance(other.bundle.encoder, OnnxEncoder)
    for count in (1, 2, 7):
        some = [clip(i, frames=20 + i, bodies=1 + i % 2) for i in range(count)]
        wanted = own.features(some)
        np.testing.assert_allclose(other.features(some), wanted, atol=1e-5 * np.abs(wanted).max())
    other.save(tmp_path / "again")
    assert Recogniser.load(tmp_path / "again").recognise(clip(), SAID) == other.recognise(clip(), SAID)


def test_an_exported_recogniser_wakes_no_torch(exported: Path, tmp_path: Path) -> None:
    save_clip(tmp_path / "clip.npz", clip(frames=400, bodies=2))
    code = (
        "import sys; from pgfa.cli.main import main\n"
        f"try: main(['recognise', {str(tmp_path / 'clip.npz')!r}, '--run', {str(exported)!r}, "
        f"'--as', {SAID[0]!r}, '--as', {SAID[2]!r}])\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "heavy = ('torch', 'transformers', 'sentence_transformers', 'polars', 'matplotlib', 'scipy')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_shiftgcn_is_not_exported(exported: Path, tmp_path: Path) -> None:
    tiny(encoder="shiftgcn").save(tmp_path / "torch")
    with pytest.raises(BadConfig, match="shiftgcn cannot be exported"):
        export(tmp_path / "torch", tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_what_is_no_onnx_is_refused(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a model")
    with pytest.raises(BadCheckpoint, match="not a readable ONNX"):
        OnnxEncoder.open(tmp_path / "x.onnx", size=6, alone=True)


# Over time


@pytest.mark.parametrize(
    "rows", [1, 240, 200_000], ids=["pair by pair", "two pairs at once", "all pairs at once"]
)
def test_windows_by_explicit_loops(rows: int, r: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each window of each body is the clip cut out; a sentence for two is held against pairs."""
    monkeypatch.setattr("pgfa.recognise.temporal.windows.PAIR_ROWS", rows)
    long = clip(frames=60, bodies=3)
    long.positions[40:, 2] = np.nan
    first, last = np.array([0, 10, 42]), np.array([20, 60, 60])
    near, partner = window_cosines(r, long.positions, 30.0, KINECT20, first, last, SAID, r.anchors(SAID)[0])
    vectors = r.anchors(SAID)[0]

    def cut(w: int, bodies: list[int]) -> Any:
        part = np.ascontiguousarray(long.positions[first[w] : last[w], bodies])
        return cosines(r.features([replace(long, positions=part)]), vectors)[0]

    for w in range(3):
        there = [0, 1] if w == 2 else [0, 1, 2]
        for body in range(3):
            if body not in there:
                assert np.isnan(near[w, body]).all()
                continue
            np.testing.assert_allclose(near[w, body, [0, 1, 3]], cut(w, [body])[[0, 1, 3]], atol=1e-5)
            pairs = {o: cut(w, sorted((body, o)))[2] for o in there if o != body}
            assert near[w, body, 2] == pytest.approx(max(pairs.values()), abs=1e-5)
            assert partner[w, body] == max(pairs, key=lambda o: pairs[o])


def test_alone_nobody_shakes_hands(r: Recogniser) -> None:
    found = r.spans(clip(frames=90), SAID)
    assert (found.probabilities[..., 2] == 0).all()
    assert (found.probabilities[..., :2] > 0).all()


def test_a_timeline_is_whole(r: Recogniser) -> None:
    long = clip(frames=300, bodies=2)
    long.positions[100:200, 1] = np.nan
    found = r.spans(long, SAID, window=1.0, hop=0.5)
    assert found.times.tolist() == [0.25 + 0.5 * i for i in range(20)]
    there = np.isfinite(found.probabilities).all(axis=2)
    assert there[0].all()
    assert there[1].tolist() == [not 100 <= int(t * 30) < 200 for t in found.times]
    np.testing.assert_allclose(found.probabilities[there].sum(axis=1), 1, rtol=1e-5)
    for body in range(2):
        mine = [s for s in found.spans if s.body == body]
        assert all(0 <= s.start_s < s.end_s <= found.seconds for s in mine)
        assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(mine))
    told = json.loads(json.dumps(found.to_dict()))
    assert told["probabilities"][1][8] is None
    assert len(told["times"]) == 20


def test_short_empty_and_endless_recordings(r: Recogniser) -> None:
    assert r.spans(clip(frames=1), SAID).probabilities.shape == (1, 1, 5)
    nobody = clip(frames=40)
    nobody.positions[:] = np.nan
    found = r.spans(nobody, SAID)
    assert np.isnan(found.probabilities).all()
    assert found.spans == ()
    with pytest.raises(LimitExceeded, match="windows"):
        r.spans(clip(frames=200), SAID, hop=1e-5)
    for wrong in ({"hop": 0.0}, {"window": float("nan")}, {"window": ()}):
        with pytest.raises(BadConfig, match="window and hop"):
            r.spans(clip(), SAID, **wrong)


@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 10**6), st.floats(0.05, 3), st.floats(0.1, 1))
@tries(max_examples=60, deadline=None)
def test_the_course_is_the_best_of_all(
    windows: int, states: int, seed: int, switch: float, weight: float
) -> None:
    likely = np.random.default_rng(seed).dirichlet(np.ones(states), windows).astype(np.float32)
    gain = weight * np.log(np.maximum(likely.astype(float), 1e-6))

    def worth(course: Any) -> float:
        changes = sum(a != b for a, b in pairwise(course))
        return float(sum(gain[i, s] for i, s in enumerate(course)) - switch * changes)

    best = max(worth(course) for course in product(range(states), repeat=windows))
    assert worth(tuple(likeliest_course(likely, weight, switch))) == pytest.approx(best, abs=1e-9)


def test_a_long_recording_tells_which_sentences_occur() -> None:
    """Posteriors are reweighed by the shares that explain them: one sentence again and again is believed at last."""
    often = np.tile(np.float32([0.35, 0.1, 0.1, 0.45]), (80, 1))
    often[::8] = 0.02, 0.03, 0.03, 0.92
    seen = in_this_recording(often, 1 / 9)
    np.testing.assert_allclose(seen.sum(axis=1), 1, rtol=1e-6)
    assert (seen.argmax(axis=1) == np.where(np.arange(80) % 8 == 0, 3, 0)).all()
    assert np.abs(in_this_recording(often[1:2], 1 / 9) - often[1]).max() < 0.03  # one window tells little
    nothing = np.tile(np.float32([0.1, 0.1, 0.1, 0.7]), (80, 1))
    assert (in_this_recording(nothing, 1 / 9)[:, 3] > 0.7).all()
    assert in_this_recording(nothing[:0], 1 / 9).shape == (0, 4)


def test_tracks_bridge_short_losses_only() -> None:
    positions = clip(frames=100).positions
    positions[20:30] = np.nan  # a third of a second
    positions[50:80] = np.nan  # a second
    positions[:3] = np.nan
    on = tracks(positions, 30.0)[:, 0]
    assert on.tolist() == [3 <= i < 50 or i >= 80 for i in range(100)]


@pytest.mark.parametrize(
    "said",
    ["two people shake hands", "a person hugs another person", "they walk towards each other", "a person punches "
     "someone", "one person gives a thing to the other person", "A COUPLE dances", "people clap together"],
)  # fmt: skip
def test_for_two(said: str) -> None:
    assert needs_two(said)


@pytest.mark.parametrize(
    "said",
    ["a person waves", "a person claps the hands together", "both hands are put together", "the feet touch each other",
     "a person rubs the palms against each other", "a person brings the two arms together",
     "a person swings both arms"],
)  # fmt: skip
def test_for_one(said: str) -> None:
    assert not needs_two(said)


def test_every_class_for_two_in_the_catalogues_is_found() -> None:
    """NTU's mutual actions are A50 to A60 and A106 to A120, by their number; PKU's begin with "Two people"."""
    from pgfa.text import catalogue

    for dataset in ("ntu120", "pku-mmd", "utd-mhad", "msr-action3d", "kinder-gator"):
        for number, action in enumerate(catalogue(dataset).actions):
            two = dataset == "ntu120" and (49 <= number < 60 or 105 <= number < 120)
            two |= action.plain.startswith("Two people")
            assert needs_two(action.plain) == two, action.plain


# As text

SPANS = (
    Span(0.5, 2.25, 0, 'a person "waves", & <bows>\n--> now', 0.876),
    Span(61.001, 3725.5, 0, "jumps \x07", 0.5),
    Span(1.0, 2.0, 1, "two people shake hands", 0.25, partner=0),
)


def test_vtt_and_csv() -> None:
    text = outputs.spans_vtt(SPANS)
    assert text.startswith("WEBVTT\n\n1\n00:00:00.500 --> 00:00:02.250\nbody 1: a person")
    assert "00:01:01.001 --> 01:02:05.500" in text
    assert text.count("-->") == 3
    assert "&amp; &lt;bows&gt; --&gt; now (88 %)" in text
    rows = list(csv.DictReader(io.StringIO(outputs.spans_csv(SPANS))))
    assert [(float(x["start_s"]), x["sentence"], x["partner"]) for x in rows] == [
        (s.start_s, s.sentence, "" if s.partner is None else str(s.partner)) for s in SPANS
    ]


def test_eaf_holds_the_spans() -> None:
    root = ElementTree.fromstring(outputs.spans_eaf(SPANS))
    slots = {x.get("TIME_SLOT_ID"): int(x.get("TIME_VALUE", "")) for x in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    found = [
        (
            tier.get("TIER_ID"),
            slots[a.get("TIME_SLOT_REF1")],
            slots[a.get("TIME_SLOT_REF2")],
            a.findtext("ANNOTATION_VALUE"),
        )
        for tier in root.iter("TIER")
        for a in tier.iter("ALIGNABLE_ANNOTATION")
    ]
    assert found[1] == ("body 1", 61001, 3725500, "jumps")
    assert found[2] == ("body 2", 1000, 2000, "two people shake hands")
    assert ElementTree.fromstring(outputs.spans_eaf(())).tag == "ANNOTATION_DOCUMENT"


def test_tables(r: Recogniser) -> None:
    lines = outputs.answers_table(r.recognise(clip(), SAID)).splitlines()
    shares = [float(line.split()[0]) for line in lines]
    assert shares == sorted(shares, reverse=True)
    assert sum("none of these" in line for line in lines) == 1
    assert "not calibrated" in outputs.answers_table(
        tiny(calibration=Calibration.unfitted(9.0)).recognise(clip(), SAID)
    )
    shown = outputs.spans_table(r.spans(clip(frames=300), SAID))
    assert "sentence" in shown or "none of these" in shown


# Live


def lines_of(long: Clip, first: str = '{"layout": "kinect20"}') -> list[str]:
    frames = [
        json.dumps({"t": i / 30, "bodies": np.round(p.astype(float), 4).tolist()})
        for i, p in enumerate(long.positions)
    ]
    return [first, *frames]


def answers_to(r: Recogniser, lines: list[str]) -> list[Any]:
    source = io.BytesIO("\n".join(lines).encode())
    return [json.loads(line) for line in answer_lines(r, SAID, source)]


def test_live_answers_every_hop_as_windows_do(r: Recogniser) -> None:
    long = clip(frames=150, bodies=2)
    told = answers_to(r, lines_of(long))
    times = [a["t"] for a in told]
    assert len(told) == 25
    assert np.allclose(np.diff(times[1:]), 0.2, atol=0.04)
    last = round(times[-1] * 30) + 1
    first = np.array([last - 46, last - 91])  # the frames of the last 1.5 and 3 seconds, both ends counted
    near, _ = window_cosines(
        r, long.positions, 30.0, KINECT20, first, np.full(2, last), SAID, r.anchors(SAID)[0]
    )
    wanted = near.mean(axis=0)
    assert [b["body"] for b in told[-1]["bodies"]] == [0, 1]
    for body in told[-1]["bodies"]:
        for answer in body["answers"]:
            at = SAID.index(answer["sentence"])
            assert answer["cosine"] == pytest.approx(float(wanted[body["body"], at]), abs=2e-3)
        assert body["none"] + sum(a["probability"] for a in body["answers"]) == pytest.approx(1, abs=1e-4)


def test_live_forgets_what_is_past_and_minds_who_is_there(r: Recogniser) -> None:
    lines = lines_of(clip(frames=40))
    lines += [json.dumps({"t": 2 + i / 30, "bodies": [None]}) for i in range(60)]
    assert answers_to(r, lines)[-1]["bodies"] == []
    live = r.live(SAID, "kinect20")
    frame = clip(frames=1).positions[0]
    for i in range(600):
        live.push(i / 100, frame)
    assert len(live._frames) <= 302


def test_a_live_answer_reads_no_sentence_vectors(r: Recogniser, monkeypatch: pytest.MonkeyPatch) -> None:
    live = r.live(SAID, "kinect20")
    monkeypatch.setattr(Recogniser, "anchors", lambda *_: pytest.fail("asked again"))
    frame = clip(frames=1).positions[0]
    assert [live.push(i / 10, frame) is not None for i in range(4)] == [False, True, False, True]


HEAD = '{"layout": "kinect20"}'
BODY = json.dumps([[0.1, 0.2, 0.3]] * 20)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], "line 1"),
        (["[1]"], "JSON object"),
        (['{"layout": "teapot"}'], "teapot"),
        (['{"layout": 5}'], "header"),
        (['{"layout": "kinect20", "rate": -1}'], "rate"),
        (['{"layout": "kinect20", "rate": "x"}'], "header"),
        ([HEAD, '{"t": "now", "bodies": []}'], 'seconds "t"'),
        ([HEAD, '{"t": NaN, "bodies": []}'], "go up"),
        ([HEAD, '{"t": 1e400, "bodies": []}'], "go up"),
        ([HEAD, '{"t": 1, "bodies": []}', "", '{"t": 1, "bodies": []}'], "go up"),
        ([HEAD, '{"t": 1}'], "20 joints"),
        ([HEAD, '{"t": 1, "bodies": [[1, 2]]}'], "body 0"),
        ([HEAD, f'{{"t": 1, "bodies": [{BODY}, {BODY[:-1]}, [1]]]}}'], "body 1"),
        ([HEAD, '{"t": 1, "bodies": ["kick"]}'], "body 0"),
        ([HEAD, f'{{"t": 1, "bodies": [{", ".join(["null"] * 9)}]}}'], "9 bodies"),
        ([HEAD, '{"t": 1, "x": "' + "y" * MAX_LINE + '"}'], "bytes"),
        ([HEAD, "[" * 100_000], "line 2"),
    ],
)
def test_wrong_lines_are_named(lines: list[str], said: str, r: Recogniser) -> None:
    with pytest.raises((BadFile, LimitExceeded)) as caught:
        answers_to(r, lines)
    assert said in str(caught.value)
    assert "stdin" in str(caught.value)


@given(st.lists(st.recursive(st.none() | st.floats() | st.text(max_size=3) | st.integers(),
                             lambda inner: st.lists(inner, max_size=4), max_leaves=8), max_size=3))  # fmt: skip
@tries(max_examples=150, deadline=None)
def test_any_bodies_answer_or_are_refused(bodies: Any) -> None:
    lines = [HEAD] + [json.dumps({"t": t, "bodies": bodies}) for t in (0, 1)]
    try:
        told = answers_to(TINY, lines)
    except PgfaError:
        return
    assert not re.search("NaN|Infinity", json.dumps(told))


TINY = tiny()


def test_live_wants_a_known_layout(r: Recogniser) -> None:
    with pytest.raises(LayoutMismatch):
        r.live(SAID, "teapot")
    with pytest.raises(BadConfig, match="20 x 3"):
        r.live(SAID, "kinect20").push(0.0, np.zeros((1, 25, 3), np.float32))


# The commands


def test_recognise_command_writes_every_form(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    file = tmp_path / "long.npz"
    save_clip(file, clip(frames=400, bodies=2))
    ask = ["--run", str(exported), *(x for s in SAID for x in ("--as", s))]
    places = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "vtt", "eaf")}
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(file), *ask, *(x for k, p in places.items() for x in (f"--{k}", str(p)))])
    assert not stop.value.code
    assert "body" in capsys.readouterr().out
    assert json.loads(places["json"].read_text())["sentences"] == list(SAID)
    assert places["csv"].read_text().startswith("start_s,end_s,body,partner,sentence,probability\n")
    assert places["vtt"].read_text().startswith("WEBVTT")
    ElementTree.fromstring(places["eaf"].read_text())
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(file), *ask, "--no-spans", "--json=-", "--teach", f"mine={file}"])
    assert not stop.value.code
    told = json.loads(capsys.readouterr().out)
    assert {a["sentence"] for a in told["answers"]} == {*SAID, "mine"}
    for wrong in (["--teach", "x"], ["--no-spans", "--vtt=-"], ["--adapt", str(tmp_path / "nowhere")]):
        with pytest.raises(SystemExit) as stop:
            main(["recognise", str(file), *ask, *wrong])
        assert isinstance(stop.value.code, str)


def test_recognise_command_says_that_depth_is_missing(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    for file, frames in (("short.npy", 30), ("long.npy", 400)):
        np.save(tmp_path / file, 300 * clip(frames=frames).positions[..., :2] + 400)
        with pytest.raises(SystemExit) as stop:
            main(["recognise", str(tmp_path / file), "--run", str(exported), "--as", SAID[0]])
        assert not stop.value.code
        told = capsys.readouterr()
        assert "note: no depth: the answer is less certain (docs/formats.md)\n" in told.err
        assert "note: frames a second not told: 30 taken\n" in told.err
        assert "note" not in told.out


def test_export_command_takes_a_run_or_the_recogniser_in_the_box(
    r: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgfa.cli.main import main

    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    r.save(tmp_path / "torch")
    monkeypatch.setattr("pgfa.recognise.bundle.IN_THE_BOX", tmp_path / "torch")
    for out, run in (("a", []), ("b", ["--run", str(tmp_path / "torch")])):
        with pytest.raises(SystemExit) as stop:
            main(["export", str(tmp_path / out), *run])
        assert not stop.value.code
    assert (tmp_path / "a/encoder.onnx").read_bytes() == (tmp_path / "b/encoder.onnx").read_bytes()


def test_live_command(exported: Path) -> None:
    code = (
        "from pgfa.cli.main import main; main(['live', '--run', "
        + repr(str(exported))
        + ", '--as', 'a person waves'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="\n".join(lines_of(clip(frames=20))),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [round(json.loads(line)["t"], 2) for line in done.stdout.splitlines()] == [0.03, 0.23, 0.43, 0.63]


@pytest.mark.parametrize(("given", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, 2)])
def test_live_command_counts_in_one_thread(
    given: dict[str, str], threads: int, r: Recogniser, tmp_path: Path
) -> None:
    """Unless told otherwise: threads that wait for one another on a busy machine made answers late by a second."""
    r.save(tmp_path / "bundle", SAID[:1])
    code = (
        "import sys; from pgfa.cli.use import live; from pathlib import Path; "
        "live(as_=[sys.argv[2]], run=Path(sys.argv[1])); import torch; print(torch.get_num_threads())"
    )
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | given
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bundle"), SAID[0]],
        input="\n".join(lines_of(clip(frames=5))), capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(threads)
