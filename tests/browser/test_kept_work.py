"""The page keeps the work over reloads, closed tabs, restarts and busy servers; its list of recordings; one screen."""

from __future__ import annotations

import itertools
import json
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from page_server import BROWSER_TEST, TIMEOUT_MS, serving
from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Answer, Answers, Recogniser
from pgfa.recognise.rows import Row
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.synth import make_clips

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]
ANSWERED = "body[data-answers]"


class Server:
    """A server whose sessions can be lost, as by a restart, and that can be busy."""

    def __init__(self, app: Any, address: str) -> None:
        self.app, self.address = app, address

    def lose_sessions(self) -> None:
        self.app.state.pgfa.sessions._sessions.clear()


@pytest.fixture(scope="module")
def server(app: Any, address: str) -> Server:
    return Server(app, address)


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    return ("404", "422", "429", "503", "net::ERR_")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three recordings with names of a person's own, and a file that is not a recording."""
    folder = tmp_path_factory.mktemp("own")
    for action, name in (("wave", "take 10"), ("squat", "take 9"), ("bow", "another")):
        (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=[action])
        save_clip(folder / f"{name}.npz", Clip(clip.positions, clip.rate, KINECT20, Source(action)))
    (folder / "notes.txt").write_text("no recording")
    return sorted(folder.iterdir())


def open_page(context: Any, server: Server) -> Any:
    page = context.new_page()
    page.goto(server.address)
    sync.expect(page.locator(ANSWERED)).to_be_attached()
    return page


def add_files(page: Any, files: list[Path]) -> None:
    before = page.locator("#files .open:enabled").count()
    page.set_input_files("#file", files)
    readable = sum(file.name != "notes.txt" for file in files)
    sync.expect(page.locator("#files .open:enabled")).to_have_count(before + readable)
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)


def names(page: Any) -> list[str]:
    return list(page.locator("#files li:not([hidden]) .name").all_inner_texts())


def sentences(page: Any) -> list[str]:
    return list(page.locator("#sentence-list input").evaluate_all("all => all.map((one) => one.value)"))


def work(page: Any, recordings: list[Path]) -> dict[str, Any]:
    """An hour's work in short: recordings, sentences, a mark, a taught class, an alignment, half a sentence."""
    add_files(page, [file for file in recordings if file.name != "notes.txt"])
    page.fill("#add", "a person jumps")
    page.press("#add", "Enter")
    page.locator("#timeline [role=slider]").focus()
    page.keyboard.press("[")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    page.fill("#teach-name", "my move")
    page.get_by_role("button", name="Teach").click()
    sync.expect(page.locator("#taught li")).to_have_count(1)
    page.get_by_role("button", name="Align", exact=True).click()
    sync.expect(page.locator("#aligned .changed")).to_be_visible()
    page.fill("#add", "a person half")
    page.select_option("#sort", "name")
    page.wait_for_timeout(600)
    return state(page)


def state(page: Any) -> dict[str, Any]:
    return {
        "names": names(page),
        "sentences": sentences(page),
        "typed": page.locator("#add").input_value(),
        "title": page.locator("#recording-title").inner_text(),
        "marked": page.locator("#marked").inner_text(),
        "taught": page.locator("#taught li > span").all_inner_texts(),
        "aligned": page.get_by_role("switch", name="Alignment").get_attribute("aria-checked"),
        "boxes": page.locator("#files .mark input").evaluate_all("all => all.map((one) => one.checked)"),
    }


