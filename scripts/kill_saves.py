"""Save the bundled recogniser over another bundle, kill the process, and look at what is there: the old or the new one.

    python scripts/kill_saves.py --kills 300

It is killed (SIGKILL) before each of its changes of a file (`kill_writes.py`), three times over, then at random
moments. After each kill the folder must hold the old or the new bundle, complete, and the next save must delete what is
left. Prints counts; the exit status is 1 if anything failed. Works on systems that can fork.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import kill_writes
from command_results import content as content_of

ROUNDS = 3
"""How often each change of a file is tried."""


def save_in_child(recogniser: object, folder: Path, step: int, seconds: float) -> bool:
    """Save in a forked process that is killed before a change of a file (`step`, from 1) or after `seconds`.

    Returns:
        Whether it was killed before it ended.
    """
    child = os.fork()
    if child == 0:
        if step:
            kill_writes._hook(folder.parent, "killed", step)
        recogniser.save(folder)  # type: ignore[attr-defined]
        os._exit(0)
    if not step:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] != 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=300)
    args = parser.parse_args()
    from pgfa import Recogniser
    from pgfa.synth import DEMO_ACTIONS, make_clips

    moments, counts = random.Random(0), Counter[str]()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "work" / "bundle"
        folder.parent.mkdir()
        old = Recogniser.load()
        new = old.teach("my dance", make_clips(seed=0, actions=DEMO_ACTIONS[:1], performers=1, repeats=1)[0])
        started = time.perf_counter()
        new.save(folder)
        seconds, after = time.perf_counter() - started, content_of(folder)
        old.save(folder)
        before, step, rounds = content_of(folder), 1, 0
        assert before != after
        while counts["kills"] < args.kills:
            killed = save_in_child(new, folder, step, moments.uniform(0, seconds))
            counts["kills"] += killed
            content = content_of(folder)
            counts["old" if content == before else "new" if content == after else "neither"] += killed
            if step:
                rounds, step = (rounds, step + 1) if killed else (rounds + 1, 1)
                step = step if rounds < ROUNDS else 0
            old.save(folder)
            counts["left"] += len(list(folder.parent.iterdir())) - 1
    print("| kills | old | new | neither | files left |\n|---|---|---|---|---|")
    print("| " + " | ".join(str(counts[name]) for name in ("kills", "old", "new", "neither", "left")) + " |")
    sys.exit(bool(counts["neither"] or counts["left"]))


if __name__ == "__main__":
    main()
