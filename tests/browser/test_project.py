"""Project files, a video beside the skeleton, and a list of 200 recordings."""

from __future__ import annotations

import base64
import csv
import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from page_server import BROWSER_TEST
from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.synth import make_clips

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def settings() -> ServeSettings:
    return ServeSettings(max_sessions=100, max_clips=250)


@pytest.fixture(scope="module")
def app(small_recogniser: Recogniser, settings: ServeSettings) -> Any:
    from pgfa.serve.app import create_app

    named = replace(small_recogniser.bundle, name="hands 52b90c1be857")
    return create_app(replace(small_recogniser, bundle=named), settings)


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    return ("404", "422")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=["wave"])
    path = tmp_path_factory.mktemp("own") / "my-wave.npz"
    save_clip(path, Clip(clip.positions, clip.rate, KINECT20, Source("my-wave")))
    return path


def settle(page: Any) -> None:
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    page.wait_for_timeout(500)  # the work is kept


def shown(page: Any) -> dict[str, Any]:
    return {
        "files": page.locator("#files .name").all_inner_texts(),
        "sentences": page.locator("#sentence-list input").evaluate_all("all => all.map((one) => one.value)"),
        "moments": page.locator("#spans .sentence").all_inner_texts(),
        "taught": page.locator("#taught li > span").all_inner_texts(),
        "count": page.locator("#correction-count").inner_text(),
        "title": page.locator("#recording-title").inner_text(),
    }


def save_project(page: Any, path: Path) -> None:
    with page.expect_download() as download:
        page.locator("#save-project").click()
    assert download.value.suggested_filename == "work.pgfa.json"
    download.value.save_as(path)


def test_a_project_is_saved_and_opened_elsewhere(open_page: Any, recording: Path, tmp_path: Path) -> None:
    page = open_page()
    page.set_input_files("#file", recording)
    sync.expect(page.locator("#recording-title")).to_have_text("my-wave.npz")
    settle(page)
    page.locator("#spans .moment").first.click()
    page.fill("#editor [data-role=name]", HOSTILE)
    page.keyboard.press("Enter")
    page.locator("#timeline [role=slider]").focus()
    for key in ("Home", "[", *["ArrowRight"] * 8, "]"):
        page.keyboard.press(key)
    page.fill("#teach-name", "my move")
    page.get_by_role("button", name="Teach").click()
    sync.expect(page.locator("#taught li")).to_have_count(1)
    page.locator("#improve").click()
    sync.expect(page.locator("#improved")).to_be_visible()
    settle(page)
    before = shown(page)
    assert HOSTILE in before["moments"]
    save_project(page, tmp_path / "work.pgfa.json")
    assert json.loads((tmp_path / "work.pgfa.json").read_text())["state"]["correcting"]["unsaved"] is False
    page.close(run_before_unload=True)  # saved: no dialog

    other = open_page()
    other.set_input_files("#project-file", tmp_path / "work.pgfa.json")
    sync.expect(other.locator("#recording-title")).to_have_text("my-wave.npz")
    settle(other)
    assert shown(other) == before
    sync.expect(other.locator("#unlearn")).to_be_attached()


