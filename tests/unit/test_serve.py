"""The server of the page: every answer equals the library's, every limit and invalid input is refused."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from builders import make_clip, standing_body
from page_server import client_of
from pgfa.read import read
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.recognise.formats import MEANING
from pgfa.serve import examples
from pgfa.serve.assets import MEDIA_TYPES, static_files
from pgfa.skeleton import KINECT20, Clip
from reason_builders import TEXTS, kinematic_recogniser

SENTENCES = ["a person raises both hands", "a person bows", "a person sits"]
HOST = "http://localhost"


def waving_clip(frames: int = 60, bodies: int = 1) -> Clip:
    """People who stand side by side, hands 0.6 m above the pelvis and swaying."""
    positions = np.tile(standing_body(), (frames, bodies, 1, 1)) + np.array([0, 1, 3], dtype=np.float32)
    for hand in ("hand_left", "hand_right"):
        positions[:, :, KINECT20.index(hand), 1] = 1.6 + 0.05 * np.sin(np.arange(frames) / 5)[:, None]
    positions[..., 0] += np.arange(bodies)[:, None]
    return replace(make_clip(frames, bodies, id="c"), positions=positions)


def npz_bytes(clip: Clip, folder: Path) -> bytes:
    save_clip(folder / "c.npz", clip)
    return (folder / "c.npz").read_bytes()


def npz_clip(clip: Clip, folder: Path) -> Clip:
    """The clip as its file is read."""
    npz_bytes(clip, folder)
    return read(folder / "c.npz")


@pytest.fixture(scope="module")
def client(small_recogniser: Recogniser) -> Iterator[TestClient]:
    with client_of(small_recogniser, max_sessions=50) as client:
        yield client


@pytest.fixture
def session(client: TestClient) -> str:
    return "/api/sessions/" + client.post("/api/sessions").json()["session"]


def upload(client: TestClient, session: str, content: bytes, name: str = "c.npz") -> Any:
    return client.post(f"{session}/clips", params={"name": name}, content=content)


def error_of(response: Any, status: int, *words: str) -> dict[str, Any]:
    """The JSON error of a refused request; checks its status and that its message has these words."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert error["kind"]
    for word in words:
        assert word in error["message"], error
    return error


def test_answers_equal_those_of_the_library(
    client: TestClient, session: str, small_recogniser: Recogniser, tmp_path: Path
) -> None:
    clip = waving_clip()
    (info,) = upload(client, session, npz_bytes(clip, tmp_path)).json()["clips"]
    assert (info["frames"], info["bodies"], info["layout"]) == (60, 1, "kinect20")
    result = client.post(f"{session}/clips/{info['id']}/answer", json={"sentences": SENTENCES}).json()
    expected = small_recogniser.recognise(clip, SENTENCES)
    probabilities = {c["sentence"]: c["probability"] for c in result["candidates"]}
    assert [c["sentence"] for c in result["candidates"]] == SENTENCES
    assert probabilities == pytest.approx(
        {answer.sentence: answer.probability for answer in expected}, abs=1e-6
    )
    assert result["none"] == pytest.approx(expected.none, abs=1e-6)
    assert sum(probabilities.values()) + result["none"] == pytest.approx(1, abs=1e-5)
    assert expected.best is not None
    assert SENTENCES[result["best"]] == expected.best.sentence == SENTENCES[0]
    assert "rate" in result["reading"]
    of_file = {"source": "c.npz", "reading": result["reading"], "problems": result["problems"]}
    assert result["timeline"] == small_recogniser.spans(clip, SENTENCES).to_dict() | of_file
    direct = client.post(
        "/api/recognise", params={"sentence": SENTENCES}, content=npz_bytes(clip, tmp_path)
    ).json()
    assert direct[0]["timeline"]["source"] == "c", "a file without a name: what the recording calls itself"
    named = client.post(
        "/api/recognise", params={"sentence": SENTENCES, "name": "a b.npz"}, content=npz_bytes(clip, tmp_path)
    ).json()
    assert named[0]["timeline"]["source"] == "a b.npz"
    assert direct[0]["candidates"] == result["candidates"]


