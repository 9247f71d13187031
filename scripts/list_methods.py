"""Write the lists of methods in docs/methods_compared.md, from the tables in `pgfa.research.baselines`.

    python scripts/list_methods.py

Run it after adding a baseline; a test compares the lists with the tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pgfa.research.baselines import METHODS, TEST_TIME, Baseline, TestTimeBaseline

PAGE = Path(__file__).parents[1] / "docs" / "methods_compared.md"


def updated(text: str) -> str:
    """The page with the lists as they should be; each is between two comments of its name."""
    for name, table in (("methods", METHODS), ("test-time", TEST_TIME)):
        before, after = f"<!-- {name}: written by scripts/list_methods.py -->\n", f"<!-- end of {name} -->"
        head, _, rest = text.partition(before)
        text = head + before + rows(table) + after + rest.partition(after)[2]
    return text


def rows(table: Mapping[str, Baseline] | Mapping[str, TestTimeBaseline]) -> str:
    """A Markdown table; files that are named link to their pages."""
    lines = ["| name | what it is | what it assumes | source |", "|---|---|---|---|"]
    for name, baseline in table.items():
        source = re.sub(r"(\w+\.md)", r"[\1](\1)", baseline.source)
        lines.append(f"| `{name}` | {baseline.title} | {baseline.assumes} | {source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
