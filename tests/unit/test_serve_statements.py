"""What a client states about an upload: in the query and in a form; and the question when it has to."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from page_server import client_of
from pgfa.read.sample import person
from pgfa.recognise import Recogniser
from pgfa.serve.forms import Part, UploadBody, form_parts
from pgfa.serve.statements import form_fields
from pgfa.skeleton import NTU25

SOLID = person(NTU25, 12)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


Z_UP = npy(SOLID[..., [0, 2, 1]] * [1, -1, 1])


@pytest.fixture(scope="module")
def client(small_recogniser: Recogniser) -> Iterator[TestClient]:
    with client_of(small_recogniser, max_sessions=50) as client:
        yield client


@pytest.fixture
def clips(client: TestClient) -> str:
    return "/api/sessions/" + client.post("/api/sessions").json()["session"] + "/clips"


def upload(client: TestClient, address: str, content: bytes, **stated: Any) -> Any:
    return client.post(address, params={"name": "a.npy", **stated}, content=content)


def test_what_a_file_leaves_open_is_asked_with_the_choices(client: TestClient, clips: str) -> None:
    response = upload(client, clips, Z_UP)
    assert response.status_code == 422
    error = response.json()["error"]
    assert (error["kind"], error["asks"], error["options"]) == ("Undecided", "up", ["z", "y"])
    assert error["message"].startswith("a.npy: expected evidence of the axis that points up")
    refused = upload(client, clips, b"hello").json()["error"]
    assert "asks" not in refused


def test_the_answer_is_stated_in_the_query(client: TestClient, clips: str) -> None:
    response = upload(client, clips, Z_UP, up="z", rate=50)
    assert response.status_code == 201
    (clip,) = response.json()["clips"]
    assert clip["reading"].startswith("stated: up z, rate 50 Hz")
    assert (clip["layout"], clip["rate"]) == ("ntu25", 50)
    lying = upload(client, clips, Z_UP, up="y").json()["clips"][0]
    assert lying["reading"].startswith("stated: up y")


def test_the_answer_is_stated_as_fields_of_a_form(client: TestClient, clips: str) -> None:
    fields = {"up": "z", "mirrored": "no", "unit": "m", "rate": "25", "layout": "ntu25", "other": "x"}
    response = client.post(clips, files={"file": ("a.npy", Z_UP)}, data=fields)
    assert response.status_code == 201
    (clip,) = response.json()["clips"]
    assert clip["reading"].startswith("stated: layout ntu25")
    for part in ("axes right-handed", "up z", "unit m", "rate 25 Hz"):
        assert part in clip["reading"].partition(";")[0]


def test_a_form_counts_before_the_query(client: TestClient, clips: str) -> None:
    response = client.post(clips, params={"up": "y"}, files={"file": ("a.npy", Z_UP)}, data={"up": "z"})
    assert "up z" in response.json()["clips"][0]["reading"]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"up": "north"}, "up: expected one of y, -y, z"),
        ({"unit": "miles"}, "unit: expected one of m, cm"),
        ({"layout": "spider"}, "layout: expected one of"),
        ({"axes": "QQ"}, "axes: expected the array's axes"),
        ({"rate": "fast"}, "rate"),
        ({"rate": "-3"}, "rate: expected 0.01 to"),
        ({"mirrored": "perhaps"}, "mirrored"),
    ],
)
@pytest.mark.parametrize("form", [False, True], ids=["query", "form"])
def test_a_wrong_statement_is_refused(
    stated: dict[str, str], message: str, form: bool, client: TestClient, clips: str
) -> None:
    if form:
        response = client.post(clips, files={"file": ("a.npy", Z_UP)}, data=stated)
    else:
        response = upload(client, clips, Z_UP, **stated)
    assert response.status_code == 422
    assert message in response.json()["error"]["message"]


def test_a_question_about_a_file_in_a_zip_is_listed(client: TestClient, clips: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("up.npy", npy(SOLID))
        archive.writestr("down.npy", Z_UP)
    result = client.post(clips, params={"name": "all.zip"}, content=file.getvalue()).json()
    assert len(result["clips"]) == 1
    (failed,) = result["failed"]
    assert (failed["kind"], failed["asks"], failed["options"]) == ("Undecided", "up", ["z", "y"])


def test_without_a_session_too(client: TestClient) -> None:
    address, question = "/api/recognise", {"sentence": "a person waves", "name": "a.npy"}
    assert client.post(address, params=question, content=Z_UP).json()["error"]["asks"] == "up"
    answers = client.post(address, params={**question, "up": "z"}, content=Z_UP).json()
    assert len(answers) == 1


def test_fields_of_a_form_that_are_none() -> None:
    def fields(content_type: str, body: bytes) -> dict[str, str]:
        return form_fields(UploadBody(body, form_parts(content_type, body)))

    assert fields("application/octet-stream", b"up=z") == {}
    assert fields("multipart/form-data", b"--x") == {}
    body = b'--x\r\nContent-Disposition: form-data; name="up"\r\n\r\n' + b"z" * 300 + b"\r\n--x--"
    assert fields("multipart/form-data; boundary=x", body) == {}
    body = b'--x\r\nContent-Disposition: form-data; name="markers"\r\n\r\na\r\n--x--'
    assert fields("multipart/form-data; boundary=x", body) == {}


@pytest.mark.parametrize("address", ["/api/recognise", ""])
def test_a_form_is_split_once(
    address: str, client: TestClient, clips: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sentences, statements and the file are in one body, which may have 64 MB."""
    calls: list[str] = []

    def counted(content_type: str, body: bytes) -> tuple[Part, ...] | None:
        calls.append(content_type)
        return form_parts(content_type, body)

    monkeypatch.setattr("pgfa.serve.forms.form_parts", counted)
    form = {"sentence": ["a person waves", "a person sits"], "up": "z"}
    response = client.post(address or clips, files={"file": ("a.npy", Z_UP)}, data=form)
    assert response.status_code in (200, 201), response.text
    assert len(calls) == 1