def test_why_equals_the_explanation_of_the_library(tmp_path: Path) -> None:
    recogniser = kinematic_recogniser()
    asked = [TEXTS["wave"], TEXTS["kick-forward"]]
    clip = waving_clip()
    with client_of(recogniser) as client:
        about = client.get("/api/about").json()
        assert about["explains"]
        assert about["meaning"] == MEANING
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        upload(client, session, npz_bytes(clip, tmp_path))
        span = {"clip": "c1", "start_s": 0, "end_s": 1}
        client.post(f"{session}/classes", json={"name": "mine", "examples": [span]})
        why = client.post(f"{session}/clips/c1/why", json={"sentences": asked}).json()
        expected = recogniser.explain(npz_clip(clip, tmp_path), asked)
        assert why["measured"] == list(expected.facts)
        *rows, mine = why["sentences"]
        assert [(r["speaks_for"], r["speaks_against"], r["taught"]) for r in rows] == [
            (e.phrases("for"), e.phrases("against"), False) for e in expected
        ]
        assert any(row["speaks_for"] or row["speaks_against"] for row in rows)
        assert mine == {"sentence": "mine", "speaks_for": [], "speaks_against": [], "taught": True}
        error_of(client.post(f"{session}/clips/c9/why", json={"sentences": asked}), 404)


def test_without_a_kinematic_model_there_is_no_why(client: TestClient, session: str) -> None:
    assert not client.get("/api/about").json()["explains"]
    client.post(f"{session}/examples/wave")
    response = client.post(f"{session}/clips/c1/why", json={"sentences": SENTENCES})
    error_of(response, 422, "no kinematic model")


