"""The examples at the end of each command's help; a test parses every one."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("pgfa demo", "pgfa demo demo-of-another-seed --seed 1"),
    "doctor": ("pgfa doctor",),
    "completion": (
        "pgfa completion bash > ~/.local/share/bash-completion/completions/pgfa",
        "pgfa completion zsh > ~/.zfunc/_pgfa",
        "pgfa completion fish > ~/.config/fish/completions/pgfa.fish",
    ),
    "import": (
        "pgfa import utd-mhad downloads/Skeleton packs/utd-mhad",
        "pgfa import files my-recordings packs/mine --labels labels.csv",
        "pgfa import ntu60 nturgbd_skeletons.zip packs/ntu60 --jobs 8",
    ),
    "check": (
        "pgfa check my-recordings",
        "pgfa check clip.bvh --unit cm --pictures pictures",
    ),
    "inspect": (
        "pgfa inspect clip.skeleton --out clip.html",
        "pgfa inspect packs/utd-mhad",
        "pgfa inspect packs/utd-mhad --clip a1_s1_t1 --out clip.gif",
    ),
    "formats": ("pgfa formats",),
    "splits": ("pgfa splits",),
    "synthesise": ("pgfa synthesise ntu60 stand-in/ntu60 --clips 240",),
    "train": (
        "pgfa train --pack packs/utd-mhad --split utd-mhad/22-5 --out runs/utd",
        "pgfa train --pack packs/utd-mhad --pack packs/hdm05 --split utd-mhad/22-5 --out runs/joint --train.seed 1",
        "pgfa train --pack packs/mine --catalogue mine.toml --split my-recordings/unseen:wave,kick --out runs/mine",
    ),
    "evaluate": (
        "pgfa evaluate runs/utd",
        "pgfa evaluate runs/utd --adapt.method paper --adapt.alpha 0.8",
    ),
    "recognise": (
        'pgfa recognise clip.bvh --sentence "a person waves a hand" --sentence "a person sits down"',
        'pgfa recognise clip.bvh --sentence "waves | greets with a raised hand" --sentence "sits down" --why',
        "pgfa recognise my-recordings --sentence waves --sentence kicks --csv answers.csv",
        "pgfa recognise long.npz --sentence walks --sentence falls --spans --vtt long.vtt",
        "pgfa recognise clip.bvh --teach salute=salute-1.bvh --teach salute=salute-2.bvh --sentence waves",
    ),
    "serve": ("pgfa serve", "pgfa serve runs/utd --port 8100"),
    "live": ("pgfa live --sentence waves --sentence claps < frames.jsonl",),
    "export": ("pgfa export recogniser --run runs/utd --sentence waves",),
    "calibrate": ("pgfa calibrate runs/fold-0 runs/fold-1 --out calibration.json --bundle recogniser",),
    "benchmark": (
        "pgfa benchmark specs/utd.toml --packs packs --out out/utd --jobs 2",
        "pgfa benchmark results/utd-present --report-only --out out/utd-present",
    ),
    "reproduce": (
        "pgfa reproduce setting-1 --ntu60 downloads/ntu60 --out tables",
        "pgfa reproduce one-shot --ntu60 packs/ntu60 --out tables --seeds 1 --text.encoder minilm",
    ),
}
"""Command -> command lines."""


WIDTH = 76
"""Longest line of an example in the help: longer ones are continued before an option, as a shell reads them."""


def epilogue(command: str) -> str:
    """The end of a command's help."""
    lines = EXAMPLES[command]
    return f"Example{'s' * (len(lines) > 1)}:\n" + "\n".join(f"  {wrapped(line)}" for line in lines)


def wrapped(line: str) -> str:
    """A command line on several lines of at most `WIDTH` characters, where its options allow it."""
    parts = line.split(" --")
    rows = [parts[0]]
    for part in parts[1:]:
        if len(rows[-1]) + len(part) + 3 <= WIDTH - 2:
            rows[-1] += f" --{part}"
        else:
            rows.append(f"    --{part}")
    return " \\\n  ".join(rows)
