"""Corrections over HTTP: answers follow them, files carry them, and `pgfa train` takes them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from page_server import client_of
from pgfa.config import ServeSettings
from pgfa.pack import open_pack
from pgfa.read import read
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Correction, Recogniser
from pgfa.skeleton import Clip, Source
from pgfa.synth import make_clips
from pgfa.text import catalogue

SENTENCES = ["a person raises both hands", "a person bows", "a person sits"]


@pytest.fixture
def client(small_recogniser: Recogniser) -> Iterator[TestClient]:
    with client_of(small_recogniser, max_sessions=50) as client:
        yield client


@pytest.fixture
def session(client: TestClient) -> str:
    return "/api/sessions/" + client.post("/api/sessions").json()["session"]


def upload(
    client: TestClient, session: str, clip: Clip, folder: Path, name: str = "c.npz"
) -> tuple[str, Clip]:
    """The id of the clip in the session, and the clip as its file is read."""
    save_clip(folder / name, clip)
    content = (folder / name).read_bytes()
    response = client.post(f"{session}/clips", params={"name": name}, content=content)
    return response.json()["clips"][0]["id"], read(folder / name)


def waving(action: str = "wave", bodies: int = 1) -> Clip:
    (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=[action])
    return replace(clip, positions=clip.positions[:, :1].repeat(bodies, axis=1))


def ask(client: TestClient, session: str, clip: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(
        f"{session}/clips/{clip}/answer", json={"sentences": SENTENCES}
    ).json()
    return answer


def test_answers_follow_corrections_at_once(
    client: TestClient, session: str, small_recogniser: Recogniser, tmp_path: Path
) -> None:
    id, clip = upload(client, session, waving(), tmp_path)
    first = ask(client, session, id)
    moment = {"clip": id, "start_s": 0.2, "end_s": 1.4, "bodies": [0], "sentence": "a person sits"}
    response = client.post(f"{session}/corrections", json={"corrections": [moment]})
    assert response.json() == {"corrections": 1}
    corrected = small_recogniser.correct([Correction(clip, 0.2, 1.4, "a person sits", bodies=(0,))])
    second = ask(client, session, id)
    assert second["timeline"] == {**corrected.spans(clip, SENTENCES).to_dict(), "source": "c.npz"}
    assert second["timeline"] != first["timeline"]
    client.post(f"{session}/corrections", json={"corrections": []})
    assert ask(client, session, id) == first


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"clip": "c9"}, 404, "a clip of this session"),
        ({"start_s": 2.0, "end_s": 1.0}, 422, "a start before its end"),
        ({"bodies": [3]}, 422, "numbers below 1"),
        ({"sentence": "none of these"}, 422, "describes a movement"),
        ({"sentence": "x" * 400}, 413, "300"),
        ({"sure": True}, 422, "Extra inputs"),
    ],
)
def test_corrections_that_are_refused_change_nothing(
    client: TestClient, session: str, tmp_path: Path, change: dict[str, Any], status: int, words: str
) -> None:
    id, _ = upload(client, session, waving(), tmp_path)
    first = ask(client, session, id)
    moment = {"clip": id, "start_s": 0.2, "end_s": 1.4, "sentence": "a person sits", **change}
    response = client.post(f"{session}/corrections", json={"corrections": [moment]})
    assert response.status_code == status
    assert words in response.json()["error"]["message"]
    assert ask(client, session, id) == first


def test_the_length_of_every_sentence_is_checked(client: TestClient, session: str, tmp_path: Path) -> None:
    id, _ = upload(client, session, waving(), tmp_path)
    moment = {"clip": id, "start_s": 0.2, "end_s": 1.4}
    count = ServeSettings().max_sentences
    sentences = [*(f"a person sits {number}" for number in range(count)), "x" * 400]
    corrections = [{**moment, "sentence": sentence} for sentence in sentences]
    response = client.post(f"{session}/corrections", json={"corrections": corrections})
    assert response.status_code == 413
    assert f"sentence {count + 1}" in response.json()["error"]["message"]


def test_labelled_moments_are_exported_as_a_pack_that_train_takes(
    client: TestClient, session: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="reason: torch is not installed")
    from pgfa.config import RunSettings
    from pgfa.train.corpus import build_corpus

    wave, clip = upload(client, session, waving(bodies=2), tmp_path)
    bow, _ = upload(client, session, waving("bow"), tmp_path, "b.npz")
    sentences = ['a person "waves"/greets', "a person bows"]
    moments = [
        {"clip": wave, "start_s": 0.2, "end_s": 1.2, "bodies": [1], "sentence": sentences[0]},
        {"clip": wave, "start_s": 0.2, "end_s": 1.2, "bodies": [0, 1], "sentence": sentences[0]},
        {"clip": bow, "start_s": 0.0, "end_s": 1.0, "sentence": sentences[1]},
    ]
    response = client.post(f"{session}/training", json={"moments": moments, "names": {wave: "my wave.bvh"}})
    assert response.headers["content-type"] == "application/zip"
    zipfile.ZipFile(io.BytesIO(response.content)).extractall(tmp_path)
    folder = tmp_path / "corrections"
    pack = open_pack(folder / "pack")
    assert [pack.clip(i).bodies for i in range(3)] == [1, 2, 1]
    assert (pack.clip(0).positions == clip.positions[6:36, 1:2]).all()
    assert pack.clip(0).source.id == "my wave.bvh 0.200-1.200 body 2"
    words = catalogue(folder / "catalogue.toml")
    assert sorted(action.plain for action in words.actions) == sorted(sentences)
    assert set(pack.classes) == set(words.by_name)
    settings = RunSettings(packs=(str(folder / "pack"),), split="corrections/none")
    corpus = build_corpus(settings, (folder / "catalogue.toml",))
    assert "3 clips" in str(corpus)
    for name in ("pack", "catalogue.toml", "--split corrections/none"):
        assert name in (folder / "README.txt").read_text()

    repeated = client.post(f"{session}/training", json={"moments": [moments[0]] * 2})
    assert repeated.status_code == 422
    assert "the same moment twice" in repeated.json()["error"]["message"]


def test_files_carry_corrected_moments_and_name_the_video(
    client: TestClient, session: str, tmp_path: Path
) -> None:
    id, _ = upload(client, session, waving(bodies=2), tmp_path)
    spans = [
        {"start_s": 0.5, "end_s": 1.0, "body": 1, "sentence": "a person hops"},
        {"start_s": 0.1, "end_s": 0.4, "body": 0, "partner": 1, "sentence": "two people meet"},
    ]
    question = {"sentences": SENTENCES, "spans": spans, "media": "my video.mp4", "media_offset_s": -0.2}

    def download(form: str) -> str:
        return str(client.post(f"{session}/clips/{id}/download/{form}", json=question).text)

    rows = csv.DictReader(io.StringIO(download("spans.csv")))
    assert [list(row.values())[1:7] for row in rows] == [
        ["0.100", "0.400", "0", "1", "two people meet", "1.000000"],
        ["0.500", "1.000", "1", "", "a person hops", "1.000000"],
    ]
    assert "body 2: a person hops (100 %)" in download("vtt")
    root = ElementTree.fromstring(download("eaf"))
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None
    assert media.attrib == {
        "MEDIA_URL": "./my%20video.mp4", "RELATIVE_MEDIA_URL": "./my%20video.mp4", "MIME_TYPE": "video/mp4"
    }  # fmt: skip
    times = [slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")]
    assert times == ["0", "200", "300", "800"], "the times of the video"
    texts = [value.text for value in root.iter("ANNOTATION_VALUE")]
    assert texts[:2] == ["two people meet", "a person hops"]
    assert texts[2:] == ["1.000", "1.000"], "the probabilities of corrected moments"


def recording_names(client: TestClient, address: str, question: dict[str, Any]) -> set[str]:
    """The name of the recording in a download of each form."""

    def download(form: str) -> str:
        return str(client.post(f"{address}/download/{form}", json=question).text)

    names = {str(json.loads(download("json"))["source"])}
    for form in ("csv", "spans.csv"):
        names |= {row["recording"] for row in csv.DictReader(io.StringIO(download(form)))}
    (note,) = [line for line in download("vtt").splitlines() if line.startswith("NOTE")]
    names.add(note.removeprefix("NOTE recording ").partition(", answered by")[0])
    root = ElementTree.fromstring(download("eaf"))
    names |= {str(p.text) for p in root.iter("PROPERTY") if p.get("NAME") == "recording"}
    return names


def test_files_name_the_recording_as_its_user_does(client: TestClient, session: str, tmp_path: Path) -> None:
    """Not by the id inside the file, which its user may never have seen."""
    spans = [{"start_s": 0.5, "end_s": 1.0, "sentence": "a person hops"}]
    question = {"sentences": SENTENCES, "spans": spans}
    id, clip = upload(client, session, waving(), tmp_path, "our lab 3.npz")
    assert clip.source.id != "our lab 3.npz"
    assert recording_names(client, f"{session}/clips/{id}", question) == {"our lab 3.npz"}
    renamed = {**question, "name": "day 1/our lab 3.npz"}
    assert recording_names(client, f"{session}/clips/{id}", renamed) == {"day 1/our lab 3.npz"}
    content = (tmp_path / "our lab 3.npz").read_bytes()
    form = client.post(f"{session}/clips", files={"file": ("in a form.npz", content)}).json()["clips"][0][
        "id"
    ]
    assert recording_names(client, f"{session}/clips/{form}", question) == {"in a form.npz"}
    unnamed = client.post(f"{session}/clips", content=content).json()["clips"][0]["id"]
    assert recording_names(client, f"{session}/clips/{unnamed}", question) == {clip.source.id}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("a.npz", content)
        save_clip(tmp_path / "b.npz", replace(waving("bow"), source=Source("another")))
        members.write(tmp_path / "b.npz", "b.npz")
    both = client.post(f"{session}/clips", params={"name": "both.zip"}, content=archive.getvalue()).json()
    names = [recording_names(client, f"{session}/clips/{c['id']}", question) for c in both["clips"]]
    assert names == [{f"both.zip · {clip.source.id}"}, {"both.zip · another"}]


def test_files_name_the_recogniser_and_say_whether_it_was_aligned(
    small_recogniser: Recogniser, tmp_path: Path
) -> None:
    named = replace(small_recogniser.bundle, name="mine 52b90c1be857")
    with client_of(replace(small_recogniser, bundle=named)) as client:
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        ids = [upload(client, session, waving(name), tmp_path, f"{name}.npz")[0] for name in ("wave", "bow")]
        client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": ids})
        for aligned in (False, True):
            question = {"sentences": SENTENCES, "aligned": aligned, "spans": []}
            texts = {
                form: client.post(f"{session}/clips/{ids[0]}/download/{form}", json=question).text
                for form in ("json", "csv", "vtt", "eaf")
            }
            timeline = json.loads(texts["json"])
            assert timeline["recogniser"] == "mine 52b90c1be857"
            assert timeline["aligned"] is aligned
            row = next(csv.DictReader(io.StringIO(texts["csv"])))
            assert (row["recogniser"], row["aligned"]) == (timeline["recogniser"], "yes" if aligned else "no")
            words = f"{timeline['recogniser']}, {'aligned' if aligned else 'not aligned'}"
            assert words in texts["vtt"]
            assert words in texts["eaf"]


def test_moments_of_files_of_one_name_are_exported_together(
    client: TestClient, session: str, tmp_path: Path
) -> None:
    ids = [upload(client, session, waving(), tmp_path)[0] for _ in range(2)]
    moments = [{"clip": id, "start_s": 0.2, "end_s": 1.2, "sentence": "a person waves"} for id in ids]
    response = client.post(f"{session}/training", json={"moments": moments})
    assert response.status_code == 200, response.text
    zipfile.ZipFile(io.BytesIO(response.content)).extractall(tmp_path)
    pack = open_pack(tmp_path / "corrections" / "pack")
    assert [pack.clip(i).source.id for i in range(2)] == [f"c.npz ({id}) 0.200-1.200" for id in ids]
