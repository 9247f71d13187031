"""Training on few recordings, from the rows of scripts/small_data.py."""

from __future__ import annotations

from pathlib import Path

from pgfa.research.evidence.markdown import mean, percent, table
from pgfa.research.evidence.merge import read_rows
from pgfa.research.evidence.record import load_record

FILE = Path("small-data") / "table.csv"
TITLES = {"20 of 64": "as with many clips", "by size": "by size"}


def small_data_table(file: Path) -> str:
    """Means over sets and draws, a row per size and schedule; only draws that every schedule has. Raises BadFile."""
    load_record(file)
    groups: dict[tuple[str, str], dict[tuple[str, str], dict[str, str]]] = {}
    for row in read_rows(file)[1]:
        groups.setdefault((row["size"], row["schedule"]), {})[row["set"], row["draw"]] = row
    lines = []
    for (size, schedule), rows in groups.items():
        common = [
            draw for draw in rows if all(draw in of for (other, _), of in groups.items() if other == size)
        ]
        shown = [rows[draw] for draw in common]
        epochs = sorted({f"{row['epochs']} of {row['batch']}" for row in shown})
        lines.append(
            [size, shown[0]["clips"], TITLES[schedule], ", ".join(epochs), str(len(common)),
             *(percent(mean([float(row[name]) for row in shown])) for name in ("alone", "aligned")),
             f"{mean([float(row['cpu_seconds']) for row in shown]):.0f}"]
        )  # fmt: skip
    head = ["size", "clips", "schedule", "epochs of batch size", "draws", "sentences", "aligned", "seconds"]
    return table(head, lines)
