"""Tables of results as Markdown, and figures as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgfa.evaluate.student import half_width


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; numbers are aligned by the page, not here."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)


def percent(value: float) -> str:
    """A fraction of 1 in per cent, with one digit: ``47.5``."""
    return f"{100 * value:.1f}"


def interval(values: Sequence[float]) -> str:
    """Mean in per cent and Student's 95 % interval over the values: ``47.5 (33.2 to 61.9)``."""
    middle, half = mean(values), half_width(values)
    if half is None:
        return percent(middle)
    return f"{percent(middle)} ({percent(middle - half)} to {percent(middle + half)})"


def counted(number: int, noun: str) -> str:
    """``1 set``, ``12 sets``, ``9,982 clips``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