def test_damaged_projects_are_refused_with_what_is_wrong(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    settle(page)
    before = shown(page)
    save_project(page, tmp_path / "good.json")
    good = json.loads((tmp_path / "good.json").read_text())
    correction = {
        "id": "c1", "start": 0, "end": 1, "body": 0, "partner": None, "sentence": "s", "probability": 1,
        "verdict": "right", "hides": [],
    }  # fmt: skip
    damages = [
        ("not json", "it is not JSON"),
        ({**good, "version": 2}, "project.version"),
        ({**good, "format": "other"}, "project.format"),
        ({**good, "script": "alert(1)"}, 'no "script"'),
        ({**good, "state": {**good["state"], "sentences": [HOSTILE, 7]}}, "sentences[1]: expected a text"),
        ({**good, "state": {**good["state"], "current": "../x"}}, "the key of a recording"),
        ({**good, "state": {**good["state"], "videos": [{"key": "1.0"}]}}, "videos[0]"),
        ({**good, "files": [{"number": -1, "name": "x"}]}, "a whole number from 0"),
        ({**good, "files": [{"number": 1, "name": "x", "content": "<svg onload=alert(1)>"}]}, "base64"),
        ({**good, "files": [{"number": 1, "name": "x", "example": "../../x"}]}, "the name of an example"),
        ([], "project: expected an object"),
    ]  # fmt: skip
    for change in ({"verdict": "maybe"}, {"end": None}, {"start": -1}, {"hides": [{}]}, {"__proto__x": 1}):
        state = {**good["state"], "correcting": {**good["state"]["correcting"], "moments": [
            {"key": "1.0", "corrections": [{**correction, **change}]}]}}  # fmt: skip
        damages.append(({**good, "state": state}, "corrections[0]"))
    for damage, words in damages:
        content = damage if isinstance(damage, str) else json.dumps(damage)
        (tmp_path / "bad.pgfa.json").write_text(content)
        page.set_input_files("#project-file", tmp_path / "bad.pgfa.json")
        sync.expect(page.get_by_role("alert")).to_contain_text(words)
        page.get_by_role("button", name="Close this message").click()
    assert shown(page) == before


VIDEO = """async () => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d"), chunks = [];
  canvas.width = canvas.height = 64;
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm;codecs=vp8" });
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  for (let frame = 0; frame < 60; frame++) {
    pen.fillStyle = `hsl(${frame * 6} 80% 50%)`;
    pen.fillRect(0, 0, 64, 64);
    await new Promise((resolve) => { setTimeout(resolve, 40); });
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}"""


def test_a_video_is_played_in_step_and_never_sent(open_page: Any, tmp_path: Path) -> None:
    page = open_page()
    settle(page)
    file = tmp_path / "our lab.webm"
    file.write_bytes(base64.b64decode(page.evaluate(VIDEO)))
    sent: list[int] = []
    page.on("request", lambda r: sent.append(len(r.post_data_buffer or b"")))
    page.set_input_files("#video-file", file)
    video = page.locator("#player video")
    sync.expect(video).to_be_visible()

    def video_time() -> float:
        return float(page.evaluate("document.querySelector('#player video').currentTime"))

    def wait_for(expected: float) -> None:
        deadline = time.monotonic() + 30
        while abs(video_time() - expected) > 0.06 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert video_time() == pytest.approx(expected, abs=0.06)

    page.locator("#timeline [role=slider]").focus()
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    wait_for(0.8)
    page.fill("#video-offset", "0.4")
    page.keyboard.press("Enter")
    wait_for(1.2)
    page.fill("#video-offset", "")
    page.keyboard.press("Enter")
    sync.expect(page.locator("#video-offset")).to_have_value("0.40")
    page.get_by_label("in step").uncheck()
    page.evaluate("document.querySelector('#player video').currentTime = 1.0")
    wait_for(1.0)
    page.get_by_label("in step").check()
    sync.expect(page.locator("#video-offset")).to_have_value("0.20")
    with page.expect_download() as download:
        page.get_by_role("button", name="ELAN").click()
    download.value.save_as(tmp_path / "out.eaf")
    assert 'MEDIA_URL="./our%20lab.webm"' in (tmp_path / "out.eaf").read_text()
    assert max(sent, default=0) < file.stat().st_size, "the video stays in the browser"

    page.wait_for_timeout(600)
    page.reload()
    settle(page)
    sync.expect(page.locator("#video-name")).to_have_text("our lab.webm")
    sync.expect(page.locator("#video-offset")).to_have_value("0.20")
    sync.expect(video).to_be_visible()
    page.get_by_role("button", name="Remove the video").click()
    sync.expect(video).to_be_hidden()


def test_a_video_known_by_name_takes_no_place_of_a_recording(
    open_page: Any, recording: Path, tmp_path: Path
) -> None:
    """A project has videos by name only: opened again, one must not overwrite what was opened in between."""
    page = open_page()
    settle(page)
    video = tmp_path / "our lab.webm"
    video.write_bytes(base64.b64decode(page.evaluate(VIDEO)))
    page.set_input_files("#video-file", video)
    sync.expect(page.locator("#video-name")).to_have_text("our lab.webm")
    save_project(page, tmp_path / "work.pgfa.json")
    other = open_page()
    settle(other)
    other.set_input_files("#project-file", tmp_path / "work.pgfa.json")
    sync.expect(other.locator("#video-name")).to_have_text("our lab.webm (open it again)")
    settle(other)
    other.set_input_files("#file", recording)
    sync.expect(other.locator("#recording-title")).to_have_text("my-wave.npz")
    settle(other)
    other.locator("#files .open").first.click()
    sync.expect(other.locator("#recording-title")).to_have_text("Waving")
    other.set_input_files("#video-file", video)
    sync.expect(other.locator("#video-name")).to_have_text("our lab.webm")
    settle(other)
    before = shown(other)["files"]
    other.reload()
    settle(other)
    assert shown(other)["files"] == before == ["Waving", "my-wave.npz"]
    sync.expect(other.locator("#player video")).to_be_visible()


def test_200_recordings_stay_fluent_and_are_saved_as_a_list(
    open_page: Any, recording: Path, tmp_path: Path
) -> None:
    page = open_page()
    settle(page)
    content = recording.read_bytes()
    files = [
        {"name": f"=take {n}.npz", "mimeType": "application/octet-stream", "buffer": content}
        for n in range(199)
    ]
    files.append({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no recording"})
    page.set_input_files("#file", files)
    sync.expect(page.locator("#files li")).to_have_count(201)
    sync.expect(page.locator("#files .open:enabled")).to_have_count(200, timeout=300_000)
    longest = page.evaluate(
        """async () => { const filter = document.getElementById("filter"), sort = document.getElementById("sort");
        let longest = 0;
        for (const [element, value, type] of [[filter, "take 1", "input"], [filter, "", "input"],
            [sort, "name", "change"], [sort, "answer", "change"], [sort, "opened", "change"]]) {
          const start = performance.now();
          element.value = value;
          element.dispatchEvent(new Event(type));
          document.body.getBoundingClientRect();
          longest = Math.max(longest, performance.now() - start);
        }
        return longest; }"""
    )
    assert longest < 2000, "milliseconds, on a machine that may be busy"
    with page.expect_download() as download:
        page.locator("#list-csv").click()
    download.value.save_as(tmp_path / "recordings.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "recordings.csv").read_text())))
    assert len(rows) == 201
    assert rows[1]["file"] == "'=take 0.npz", "no cell is a formula"
    assert rows[-1]["state"] == "refused"
    assert "not a skeleton recording" in rows[-1]["reason"]
    with page.expect_download() as download:
        page.locator("#list-json").click()
    download.value.save_as(tmp_path / "recordings.json")
    entries = json.loads((tmp_path / "recordings.json").read_text())
    assert entries[1]["file"] == "=take 0.npz"
    assert entries[1]["people"] == 1
    assert (entries[1]["recogniser"], entries[1]["aligned"]) == ("hands 52b90c1be857", False)
    assert entries[-1]["recogniser"] is None, "a file that is not answered"
    page.get_by_role("button", name="Remove all").click()
    sync.expect(page.locator("#files li")).to_have_count(0)


def test_a_project_with_a_damaged_recording_says_so(open_page: Any, recording: Path, tmp_path: Path) -> None:
    page = open_page()
    page.set_input_files("#file", recording)
    sync.expect(page.locator("#recording-title")).to_have_text("my-wave.npz")
    settle(page)
    page.locator("#timeline [role=slider]").focus()
    for key in ("Home", "[", *["ArrowRight"] * 8, "]"):
        page.keyboard.press(key)
    page.fill("#teach-name", "my move")
    page.press("#teach-name", "Shift+Enter")
    sync.expect(page.locator("#correction-count")).to_have_text("1 correction")
    save_project(page, tmp_path / "work.pgfa.json")
    project = json.loads((tmp_path / "work.pgfa.json").read_text())
    content = base64.b64decode(project["files"][-1]["content"])
    project["files"][-1]["content"] = base64.b64encode(content[: len(content) // 2]).decode()
    (tmp_path / "cut.pgfa.json").write_text(json.dumps(project))

    page.set_input_files("#project-file", tmp_path / "cut.pgfa.json")
    alert = page.get_by_role("alert")
    sync.expect(alert).to_contain_text("my-wave.npz could not be read")
    sync.expect(alert).to_contain_text("Its 1 correction is kept, but not used")
    sync.expect(page.locator("#files .refused")).to_have_count(1)
    sync.expect(page.locator("#recording-title")).to_have_text("Waving")
    page.get_by_role("button", name="Remove my-wave.npz").click()
    settle(page)
    page.reload()
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("#files .name")).to_have_text(["Waving"])


def test_the_row_of_several_people_says_what_the_headline_says(app: Any, open_page: Any) -> None:
    page = open_page()
    page.get_by_role("button", name="Two people").click()
    sync.expect(page.locator("#recording-title")).to_have_text("Two people")
    settle(page)

    def row() -> str:
        return str(page.locator("#files .open", has_text="Two people").locator(".state").inner_text())

    lines = page.locator("#verdict .line").all_inner_texts()
    assert row() == "; ".join(lines)
    page.get_by_role("button", name="A squat").click()
    sync.expect(page.locator("#recording-title")).to_have_text("A squat")
    page.fill("#add", "a person jumps")
    page.press("#add", "Enter")
    settle(page)
    sync.expect(page.locator("#files .open", has_text="Two people").locator(".state")).to_contain_text("A: ")
    page.wait_for_timeout(1000)  # the answers about others come one after another
    asked = row()
    page.locator("#files .open", has_text="Two people").click()
    sync.expect(page.locator("#recording-title")).to_have_text("Two people")
    settle(page)
    assert "; ".join(page.locator("#verdict .line").all_inner_texts()) == asked == row()
    app.state.pgfa.sessions._sessions.clear()
    page.locator("#files .open", has_text="A squat").click()
    sync.expect(page.locator("#recording-title")).to_have_text("A squat")
    settle(page)
    assert row() == asked, "after a restart of the server, too"


def test_opening_many_files_moves_nothing_and_says_in_one_line_what_was_refused(
    open_page: Any, recording: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"take {number:02}.npz" for number in range(18)]
    for file in files:
        file.write_bytes(recording.read_bytes())
    for name in ("a broken.npz", "a notes.txt"):
        (tmp_path / name).write_text("filmed on Monday")
        files.append(tmp_path / name)
    page = open_page(viewport={"width": 1366, "height": 768})
    page.set_input_files("#file", files)
    sync.expect(page.locator("#files .open:enabled")).to_have_count(19)
    settle(page)
    sync.expect(page.locator("#notice p")).to_have_text(
        "2 files could not be read: a broken.npz, a notes.txt. The list says why."
    )
    for row in page.locator("#files .refused .state").all_inner_texts():
        assert "not a skeleton recording" in row
    page.locator("#files .open").nth(12).press("Enter")
    sync.expect(page.locator("#recording-title")).to_have_text("take 11.npz")
    settle(page)
    assert page.evaluate("scrollY") == 0

    def bottom(selector: str) -> float:
        return float(page.locator(selector).evaluate("e => e.getBoundingClientRect().bottom"))

    for selector in ("#files", "#timeline", "#add", "#file-exports"):
        assert bottom(selector) <= 768, selector
    chosen = page.locator("#files [aria-current]")
    assert bottom("#files [aria-current]") <= bottom("#files")
    assert chosen.evaluate(
        "e => e.getBoundingClientRect().top >= e.closest('ol').getBoundingClientRect().top"
    )
    facts = page.locator("#clip-facts")
    sync.expect(facts.get_by_text("declared by the file")).to_be_hidden()
    facts.get_by_text("How it was read").click()
    sync.expect(facts.get_by_text("declared by the file")).to_be_visible()
