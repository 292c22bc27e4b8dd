"""The figures that benchmarks print: the worker's, the baseline's, their ratio, the aim."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measurement, and the baseline's in the same unit."""

    name: str
    ours: float
    bare: float | None = None
    unit: str = "ms"
    aim: float | None = None
    """The largest ratio."""
    limit: float | None = None
    """The largest value, in the figure's own unit."""

    @property
    def cells(self) -> list[str]:
        """A row of the table."""
        ratio = ""
        bare = ""
        if self.bare:
            ratio = f"{self.ours / self.bare:.2f}"
            bare = _number(self.bare)
        return [
            self.name,
            _number(self.ours),
            bare,
            self.unit,
            ratio,
            self._aim(),
        ]

    def _aim(self) -> str:
        if self.limit is not None:
            is_missed = self.ours > self.limit
            text = f"<= {self.limit:g} {self.unit}"
        elif self.aim is not None and self.bare:
            is_missed = self.ours / self.bare > self.aim
            text = f"<= {self.aim:g}"
        else:
            return ""
        return f"{text}  MISSED" if is_missed else text


def _number(value: float) -> str:
    """Format a value with about three significant digits; a whole number in full."""
    if value == int(value):
        return str(int(value))
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}"


def table(figures: list[Figure]) -> list[str]:
    """Format figures as a table with aligned columns."""
    rows = [
        ["", "ours", "bare", "", "ratio", "aim"],
        *(figure.cells for figure in figures),
    ]
    widths = [
        max(len(row[column]) for row in rows) for column in range(len(rows[0]))
    ]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def timed(work: Callable[[], object]) -> float:
    """Run `work`; return how many milliseconds it took."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def in_turns(
    ours: Callable[[], object], bare: Callable[[], object], *, times: int
) -> tuple[float, float]:
    """Run both in turns, this many times; return their medians in milliseconds.

    A first run of each, which is not counted, warms up.
    """
    ours_took, bare_took = [], []
    for _ in range(times + 1):
        bare_took.append(timed(bare))
        ours_took.append(timed(ours))
    return median(ours_took[1:]), median(bare_took[1:])