def test_a_new_sentence_costs_no_second_pass(
    small_recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    encoder = small_recogniser.bundle.encoder
    features = type(encoder).features
    monkeypatch.setattr(type(encoder), "features", lambda *args: passes.append(1) or features(*args))
    with client_of(small_recogniser) as client:
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        client.post(f"{session}/examples/wave")
        first = client.post(f"{session}/clips/c1/answer", json={"sentences": SENTENCES}).json()
        first_passes = len(passes)
        second = client.post(f"{session}/clips/c1/answer", json={"sentences": SENTENCES[:2]}).json()
        assert len(passes) == first_passes > 0
        assert first["candidates"][0]["cosine"] == second["candidates"][0]["cosine"]


def test_the_player_gets_the_clip(client: TestClient, session: str) -> None:
    (info,) = client.post(f"{session}/examples/two").json()["clips"]
    data = client.get(f"{session}/clips/{info['id']}").json()
    assert data["clip"]["bodies"] == info["bodies"] == 2
    assert data["clip"]["frames"] == info["frames"]
    assert len(data["layout"]["sides"]) == 20


@pytest.mark.parametrize("name", list(examples.EXAMPLES))
def test_examples_are_synthetic_and_continuous(name: str) -> None:
    clip = examples.example_clip(name)
    assert clip.source.dataset == "synthetic"
    assert np.isfinite(clip.positions).mean() > 0.98
    assert np.nanmax(np.abs(np.diff(clip.positions, axis=0))) < 0.6, "no joint jumps"
    assert clip.bodies == (2 if name == "two" else 1)


def test_the_stored_examples_are_those_of_the_script() -> None:
    file = Path(__file__).parents[2] / "scripts" / "make_examples.py"
    spec = importlib.util.spec_from_file_location("make_examples", file)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name in examples.EXAMPLES:
        np.testing.assert_allclose(
            examples.example_clip(name).positions, script.example(name).positions, atol=1e-5
        )
    made = script.unlabelled()
    assert len(made) == examples.UNLABELLED_CLIPS
    for stored, clip in zip(examples.unlabelled_clips(), made, strict=True):
        np.testing.assert_allclose(stored.positions, clip.positions, atol=1e-5)


def test_alignment_is_reported_compared_and_deleted(client: TestClient, session: str) -> None:
    clips = [info["id"] for info in client.post(f"{session}/examples/unlabelled").json()["clips"]]
    assert len(clips) == 24
    question = {"sentences": SENTENCES, "aligned": True}
    error_of(client.post(f"{session}/clips/{clips[0]}/answer", json=question), 422, "alignment")
    alignment = client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": clips}).json()
    assert alignment["changed"] == sum(clip["before"] != clip["after"] for clip in alignment["clips"])
    assert len(alignment["clips"]) == 24
    few = client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": clips[:3]}).json()
    assert few["declined"] == "3 clips; alignment needs at least 10"
    assert few["support"] == [0] * len(SENTENCES)
    alignment = client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": clips}).json()
    result = client.post(f"{session}/clips/{clips[0]}/answer", json=question).json()
    plain = client.post(f"{session}/clips/{clips[0]}/answer", json={"sentences": SENTENCES}).json()
    before = [candidate["probability_before"] for candidate in result["candidates"]]
    assert before == [candidate["probability"] for candidate in plain["candidates"]]
    assert [candidate["support"] for candidate in result["candidates"]] == alignment["support"]
    assert [candidate["prototype"] for candidate in result["candidates"]] == [
        n > 0 for n in alignment["support"]
    ]
    assert client.delete(f"{session}/alignment").status_code == 204
    error_of(client.post(f"{session}/clips/{clips[0]}/answer", json=question), 422, "alignment")
    error_of(
        client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": clips[:1]}), 422, "2 clips"
    )
    error_of(client.post(f"{session}/alignment", json={"sentences": SENTENCES, "clips": ["c99", "c1"]}), 404)


def test_a_class_is_taught_from_a_span_and_deleted(client: TestClient, session: str) -> None:
    client.post(f"{session}/examples/several")
    request = {"name": "mine / yours?", "examples": [{"clip": "c1", "start_s": 1.0, "end_s": 3.0, "body": 0}]}
    assert client.post(f"{session}/classes", json=request).json() == {"classes": {"mine / yours?": 1}}
    assert client.post(f"{session}/classes", json=request).json() == {"classes": {"mine / yours?": 2}}
    candidates = client.post(f"{session}/clips/c1/answer", json={"sentences": SENTENCES}).json()["candidates"]
    assert [candidate["taught"] for candidate in candidates] == [False, False, False, True]
    assert [candidate["support"] for candidate in candidates] == [0, 0, 0, 2]
    assert client.post(f"{session}/clips/c1/answer", json={"sentences": []}).status_code == 200
    assert client.get(f"{session}/classes").json() == {"classes": {"mine / yours?": 2}}
    assert client.delete(f"{session}/classes/mine%20%2F%20yours%3F").json() == {"classes": {}}
    error_of(client.delete(f"{session}/classes/nothing"), 404)
    error_of(client.post(f"{session}/clips/c1/answer", json={"sentences": []}), 422, "sentence")


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
def test_an_invalid_span_is_refused(client: TestClient, session: str, example: dict[str, Any]) -> None:
    client.post(f"{session}/examples/wave")
    error_of(client.post(f"{session}/classes", json={"name": "x", "examples": [example]}), 422)


def test_downloads(client: TestClient, session: str) -> None:
    client.post(f"{session}/examples/several")
    question = {"sentences": ["a person waves", "=cmd|'/C calc'!A0", "a <b> & c"]}
    timeline = client.post(f"{session}/clips/c1/answer", json=question).json()["timeline"]
    files = {
        format: client.post(f"{session}/clips/c1/download/{format}", json=question)
        for format in ("json", "csv", "vtt", "eaf")
    }
    assert {format: file.status_code for format, file in files.items()} == dict.fromkeys(files, 200)
    assert json.loads(files["json"].text) == timeline
    assert timeline["source"] == "Several actions in a row"
    rows = list(csv.reader(io.StringIO(files["csv"].text)))
    assert rows[0][3:-2] == ["a person waves", "'=cmd|'/C calc'!A0", "a <b> & c", "none of these"]
    assert len(rows) - 1 == len(timeline["times"])
    assert [float(x) for x in rows[1][3:-2]] == pytest.approx(timeline["probabilities"][0][0], abs=1e-5)
    assert files["vtt"].text.startswith("WEBVTT\n")
    assert files["vtt"].text.count(" --> ") == len(timeline["spans"]) > 0
    assert files["vtt"].headers["content-type"].startswith("text/vtt")
    assert "ANNOTATION_DOCUMENT" in files["eaf"].text
    error_of(client.post(f"{session}/clips/c1/download/exe", json=question), 422)


def test_a_zip_gives_its_recordings_and_names_other_files(
    client: TestClient, session: str, tmp_path: Path
) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(3):
            archive.writestr(f"folder/{number}.npz", npz_bytes(waving_clip(), tmp_path))
        archive.writestr("folder/notes.txt", "hello")
        archive.writestr("../../escape.npz", npz_bytes(waving_clip(), tmp_path))
        archive.writestr("__MACOSX/._0.npz", b"x")
    result = upload(client, session, content.getvalue(), "all.zip").json()
    assert len(result["clips"]) == 3, "hidden members and those outside the archive are skipped"
    assert len(result["failed"]) == 1
    assert "notes.txt" in result["failed"][0]["message"]
    assert "tmp" not in result["failed"][0]["message"]


def test_limits_of_a_recording(small_recogniser: Recogniser, tmp_path: Path) -> None:
    fits = npz_bytes(waving_clip(frames=50, bodies=2), tmp_path)
    cases = [
        ({"max_file_bytes": len(fits) - 1}, "bytes"),
        ({"max_frames": 49}, "frames"),
        ({"max_bodies": 1}, "bodies"),
        ({"max_seconds": 1.0}, "seconds"),
        ({"max_session_bytes": 50 * 2 * 20 * 3 * 4 - 1}, "bytes"),
    ]
    for limits, word in cases:
        with client_of(small_recogniser, **limits) as client:
            session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
            error_of(upload(client, session, fits), 413, word)
            assert client.get(session).json()["clips"] == []
    with client_of(
        small_recogniser, max_file_bytes=len(fits), max_frames=50, max_bodies=2, max_clips=2
    ) as client:
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        assert [upload(client, session, fits).status_code for _ in range(2)] == [201, 201]
        error = error_of(upload(client, session, fits), 413, "remove other recordings first")
        assert (error["expected"], error["found"]) == ("a session with room for it", "a full one")
        assert client.delete(f"{session}/clips/c1").status_code == 204
        assert upload(client, session, fits).status_code == 201
        error_of(client.get(f"{session}/clips/c1"), 404)
        error_of(client.delete(f"{session}/clips/c1"), 404)


def test_limits_of_sentences_and_classes(small_recogniser: Recogniser) -> None:
    with client_of(small_recogniser, max_sentences=2, max_characters=10, max_message_bytes=2000) as client:
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        client.post(f"{session}/examples/wave")
        ask = f"{session}/clips/c1/answer"
        assert client.post(ask, json={"sentences": ["a", "b" * 10]}).status_code == 200
        error = error_of(client.post(ask, json={"sentences": ["a", "b", "c"]}), 413, "sentences")
        assert (error["expected"], error["found"]) == ("at most 2", "3")
        error_of(client.post(ask, json={"sentences": ["a", "b" * 11]}), 413, "sentence 2", "10 characters")
        error_of(client.post(ask, json={"sentences": ["a" * 3000]}), 413, "2,000 bytes")
        error_of(client.post("/api/recognise", params={"sentence": ["a", "b", "c"]}, content=b"x"), 413)
        for name, status in (("a", 200), ("b", 200), ("a", 200), ("c", 413), ("d" * 11, 413)):
            request = {"name": name, "examples": [{"clip": "c1", "start_s": 0, "end_s": 1}]}
            assert client.post(f"{session}/classes", json=request).status_code == status, name


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"sentences": "a"}', b'{"sentences": [1]}', b'{"sentences": [""]}',
        b'{"sentences": ["  "]}',
        b'{"sentences": ["a", "a"]}', b'{"sentences": ["a"], "aligned": "perhaps"}', b'{"sentences": ["a"], "x": 1}',
        b'{"sentences": []}', b"\xff\xfe", b"[" * 100_000, b'{"sentences": ["\\ud800"]}',
    ],
)  # fmt: skip
def test_an_invalid_question_is_refused(client: TestClient, session: str, body: bytes) -> None:
    client.post(f"{session}/examples/wave")
    answer = client.post(
        f"{session}/clips/c1/answer", content=body, headers={"content-type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "/etc/passwd", "..", ".", "a.zip!b", "C:\\x\\y", "\0", "n" * 300, "a\nb", "CON", "é☃"],
)  # fmt: skip
def test_a_name_is_never_a_path(client: TestClient, session: str, tmp_path: Path, name: str) -> None:
    assert upload(client, session, npz_bytes(waving_clip(), tmp_path), name).status_code == 201
    error_of(upload(client, session, b"hello", name), 422)
    error_of(upload(client, session, b"hello", "n" * 301), 422)


@pytest.mark.parametrize("path", ["..%2f..%2fapp.py", "../app.py", "app.py", "index.html", "", "%00"])
def test_only_listed_files_are_served(client: TestClient, path: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code in (404, 307)
    assert "import" not in answer.text


def test_an_answer_without_times_equals_the_one_with_them(
    client: TestClient, session: str, tmp_path: Path
) -> None:
    clip = upload(client, session, npz_bytes(waving_clip(), tmp_path)).json()["clips"][0]["id"]
    question = {"sentences": SENTENCES}
    full = client.post(f"{session}/clips/{clip}/answer", json=question).json()
    short = client.post(f"{session}/clips/{clip}/answer", json={**question, "over_time": False}).json()
    assert short.pop("timeline") is None
    assert full.pop("timeline")["times"]
    assert short == full


def test_the_name_of_no_answer_is_no_sentence(client: TestClient, session: str, tmp_path: Path) -> None:
    clip = upload(client, session, npz_bytes(waving_clip(), tmp_path)).json()["clips"][0]["id"]
    for request, body in (
        (f"clips/{clip}/answer", {"sentences": ["a person waves", " None of these "]}),
        ("classes", {"name": "none of these", "examples": [{"clip": clip, "start_s": 0, "end_s": 1}]}),
    ):
        error_of(
            client.post(f"{session}/{request}", json=body), 422, "it is the answer where no sentence fits"
        )


def test_a_form_with_a_file_is_taken_as_the_file(client: TestClient, session: str, tmp_path: Path) -> None:
    """As curl -F file=@NAME sends it."""
    save_clip(tmp_path / "a.npz", make_clip(id="a"))
    content = (tmp_path / "a.npz").read_bytes()
    clips = client.post(f"{session}/clips", files={"file": ("my.npz", content)}).json()["clips"]
    assert clips[0]["frames"] == make_clip().frames
    params = {"sentence": "a person waves"}
    answers = client.post("/api/recognise", params=params, files={"file": ("my.npz", content)})
    assert answers.status_code == 200
    error_of(client.post(f"{session}/clips", files={"file": (None, content)}), 422, "-F file=@NAME")
    two = [("file", ("a.npz", content)), ("file", ("b.npz", content))]
    error_of(client.post("/api/recognise", params=params, files=two), 422, "found a form with 2 files")
    by_fields = client.post("/api/recognise", data=params, files={"file": ("my.npz", content)})
    assert by_fields.json() == answers.json()
    error_of(client.post("/api/recognise", content=content), 422, "expected at least one sentence")
    broken = client.post(
        f"{session}/clips/c1/answer", content=b"{bad", headers={"content-type": "application/json"}
    )
    assert error_of(broken, 422, "the body is no JSON")["expected"] == "JSON"


def test_errors_have_one_form(client: TestClient, session: str) -> None:
    responses = {
        404: client.get("/nothing"),
        405: client.put(f"{session}/clips"),
        413: client.post(f"{session}/clips/c1/answer", json={"sentences": ["a"] * 1000}),
        422: client.post(f"{session}/alignment", content=b"not json", headers={"content-type": "text/plain"}),
    }
    for status, response in responses.items():
        assert response.status_code == status
        assert set(response.json()["error"]) == {"kind", "message", "expected", "found", "where"}
    assert responses[404].json()["error"]["kind"] == "NotFound"
    assert responses[405].json()["error"]["kind"] == "MethodNotAllowed"
    assert "Content-Type: application/json" in responses[422].json()["error"]["message"]
    assert client.head("/").status_code == 200
    assert client.post(f"{session}/heartbeat").status_code == 204


def test_unknown_addresses_are_404(client: TestClient, session: str) -> None:
    for address in ("/api/sessions/nothing", f"{session}/clips/c1", "/nothing", "/redoc"):
        error_of(client.get(address), 404)
    error_of(client.post(f"{session}/examples/nothing"), 404, "wave")
    error_of(client.post(f"{session}/clips/c1/answer", json={"sentences": ["a"]}), 404)
    error_of(client.put(f"{session}/clips"), 405)
    assert client.delete(session).status_code == 204
    error_of(client.get(session), 404)


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
def test_only_allowed_hosts_are_answered(small_recogniser: Recogniser, host: str, status: int) -> None:
    client = client_of(small_recogniser, allowed_hosts=("Mine.lan",))
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    if status != 200:
        error_of(answer, status, "Host")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201), ({"origin": HOST}, 201), ({"sec-fetch-site": "same-origin"}, 201), ({"sec-fetch-site": "none"}, 201),
        ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403), ({"origin": "http://localhost:9"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
    ],
)  # fmt: skip
def test_only_pages_of_this_server_may_change_anything(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/api/sessions", headers=headers)
    assert answer.status_code == status
    if status == 201:
        client.delete("/api/sessions/" + answer.json()["session"])


def test_every_response_has_the_security_headers(client: TestClient) -> None:
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


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page, described = client.get("/").text, client.get("/docs").text
    assert {"main.js", "page.css", "player.js", "scene.js", "player.css"} <= set(static_files())
    for name in static_files():
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == MEDIA_TYPES[Path(name).suffix]
        page += answer.text
    linked = re.findall(r'(?:/static/|from "\./|import "\./)([\w.-]+)', page + described)
    assert set(linked) == set(static_files()), "every file is used, and every file that is used is served"
    outside = set(part.split('"')[0] for part in page.split("http")[1:] if part.startswith(("://", "s://")))
    assert outside == {"://www.w3.org/2000/svg"}
    assert " style=" not in client.get("/").text
    assert "innerHTML" not in page


def test_openapi_describes_everything(client: TestClient) -> None:
    openapi = client.get("/openapi.json").json()
    add_clips = openapi["paths"]["/api/sessions/{session}/clips"]["post"]  # noqa: RUF027 - a path template
    assert "application/octet-stream" in add_clips["requestBody"]["content"]
    assert {"403", "404", "408", "413", "421", "422", "429"} <= set(add_clips["responses"])
    operations = [operation for path in openapi["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["description"] for operation in operations)
