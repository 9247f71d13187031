"""The interface for programs: live frames over a WebSocket, the page about it, the client of the docs, errors."""

from __future__ import annotations

import json
import pickle
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wsproto
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from wsproto.events import AcceptConnection, RejectConnection, RejectData, Request, TextMessage

from builders import make_clip, standing_body
from page_server import serving
from pgfa.config import ServeSettings
from pgfa.errors import BadConfig, LayoutMismatch, LimitExceeded, ValueRefused
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.serve.app import create_app
from pgfa.serve.connections import ClientConnection
from pgfa.serve.upload_worker import _error_json

PAGE = Path(__file__).parents[2] / "docs" / "page.md"
SENTENCES = ["a person raises both hands", "a person bows"]
ADDRESS = "/api/live?sentence=a+person+raises+both+hands&sentence=a+person+bows"
WS = "ws://localhost"
FORM = {"kind", "message", "expected", "found", "where"}


@pytest.fixture(scope="module")
def client(small_recogniser: Recogniser) -> Iterator[TestClient]:
    app = create_app(small_recogniser, ServeSettings(max_live=1))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def frame(t: Any, bodies: int = 1) -> str:
    positions = make_clip(frames=1, bodies=bodies).positions[0]
    return json.dumps({"t": t, "bodies": positions.tolist()})


def test_live_frames_are_answered_as_on_standard_input(
    client: TestClient, small_recogniser: Recogniser
) -> None:
    live = small_recogniser.live(SENTENCES, "kinect20")
    with client.websocket_connect(WS + ADDRESS) as connection:
        connection.send_text('{"layout": "kinect20"}')
        answers = []
        for i in range(20):
            connection.send_text(frame(i / 30))
            expected = live.push(i / 30, make_clip(frames=1).positions[0])
            if expected is not None:
                answer = json.loads(connection.receive_text())
                assert answer.pop("ms") > 0
                assert answer == json.loads(json.dumps(expected.to_dict()))
                answers.append(answer)
    assert len(answers) >= 3


def test_what_is_wrong_is_reported_and_the_stream_goes_on(client: TestClient) -> None:
    with client.websocket_connect(WS + ADDRESS) as connection:

        def reply(text: str) -> Any:
            connection.send_text(text)
            return json.loads(connection.receive_text())

        assert "layout" in reply('{"layout": 3}')["error"]["message"]
        assert "unknown layout" in reply('{"layout": "elephant"}')["error"]["message"].lower()
        connection.send_text('{"layout": "kinect20"}')
        connection.send_text(frame(1.0))
        assert "does not follow" in reply(frame(0.9))["note"]
        assert "no time in seconds" in reply('{"t": 1e300, "bodies": []}')["note"]
        assert "a second header" in reply('{"layout": "kinect20"}')["error"]["found"]
        for text in (
            "nonsense",
            "[]",
            '{"t": "x", "bodies": []}',
            '{"t": 2, "bodies": [[1]]}',
            frame(2.0, 9),
        ):
            assert set(reply(text)["error"]) == FORM
        assert reply(frame(1.1))["bodies"][0]["body"] == 0
        notes = reply(frame(-50.0))
        assert "answers start anew" in notes["note"]
        assert reply(frame(-49.9))["t"] == -49.9


@pytest.mark.parametrize(
    ("address", "headers", "status", "words"),
    [
        (ADDRESS, {"origin": "http://evil.example"}, 403, "own page"),
        (ADDRESS, {"origin": "null"}, 403, "own page"),
        (ADDRESS, {"host": "evil.example"}, 421, "Host"),
    ],
)
def test_a_refused_socket_gets_an_ordinary_error(
    client: TestClient, address: str, headers: dict[str, str], status: int, words: str
) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(WS + address, headers=headers),
    ):
        pass
    assert refused.value.status_code == status
    error = refused.value.json()["error"]
    assert set(error) == FORM
    assert words in error["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "at least one sentence"),
        ("?sentence=a&session=gone", "open session"),
        (f"?sentence={'a' * 301}", "300"),
    ],
)
def test_a_socket_with_an_invalid_question_is_told_why_and_closed(
    client: TestClient, query: str, words: str
) -> None:
    with client.websocket_connect(f"{WS}/api/live{query}") as connection:
        error = json.loads(connection.receive_text())["error"]
        assert set(error) == FORM
        assert words in error["message"]
        with pytest.raises(WebSocketDisconnect) as closed:
            connection.receive_text()
    assert closed.value.code == 1008


