"""The clip page: self-contained, safe, and accurate."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import builders
import pgfa
from pgfa.cli.main import main
from pgfa.draw import clip_gif, clip_page, clip_payload, document, unpack_positions
from pgfa.skeleton import HDM05, KINECT20, NTU25, Clip, Layout

PLACEHOLDER = re.compile(r"(?<!\w)\{[A-Za-z_][\w.\[\]()]*(:[^{}]*)?\}")
HOSTILE = "</script><img src=x onerror=alert(1)>"


class _Page(HTMLParser):
    """Elements and attributes of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": [], "data": []}
        self._open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._open = "data" if dict(attrs).get("type") == "application/json" else tag
            self.inline[self._open].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inline[self._open][-1] += data


def make_clip(frames: int = 12, bodies: int = 1, layout: Layout = NTU25, **source: str) -> Clip:
    return builders.make_clip(frames, bodies, layout, **source)


def check_self_contained(text: str) -> _Page:
    page = _Page(text)
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert name not in ("src", "srcset", "style", "action", "xlink:href"), f"<{tag} {name}>"
            if name == "href":
                assert value is not None
                assert value.startswith("#") or value == "data:,"
    addresses = set(re.findall(r"\bhttps?://[^\s\"'`<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, addresses
    assert "@import" not in text
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    (policy,) = (a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        for content in page.inline[kind]:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy, f"the policy does not allow the page's own {kind}"
    return page


def test_packed_positions_are_accurate_to_a_millimetre() -> None:
    clip = make_clip(bodies=2)
    clip.positions[3:5, 1] = np.nan
    unpacked = unpack_positions(clip_payload(clip))
    np.testing.assert_array_equal(np.isnan(unpacked), np.isnan(clip.positions))
    assert np.nanmax(np.abs(unpacked - clip.positions)) <= 0.00051


def test_a_clip_wider_than_int16_millimetres_has_coarser_steps() -> None:
    clip = make_clip()
    clip.positions[0, 0, 0] = [400.0, 1.0, 3.0]
    payload = clip_payload(clip)
    assert payload["step"] > 0.001
    assert np.abs(unpack_positions(payload) - clip.positions).max() <= payload["step"]


def test_absent_bodies_are_left_out_and_infinite_joints_are_absent() -> None:
    clip = make_clip(bodies=3)
    clip.positions[:, 1] = np.nan
    clip.positions[0, 0, 4, 1] = np.inf
    payload = clip_payload(clip)
    assert payload["slots"] == [0, 2]
    unpacked = unpack_positions(payload)
    assert np.isnan(unpacked[0, 0, 4]).all()
    assert np.isfinite(unpacked[1:, 0]).all()


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_a_clip_without_any_body_still_makes_a_page(frames: int) -> None:
    clip = Clip(np.full((frames, 2, 20, 3), np.nan, dtype=np.float32), 30.0, KINECT20)
    page = check_self_contained(clip_page([clip], "nobody"))
    data = json.loads(page.inline["data"][0])
    assert data["clips"][0]["bodies"] == 0
    assert data["clips"][0]["frames"] == frames


def test_fewer_frames_play_at_the_recorded_speed() -> None:
    clip = make_clip(frames=301)
    payload = clip_payload(clip, max_frames=120)
    assert payload["every"] == 3
    assert payload["frames"] == 101
    assert payload["rate"] == pytest.approx(10.0)
    assert payload["recorded_frames"] == 301
    np.testing.assert_allclose(unpack_positions(payload), clip.positions[::3], atol=0.00051)


def test_the_initial_view_is_from_the_front_for_any_orientation() -> None:
    """The viewer's right is the left of a body that faces the viewer."""
    for turn in (0.0, 1.0, 2.5, -2.0):
        positions = np.full((4, 1, len(NTU25.joints), 3), np.nan, dtype=np.float32)
        left = np.array([np.cos(turn), 0, np.sin(turn)])
        for part in ("shoulder", "hip"):
            positions[:, 0, NTU25.index(f"{part}_left")] = 0.2 * left
            positions[:, 0, NTU25.index(f"{part}_right")] = -0.2 * left
        yaw = clip_payload(Clip(positions, 30.0, NTU25))["yaw"]
        np.testing.assert_allclose([np.cos(yaw), 0, -np.sin(yaw)], left, atol=1e-6)


def test_floor_and_target_are_within_the_clip() -> None:
    clip = make_clip(frames=40)
    payload = clip_payload(clip)
    low, high = clip.positions.min(axis=(0, 1, 2)), clip.positions.max(axis=(0, 1, 2))
    assert low[1] <= payload["floor"] <= clip.positions[..., 1].mean()
    assert (low < payload["target"]).all()
    assert (payload["target"] < high).all()


def test_the_page_is_self_contained_and_has_every_clip() -> None:
    clips = [make_clip(layout=layout, id=f"clip-{layout.name}") for layout in (NTU25, KINECT20, HDM05)]
    page = check_self_contained(clip_page(clips, "three clips", ["A note."]))
    data = json.loads(page.inline["data"][0])
    assert [clip["id"] for clip in data["clips"]] == [clip.source.id for clip in clips]
    assert set(data["layouts"]) == {"ntu25", "kinect20", "hdm05"}
    assert sum("data-clip" in attributes for _, attributes in page.elements) == 3


def test_the_page_states_the_length_of_a_clip() -> None:
    text = clip_page([make_clip(frames=10)], "one clip")
    assert "10 frames at 30 Hz, 0.33 s" in text
    assert "1 frame at 30 Hz, 0.03 s" in clip_page([make_clip(frames=1)], "one frame")


def test_no_part_of_an_f_string_lacks_its_f() -> None:
    """`f"..." "{clip.seconds}"` prints the braces. Ruff's RUF027 does not see the second part of such a string."""
    wrong = []
    for file in sorted(Path(pgfa.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
                wrong += [f"{file}:{node.lineno}: {part}" for part in parts if PLACEHOLDER.search(part)]
    assert not wrong


def test_a_page_without_clips_says_so() -> None:
    assert "No clips to show" in clip_page([], "empty")


def test_text_from_outside_is_escaped() -> None:
    clip = make_clip(id=HOSTILE, action=HOSTILE, variant=HOSTILE, dataset='"><b>', subject="\u2028</style>")
    text = clip_page([clip, clip], HOSTILE, [HOSTILE])
    page = check_self_contained(text)
    assert "<img" not in text
    assert json.loads(page.inline["data"][0])["clips"][0]["id"] == HOSTILE
    assert len(page.inline["script"]) == 3


def test_a_script_that_closes_its_own_element_is_refused() -> None:
    with pytest.raises(ValueError, match="must not close its own element"):
        document("t", "", styles=[], scripts=["'</script>'"], data={})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clip.gif", "drawing a .gif needs PIL, which is not installed: pip install 'pgfa[gif]'"),
        ("clip.mp4", "clip.mp4: expected a file name ending in .html or .gif"),
    ],
)
def test_a_drawing_that_cannot_be_written_is_refused_before_anything_is_read(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pgfa.config.extras.installed", lambda module: module != "PIL")
    with pytest.raises(SystemExit) as stop:
        main(["inspect", "no-such-recording.bvh", "--out", name])
    assert stop.value.code == f"pgfa: {message}"
    assert not capsys.readouterr().out


def test_the_gif_is_animated(tmp_path: Path) -> None:
    from PIL import Image

    clip_gif(make_clip(frames=4), tmp_path / "clip.gif", size=80)
    with Image.open(tmp_path / "clip.gif") as picture:
        assert picture.n_frames == 4
        first = np.asarray(picture.convert("L"))
        picture.seek(2)
        assert (np.asarray(picture.convert("L")) != first).any()


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("pgfa.draw", "scene.js"),
        ("pgfa.draw", "player.js"),
        ("pgfa.draw", "clips.js"),
        ("pgfa.evaluate.report", "report.js"),
    ],
)
def test_scripts_are_valid(package: str, name: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("reason: no node on this machine to check the scripts' syntax with")
    with resources.as_file(resources.files(package).joinpath(name)) as path:
        process = subprocess.run(
            [node, "--check", str(path)], capture_output=True, text=True, timeout=60, check=False
        )
    assert process.returncode == 0, process.stderr
