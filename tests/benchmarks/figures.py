"""What was measured, each figure beside its baseline of the same run and the aim, as one table."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Args:
        value: what is compared with the aim: a ratio to the baseline, or a number in the aim's own unit.
        aim: the greatest value that meets it, or with `at_least` the least.
    """

    what: str
    measured: str
    baseline: str
    value: float
    aim: float
    unit: str = "×"
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.aim if self.at_least else self.value <= self.aim


class Figures:
    """All lines of a run."""

    def __init__(self) -> None:
        self.lines: list[Figure] = []

    def add(self, figure: Figure) -> None:
        self.lines.append(figure)

    def markdown(self) -> str:
        rows = [("What", "Measured", "Baseline in the same run", "Result", "Aim", "")]
        for line in self.lines:
            aim = f"{'≥' if line.at_least else '≤'} {line.aim:g} {line.unit}"
            verdict = "pass" if line.is_met else "MISS"
            rows.append((line.what, line.measured, line.baseline, f"{line.value:.3g} {line.unit}", aim, verdict))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [_line(row, widths) for row in rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join([machine(), "", *lines, ""])


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def machine() -> str:
    """The machine that the figures are from."""
    model = "unknown processor"
    about = Path("/proc/cpuinfo")
    if about.exists():
        named = [line.partition(":")[2].strip() for line in about.read_text().splitlines() if "model name" in line]
        model = named[0] if named else model
    return (
        f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}"
    )