def test_one_socket_more_is_refused_and_its_place_is_free_again(client: TestClient) -> None:
    for _ in range(2):
        with client.websocket_connect(WS + ADDRESS, headers={"origin": "http://localhost"}):
            with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(WS + ADDRESS):
                pass
            assert refused.value.status_code == 429
            assert refused.value.headers["retry-after"]


def test_a_silent_socket_loses_its_place_to_another(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client.websocket_connect(WS + ADDRESS) as silent:
        silent.send_text('{"layout": "kinect20"}')
        silent.send_text(frame(0.0))
        silent.send_text(frame(1.0))
        assert json.loads(silent.receive_text())["bodies"], "it has just sent frames, and keeps its place"
        with pytest.raises(WebSocketDenialResponse), client.websocket_connect(WS + ADDRESS):
            pass
        monkeypatch.setattr("pgfa.serve.live_slots.SILENT_SECONDS", 0.2)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            silent.send_text("no frame")
            assert "error" in json.loads(silent.receive_text())
        with client.websocket_connect(WS + ADDRESS) as other:
            monkeypatch.undo()
            with pytest.raises(WebSocketDisconnect) as closed:
                silent.receive_text()
            assert (closed.value.code, closed.value.reason) == (1001, "silent while another needs the slot")
            for text in ('{"layout": "kinect20"}', frame(0.0), frame(1.0)):
                other.send_text(text)
            assert json.loads(other.receive_text())["bodies"]


def test_taught_classes_of_a_session_are_candidates(client: TestClient, tmp_path: Path) -> None:
    positions = np.tile(standing_body(), (60, 1, 1, 1)) + np.array([0, 1, 3], dtype=np.float32)
    save_clip(tmp_path / "c.npz", replace(make_clip(frames=60), positions=positions))
    session = client.post("/api/sessions").json()["session"]
    path = f"/api/sessions/{session}"
    added = client.post(f"{path}/clips?name=c.npz", content=(tmp_path / "c.npz").read_bytes())
    assert added.status_code == 201, added.text
    example = {"clip": "c1", "start_s": 0, "end_s": 1}
    taught = client.post(f"{path}/classes", json={"name": "mine", "examples": [example]})
    assert taught.status_code == 200, taught.text
    with client.websocket_connect(f"{WS}{ADDRESS}&session={session}") as connection:
        for text in ('{"layout": "kinect20"}', frame(0.0), frame(1.0)):
            connection.send_text(text)
        (body,) = json.loads(connection.receive_text())["bodies"]
    assert {answer["sentence"] for answer in body["answers"]} == {*SENTENCES, "mine"}


def test_a_socket_on_the_real_server_outlives_the_time_for_headers(small_recogniser: Recogniser) -> None:
    """Over TCP, by uvicorn: accepted, and answered after the time for headers; refused for another site."""
    quick = type("Quick", (ClientConnection,), {"header_seconds": 0.3})
    app = create_app(small_recogniser, ServeSettings())
    with serving(app, http=quick, ws="wsproto") as address:
        host = address.removeprefix("http://")
        with Socket(host, f"http://{host}") as accepted:
            assert isinstance(accepted.receive(), AcceptConnection)
            accepted.send('{"layout": "kinect20"}')
            accepted.send(frame(0.0))
            accepted.connection.settimeout(0.6)
            with pytest.raises(TimeoutError):
                accepted.receive()
            accepted.connection.settimeout(20)
            accepted.send(frame(0.5))
            event = accepted.receive()
            assert isinstance(event, TextMessage)
            assert json.loads(event.data)["t"] == 0.5
        with Socket(host, "http://evil.example") as refused:
            event = refused.receive()
            assert isinstance(event, RejectConnection)
            assert event.status_code == 403
            body = refused.receive()
            assert isinstance(body, RejectData)
            assert json.loads(bytes(body.data))["error"]["kind"] == "CrossOriginRefused"


class Socket:
    """A client of a WebSocket over TCP."""

    def __init__(self, host: str, origin: str) -> None:
        name, port = host.split(":")
        self.connection = socket.create_connection((name, int(port)), timeout=20)
        self.protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        request = Request(host=host, target=ADDRESS, extra_headers=[(b"origin", origin.encode())])
        self.connection.sendall(self.protocol.send(request))
        self.events: list[Any] = []

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()

    def send(self, text: str) -> None:
        self.connection.sendall(self.protocol.send(TextMessage(text)))

    def receive(self) -> Any:
        while not self.events:
            self.protocol.receive_data(self.connection.recv(65536) or None)
            self.events += self.protocol.events()
        return self.events.pop(0)


class Tags(HTMLParser):
    """Elements of a page: their names and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_about_the_interface_is_complete_and_needs_nothing_else(client: TestClient) -> None:
    response = client.get("/docs")
    assert response.status_code == 200
    assert client.head("/docs").status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]
    tags = Tags(response.text).found
    assert not {"script", "style", "img", "iframe"} & {tag for tag, _ in tags}
    assert not [attributes for _, attributes in tags if "style" in attributes or "src" in attributes]
    links = [attributes["href"] or "" for _, attributes in tags if "href" in attributes]
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif link != "data:,":
            assert client.get(link).status_code == 200, link
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, request in methods.items():
            assert f"{method.upper()}</span> <code>{path}</code></h2>" in response.text
            for parameter in request.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in response.text


def test_every_error_has_one_form(client: TestClient) -> None:
    session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
    json_type = {"content-type": "application/json"}
    for status, response in (
        (404, client.get("/nothing")),
        (404, client.get("/static/nothing")),
        (404, client.get("/api/nothing")),
        (404, client.get("/api/sessions/x")),
        (405, client.put("/api/about")),
        (422, client.post(f"{session}/clips", content=b"noise")),
        (422, client.post(f"{session}/clips", files={"other": b"text"}, data={"a": "b"})),
        (422, client.post(f"{session}/clips/c1/answer", content=b"{", headers=json_type)),
        (
            422,
            client.post(f"{session}/clips/c1/answer", content=b"{}", headers={"content-type": "text/plain"}),
        ),
        (422, client.post(f"{session}/clips/c1/answer", json={"sentences": [], "more": 1})),
        (404, client.post(f"{session}/clips/c1/answer", json={"sentences": ["a"]})),
        (413, client.post(f"{session}/clips/c1/answer", json={"sentences": ["a"] * 51})),
        (422, client.post("/api/recognise?sentence=a", content=b"")),
        (403, client.post("/api/sessions", headers={"origin": "http://evil.example"})),
        (421, client.get("/api/about", headers={"host": "evil.example"})),
        (400, client.post("/api/sessions", headers={"content-length": "x"})),
    ):
        assert response.status_code == status, response.text
        assert set(response.json()) == {"error"}
        assert response.status_code != 405 or response.json()["error"]["expected"] == "the method GET"
        error = response.json()["error"]
        assert set(error) == FORM
        assert error["kind"]
        assert error["message"]
        assert all(isinstance(value, str) and value for value in error.values()), error


@pytest.mark.parametrize(
    ("address", "content", "status", "where"),
    [
        ("/api/recognise?sentence=a&sentence=a", b"", 422, "sentence 2"),
        ("/api/recognise?sentence=a&up=north", b"", 422, "up"),
        ("/api/recognise?sentence=a&rate=-1", b"", 422, "rate"),
        ("/api/recognise?sentence=a&axes=QQ", b"", 422, "axes"),
        ("/api/recognise?sentence=+", b"", 422, "sentence 1"),
        ("/api/recognise?sentence=none+of+these", b"", 422, "sentence 1"),
        ("/api/nothing", b"", 404, "/api/nothing"),
        ("/api/about", b"", 405, "/api/about"),
        ("SESSION/alignment", {"sentences": ["a", "a"], "clips": ["c1", "c2"]}, 422, "sentence 2"),
        ("SESSION/alignment", {"sentences": [], "clips": ["c1", "c2"]}, 422, "sentences"),
        ("SESSION/clips/c1/answer", {"sentences": []}, 422, "sentences"),
        ("SESSION/clips/c1/why", {"sentences": ["a"]}, 422, "recogniser"),
        ("SESSION/corrections", "2 to 1", 422, "moment"),
        ("SESSION/corrections", "body 7", 422, "bodies"),
    ],
)
def test_errors_about_values_have_all_their_parts(
    client: TestClient, tmp_path: Path, address: str, content: Any, status: int, where: str
) -> None:
    save_clip(tmp_path / "c.npz", make_clip(frames=60))
    recording = (tmp_path / "c.npz").read_bytes()
    if content in ("2 to 1", "body 7"):
        times = (
            {"start_s": 2, "end_s": 1} if content == "2 to 1" else {"start_s": 0, "end_s": 1, "bodies": [7]}
        )
        content = {"corrections": [{"clip": "c1", "sentence": "a", **times}]}
    if address.startswith("SESSION"):
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        for name in ("c.npz", "d.npz"):
            client.post(f"{session}/clips?name={name}", content=recording)
        response = client.post(address.replace("SESSION", session), json=content)
    else:
        response = client.post(address, content=recording)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert all(error.values()), error
    assert where in error["where"]


def test_a_reader_that_refuses_too_much_says_where_and_what(tmp_path: Path) -> None:
    """Its message has the parts, although it is raised in another process and by any of many readers."""
    error = LimitExceeded("/tmp/x/deep.bvh: 9,000 joints, more than the limit of 1,000")
    body = _error_json(error, Path("/tmp/x"))
    assert body["where"] == "deep.bvh"
    assert body["found"] == "9,000 joints"
    assert body["expected"] == "at most 1,000 joints"
    for message, expected in (
        (
            "a: 5 bytes in an archive inflate to 9, more than the limit of 7; unpack it first",
            "at most 7 bytes",
        ),
        ("a: reading it takes more than the limit of 5 bytes of memory", "at most 5 bytes of memory"),
        ("a: more than the limit of 9 variables", "at most 9 variables"),
        ("a: 90 lines of 80 numbers, more than the limit", "a file within the limits of its reader"),
    ):
        body = _error_json(LimitExceeded(message), Path("/tmp/x"))
        assert body["expected"] == expected
        assert body["found"]
        assert body["where"] == "a"


@pytest.mark.parametrize("kind", [BadConfig, LimitExceeded, LayoutMismatch])
def test_errors_about_values_survive_another_process(kind: type[ValueRefused]) -> None:
    given = kind(where="rate", expected="a number", found="'x'", advice="give one")
    error = pickle.loads(pickle.dumps(given))  # noqa: S301  as between processes
    assert str(error) == "rate: expected a number, found 'x'; give one"
    assert (error.where, error.expected, error.found) == ("rate", "a number", "'x'")
    assert str(kind("a message")) == "a message"


def test_the_client_of_the_documentation_runs(small_recogniser: Recogniser, tmp_path: Path) -> None:
    (code,) = re.findall(r'```python title="ask.py"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.S)
    lines = [line for line in code.splitlines() if line and not line.startswith("import")]
    assert len(lines) <= 20
    (tmp_path / "ask.py").write_text(code)
    save_clip(tmp_path / "c.npz", make_clip(frames=60))
    (tmp_path / "noise.npz").write_bytes(np.random.default_rng(0).bytes(500))
    app = create_app(small_recogniser, ServeSettings())
    with serving(app) as address:

        def run(file: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "ask.py", address, file, *SENTENCES]
            return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

        answered, refused = run("c.npz"), run("noise.npz")
    assert answered.returncode == 0, answered.stderr
    shares = r"; a person raises both hands: \d+%; a person bows: \d+%"
    assert re.fullmatch(f"[^;]+{shares}\n", answered.stdout), answered.stdout
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "noise" in refused.stderr or "recording" in refused.stderr