def wait_for_state(page: Any, expected: dict[str, Any]) -> None:
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while (found := state(page)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected


def test_a_reload_a_closed_tab_and_a_restart_lose_nothing(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    page = open_page(context, server)
    before = work(page, recordings)
    assert before["names"] == ["another.npz", "take 9.npz", "take 10.npz", "Waving"]
    assert before["taught"][0] == "my move"
    assert before["aligned"] == "true"
    page.reload()
    wait_for_state(page, before)

    page.goto(f"{server.address}/openapi.json")
    page.go_back()
    wait_for_state(page, before)

    page.close()
    page = open_page(context, server)
    wait_for_state(page, before)

    server.lose_sessions()
    page.locator("#files .open", has_text="take 9").click()
    sync.expect(page.locator("#recording-title")).to_have_text("take 9.npz")
    sync.expect(page.get_by_role("alert")).to_be_hidden()
    sync.expect(page.locator("#sentence-list")).to_contain_text("my move")
    assert sentences(page) == before["sentences"]


def test_two_tabs_have_work_of_their_own(context: Any, server: Server) -> None:
    first = open_page(context, server)
    first.fill("#add", "only in the first")
    first.press("#add", "Enter")
    first.wait_for_timeout(600)
    second = open_page(context, server)
    assert "only in the first" not in sentences(second)
    second.fill("#add", "only in the second")
    second.press("#add", "Enter")
    second.wait_for_timeout(600)
    for page, text in ((first, "only in the first"), (second, "only in the second")):
        page.reload()
        sync.expect(page.locator(ANSWERED)).to_be_attached()
        assert sentences(page)[-1] == text


def test_the_list_of_recordings(context: Any, server: Server, recordings: list[Path]) -> None:
    page = open_page(context, server)
    add_files(page, recordings)
    refused = page.locator("#files .refused")
    sync.expect(refused).to_have_count(1)
    sync.expect(refused).to_contain_text("notes.txt")
    sync.expect(refused).to_contain_text("this is not a skeleton recording")
    sync.expect(page.locator("#files li", has_text="take 9").locator(".state")).to_contain_text("%")
    sync.expect(page.locator("#alignment-count")).to_contain_text("3 unlabelled recordings")
    page.get_by_role("checkbox", name="Use take 9.npz for alignment").uncheck()
    sync.expect(page.locator("#alignment-count")).to_contain_text("2 unlabelled recordings")
    page.select_option("#sort", "name")
    assert names(page)[-3:] == ["take 9.npz", "take 10.npz", "Waving"]
    page.fill("#filter", "take")
    assert names(page) == ["take 9.npz", "take 10.npz"]
    page.fill("#filter", "")

    page.get_by_role("button", name="Remove take 9.npz").click()
    assert "take 9.npz" not in names(page)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove take 10.npz"
    page.wait_for_timeout(600)
    page.reload()
    sync.expect(page.locator(ANSWERED)).to_be_attached()
    assert "take 9.npz" not in names(page), "what was removed stays removed"
    page.get_by_role("button", name="Remove all").click()
    sync.expect(page.locator("#recording-title")).to_have_text("No recording yet")
    assert names(page) == []
    # Nothing is shown of what was removed, and the page says what to do.
    sync.expect(page.locator("#verdict")).to_have_text("Open a recording")
    sync.expect(page.locator(".no-recording")).to_be_visible()
    for hidden in ("#player", "#timeline", "#spans", "#teach-form", "#notice"):
        sync.expect(page.locator(hidden)).to_be_hidden()
    assert set(page.locator("#sentence-list .value").all_inner_texts()) == {"–"}
    fills = page.locator("#sentence-list .fill").evaluate_all("bars => bars.map((bar) => bar.style.width)")
    assert set(fills) == {"0%"}, "no bar is filled without an answer"
    page.keyboard.press("k")
    page.get_by_role("button", name="A squat").click()
    sync.expect(page.locator("#recording-title")).to_have_text("A squat")
    sync.expect(page.locator("#player canvas")).to_be_visible()
    sync.expect(page.locator(".no-recording")).to_be_hidden()
    sync.expect(page.locator("#sentence-list .value").first).to_contain_text("%")


def test_rows_and_blocks_leave_out_what_all_sentences_start_with(context: Any, server: Server) -> None:
    page = open_page(context, server)
    sync.expect(page.locator("#timeline .row .name > span:first-child").first).to_have_text("waves one hand")
    sync.expect(page.locator("#timeline .row .name").first).to_have_attribute(
        "title", "a person waves one hand"
    )
    shortened = page.evaluate(
        """async (lists) => { const { shortener } = await import("/static/dom.js");
        return lists.map((list) => list.map(shortener(list))); }""",
        [
            ["a person waves", "a person waves twice"],
            ["a person bows"],
            ["one", "two"],
            ["a a", "a a", "a b"],
            [],
        ],
    )
    assert shortened == [["waves", "waves twice"], ["a person bows"], ["one", "two"], ["a", "a", "b"], []]


def test_player_timeline_and_sentences_fit_one_laptop_screen(context: Any, server: Server) -> None:
    page = open_page(context, server)
    for locator in ("#player canvas", ".transport", "#timeline", "#sentence-list", "#add", "#files"):
        box = page.locator(locator).bounding_box()
        assert box["y"] >= 0, locator
        assert box["y"] + box["height"] <= 768, locator
    assert page.locator("header.top").bounding_box()["height"] < 60
    assert page.locator("#player canvas").bounding_box()["height"] >= 190


def test_a_busy_server_is_asked_again(context: Any, server: Server) -> None:
    page = context.new_page()
    refusals: list[str] = []

    def refuse_three(route: Any) -> None:
        if len(refusals) >= 3:
            return route.continue_()
        refusals.append(route.request.url)
        error = {"kind": "Busy", "message": "busy", "expected": "", "found": "", "where": ""}
        return route.fulfill(status=429, json={"error": error}, headers={"retry-after": "1"})

    page.route("**/api/sessions**", refuse_three)
    page.goto(server.address)
    sync.expect(page.locator("#waiting")).to_contain_text("The server is busy")
    sync.expect(page.locator(ANSWERED)).to_be_attached()
    sync.expect(page.locator("#waiting")).to_be_hidden()
    assert page.get_by_role("alert").is_hidden()
    assert len(refusals) == 3


def test_the_headline_says_what_there_is(context: Any, server: Server) -> None:
    """Each answer as the server may give it -> the lines of the headline."""
    page = open_page(context, server)
    span = {"body": 0, "start_s": 0, "end_s": 2, "probability": 0.9}
    wave, kick = {**span, "sentence": "a person waves"}, {**span, "sentence": "a person kicks"}
    cases = [
        (1, [wave], 0, ["A person waves"], 0.7),
        (1, [], 0, ["A person waves"], 0.7),
        (1, [wave], None, ["A person waves, 0.0 – 2.0 s"], None),
        (1, [wave, kick, wave], None, ["3 moments"], None),
        (1, [wave, kick], 0, ["2 moments"], None),
        (2, [wave, {**kick, "body": 1}], None, ["A: a person waves", "B: a person kicks"], None),
        (2, [{**kick, "body": 1}], 0, ["B: a person kicks", "As a whole: a person waves"], None),
        (1, [], None, ["None of these sentences fits"], None),
        (1, [], 1, ["Perhaps: a person bows"], 0.2),
        (2, [{**kick, "body": 1}], 1, ["B: a person kicks"], None),
    ]  # fmt: skip
    for bodies, spans, best, lines, share in cases:
        result = {
            "none": 0.3,
            "candidates": [
                {"sentence": "a person waves", "probability": 0.7},
                {"sentence": "a person bows", "probability": 0.2},
            ],
            "best": best,
            "timeline": {"probabilities": [[[0.7, 0.3]]] * bodies, "spans": spans},
        }
        found = page.evaluate(
            "async (result) => (await import('/static/headline.js')).headline(result)", result
        )
        assert {"isNone": False, "isUnsure": False, **found} == {
            "lines": lines,
            "share": share,
            "isNone": lines == ["None of these sentences fits"],
            "isUnsure": lines[0].startswith("Perhaps"),
        }


def test_the_page_and_the_table_of_many_recordings_name_the_same_answer(context: Any, server: Server) -> None:
    page = open_page(context, server)
    for first, none in itertools.product((0.1, 0.3, 0.44, 0.5, 0.6), (0.0, 0.2, 0.44, 0.5, 0.51, 0.9)):
        answers = Answers((Answer("a person waves", first, 0.5),), none, True)
        named = Row("x", answers).answer
        result = {
            "candidates": [{"sentence": "a person waves", "probability": first}],
            "best": None if answers.best is None else 0,
            "none": none,
        }
        found = page.evaluate(
            "async (result) => (await import('/static/none.js')).bestOf(result)?.sentence ?? 'none of these'",
            result,
        )
        assert found == named, (first, none)


def test_keys_and_names_for_those_who_do_not_see(context: Any, server: Server) -> None:
    page = open_page(context, server)
    assert page.locator("output").count() == 0, "a clock that speaks is never silent"
    slider = page.locator("#timeline [role=slider]")
    slider.focus()
    page.keyboard.press("Space")
    sync.expect(page.locator("#player")).to_have_attribute("data-playing", "true")
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    for key in ("[", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    slider.dispatch_event("keydown", {"key": "]", "altKey": True, "bubbles": True})
    sync.expect(page.locator("#marked")).to_contain_text("Marked: 0.0")
    page.keyboard.press("Escape")
    sync.expect(page.locator("#marked")).to_have_text("No moment marked.")
    repeated = page.evaluate(
        """() => { const names = [...document.querySelectorAll("button")].filter((one) => one.checkVisibility())
          .map((one) => one.getAttribute("aria-label") || one.title || one.textContent.trim());
        return names.filter((name, index) => names.indexOf(name) !== index
          && !document.querySelector(`#files .open[title="${name}"]`)); }"""
    )
    assert not repeated


def test_a_pasted_list_is_several_sentences(context: Any, server: Server) -> None:
    page = open_page(context, server)
    page.get_by_role("button", name="Clear all").click()
    assert sentences(page) == []
    page.evaluate(
        """() => { const transfer = new DataTransfer();
        transfer.setData("text", "a person sits down\\na person runs\\n\\na person sits down\\nNone of these");
        document.getElementById("add").dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })); }"""
    )
    assert sentences(page) == ["a person sits down", "a person runs"]
    sync.expect(page.get_by_role("alert")).to_contain_text("in the list already")
    sync.expect(page.get_by_role("alert")).to_contain_text("cannot be a sentence")


def test_a_tab_without_own_work_is_not_taken_up_before_the_work(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    first = open_page(context, server)
    add_files(first, [file for file in recordings if file.name != "notes.txt"][:1])
    first.wait_for_timeout(600)
    stray = open_page(context, server)
    assert names(stray) == ["Waving"]
    stray.locator("#files .open").first.click()
    stray.wait_for_timeout(600)
    first.close()
    stray.close()
    again = open_page(context, server)
    sync.expect(again.locator("#files .name")).to_have_text(["Waving", "another.npz"])

    # A reload of a tab without own work takes up work that no tab has open any more.
    stray = open_page(context, server)
    assert names(stray) == ["Waving"]
    again.close()
    stray.reload()
    sync.expect(stray.locator("#files .name")).to_have_text(["Waving", "another.npz"])


def test_the_page_goes_on_by_itself_after_a_restart_of_the_server(
    context: Any, small_recogniser: Recogniser, settings: ServeSettings
) -> None:
    from pgfa.serve.app import create_app

    with serving(create_app(small_recogniser, settings)) as address:
        page = context.new_page()
        page.goto(address)
        sync.expect(page.locator(ANSWERED)).to_be_attached()
        sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    page.fill("#add", "a person hops on one leg")
    page.press("#add", "Enter")
    sync.expect(page.get_by_role("alert")).to_contain_text("tries again by itself")
    page.locator("#examples button", has_text="A squat").click()
    page.wait_for_timeout(300)
    sync.expect(page.get_by_role("alert")).to_contain_text("tries again by itself")
    with serving(create_app(small_recogniser, settings), port=int(address.rsplit(":", 1)[1])):
        sync.expect(page.get_by_role("alert")).to_be_hidden()
        row = page.locator("#sentence-list li", has=page.locator("input[title='a person hops on one leg']"))
        sync.expect(row.locator(".value")).to_contain_text("%")
        assert sentences(page)[-1] == "a person hops on one leg"
        page.close()


def test_a_sentence_less_probable_than_none_of_these_is_named_with_perhaps(
    context: Any, server: Server
) -> None:
    page = context.new_page()

    def make_unclear(route: Any) -> None:
        response = route.fetch()
        *lines, last = response.text().rstrip().split("\n")
        answer = json.loads(last).get("answer", json.loads(last))
        for candidate in answer["candidates"]:
            candidate["probability"] = 0.1
        answer["candidates"][1]["probability"] = 0.27
        answer.update(best=1, none=0.47, calibrated=True)
        if answer["timeline"]:
            answer["timeline"]["spans"] = []
        body = json.dumps({"answer": answer} if "answer" in json.loads(last) else answer)
        route.fulfill(status=200, headers=response.headers, body="\n".join([*lines, body, ""]))

    page.route("**/answer", make_unclear)
    page.goto(server.address)
    sync.expect(page.locator("#verdict")).to_contain_text("Perhaps: ")
    sync.expect(page.locator("#suggestion")).to_contain_text("name the limb")
    sync.expect(page.locator("#files .state")).to_have_text(re.compile("^27 % perhaps: a person"))
    sync.expect(page.locator("#sentence-list .best")).to_contain_text("27 %")


def test_the_list_shows_whole_answers_and_tells_files_of_one_name_apart(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    page = open_page(context, server)
    content = recordings[0].read_bytes()
    same = {"name": "same.npz", "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files("#file", [same, same])
    sync.expect(page.locator("#files .name")).to_have_text(["Waving", "same.npz", "same.npz (2)"])
    sync.expect(page.locator("#recording-title")).to_have_text("same.npz")
    sync.expect(page.locator("#files .state").last).to_contain_text("%")
    for row in page.locator("#files .open").all():
        state = row.locator(".state")
        assert state.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1"), "the answer is not cut"
        assert state.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        assert state.inner_text() in row.get_attribute("title")
    page.wait_for_timeout(600)
    page.reload()
    sync.expect(page.locator("#files .name")).to_have_text(["Waving", "same.npz", "same.npz (2)"])
    page.get_by_role("button", name="Remove same.npz", exact=True).click()
    sync.expect(page.locator("#files .name")).to_have_text(["Waving", "same.npz"])


def test_files_of_one_name_in_folders_are_listed_with_their_folder(
    context: Any, server: Server, recordings: list[Path], tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        (tmp_path / "lab" / folder).mkdir(parents=True)
        (tmp_path / "lab" / folder / "same.npz").write_bytes(recordings[0].read_bytes())
    page = open_page(context, server)
    page.set_input_files("#folder", tmp_path / "lab")
    sync.expect(page.locator("#files .open:enabled")).to_have_count(3)
    assert sorted(names(page)) == ["Waving", "lab/one/same.npz", "lab/two/same.npz"]


def test_a_list_over_the_limit_says_how_many_are_left_out(context: Any, server: Server) -> None:
    page = open_page(context, server)
    there = len(sentences(page))
    page.evaluate(
        """() => { const transfer = new DataTransfer();
        transfer.setData("text", Array.from({ length: 80 }, (_, index) => `a person does ${index}`).join("\\n"));
        document.getElementById("add").dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })); }"""
    )
    sync.expect(page.get_by_role("alert")).to_contain_text(f"50 sentences; {30 + there} were left out.")
    assert len(sentences(page)) == 50


def own(recordings: list[Path]) -> list[Path]:
    """Those that are recordings."""
    return [file for file in recordings if file.suffix == ".npz"]


def marks(page: Any) -> dict[str, bool]:
    """Name of each recording, and whether it is marked for alignment."""
    rows = page.locator("#files li")
    return {
        rows.nth(i).locator(".name").inner_text(): rows.nth(i).locator(".mark input").is_checked()
        for i in range(rows.count())
    }


def test_examples_are_aligned_with_own_recordings_only_if_both_are_marked(
    context: Any, server: Server, recordings: list[Path], tmp_path: Path
) -> None:
    page = open_page(context, server)
    page.get_by_role("button", name="Add 24 examples").click()
    sync.expect(page.locator("#alignment-count")).to_have_text("24 unlabelled recordings.")
    archive = tmp_path / "ours.zip"
    with zipfile.ZipFile(archive, "w") as members:
        for file in own(recordings)[:2]:
            members.write(file, file.name)
    page.set_input_files("#file", archive)
    sync.expect(page.locator("#alignment-count")).to_have_text("2 unlabelled recordings.")
    assert [name for name, marked in marks(page).items() if marked] == ["ours.zip · bow", "ours.zip · wave"]
    page.get_by_role("button", name="Add 24 examples").click()
    sync.expect(page.locator("#alignment-count")).to_have_text(
        "26 unlabelled recordings: 2 of your own and 24 synthetic examples."
    )


def test_removing_what_was_learned_from_is_said(context: Any, server: Server, recordings: list[Path]) -> None:
    page = open_page(context, server)
    add_files(page, own(recordings)[:2])
    page.get_by_role("button", name="Align", exact=True).click()
    sync.expect(page.locator("#aligned")).to_be_visible()
    page.locator("#timeline [role=slider]").focus()
    for key in ("Home", "[", "End", "]"):
        page.keyboard.press(key)
    page.fill("#teach-name", "my own")
    page.get_by_role("button", name="Teach").click()
    sync.expect(page.locator("#taught li")).to_have_count(1)
    title = page.locator("#recording-title").inner_text()
    page.get_by_role("button", name=f"Remove {title}", exact=True).click()
    notice = page.locator("#notice p")
    sync.expect(notice).to_contain_text("“my own”, the alignment: learned from a recording that was removed")
    assert page.locator("#taught li").count() == 1


def test_recordings_removed_while_they_wait_do_not_come_back(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    server.lose_sessions()
    page = open_page(context, server)
    held: list[Any] = []
    released: list[bool] = []
    page.route("**/clips?name=*", lambda route: route.continue_() if released else held.append(route))
    content = own(recordings)[0].read_bytes()
    files = [{"name": f"take {n}.npz", "mimeType": "", "buffer": content} for n in range(4)]
    page.set_input_files("#file", files)
    sync.expect(page.locator("#files li")).to_have_count(5)
    page.get_by_role("button", name="Remove take 0.npz").click()  # is being read
    page.get_by_role("button", name="Remove take 2.npz").click()  # waits
    released.append(True)
    for route in held:
        route.continue_()
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    assert names(page) == ["Waving", "take 1.npz", "take 3.npz"]
    (session,) = server.app.state.pgfa.sessions._sessions.values()
    assert list(session.names.values()) == ["Waving", "take 1.npz", "take 3.npz"]
    page.wait_for_timeout(300)
    page.reload()
    sync.expect(page.locator(ANSWERED)).to_be_attached()
    assert names(page) == ["Waving", "take 1.npz", "take 3.npz"]


def test_the_list_shows_no_answers_to_other_sentences(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    page = open_page(context, server)
    add_files(page, own(recordings))
    state = page.locator("#files .state")
    sync.expect(state.filter(has_text="%")).to_have_count(4)
    questions: list[str] = []
    page.on("request", lambda r: questions.append(r.url) if r.url.endswith("/answer") else None)
    page.locator("#files .open").nth(1).click()
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)
    page.wait_for_timeout(300)
    assert len(questions) == 1, "nothing has changed: the others keep their answers"
    page.route("**/answer", lambda route: None)
    page.get_by_role("button", name="Remove sentence 1").click()
    sync.expect(state.filter(has_text="waiting")).to_have_count(4)


def test_settings_of_the_player_are_kept(context: Any, server: Server) -> None:
    page = open_page(context, server)
    page.get_by_label("speed").select_option("0.5")
    page.get_by_label("trails").check()
    page.keyboard.press("Escape")
    page.locator("#loop").click()
    page.locator("#player").get_by_role("button", name="Pause").click()
    page.wait_for_timeout(400)
    page.reload()
    sync.expect(page.locator(ANSWERED)).to_be_attached()
    sync.expect(page.get_by_label("speed")).to_have_value("0.5")
    assert page.get_by_label("trails").is_checked()
    sync.expect(page.locator("#loop")).to_have_attribute("aria-pressed", "true")
    assert page.locator("#player").get_attribute("data-playing") == "false"


def test_files_that_wait_to_be_read_survive_a_reload(
    context: Any, server: Server, recordings: list[Path]
) -> None:
    page = open_page(context, server)
    held: list[Any] = []
    page.route("**/clips?name=*", lambda route: held.append(route))
    page.set_input_files("#file", recordings)
    sync.expect(page.locator("#files li")).to_have_count(5)
    page.wait_for_timeout(600)
    page.unroute("**/clips?name=*")
    page.reload()
    sync.expect(page.locator("#files .open:enabled")).to_have_count(4)
    assert sorted(names(page)) == ["Waving", "another.npz", "notes.txt", "take 10.npz", "take 9.npz"]
    sync.expect(page.locator("#files .refused")).to_contain_text("not a skeleton recording")
    sync.expect(page.get_by_role("alert")).to_contain_text("notes.txt could not be read")
