"""The page in headless Chromium: open, drop, type, play, align, teach; by mouse, by keyboard, on narrow screens."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_server import BROWSER_TEST, TIMEOUT_MS, serving
from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise.formats import MEANING
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.synth import make_clips
from reason_builders import TEXTS, kinematic_recogniser

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def settings() -> ServeSettings:
    return ServeSettings(max_sessions=100, max_sentences=12)


@pytest.fixture(scope="module")
def context_options() -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    return ("413", "422")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person who waves, in the project's own format."""
    (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=["wave"])
    path = tmp_path_factory.mktemp("drop") / "my-wave.npz"
    save_clip(path, Clip(clip.positions, clip.rate, KINECT20, Source("my-wave")))
    return path


def answered(page: Any, action: Any) -> None:
    """Do something, and wait for the answer that follows."""
    before = int(page.locator("body").get_attribute("data-answers"))
    action()
    wait_until(lambda: int(page.locator("body").get_attribute("data-answers")) > before)


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("timed out")
        time.sleep(0.05)


def drop(page: Any, *files: Path) -> None:
    """Drop files on the page, as from a file manager."""
    content = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    transfer = page.evaluate_handle(
        """(files) => { const transfer = new DataTransfer();
        for (const [name, text] of files)
          transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        return transfer; }""",
        content,
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    sync.expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def probabilities(page: Any) -> dict[str, str]:
    """Each sentence on the page and its probability, as shown."""
    rows = page.locator("#sentence-list > li:not([hidden])")
    shown = {}
    for number in range(rows.count()):
        row = rows.nth(number)
        field = row.locator("input")
        name = field.input_value() if field.count() else row.locator(".sentence").inner_text()
        shown[name] = row.locator(".value").inner_text()
    return shown


def frame(page: Any) -> int:
    return int(page.locator("#player").get_attribute("data-frame"))


def test_drop_type_play_and_see_the_scores_change(open_page: Any, recording: Path) -> None:
    page = open_page()
    answered(page, lambda: drop(page, recording))
    sync.expect(page.locator("#drop")).to_be_hidden()
    sync.expect(page.locator("#recording-title")).to_have_text("my-wave.npz")
    sync.expect(page.locator("#verdict")).to_contain_text("A person waves one hand")
    first = probabilities(page)
    assert "none of these" in first

    page.fill("#add", "a person raises a hand and waves")
    answered(page, lambda: page.press("#add", "Enter"))
    second = probabilities(page)
    assert set(second) - set(first) == {"a person raises a hand and waves"}
    assert second["a person waves one hand"] != first["a person waves one hand"]
    assert page.locator("#timeline .row").count() == len(second)

    edited = page.locator("#sentence-list input").first
    answered(page, lambda: edited.fill("a person bows deeply"))
    sync.expect(page.locator("#verdict")).to_contain_text("A person raises a hand and waves")
    answered(page, lambda: page.get_by_role("button", name="Remove sentence").last.click())
    assert "a person raises a hand and waves" not in probabilities(page)

    if page.locator("#player").get_attribute("data-playing") == "false":
        page.get_by_role("button", name="Play", exact=True).click()
    first_frame = frame(page)
    wait_until(lambda: frame(page) != first_frame)
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate(
        "() => { const c = document.querySelector('#player canvas');"
        "return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8; }"
    ), "the canvas is not empty"


def test_the_timeline_jumps_and_marks(open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    assert page.locator("#player").get_attribute("data-playing") == "false", "nothing is animated"
    page.get_by_role("button", name="Several actions in a row").first.click()
    sync.expect(page.locator("#recording-title")).to_have_text("Several actions in a row")
    sync.expect(page.locator("#spans button").nth(1)).to_be_visible()
    track = page.locator("#timeline .track").first.bounding_box()
    y = track["y"] + track["height"] / 2
    page.mouse.click(track["x"] + track["width"] / 2, y)
    frames = int(page.locator("#player input[type=range]").get_attribute("max"))
    assert abs(frame(page) - frames / 2) < 5
    page.mouse.move(track["x"] + track["width"] * 0.2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * 0.4, y, steps=4)
    page.mouse.up()
    sync.expect(page.locator("#marked")).to_contain_text("Marked:")
    assert abs(frame(page) - frames * 0.2) < 5
    text = page.locator("#timeline [role=slider]").get_attribute("aria-valuetext")
    assert "%" in text
    page.locator("#spans button").last.click()
    assert frame(page) > frames * 0.2


def test_teach_align_and_download(open_page: Any, recording: Path, tmp_path: Path) -> None:
    page = open_page()
    page.locator("#spans button").first.click()
    page.fill("#teach-name", HOSTILE)
    answered(page, lambda: page.get_by_role("button", name="Teach").click())
    assert HOSTILE in probabilities(page)
    assert page.locator("#taught li").count() == 1
    sync.expect(page.locator("#legend")).to_contain_text("prototype (learned from 1 clip)")
    sync.expect(page.locator("#overlaps")).to_contain_text(
        "mean the same"
    )  # names mean little to this recogniser
    sync.expect(page.locator("#overlaps")).to_contain_text(HOSTILE)
    tops = [page.locator(f"#{name}").bounding_box()["y"] for name in ("teach-form", "overlaps", "spans")]
    assert tops == sorted(tops), "it is said where a class is taught"
    names = page.locator("#timeline .row .name > span:first-child").all_inner_texts()
    assert "waves one hand" in names, "the names of sentences stay short"

    page.get_by_role("button", name="Add 24 examples").click()
    sync.expect(page.locator("#alignment-count")).to_contain_text("24 unlabelled recordings")
    answered(page, lambda: page.get_by_role("button", name="Align", exact=True).click())
    sync.expect(page.locator("#aligned .changed")).to_contain_text("of 24 clips")
    switch = page.get_by_role("switch", name="Alignment")
    assert switch.get_attribute("aria-checked") == "true"
    assert page.locator("#sentence-list .tick:not([hidden])").count() > 0
    answered(page, switch.click)
    assert page.locator("#sentence-list .tick:not([hidden])").count() == 0

    with page.expect_download() as download:
        page.get_by_role("button", name="JSON", exact=True).click()
    download.value.save_as(tmp_path / "answers.json")
    timeline = json.loads((tmp_path / "answers.json").read_text())
    assert timeline["sentences"][-1] == HOSTILE
    assert download.value.suggested_filename == "Waving.json"
    assert timeline["source"] == "Waving", "as the list calls it"

    answered(page, lambda: page.get_by_role("button", name=f"Forget {HOSTILE}").first.click())
    assert HOSTILE not in probabilities(page)


def test_an_unreadable_file_is_reported_and_nothing_is_lost(
    open_page: Any, recording: Path, tmp_path: Path
) -> None:
    page = open_page()
    title = page.locator("#recording-title").inner_text()
    (tmp_path / f"{HOSTILE.replace('/', '')}.npz").write_bytes(recording.read_bytes()[:300])
    drop(page, *tmp_path.iterdir())
    sync.expect(page.get_by_role("alert")).to_contain_text("this recording is damaged, incomplete or")
    assert page.locator("#recording-title").inner_text() == title
    page.get_by_role("button", name="Close this message").click()
    sync.expect(page.get_by_role("alert")).to_be_hidden()
    answered(page, lambda: drop(page, recording, recording))
    sync.expect(page.locator("#alignment-count")).to_contain_text("2 unlabelled recordings")


def test_two_people_have_separate_timelines(open_page: Any) -> None:
    page = open_page()
    answered(page, lambda: page.get_by_role("button", name="Two people").click())
    people = page.get_by_role("radiogroup", name="Person").get_by_role("radio")
    assert people.count() == 2
    path = page.locator("#timeline .row .area").first
    first = path.get_attribute("d")
    people.nth(1).check(force=True)
    assert path.get_attribute("d") != first


@pytest.mark.parametrize("system", ["light", "dark"])
def test_dark_and_light(open_page: Any, system: str) -> None:
    page = open_page(color_scheme=system)

    def paper() -> float:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return float(np.mean([int(part) for part in colour.strip("rgb()").split(",")]))

    assert (paper() < 128) == (system == "dark")
    for choice in ("dark", "light", "system", "dark"):
        page.select_option("#theme", choice)
        assert (paper() < 128) == ((system if choice == "system" else choice) == "dark")
    page.reload()
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    assert paper() < 128, "the choice is remembered"


SMALL = """() => [...document.querySelectorAll(
  "button, select, summary, a[href], label.button, label.quiet, input:not([type=file]):not(.segmented input)")]
  .filter((control) => control.checkVisibility() && !control.matches(".skip, .sr-only"))
  .map((control) => {
    // What a finger hits: a box in a label counts by its label.
    const target = control.matches("[type=checkbox], [type=radio]") ? control.closest("label") ?? control : control;
    const { width, height } = target.getBoundingClientRect();
    return [Math.round(width), Math.round(height), control.outerHTML.slice(0, 90)];
  })
  .filter(([width, height]) => width < 40 || height < 40)"""


@pytest.mark.parametrize("width", [320, 360])
def test_every_control_of_a_phone_is_large_enough_for_a_finger(
    open_page: Any, width: int, recording: Path, tmp_path: Path
) -> None:
    page = open_page(viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    assert page.evaluate(SMALL) == []
    sync.expect(page.get_by_text("drop files")).to_be_hidden()
    answered(page, lambda: page.get_by_role("button", name="Two people").click())
    assert page.evaluate(SMALL) == []
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"no recording")
    answered(page, lambda: page.set_input_files("#file", [recording, broken]))
    sync.expect(page.locator("#notice")).to_be_visible()
    page.locator("summary", has_text="Supported formats").click()
    page.locator("#zoom-in").click()
    page.locator("#spans button").first.click()
    sync.expect(page.locator(".editor")).to_be_visible()
    page.fill("#teach-name", "my own")
    answered(page, lambda: page.get_by_role("button", name="Teach").click())
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#show-help").click()
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_narrow_page_needs_no_sideways_scroll(open_page: Any, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740}, has_touch=True)
    answered(page, lambda: page.get_by_role("button", name="Two people").click())
    page.get_by_text("Supported formats").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#player .transport input[type=range]").bounding_box()["width"] > 0.3 * width
    top = page.locator("#sentences").bounding_box()["y"]
    assert top < page.locator("#timeline").bounding_box()["y"], "the sentences come before the timeline"
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, label.button, input[type=text]")]
        .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 24)
        .map((control) => control.outerHTML.slice(0, 80))"""
    )
    assert not small, "every control is large enough for a finger"


OUTSIDE = """() => [...document.querySelectorAll(".columns > *")].flatMap((column) => {
    const box = column.getBoundingClientRect();
    return [...column.querySelectorAll("button, select, input:not(.file), p, h2, .clock")].filter((one) => {
      const own = one.getBoundingClientRect();
      return one.checkVisibility() && own.width > 1 && (own.left < box.left - 12 || own.right > box.right + 1);
    }).map((one) => one.outerHTML.slice(0, 90)); })"""


@pytest.mark.parametrize("width", [981, 1024, 1181, 1366])
def test_columns_do_not_overlap(open_page: Any, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 768})
    answered(page, lambda: page.get_by_role("button", name="Two people").click())
    outside = page.evaluate(OUTSIDE)
    assert outside == []


def test_by_keyboard_alone(open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    names: list[str] = []

    def focused() -> str:
        return str(
            page.evaluate(
                """() => { const element = document.activeElement;
                return element.id || element.getAttribute("aria-label") || element.textContent.trim()
                  || element.tagName; }"""
            )
        )

    def tab_to(name: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            names.append(focused())
            outline = page.evaluate(
                "() => { const element = document.activeElement;"
                "const label = element.matches('.file') ? element.previousElementSibling : element;"
                "const ringed = element.matches('.segmented input') ? element.parentElement : label;"
                "return getComputedStyle(ringed).outlineStyle; }"
            )
            assert outline != "none", f"no focus ring on {names[-1]}"
            if names[-1] == name:
                return
        raise AssertionError(f"{name} is not reached by Tab: {names}")

    tab_to("Skip to the sentences")
    tab_to("theme")
    tab_to("file")
    tab_to("A squat")
    answered(page, lambda: page.keyboard.press("Enter"))
    tab_to("Time in the recording")
    page.keyboard.press("Home")
    page.keyboard.press("[")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    assert frame(page) > 20
    page.keyboard.press("]")
    sync.expect(page.locator("#marked")).to_contain_text("Marked: 0.0")
    tab_to("teach-name")
    page.keyboard.type("mine")
    answered(page, lambda: page.keyboard.press("Enter"))
    assert "mine" in probabilities(page)
    tab_to("add")
    page.keyboard.type("a person kneels")
    answered(page, lambda: page.keyboard.press("Enter"))
    assert "a person kneels" in probabilities(page)


def test_why_is_shown_below_an_opened_answer(
    browser: Any,
    settings: ServeSettings,
    context_options: dict[str, Any],
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pgfa.serve.app import create_app

    asked = [TEXTS["wave"], TEXTS["kick-forward"]]
    monkeypatch.setattr("pgfa.serve.examples.SENTENCES", tuple(asked))
    with serving(create_app(kinematic_recogniser(), settings)) as address:
        context = browser.new_context(**context_options)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(address)
        sync.expect(page.locator("body[data-answers]")).to_be_attached()
        answered(page, lambda: drop(page, recording))
        expected = kinematic_recogniser().explain(recording, asked)
        button = page.get_by_role("button", name="Why sentence 1")
        row = page.locator("#sentence-list > li").first
        sync.expect(row.locator(".reasons")).to_be_hidden()
        button.focus()
        page.keyboard.press("Enter")
        sync.expect(button).to_have_attribute("aria-expanded", "true")
        for phrase in (*expected[0].phrases("for"), *expected.facts):
            sync.expect(row.locator(".reasons")).to_contain_text(phrase)
        assert expected[0].phrases("for")
        sync.expect(page.locator("#sentence-list > li").nth(1).locator(".reasons")).to_be_hidden()
        answered(
            page, lambda: row.locator("input").fill(TEXTS["squat"])
        )  # the open answer follows its sentence
        for phrase in kinematic_recogniser().explain(recording, [TEXTS["squat"]])[0].phrases("against"):
            sync.expect(row.locator(".reasons")).to_contain_text(phrase)
        button.click()
        sync.expect(row.locator(".reasons")).to_be_hidden()
        assert not page.get_by_role("button", name="Why none of these").count()
        context.close()


def test_the_page_says_what_a_percentage_means(open_page: Any) -> None:
    page = open_page()
    sync.expect(page.locator("#certainty")).to_have_text(MEANING)
    assert not page.locator(".why:visible").count()


def test_every_control_has_an_accessible_name(open_page: Any) -> None:
    page = open_page()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas, [role=slider]")]
        .filter((element) => element.checkVisibility() && !(element.getAttribute("aria-label")
          || element.getAttribute("aria-labelledby") || element.labels?.length || element.textContent.trim()))
        .map((element) => element.outerHTML.slice(0, 100))"""
    )
    assert not nameless
    assert page.locator("h1").count() == 1
    assert page.get_by_role("status").count() >= 2
    duplicates = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);"
        "return ids.filter((id, index) => ids.indexOf(id) !== index); }"
    )
    assert not duplicates
