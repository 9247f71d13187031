"""The commands recognise, live and export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from pgfa.read import read
from pgfa.read.formats.npz import save_clip
from pgfa.read.sample import picture
from pgfa.recognise import Recogniser
from pgfa.recognise.bundle import open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.skeleton import KINECT20
from recogniser_builders import (
    SENTENCES,
    frame_lines,
    swaying_clip,
)


def test_recognise_writes_every_format(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    file = tmp_path / "long.npz"
    save_clip(file, swaying_clip(frames=400, bodies=2))
    ask = ["--run", str(exported), *(x for s in SENTENCES for x in ("--sentence", s))]
    paths = {name: tmp_path / f"out.{name}" for name in ("json", "csv", "windows-csv", "vtt", "eaf")}
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(file), *ask, *(x for k, p in paths.items() for x in (f"--{k}", str(p)))])
    assert not stop.value.code
    assert "body" in capsys.readouterr().out
    assert json.loads(paths["json"].read_text())["sentences"] == list(SENTENCES)
    assert (
        paths["csv"]
        .read_text()
        .startswith("recording,start_s,end_s,body,partner,sentence,probability,recogniser,aligned\n")
    )
    assert paths["windows-csv"].read_text().startswith("recording,body,time_s,a person waves,")
    assert paths["vtt"].read_text().startswith("WEBVTT")
    for text in (path.read_text() for path in paths.values()):
        assert str(file) in text, "the name of the file"
        assert exported.name in text, "the recogniser"
    ElementTree.fromstring(paths["eaf"].read_text())
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(file), *ask, "--no-spans", "--json=-", "--teach", f"a person jumps={file}"])
    assert not stop.value.code
    answer = json.loads(capsys.readouterr().out)
    assert {a["sentence"] for a in answer["answers"]} == {*SENTENCES, "a person jumps"}
    for wrong in (["--teach", "x"], ["--no-spans", "--vtt=-"], ["--adapt", str(tmp_path / "nowhere")]):
        with pytest.raises(SystemExit) as stop:
            main(["recognise", str(file), *ask, *wrong])
        assert isinstance(stop.value.code, str)


def test_recognise_lists_spans_as_probable_as_asked_for(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    bundle, calibration = open_bundle(exported), Calibration(9.0, 9.0, none=0.5, fitted=True)
    replace(bundle, calibration=calibration).save(tmp_path / "bundle")
    save_clip(tmp_path / "long.npz", swaying_clip(frames=600, bodies=3))
    ask = [str(tmp_path / "long.npz"), "--run", str(tmp_path / "bundle"), "--spans", "--json=-"]
    found = {}
    for least in ("0", "0.5", "1"):
        with pytest.raises(SystemExit) as stop:
            main(["recognise", *ask, *(x for s in SENTENCES for x in ("--as", s)), "--least", least])
        assert not stop.value.code
        found[least] = json.loads(capsys.readouterr().out)["spans"]
    assert found["1"] == []
    assert found["0.5"] == [span for span in found["0"] if span["probability"] >= 0.5]
    assert found["0"] != []


def test_recognise_notes_the_problems_of_a_recording(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    for file, frames in (("short.npy", 30), ("long.npy", 400)):
        np.save(tmp_path / file, picture(KINECT20, frames))
        with pytest.raises(SystemExit) as stop:
            main(["recognise", str(tmp_path / file), "--run", str(exported), "--as", SENTENCES[0]])
        assert not stop.value.code
        output = capsys.readouterr()
        assert "note: no depth: the answer is less certain (docs/formats.md)\n" in output.err
        problems = read(tmp_path / file).problems
        assert len(problems) > 1
        assert all(f"note: {problem}" in output.err for problem in problems)
        assert "note" not in output.out


def test_export_takes_a_run_or_the_bundled_recogniser(
    recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgfa.cli.main import main

    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    recogniser.save(tmp_path / "torch")
    monkeypatch.setattr("pgfa.recognise.bundle.BUNDLED", tmp_path / "torch")
    for out, run in (("a", []), ("b", ["--run", str(tmp_path / "torch")])):
        with pytest.raises(SystemExit) as stop:
            main(["export", str(tmp_path / out), *run])
        assert not stop.value.code
    assert (tmp_path / "a/encoder.onnx").read_bytes() == (tmp_path / "b/encoder.onnx").read_bytes()


def test_live_answers_on_standard_output(exported: Path) -> None:
    code = (
        "from pgfa.cli.main import main; main(['live', '--run', "
        + repr(str(exported))
        + ", '--sentence', 'a person waves'])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], input="\n".join(frame_lines(swaying_clip(frames=20))),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert [round(json.loads(line)["t"], 2) for line in process.stdout.splitlines()] == [
        0.03,
        0.23,
        0.43,
        0.63,
    ]


@pytest.mark.parametrize(("environment", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, 2)])
def test_live_uses_one_thread_by_default(
    environment: dict[str, str], threads: int, recogniser: Recogniser, tmp_path: Path
) -> None:
    """On a busy machine threads that wait for each other delayed answers by up to a second."""
    recogniser.save(tmp_path / "bundle", SENTENCES[:1])
    code = (
        "import sys; from pgfa.cli.use import live; from pathlib import Path; "
        "live(sentence=[sys.argv[2]], run=Path(sys.argv[1])); import torch; print(torch.get_num_threads())"
    )
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | environment
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bundle"), SENTENCES[0]],
        input="\n".join(frame_lines(swaying_clip(frames=5))), capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == str(threads)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--as", "a person waves", "FILE"], "missing FILES: write the recordings first"),
        (
            ["FILE", "--run", "RUN"],
            "expected at least one sentence, found none: state it with --sentence or --as",
        ),
        (
            ["FILE", "--run", "RUN", "--as", "a person waves", "--csv", "FILE"],
            "--csv would replace the recording: ",
        ),
        (
            ["FILE", "--run", "RUN", "--as", "a", "--csv", "x", "--json", "./x"],
            "--csv and --json are one file: x",
        ),
        (
            ["FILE", "--run", "RUN", "--as", "a person waves", "--as", "None of these"],
            "found 'none of these'; it is the answer where no sentence fits, and is always asked for",
        ),
        (["FILE", "--run", "RUN", "--as", "a person waves", "--hop", "nan"], "hop: must be a finite number"),
        (
            ["FILE", "--run", "RUN", "--as", "a person waves", "--window", "0"],
            "must be greater than 0, found 0.0",
        ),
        (
            ["FILE", "--run", "RUN", "--as", "a person waves", "--least", "70"],
            "must be less than or equal to 1",
        ),
    ],
)
def test_a_wrong_question_is_refused_with_what_to_do(
    arguments: list[str], sentence: str, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    file = tmp_path / "clip.npz"
    save_clip(file, swaying_clip())
    names = {"FILE": str(file), "RUN": str(exported)}
    with pytest.raises(SystemExit) as stop:
        main(["recognise", *(names.get(argument, argument) for argument in arguments)])
    said = capsys.readouterr().err if stop.value.code == 2 else str(stop.value.code)
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["recognise", "DATA", "--run", "RUN", "--as", "a person waves", "--json", "FILE"],
        ["recognise", "OTHER", "--run", "RUN", "--as", "a person waves", "--adapt", "DATA", "--csv", "FILE"],
        ["recognise", "OTHER", "--run", "RUN", "--teach", "waves=FILE", "--csv", "FILE"],
        ["check", "DATA", "--json", "FILE"],
        ["check", "OTHER", "--labels", "FILE", "--json", "FILE"],
    ],
)
def test_no_output_replaces_a_recording_that_is_read(
    arguments: list[str], exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one in a folder; what is no recording there, such as an earlier output, is replaced."""
    from pgfa.cli.main import main

    data, other = tmp_path / "data", tmp_path / "other.npz"
    file = data / "deep" / "clip.npz"
    for path in (file, other):
        path.parent.mkdir(exist_ok=True, parents=True)
        save_clip(path, swaying_clip())
    before = file.read_bytes()
    earlier = data / "results.json"
    names = {"DATA": str(data), "FILE": str(file), "OTHER": str(other), "RUN": str(exported)}
    words = [names.get(argument, argument.replace("FILE", str(file))) for argument in arguments]
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert f"{words[-2]} would replace the recording: {file}" in str(stop.value.code)
    assert file.read_bytes() == before
    if words[1] != str(data):
        return
    earlier.write_text("[]")
    with pytest.raises(SystemExit):
        main([*words[:-1], str(earlier)])
    assert earlier.read_text() != "[]"


def test_several_sentences_may_follow_one_option(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording written first is not taken for a sentence, and each figure of the table has a heading."""
    from pgfa.cli.main import main

    file = tmp_path / "clip.npz"
    save_clip(file, swaying_clip())
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(file), "--run", str(exported), "--as", *SENTENCES])
    assert not stop.value.code
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["share", "cosine", "sentence"]
    assert {line[18:] for line in lines} >= set(SENTENCES)
