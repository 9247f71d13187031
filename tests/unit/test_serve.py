"""The page's server: every answer, every limit, every refusal; and that it is the library that answers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.serve import examples
from pgfa.serve.app import ASSETS, create_app
from pgfa.skeleton import KINECT20, Clip, Source

SENTENCES = ["a person raises both hands", "a person bows", "a person sits"]
HOST = "http://localhost"


def clip_of(frames: int = 60, bodies: int = 1, rate: float = 30.0, height: float = 0.6) -> Clip:
    """Hands `height` metres above the hips, swaying."""
    random = np.random.default_rng(1)
    positions = np.broadcast_to(random.normal(0, 0.3, (20, 3)), (frames, bodies, 20, 3)).copy()
    positions[:, :, KINECT20.index("pelvis")] = [0, 1, 3]
    for part, side in (("shoulder", 0.2), ("hip", 0.1), ("hand", 0.4)):
        positions[:, :, KINECT20.index(f"{part}_left")] = [side, 1.4, 3]
        positions[:, :, KINECT20.index(f"{part}_right")] = [-side, 1.4, 3]
    sway = 0.05 * np.sin(np.arange(frames) / 5)[:, None]
    for hand in ("hand_left", "hand_right"):
        positions[:, :, KINECT20.index(hand), 1] = 1 + height + sway
    positions[..., 0] += np.arange(bodies)[:, None]
    return Clip(positions.astype(np.float32), rate, KINECT20, Source("c"))


def raw(clip: Clip, folder: Path) -> bytes:
    save_clip(folder / "c.npz", clip)
    return (folder / "c.npz").read_bytes()


def client_of(recogniser: Recogniser, **limits: Any) -> TestClient:
    return TestClient(create_app(recogniser, ServeSettings(**limits)), base_url=HOST)


@pytest.fixture(scope="module")
def client(small_recogniser: Recogniser) -> Iterator[TestClient]:
    with client_of(small_recogniser, sessions=50) as one:
        yield one


@pytest.fixture
def at(client: TestClient) -> str:
    return "/api/sessions/" + client.post("/api/sessions").json()["session"]


def upload(client: TestClient, at: str, content: bytes, name: str = "c.npz") -> Any:
    return client.post(f"{at}/clips", params={"name": name}, content=content)


def refusal(response: Any, status: int, *words: str) -> dict[str, Any]:
    """The error of a refused request: JSON, with that status and these words."""
    assert response.status_code == status, response.text
    said: dict[str, Any] = response.json()["error"]
    assert said["kind"]
    for word in words:
        assert word in said["message"], said
    return said


def test_what_is_answered_is_what_the_library_says(
    client: TestClient, at: str, small_recogniser: Recogniser, tmp_path: Path
) -> None:
    clip = clip_of()
    (held,) = upload(client, at, raw(clip, tmp_path)).json()["clips"]
    assert (held["frames"], held["bodies"], held["layout"]) == (60, 1, "kinect20")
    found = client.post(f"{at}/clips/{held['id']}/answer", json={"sentences": SENTENCES}).json()
    direct = small_recogniser.recognise(clip, SENTENCES)
    told = {one["sentence"]: one["probability"] for one in found["candidates"]}
    assert [one["sentence"] for one in found["candidates"]] == SENTENCES
    assert told == pytest.approx({one.sentence: one.probability for one in direct}, abs=1e-6)
    assert found["none"] == pytest.approx(direct.none, abs=1e-6)
    assert sum(told.values()) + found["none"] == pytest.approx(1, abs=1e-5)
    assert direct.best is not None
    assert SENTENCES[found["best"]] == direct.best.sentence == SENTENCES[0]
    assert found["timeline"] == small_recogniser.spans(clip, SENTENCES).to_dict() | {"source": "c"}
    once = client.post("/api/recognise", params={"sentence": SENTENCES}, content=raw(clip, tmp_path)).json()
    assert once[0]["candidates"] == found["candidates"]


def test_a_new_sentence_costs_no_second_pass(
    small_recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    encoder = small_recogniser.bundle.encoder
    real = type(encoder).features
    monkeypatch.setattr(type(encoder), "features", lambda *given: passes.append(1) or real(*given))
    with client_of(small_recogniser) as client:
        at = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        client.post(f"{at}/examples/wave")
        first = client.post(f"{at}/clips/c1/answer", json={"sentences": SENTENCES}).json()
        made = len(passes)
        second = client.post(f"{at}/clips/c1/answer", json={"sentences": SENTENCES[:2]}).json()
        assert len(passes) == made > 0
        assert first["candidates"][0]["cosine"] == second["candidates"][0]["cosine"]


def test_the_player_gets_the_clip(client: TestClient, at: str) -> None:
    (held,) = client.post(f"{at}/examples/two").json()["clips"]
    motion = client.get(f"{at}/clips/{held['id']}").json()
    assert motion["clip"]["bodies"] == held["bodies"] == 2
    assert motion["clip"]["frames"] == held["frames"]
    assert len(motion["layout"]["sides"]) == 20


@pytest.mark.parametrize("name", list(examples.EXAMPLES))
def test_examples_are_synthetic_and_whole(name: str) -> None:
    clip = examples.example(name)
    assert clip.source.dataset == "synthetic"
    assert np.isfinite(clip.positions).mean() > 0.98
    assert np.nanmax(np.abs(np.diff(clip.positions, axis=0))) < 0.6, "nobody jumps through the room"
    assert clip.bodies == (2 if name == "two" else 1)


def test_alignment_is_told_compared_and_forgotten(client: TestClient, at: str) -> None:
    clips = [one["id"] for one in client.post(f"{at}/examples/unlabelled").json()["clips"]]
    assert len(clips) == 24
    question = {"sentences": SENTENCES, "aligned": True}
    refusal(client.post(f"{at}/clips/{clips[0]}/answer", json=question), 422, "alignment")
    told = client.post(f"{at}/alignment", json={"sentences": SENTENCES, "clips": clips}).json()
    assert told["changed"] == sum(one["before"] != one["after"] for one in told["clips"])
    assert len(told["clips"]) == 24
    found = client.post(f"{at}/clips/{clips[0]}/answer", json=question).json()
    plain = client.post(f"{at}/clips/{clips[0]}/answer", json={"sentences": SENTENCES}).json()
    assert [one["before"] for one in found["candidates"]] == [
        one["probability"] for one in plain["candidates"]
    ]
    moved = [one["prototype"] for one in found["candidates"]]
    assert moved == [support > 0 for support in told["support"]]
    assert client.delete(f"{at}/alignment").status_code == 204
    refusal(client.post(f"{at}/clips/{clips[0]}/answer", json=question), 422, "alignment")
    refusal(client.post(f"{at}/alignment", json={"sentences": SENTENCES, "clips": clips[:1]}), 422, "2 clips")
    refusal(client.post(f"{at}/alignment", json={"sentences": SENTENCES, "clips": ["c99", "c1"]}), 404)


def test_a_class_is_taught_from_a_span_and_forgotten(client: TestClient, at: str) -> None:
    client.post(f"{at}/examples/several")
    lesson = {"name": "mine / yours?", "examples": [{"clip": "c1", "start_s": 1.0, "end_s": 3.0, "body": 0}]}
    assert client.post(f"{at}/classes", json=lesson).json() == {"classes": {"mine / yours?": 1}}
    assert client.post(f"{at}/classes", json=lesson).json() == {"classes": {"mine / yours?": 2}}
    found = client.post(f"{at}/clips/c1/answer", json={"sentences": SENTENCES}).json()
    assert [one["taught"] for one in found["candidates"]] == [False, False, False, True]
    assert client.post(f"{at}/clips/c1/answer", json={"sentences": []}).status_code == 200
    assert client.get(f"{at}/classes").json() == {"classes": {"mine / yours?": 2}}
    assert client.delete(f"{at}/classes/mine%20%2F%20yours%3F").json() == {"classes": {}}
    refusal(client.delete(f"{at}/classes/nothing"), 404)
    refusal(client.post(f"{at}/clips/c1/answer", json={"sentences": []}), 422, "sentence")


@pytest.mark.parametrize(
    "example",
    [
        {"clip": "c1", "start_s": 3, "end_s": 1},
        {"clip": "c1", "start_s": 1000, "end_s": 1001},
        {"clip": "c1", "start_s": 1, "end_s": 2, "body": 7},
        {"clip": "c1", "start_s": -1, "end_s": 2},
        {"clip": "c1", "start_s": 0, "end_s": 1e300},
        {"clip": "c1", "start_s": 0, "end_s": 1, "more": 1},
    ],
)
def test_a_span_that_is_none_is_refused(client: TestClient, at: str, example: dict[str, Any]) -> None:
    client.post(f"{at}/examples/wave")
    refusal(client.post(f"{at}/classes", json={"name": "x", "examples": [example]}), 422)


def test_downloads(client: TestClient, at: str) -> None:
    client.post(f"{at}/examples/several")
    question = {"sentences": ["a person waves", "=cmd|'/C calc'!A0", "a <b> & c"]}
    timeline = client.post(f"{at}/clips/c1/answer", json=question).json()["timeline"]
    said = {
        form: client.post(f"{at}/clips/c1/download/{form}", json=question)
        for form in ("json", "csv", "vtt", "eaf")
    }
    assert {form: answer.status_code for form, answer in said.items()} == dict.fromkeys(said, 200)
    assert json.loads(said["json"].text) == timeline
    rows = list(csv.reader(io.StringIO(said["csv"].text)))
    assert rows[0][2:] == ["a person waves", "'=cmd|'/C calc'!A0", "a <b> & c", "none of these"]
    assert len(rows) - 1 == len(timeline["times"])
    assert [float(x) for x in rows[1][2:]] == pytest.approx(timeline["probabilities"][0][0], abs=1e-5)
    assert said["vtt"].text.startswith("WEBVTT\n")
    assert said["vtt"].text.count(" --> ") == len(timeline["spans"]) > 0
    assert said["vtt"].headers["content-type"].startswith("text/vtt")
    assert "ANNOTATION_DOCUMENT" in said["eaf"].text
    refusal(client.post(f"{at}/clips/c1/download/exe", json=question), 422)


def test_a_zip_gives_its_recordings_and_names_what_is_none(
    client: TestClient, at: str, tmp_path: Path
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(3):
            archive.writestr(f"folder/{number}.npz", raw(clip_of(), tmp_path))
        archive.writestr("folder/notes.txt", "hello")
        archive.writestr("../../escape.npz", raw(clip_of(), tmp_path))
        archive.writestr("__MACOSX/._0.npz", b"x")
    answer = upload(client, at, packed.getvalue(), "all.zip").json()
    assert len(answer["clips"]) == 3, "what hides or climbs is passed over"
    assert len(answer["failed"]) == 1
    assert "notes.txt" in answer["failed"][0]["message"]
    assert "tmp" not in answer["failed"][0]["message"]


def test_limits_of_a_recording(small_recogniser: Recogniser, tmp_path: Path) -> None:
    fits = raw(clip_of(frames=50, bodies=2), tmp_path)
    cases = [
        ({"file_bytes": len(fits) - 1}, "bytes"),
        ({"frames": 49}, "frames"),
        ({"bodies": 1}, "bodies"),
        ({"seconds": 1.0}, "seconds"),
        ({"session_bytes": 50 * 2 * 20 * 3 * 4 - 1}, "bytes"),
    ]
    for limits, word in cases:
        with client_of(small_recogniser, **limits) as client:
            at = "/api/sessions/" + client.post("/api/sessions").json()["session"]
            refusal(upload(client, at, fits), 413, word)
            assert client.get(at).json()["clips"] == []
    with client_of(small_recogniser, file_bytes=len(fits), frames=50, bodies=2, clips=2) as client:
        at = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        assert [upload(client, at, fits).status_code for _ in range(3)] == [201, 201, 413]
        assert client.delete(f"{at}/clips/c1").status_code == 204
        assert upload(client, at, fits).status_code == 201
        refusal(client.get(f"{at}/clips/c1"), 404)
        refusal(client.delete(f"{at}/clips/c1"), 404)


def test_limits_of_sentences_and_classes(small_recogniser: Recogniser) -> None:
    with client_of(small_recogniser, sentences=2, characters=10, message_bytes=2000) as client:
        at = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        client.post(f"{at}/examples/wave")
        ask = f"{at}/clips/c1/answer"
        assert client.post(ask, json={"sentences": ["a", "b" * 10]}).status_code == 200
        said = refusal(client.post(ask, json={"sentences": ["a", "b", "c"]}), 413, "sentences")
        assert (said["expected"], said["found"]) == ("at most 2", "3")
        refusal(client.post(ask, json={"sentences": ["a", "b" * 11]}), 413, "sentence 2", "10 characters")
        refusal(client.post(ask, json={"sentences": ["a" * 3000]}), 413, "2,000 bytes")
        refusal(client.post("/api/recognise", params={"sentence": ["a", "b", "c"]}, content=b"x"), 413)
        for name, status in (("a", 200), ("b", 200), ("a", 200), ("c", 413), ("d" * 11, 413)):
            lesson = {"name": name, "examples": [{"clip": "c1", "start_s": 0, "end_s": 1}]}
            assert client.post(f"{at}/classes", json=lesson).status_code == status, name


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"sentences": "a"}', b'{"sentences": [1]}', b'{"sentences": [""]}',
        b'{"sentences": ["  "]}',
        b'{"sentences": ["a", "a"]}', b'{"sentences": ["a"], "aligned": "perhaps"}', b'{"sentences": ["a"], "x": 1}',
        b'{"sentences": []}', b"\xff\xfe", b"[" * 100_000, b'{"sentences": ["\\ud800"]}',
    ],
)  # fmt: skip
def test_a_bad_question_is_refused(client: TestClient, at: str, body: bytes) -> None:
    client.post(f"{at}/examples/wave")
    answer = client.post(f"{at}/clips/c1/answer", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "/etc/passwd", "..", ".", "a.zip!b", "C:\\x\\y", "\0", "n" * 300, "a\nb", "CON", "é☃"],
)  # fmt: skip
def test_a_name_is_never_a_path(client: TestClient, at: str, tmp_path: Path, name: str) -> None:
    assert upload(client, at, raw(clip_of(), tmp_path), name).status_code == 201
    refusal(upload(client, at, b"hello", name), 422)
    refusal(upload(client, at, b"hello", "n" * 301), 422)


@pytest.mark.parametrize("path", ["..%2f..%2fapp.py", "../app.py", "app.py", "index.html", "", "%00"])
def test_only_the_table_of_files_is_served(client: TestClient, path: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code in (404, 307)
    assert "import" not in answer.text


def test_what_is_not_there_is_404(client: TestClient, at: str) -> None:
    for address in ("/api/sessions/nothing", f"{at}/clips/c1", "/nothing", "/docs", "/redoc"):
        refusal(client.get(address), 404)
    refusal(client.post(f"{at}/examples/nothing"), 404, "wave")
    refusal(client.post(f"{at}/clips/c1/answer", json={"sentences": ["a"]}), 404)
    refusal(client.put(f"{at}/clips"), 405)
    assert client.delete(at).status_code == 204
    refusal(client.get(at), 404)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8765", 200), ("127.0.0.1:1", 200), ("[::1]:80", 200), ("192.168.1.7", 200),
        ("mine.lan:80", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421),
        ("a@localhost", 421),
        ("localhost:x", 421), ("localhost/x", 421), ("[::1", 421),
    ],
)  # fmt: skip
def test_the_host_is_known(small_recogniser: Recogniser, host: str, status: int) -> None:
    client = client_of(small_recogniser, names=("Mine.lan",))
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    if status != 200:
        refusal(answer, status, "Host")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201), ({"origin": HOST}, 201), ({"sec-fetch-site": "same-origin"}, 201), ({"sec-fetch-site": "none"}, 201),
        ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403), ({"origin": "http://localhost:9"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
    ],
)  # fmt: skip
def test_only_its_own_page_may_change_anything(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/api/sessions", headers=headers)
    assert answer.status_code == status
    if status == 201:
        client.delete("/api/sessions/" + answer.json()["session"])


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    answers = [
        client.get("/"),
        client.get("/api/about"),
        client.get("/nothing"),
        client.get("/", headers={"host": "evil.example"}),
        client.post("/api/sessions", headers={"origin": "http://evil.example"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_page_needs_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/").text
    for name in ASSETS:
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == ASSETS[name][2]
        page += answer.text
    outside = set(part.split('"')[0] for part in page.split("http")[1:] if part.startswith(("://", "s://")))
    assert outside == {"://www.w3.org/2000/svg"}
    assert " style=" not in client.get("/").text
    assert "innerHTML" not in page


def test_openapi_tells_of_everything(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    upload_ = told["paths"]["/api/sessions/{session}/clips"]["post"]
    assert "application/octet-stream" in upload_["requestBody"]["content"]
    assert {"403", "404", "408", "413", "421", "422", "429"} <= set(upload_["responses"])
    assert all(
        how["summary"] and how["description"] for path in told["paths"].values() for how in path.values()
    )
