"""Moments are corrected by mouse and keyboard, kept, learned from and exported; the timeline zooms and loops."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_server import BROWSER_TEST
from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Calibration, Recogniser
from pgfa.skeleton import Clip, Source
from pgfa.synth import make_clips

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]


@pytest.fixture(scope="module")
def app(small_recogniser: Recogniser, settings: ServeSettings) -> Any:
    from pgfa.serve.app import create_app

    # So confident that every window of every example is in a moment.
    calibration = Calibration(200.0, 200.0, none=1.0, fitted=True)
    recogniser = replace(small_recogniser, bundle=replace(small_recogniser.bundle, calibration=calibration))
    return create_app(recogniser, settings)


@pytest.fixture
def page(context: Any, address: str) -> Any:
    """The page with "Several actions in a row"; fails on any message in the console."""
    page = context.new_page()
    page.goto(address)
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    open_example(page, "Several actions in a row")
    return page


def open_example(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    sync.expect(page.locator("#recording-title")).to_have_text(name)
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)


def moments(page: Any) -> list[tuple[str, str, str]]:
    """Time, sentence, and verdict or probability of each listed moment."""
    rows = page.locator("#spans .moment").evaluate_all(
        """rows => rows.map((row) => { const text = (name) => row.querySelector(name)?.textContent;
        const sentence = text(".sentence").replace(text(".change") ?? "", "");
        return [text(".time"), sentence, text(".sr-only") ?? text(".probability")]; })"""
    )
    return [tuple(row) for row in rows]


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_by_keyboard_every_kind_of_correction_and_undo(page: Any) -> None:
    first = moments(page)
    assert len(first) >= 3
    page.locator("#spans .moment").first.focus()
    press(page, "Enter", "r")
    assert moments(page)[0] == (*first[0][:2], "right")
    press(page, "ArrowDown", "w")
    assert moments(page)[1] == (*first[1][:2], "wrong")
    assert page.evaluate("document.activeElement.textContent").startswith(first[1][0]), "focus is not lost"
    press(page, "w")
    assert moments(page)[1] == first[1], "saying the same again takes it back"

    press(page, "m")
    merged = moments(page)
    assert len(merged) == len(first) - 1
    assert merged[1][0].startswith(first[1][0].split(" ")[0])
    assert merged[1][2] == "right"

    page.locator("#timeline [role=slider]").focus()
    for _ in range(8):
        press(page, "ArrowRight")
    press(page, "s")
    split = moments(page)
    assert len(split) == len(first)
    assert split[1][1] == split[2][1] == merged[1][1]

    page.locator("#editor [data-role=name]").fill("a person does something else")
    press(page, "Enter")
    assert moments(page)[2][1] == "a person does something else"
    start = page.locator("#editor [data-role=start]")
    before = float(start.input_value())
    start.focus()
    press(page, "ArrowUp", "Tab")
    after = float(page.locator("#editor [data-role=start]").input_value())
    assert after == pytest.approx(before + 1 / 30, abs=0.002), "a step is a frame"

    page.locator("#spans .selected .moment").focus()
    press(page, "Delete")
    assert len(moments(page)) == len(first) - 1
    assert page.evaluate("document.activeElement.classList.contains('moment')"), "focus is not lost"

    press(page, "Escape")
    for _ in range(8):
        press(page, "Control+z")
    assert moments(page) == first
    sync.expect(page.locator("#undo")).to_be_disabled()
    press(page, "Control+y")
    assert moments(page)[0][2] == "right"


IN_SIGHT = """(one) => { const box = one.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
    const top = document.elementFromPoint(x, y);
    return box.y >= 0 && box.bottom <= innerHeight && (one.contains(top) || Boolean(top?.contains(one))); }"""


def click_in_sight(page: Any, selector: str) -> None:
    """Click the middle of the first match; unlike `Locator.click`, which tries again elsewhere, never scrolls."""
    part = page.locator(selector).first
    part.wait_for()
    assert part.evaluate(IN_SIGHT), selector
    box = part.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


@pytest.mark.parametrize("example", ["Several actions in a row", "Two people"])
def test_the_selected_moment_is_corrected_without_scrolling(page: Any, example: str) -> None:
    """At 1366 x 768: player, timeline and sentences stay in sight while a moment is marked, corrected and named."""
    if page.locator("#recording-title").text_content() != example:
        open_example(page, example)
    click_in_sight(page, "#timeline .block")
    sync.expect(page.locator("#editor")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    whole = ("#player canvas", ".transport", "#timeline", "#sentence-list", "#add", "#editor", "#teach-form")
    for place in (*whole, "#editor [data-role]", "#teach-form :is(button, input)"):
        for part in page.locator(place).all():
            assert part.evaluate(IN_SIGHT), part
    before = len(moments(page))
    click_in_sight(page, "#editor [data-role=wrong]")
    click_in_sight(page, "#editor [data-role=remove]")
    assert len(moments(page)) == before - 1
    assert page.evaluate("scrollY") == 0


def test_the_editor_stays_in_sight_with_long_lists(page: Any) -> None:
    for number in range(8):
        page.fill("#add", f"a person does thing {number}")
        page.press("#add", "Enter")
    sync.expect(page.locator("#timeline .row")).to_have_count(15)
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    page.locator("#timeline .block").first.click()
    assert page.locator("#timeline").evaluate(
        "(one) => one.getBoundingClientRect().bottom > innerHeight - 100"
    )
    for button in page.locator("#editor button").all():
        assert button.evaluate(IN_SIGHT)
    page.locator("#export-training").scroll_into_view_if_needed()
    page.mouse.wheel(0, 1000)
    assert page.locator("#editor [data-role=name]").evaluate(IN_SIGHT), "beside the list of moments, too"


def test_e_goes_to_the_editor_and_what_is_half_typed_stays(page: Any) -> None:
    page.locator("#spans .moment").nth(1).focus()
    press(page, "e")
    sync.expect(page.locator("#editor [data-role=name]")).to_be_focused()
    sync.expect(page.locator("#spans .moment").nth(1)).to_have_attribute("aria-expanded", "true")
    press(page, "Tab")
    page.locator("#editor [data-role=right]").click()
    held: list[Any] = []
    released: list[bool] = []
    page.route("**/answer", lambda route: route.continue_() if released else held.append(route))
    page.fill("#add", "a person jumps")
    page.press("#add", "Enter")
    page.locator("#editor [data-role=name]").focus()
    press(page, "Control+a")
    page.keyboard.type("a person hops")
    answers = page.locator("body").get_attribute("data-answers")
    released.append(True)  # the question may not have been sent yet
    for route in held:
        route.continue_()
    sync.expect(page.locator("body")).not_to_have_attribute("data-answers", str(answers))
    sync.expect(page.locator("#editor [data-role=name]")).to_have_value("a person hops")
    sync.expect(page.locator("#editor [data-role=name]")).to_be_focused()


def test_long_names_and_notices_leave_the_player_in_sight(page: Any, tmp_path: Path) -> None:
    (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=["wave"])
    name = f"{'a long name of a recording ' * 5}.npz"
    save_clip(tmp_path / name, clip)
    page.set_input_files("#file", tmp_path / name)
    title = page.locator("#recording-title")
    sync.expect(title).to_have_text(name)
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    assert title.get_attribute("title") == name
    assert page.locator(".clip-line").bounding_box()["height"] < 45
    page.locator("#clip-facts summary").click()
    assert page.locator("#clip-facts p").evaluate("(one) => one.scrollWidth <= one.clientWidth"), (
        "it is not cut"
    )
    page.locator("#clip-facts summary").click()
    page.evaluate("import('/static/activity.js').then(({ notify }) => notify('A message.'))")
    sync.expect(page.locator("#notice")).to_be_visible()
    page.locator("#timeline .block").first.click()
    for place in ("#player canvas", ".transport", "#timeline .lanes", "#editor", "#teach-form"):
        assert page.locator(place).evaluate(IN_SIGHT), place


def test_the_editor_keeps_the_focus_and_shows_what_holds(page: Any) -> None:
    page.locator("#timeline .block").nth(1).click()
    values = [page.locator(f"#editor [data-role={role}]").input_value() for role in ("name", "start", "end")]
    for role, wrong, expected in (("name", "", values[0]), ("end", values[1], values[2]), ("start", "-5", "0.000"),
                                  ("name", "a person hops", "a person hops"), ("start", "-5", "0.000")):  # fmt: skip
        field = page.locator(f"#editor [data-role={role}]")
        field.fill(wrong)
        press(page, "Enter")
        sync.expect(field).to_have_value(expected)
        sync.expect(field).to_be_focused()
    page.locator("#editor [data-role=wrong]").click()
    sync.expect(page.locator("#editor [data-role=wrong]")).to_be_focused()
    page.locator("#editor [data-role=remove]").click()
    sync.expect(page.locator("#editor [data-role=remove]")).to_be_focused()
    while page.locator("#editor [data-role=remove]").is_visible():
        page.locator("#editor [data-role=remove]").click()
    sync.expect(page.locator("#timeline [role=slider]")).to_be_focused()


def test_a_name_that_is_not_asked_about_is_pointed_out(page: Any) -> None:
    page.locator("#spans .moment").first.click()
    page.locator("#editor [data-role=name]").fill("a person hops")
    page.keyboard.press("Enter")
    page.locator("#improve").click()
    sync.expect(page.locator("#improved-summary")).to_contain_text(
        "never an answer: “a person hops”. To try: add it."
    )
    page.fill("#add", "a person hops")
    page.press("#add", "Enter")
    sync.expect(page.locator("#timeline .row", has_text="hops")).to_have_count(1)
    page.locator("#spans .moment").first.click()
    press(page, "w")
    page.locator("#improve").click()
    sync.expect(page.locator("#improve")).to_be_disabled()
    sync.expect(page.locator("#improved-summary")).not_to_contain_text("never an answer")


def test_what_a_correction_did_is_not_said_of_another_recording(page: Any) -> None:
    page.locator("#spans .moment").last.click()
    press(page, "m")
    sync.expect(page.locator("#notice p")).to_contain_text("no later moment of this person")
    page.locator("#files .open", has_text="Waving").click()
    sync.expect(page.locator("#recording-title")).to_have_text("Waving")
    sync.expect(page.locator("#notice")).to_be_hidden()


def test_keys_are_about_the_moment_with_the_focus(page: Any) -> None:
    first = moments(page)
    page.locator("#spans .moment").nth(0).click()
    page.locator("#spans .moment").nth(1).focus()
    press(page, "Delete")
    assert moments(page) == [first[0], *first[2:]], "not the one that was chosen before"
    page.locator("#undo").click()
    page.locator("#spans .moment").nth(2).focus()
    press(page, "r")
    assert moments(page)[2] == (*first[2][:2], "right")
    page.locator("#undo").click()
    assert moments(page) == first


def test_a_split_or_merge_that_is_not_possible_says_why(page: Any) -> None:
    first = moments(page)
    page.locator("#spans .moment").last.click()
    press(page, "m")
    sync.expect(page.locator("#notice p")).to_contain_text("no later moment of this person")
    page.locator("#timeline [role=slider]").focus()
    press(page, "Home")
    press(page, "s")
    sync.expect(page.locator("#notice p")).to_contain_text("first move the player to a time inside it")
    assert moments(page) == first
    sync.expect(page.locator("#undo")).to_be_disabled()


def test_a_short_moment_covers_no_other(page: Any) -> None:
    width = "(one) => { one.style.width = '5px'; return one.getBoundingClientRect().width; }"
    assert page.locator("#timeline .block").first.evaluate(width) == 5


def test_by_mouse_a_moment_is_moved_cut_and_added(page: Any) -> None:
    first = moments(page)
    block = page.locator("#timeline .block").nth(1)

    def drag(x: float, by: float) -> None:
        box = block.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + x * box["width"], y)
        page.mouse.down()
        page.mouse.move(box["x"] + x * box["width"] + by, y, steps=4)
        page.mouse.up()

    def times(index: int) -> list[float]:
        return [float(part) for part in moments(page)[index][0].removesuffix(" s").split(" – ")]

    start, end = times(1)
    drag(0.5, 30)
    moved = times(1)
    assert moved[0] > start
    assert moved[1] - moved[0] == pytest.approx(end - start, abs=0.11)
    box = block.bounding_box()
    drag(1 - 2 / box["width"], -30)
    cut = times(1)
    assert cut[0] == moved[0]
    assert cut[1] < moved[1]
    block.click(position={"x": box["width"] / 4, "y": 8})
    sync.expect(page.locator("#spans .selected")).to_have_count(1)
    sync.expect(page.locator("#marked")).to_contain_text("Marked:")

    track = page.locator("#timeline .track").first.bounding_box()
    page.mouse.move(track["x"] + 5, track["y"] + 8)
    page.mouse.down()
    page.mouse.move(track["x"] + 60, track["y"] + 8, steps=4)
    page.mouse.up()
    page.fill("#teach-name", "a person begins")
    page.locator("#add-moment").click()
    assert ("a person begins", "right") in [row[1:] for row in moments(page)]
    page.locator("#undo").click()
    page.locator("#undo").click()
    page.locator("#undo").click()
    assert moments(page) == first


def test_corrections_are_kept_asked_about_and_learned_from(page: Any, tmp_path: Path) -> None:
    answer = moments(page)
    page.locator("#spans .moment").nth(1).click()
    name = page.locator("#editor [data-role=name]")
    name.fill("a person bows")
    name.press("Enter")
    page.locator("#spans .moment").first.click()
    press(page, "r")
    sync.expect(page.locator("#correction-count")).to_have_text("2 corrections")
    corrected = moments(page)
    page.wait_for_timeout(600)

    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("#correction-count")).to_have_text("2 corrections")
    assert asked == ["beforeunload"]
    assert moments(page) == corrected

    page.locator("#improve").click()
    sync.expect(page.locator("#improved-summary")).to_contain_text("Learned from 2 corrections")
    sync.expect(page.locator("#spans .change").first).to_be_visible()
    page.locator("#changes summary").click()
    page.locator("#changed-moments button").first.click()
    sync.expect(page.locator("#spans .selected, #timeline .band:not([hidden])").first).to_be_visible()
    improved = moments(page)
    page.wait_for_timeout(600)
    page.reload()
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    sync.expect(page.locator("#unlearn")).to_be_attached()
    assert [row[:2] for row in moments(page)] == [row[:2] for row in improved], "what was learned is kept"

    with page.expect_download() as download:
        page.locator("#export-training").click()
    download.value.save_as(tmp_path / "corrections.zip")
    with zipfile.ZipFile(tmp_path / "corrections.zip") as archive:
        assert "corrections/pack/pack.json" in archive.namelist()
        manifest = json.loads(archive.read("corrections/pack/manifest.json"))
        assert set(manifest["action"]) == {answer[0][1], "a person bows"}
        assert manifest["id"][0].startswith("Several actions in a row ")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(tmp_path / "moments.csv")
    assert "a person bows" in io.StringIO((tmp_path / "moments.csv").read_text()).read()
    asked.clear()
    page.wait_for_timeout(400)
    page.reload()
    sync.expect(page.locator("#correction-count")).to_have_text("2 corrections")
    assert not asked, "exported corrections are not asked about"


def test_the_timeline_zooms_pans_and_loops(page: Any) -> None:
    axis = page.locator("#timeline .axis span")
    assert axis.first.inner_text() == "0:00"
    whole = axis.all_inner_texts()
    slider = page.locator("#timeline [role=slider]")
    slider.focus()
    press(page, "End", "+", "+", "+")
    assert axis.all_inner_texts() != whole
    assert axis.all_inner_texts()[-1].startswith("0:1")
    sync.expect(page.locator("#timeline .pan")).to_be_visible()
    sync.expect(page.locator("#timeline .playhead")).to_be_visible()
    press(page, "Home")
    assert axis.first.inner_text().startswith("0:00"), "the view follows the playhead"
    box = page.locator("#timeline .pan").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 4, box["y"] + 8)
    assert axis.all_inner_texts()[-1].startswith("0:1")
    page.mouse.move(box["x"] + 40, box["y"] - 60)
    page.keyboard.down("Control")
    page.mouse.wheel(0, 3000)
    page.keyboard.up("Control")
    sync.expect(page.locator("#timeline .pan")).to_be_hidden()
    assert axis.all_inner_texts() == whole

    page.locator("#spans .moment").nth(1).click()
    marked = page.evaluate(
        "[...document.querySelectorAll('#editor input[type=number]')].map((one) => one.valueAsNumber)"
    )
    page.evaluate("document.querySelector('#player').scrollIntoView()")
    press(page, "l")
    sync.expect(page.locator("#loop")).to_have_attribute("aria-pressed", "true")
    frames = set()
    for _ in range(25):
        frames.add(int(page.locator("#player").get_attribute("data-frame")))
        page.wait_for_timeout(100)
    assert len(frames) > 3
    assert min(frames) >= round(marked[0] * 30) - 1
    assert max(frames) <= round(marked[1] * 30)


def test_two_people_have_lanes_names_and_shared_moments(page: Any) -> None:
    open_example(page, "Two people")
    lanes = page.locator("#timeline .lane")
    sync.expect(lanes).to_have_count(2)
    labels = page.get_by_role("radiogroup", name="Person").locator("label")
    sync.expect(labels).to_have_text(["A", "B"])
    page.get_by_role("textbox", name="Name of person B").fill("Ben")
    press(page, "Enter")
    sync.expect(page.get_by_role("radiogroup", name="Person")).to_contain_text("Ben")
    answer = {
        "body": 0,
        "partner": 1,
        "start_s": 0.5,
        "end_s": 2.0,
        "sentence": "two people meet",
        "probability": 0.8,
    }
    twin = {**answer, "body": 1, "partner": 0, "start_s": 0.4}
    found = page.evaluate(
        "async (spans) => (await import('/static/moments.js')).fromAnswer(spans)", [answer, twin]
    )
    assert [(m["start"], m["end"], m["body"], m["partner"]) for m in found] == [(0.4, 2.0, 0, 1)], (
        "one moment of both"
    )
    shown = page.evaluate(
        """async (spans) => { const { Lanes } = await import('/static/lanes.js');
        const { fromAnswer } = await import('/static/moments.js'), root = document.createElement("div");
        new Lanes(root, {}).show(fromAnswer(spans), { people: [0, 1], body: 0, selected: null, names: {} });
        return [...root.querySelectorAll(".lane")].map((lane) => lane.querySelectorAll(".block").length); }""",
        [answer, twin],
    )
    assert shown == [1, 1], "a moment of a pair is on both lanes"
    page.wait_for_timeout(500)
    page.reload()
    sync.expect(page.get_by_role("textbox", name="Name of person B")).to_have_value("Ben")


def test_an_answer_suggests_what_to_try(page: Any) -> None:
    """Answers as the server may give them -> a word of the suggestion, or none."""
    wave, kick = {"sentence": "a person waves"}, {"sentence": "a person kicks"}
    cases: list[tuple[dict[str, Any], list[Any], list[str], str]] = [
        ({"best": None, "candidates": [{**wave, "probability": 0.2}]}, [], [], "name the limb"),
        ({"best": None, "candidates": [{**wave, "probability": 0.2}]}, [{}], [], ""),
        (
            {"best": 0, "candidates": [{**wave, "probability": 0.4}, {**kick, "probability": 0.35}]},
            [],
            [],
            "“a person waves” and “a person kicks”",
        ),
        ({"best": 0, "candidates": [{**wave, "probability": 0.9}]}, [], [], ""),
        ({"best": 0, "candidates": [{**wave, "probability": 0.9}]}, [], ["no depth"], "no depth"),
    ]
    for result, spans, problems, words in cases:
        text = page.evaluate(
            "async (given) => (await import('/static/suggestions.js')).suggestion(...given)",
            [result, spans, problems],
        )
        assert words in text
        assert bool(words) == bool(text)
    for reasons, best, words in (
        ({"speaks_for": [], "speaks_against": ["the left hand"], "taught": False}, False, "leave out “the left hand”"),
        ({"speaks_for": [], "speaks_against": [], "taught": False}, True, "name the limb"),
        ({"speaks_for": ["overhead"], "speaks_against": [], "taught": False}, True, ""),
        ({"speaks_for": [], "speaks_against": [], "taught": True}, False, "another example"),
    ):  # fmt: skip
        text = page.evaluate(
            "async (given) => (await import('/static/suggestions.js')).suggestionFor(...given)",
            [reasons, best],
        )
        assert words in text
        assert bool(words) == bool(text)


def test_a_moment_named_none_of_these_shows_none_of_the_sentences(page: Any, tmp_path: Path) -> None:
    first = moments(page)
    page.locator("#spans .moment").nth(1).click()
    name = page.locator("#editor [data-role=name]")
    name.fill(" None  of These ")
    name.press("Enter")
    sync.expect(page.get_by_role("alert")).to_contain_text("shows none of the sentences")
    assert moments(page) == [first[0], *first[2:]]
    page.locator("#spans .moment").first.click()
    press(page, "r")
    track = page.locator("#timeline .track").first.bounding_box()
    page.mouse.move(track["x"] + track["width"] - 40, track["y"] + 8)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] - 5, track["y"] + 8, steps=4)
    page.mouse.up()
    page.fill("#teach-name", "NONE OF THESE")
    page.locator("#add-moment").click()
    sync.expect(page.locator("#correction-count")).to_have_text("3 corrections")
    assert "none of these" not in str(moments(page)).lower()

    with page.expect_request("**/corrections") as sent:
        page.locator("#improve").click()
    sync.expect(page.locator("#improved-summary")).to_contain_text("Learned from 3 corrections")
    assert [lesson["sentence"] for lesson in sent.value.post_data_json["corrections"]] == [
        None,
        first[0][1],
        None,
    ]
    with page.expect_download() as download:
        page.locator("#export-training").click()
    download.value.save_as(tmp_path / "corrections.zip")
    with zipfile.ZipFile(tmp_path / "corrections.zip") as archive:
        assert "none of these" not in archive.read("corrections/catalogue.toml").decode().lower()


def test_corrections_that_were_kept_under_the_name_none_of_these(page: Any) -> None:
    correction = {"id": "c1", "start": 0, "end": 1, "body": 0, "partner": None, "sentence": "none of these",
                  "probability": 1, "hides": []}  # fmt: skip
    verdicts = page.evaluate(
        """async (corrections) => { const { Moments } = await import("/static/moments.js");
        const moments = new Moments({ changed() {} });
        moments.restore([{ key: "1.0", corrections }]);
        return moments.all.map(({ verdict }) => verdict); }""",
        [{**correction, "verdict": verdict} for verdict in ("right", "wrong", "removed")],
    )
    assert verdicts == ["removed", "removed"]


def test_a_correction_says_which_moments_it_covers(page: Any) -> None:
    first = moments(page)
    alert = page.get_by_role("alert")

    def set_time(role: str, value: str) -> None:
        field = page.locator(f"#editor [data-role={role}]")
        field.fill(value)
        field.press("Enter")

    page.locator("#export-training").scroll_into_view_if_needed()
    page.locator("#spans .moment").first.click()
    set_time("end", "99999")
    covered = len(first) - 1
    assert covered >= 2
    sync.expect(alert).to_contain_text("The recording ends at")
    sync.expect(alert).to_contain_text(f"{covered} other moments are covered")
    sync.expect(alert).to_contain_text("Undo brings them back.")
    sync.expect(alert).to_be_in_viewport(ratio=1)
    assert len(moments(page)) == 1
    page.locator("#undo").click()
    sync.expect(alert).to_be_hidden()
    assert moments(page) == first

    # Three quarters of the one before: it stays listed, also after a reload.
    start, end = (float(part) for part in first[0][0].removesuffix(" s").split(" – "))
    page.keyboard.press("Escape")
    page.locator("#spans .moment").nth(1).click()
    set_time("start", f"{start + (end - start) / 4:.3f}")
    assert moments(page)[0] == first[0]
    assert len(moments(page)) == len(first)
    page.wait_for_timeout(600)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    sync.expect(page.locator("#correction-count")).to_have_text("1 correction")
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    assert moments(page)[0] == first[0]

    page.locator("#spans .moment").nth(1).click()
    set_time("start", "0")
    sync.expect(alert).to_contain_text("1 other moment is covered and no longer listed. Undo brings it back.")
    assert len(moments(page)) == len(first) - 1
    set_time("start", "99")
    sync.expect(alert).to_contain_text("The start was after the end")


def test_a_recording_that_was_never_opened_is_listed_with_its_headline(page: Any, tmp_path: Path) -> None:
    """However long it is and however many people are in it: what the list says stays when it is opened."""
    clips = make_clips(seed=5, performers=1, repeats=1, actions=["wave", "bow"])
    frames = 2100
    bodies = [np.resize(clip.positions[:, 0], (frames, *clip.positions.shape[2:])) for clip in clips]
    positions = np.stack([bodies[0], bodies[1] + [1, 0, 0]], axis=1).astype(np.float32)
    save_clip(tmp_path / "b long.npz", Clip(positions, 30.0, clips[0].layout, Source("long")))
    save_clip(tmp_path / "a short.npz", Clip(positions[:90], 30.0, clips[0].layout, Source("short")))
    page.set_input_files("#file", [tmp_path / "a short.npz", tmp_path / "b long.npz"])
    sync.expect(page.locator("#recording-title")).to_have_text("a short.npz")
    row = page.locator("#files .open", has_text="b long.npz").locator(".state")
    sync.expect(row).not_to_have_text("waiting")
    listed = row.inner_text()
    assert "%" not in listed
    with page.expect_download() as download:
        page.locator("#list-json").click()
    entry = next(
        each for each in json.loads(Path(download.value.path()).read_text()) if each["file"] == "b long.npz"
    )
    assert (entry["answer"], entry["probability"]) == (listed, None)
    page.locator("#files .open", has_text="b long.npz").click()
    sync.expect(page.locator("#recording-title")).to_have_text("b long.npz")
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    assert "; ".join(page.locator("#verdict .line").all_inner_texts()) == listed == row.inner_text()

    page.locator("#timeline .person-name").first.fill("Anna")
    page.keyboard.press("Enter")
    page.locator("#timeline .block").first.click()
    page.locator("#editor [data-role=name]").fill("a person does something else")
    page.keyboard.press("Enter")
    corrected = row.inner_text()
    assert corrected == "; ".join(page.locator("#verdict .line").all_inner_texts())
    open_example(page, "A squat")
    answers, held = page.locator("body").get_attribute("data-answers"), []
    is_held = [True]

    def hold_others(route: Any) -> None:
        if "ndjson" in route.request.headers["accept"] or not is_held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/answer", hold_others)
    page.fill("#add", "a person jumps")
    page.press("#add", "Enter")
    sync.expect(page.locator("body")).not_to_have_attribute("data-answers", str(answers))
    sync.expect(row).to_have_text("waiting")
    is_held.clear()
    for route in held:
        route.continue_()
    sync.expect(row).not_to_have_text("waiting")
    after = row.inner_text()
    page.locator("#files .open", has_text="b long.npz").click()
    sync.expect(page.locator("#recording-title")).to_have_text("b long.npz")
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    assert "; ".join(page.locator("#verdict .line").all_inner_texts()) == after, (
        "with its corrections and names"
    )
