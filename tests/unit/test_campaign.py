"""`scripts/campaign.py`: units that are finished are kept, those that failed run again, and nothing outlives a stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from pgfa.research.evidence.measured import measured_commands

CHECKOUT = Path(__file__).parents[2]
PART = """
import pathlib, sys
name = sys.argv[1]
calls = pathlib.Path(sys.argv[0]).parents[2] / "calls"
calls.write_text((calls.read_text() if calls.exists() else "") + name + "\\n")
print(f"| name | count |\\n|---|---|\\n| {name} | 1 |")
sys.exit(name == "bad" and not (calls.parent / "repaired").exists())
"""


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(CHECKOUT / "scripts")
    sys.modules.pop("campaign", None)
    import campaign

    return campaign


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a campaign whose copy of the checkout is one script."""
    (tmp_path / "checkout" / "scripts").mkdir(parents=True)
    (tmp_path / "checkout" / "scripts" / "part.py").write_text(PART)
    (tmp_path / "temporary").mkdir()
    return tmp_path


def test_finished_units_are_kept_and_failed_ones_run_again(
    campaign: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = {("good",): 1.0, ("bad",): 3.0, ("other",): 2.0}
    monkeypatch.setattr(campaign, "PARTS", {"part": campaign.Part("part.py", (), units)})
    every = campaign.units(short=False)
    work = campaign.Campaign(folder, 1)
    work.run(every)
    assert (folder / "calls").read_text().split() == ["bad", "other", "good"], "the longest first"
    ((name, _, _, failed),) = campaign.results(work, every)
    assert (name, failed) == ("part", ["part-bad"])
    (folder / "repaired").touch()
    work.run(every)
    assert (folder / "calls").read_text().split() == ["bad", "other", "good", "bad"]
    ((_, table, _, failed),) = campaign.results(work, every)
    assert not failed
    assert table == "| name | count |\n|---|---|\n| good | 1 |\n| bad | 1 |\n| other | 1 |"


def test_a_unit_with_other_options_is_not_finished(
    campaign: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = campaign.Unit("part", ("good",), 1.0)
    monkeypatch.setattr(campaign, "PARTS", {"part": campaign.Part("part.py", (), {})})
    work = campaign.Campaign(folder, 1)
    work.run([unit])
    assert work.result(unit)
    assert not work.result(campaign.Unit("part", ("good", "--steps=3"), 1.0))


def test_the_time_left_is_that_expected_at_the_speed_so_far(campaign: ModuleType) -> None:
    progress = campaign.Progress(total=3, waiting=3, expected=360.0, jobs=2)
    assert str(progress) == "0 of 3 units, about 3 min left"
    progress.ended(campaign.Unit("a", (), 120.0), 240.0)
    assert str(progress) == "1 of 3 units, about 4 min left"


def test_every_part_has_its_command_in_the_results(campaign: ModuleType) -> None:
    commands = measured_commands(CHECKOUT / "results")
    for name, part in campaign.PARTS.items():
        assert commands[name] == f"scripts/{part.script}"
    units = campaign.units(short=False)
    assert len({unit.name for unit in units}) == len(units)
    from command_cases import CASES, SEVERAL, command_names
    from kill_scenarios import SCENARIOS

    def words(part: str) -> list[str]:
        return [word for unit in units if unit.part == part for word in unit.options]

    from hostile_commands import WAYS
    from signal_commands import LONG

    assert sorted(words("signal-commands")) == sorted(LONG)
    assert sorted(words("hostile-commands")) == sorted(WAYS)
    assert sorted(words("hinder-commands")) == sorted([*CASES, *SEVERAL])
    assert list(CASES) == command_names()
    assert words("kill-processes") == list(SEVERAL)
    assert words("kill-writes") == list(SCENARIOS)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are found as on Linux")
def test_a_stopped_campaign_leaves_no_process(folder: Path) -> None:
    """Also those that a part has started."""
    sleeper = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(120)'])\n"
    )
    (folder / "checkout" / "scripts" / "part.py").write_text(sleeper)
    code = (
        "import sys; from pathlib import Path; import campaign\n"
        "campaign.PARTS = {'part': campaign.Part('part.py', (), {(): 1.0})}\n"
        "from pgfa.processes import termination_as_interrupt\n"
        "with termination_as_interrupt():\n"
        f"    campaign.Campaign(Path({str(folder)!r}), 1).run(campaign.units(short=False))\n"
    )
    search = os.pathsep.join([str(CHECKOUT / "scripts"), str(CHECKOUT / "src")])
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": search}, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while len(_processes_in(folder)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert not _processes_in(folder)


def _processes_in(folder: Path) -> list[int]:
    """Ids of the processes that run in the copy of the checkout."""
    processes = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve() == folder / "checkout":
                processes.append(int(entry.name))
        except OSError:
            continue
    return processes


def test_a_unit_that_hangs_is_ended_and_fails(
    campaign: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "checkout" / "scripts" / "part.py").write_text(
        "import sys, time\nif sys.argv[1] == 'bad':\n    time.sleep(120)\n" + PART
    )
    monkeypatch.setattr(campaign, "HANGS", (2.0, 0.0))
    monkeypatch.setattr(
        campaign, "PARTS", {"part": campaign.Part("part.py", (), {("bad",): 2.0, ("good",): 1.0})}
    )
    work, every = campaign.Campaign(folder, 1), campaign.units(short=False)
    work.run(every)
    assert [work.result(unit)["code"] == 0 for unit in every] == [False, True]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found as on Linux")
def test_a_killed_campaign_is_resumed_without_the_processes_it_left(
    campaign: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also without those in sessions of their own."""
    (folder / "temporary" / "unit").mkdir()
    sleeper = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        env={**os.environ, "TMPDIR": str(folder / "temporary" / "unit")},
        start_new_session=True,
    )
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(120)"],
        env={**os.environ, "TMPDIR": f"{folder}/temporary-2/unit"},
    )
    try:
        monkeypatch.setattr(campaign, "COPIED", ())
        campaign.Campaign(folder, 1).prepare()
        assert sleeper.wait(10) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        for process in (sleeper, other):
            process.kill()
            process.wait()


def test_complete_tables_are_saved_with_the_failures_in_them(
    campaign: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    monkeypatch.setattr(campaign, "save_measured", lambda results, name, *rest, **more: saved.append(name))
    monkeypatch.setattr(campaign, "measured_commands", lambda results: {"part": "x", "crash": "x"})
    (folder / "checkout" / "scripts" / "crash.py").write_text("print('no table')\n")
    parts = {
        "part": campaign.Part("part.py", (), {("good",): 1.0, ("bad",): 1.0}),
        "crash": campaign.Part("crash.py", (), {("other",): 1.0}),
    }
    monkeypatch.setattr(campaign, "PARTS", parts)
    work, every = campaign.Campaign(folder, 2), campaign.units(short=False)
    work.run(every)
    assert campaign.finish(work, every, "abc", save=True) == ["part-bad", "crash"]
    assert saved == ["part"]
