"""The report of an evaluation in a browser: on a phone as on a laptop, without requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from page_server import BROWSER_TEST
from pgfa.evaluate.evaluate import evaluate, save_evaluation

pytestmark = [*BROWSER_TEST]
V1 = Path(__file__).parents[1] / "fixtures" / "v1"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    for path in (V1 / "run-default").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return save_evaluation(evaluate(folder, packs=(str(V1 / "pack"),), device="cpu"))[1]


@pytest.mark.parametrize("width", [360, 1366])
def test_nothing_is_cut_off(report: Path, width: int, context: Any) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 768})
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    page.locator("h1").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for table in (".classes", ".reliability .plain"):
        assert page.locator(table).first.evaluate("e => e.scrollWidth <= e.closest('.scroll').clientWidth"), (
            table
        )
    cut = page.locator(".reliability > svg").evaluate(
        """svg => {
            const edges = svg.getBoundingClientRect();
            const outside = ({ left, right }) => left < edges.left || right > edges.right;
            const texts = [...svg.querySelectorAll("text")];
            return texts.filter((text) => outside(text.getBoundingClientRect())).map((text) => text.textContent);
        }"""
    )
    assert not cut
    assert requests == [report.as_uri()]
