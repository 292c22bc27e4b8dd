"""Text of the repository as a prompt shows it: numbered, shortened, without secrets, fenced.

It records which lines were shown: a model may refer to those, and to no others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from worker.engines.claude import prompt, secrets
from worker.engines.claude.blocks import Lines
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts

_LONGEST: Final = 200
"""How many characters of a file's line are shown."""
_MARGIN: Final = 8
"""How many characters a row takes besides its line."""
_GAP: Final = "     …"
_LONGEST_ROW: Final = 4_000
"""How many characters of a row of a list, or of a paragraph, are shown."""


_Numbers = defaultdict[str, set[int]]
"""Line numbers, by path."""


class Shown:
    """The lines that a prompt shows."""

    def __init__(self, facts: CourseFacts) -> None:
        """Show nothing yet."""
        self._facts: Final = facts
        self._numbers: Final = _Numbers(set)
        self._cut: Final = _Numbers(set)

    def copy(self) -> "Shown":
        """Return a copy, to which more lines can be added."""
        other = Shown(self._facts)
        for path, numbers in self._numbers.items():
            other._numbers[path] = set(numbers)
        for path, numbers in self._cut.items():
            other._cut[path] = set(numbers)
        return other

    def cut(self, path: str, numbers: Iterable[int]) -> None:
        """Let a model refer to ranges that contain these omitted lines."""
        self._cut[path].update(numbers)

    def spans(self, lines: Lines) -> list[tuple[int, int]]:
        """Return the first and last line of each piece, without omitted lines."""
        path, first, last = lines
        left_out = self._cut[path] - self._numbers[path]
        behind = last + 1
        left_out.add(behind)
        spans: list[tuple[int, int]] = []
        start = first
        for number in range(first, behind + 1):
            if number not in left_out:
                continue
            if start < number:
                span = (start, number - 1)
                spans.append(span)
            start = number + 1
        return spans

    def file(self, path: str, numbers: Iterable[int], title: str = "") -> str:
        """Return numbered lines of a file; nothing if the file is secret."""
        lines = self._lines(path)
        behind = len(lines) + 1
        existing = range(1, behind)
        wanted = set(numbers).intersection(existing)
        if not wanted:
            return ""
        if secrets.is_secret_file(path):
            return ""
        clean = secrets.scrubbed(lines)
        wanted |= _lone_blanks(lines, wanted)
        rows = _numbered(clean, sorted(wanted))
        self._numbers[path].update(wanted)
        title = title or shown_path(path)
        return prompt.fenced(title, rows)

    def _lines(self, path: str) -> Sequence[str]:
        return self._facts.texts.lines(path)

    def files(self, numbers: Mapping[str, Iterable[int]]) -> str:
        """Return numbered lines of files, by path."""
        pieces: list[str] = []
        for path, numbers_of_file in numbers.items():
            piece = self.file(path, numbers_of_file)
            pieces.append(piece)
        return prompt.joined(*pieces)

    def quote(self, path: str, number: int) -> None:
        """Count a line as shown if a list quotes it with its place."""
        if secrets.is_secret_file(path):
            return
        numbers = self._numbers[path]
        numbers.add(number)

    def size(self, path: str, numbers: Iterable[int]) -> int:
        """Return approximately how many characters lines take in a prompt."""
        lines = self._lines(path)
        size = 0
        for number in numbers:
            if number < 1:
                continue
            if number > len(lines):
                continue
            line = lines[number - 1]
            length = min(len(line), _LONGEST)
            size += length + _MARGIN
        return size

    def fault(self, lines: Lines) -> str:
        """Return why a model cannot refer to lines; nothing if it can."""
        path, first, last = lines
        if path not in self._numbers:
            start = path[:80]
            return f"no lines of the file `{start}` were shown"
        if not 0 < first <= last:
            return f"{first} to {last} are no lines"
        text = self._lines(path)
        count = len(text)
        if last > count:
            return f"`{path}` has only {count} lines"
        known = self._known(lines)
        for number in range(first, last + 1):
            line = text[number - 1]
            is_blank = not line.strip()
            # guard: answers: only lines that were shown can be pointed at
            if number not in known and not is_blank:
                return f"line {number} of `{path}` was not shown"
        return ""

    def clipped(self, lines: Lines) -> Lines:
        """Return lines without the last one, if only that one cannot be referred to."""
        path, first, last = lines
        end = last - 1
        shorter = Lines(path, first, end)
        if not self.fault(lines):
            return lines
        if self.fault(shorter):
            return lines
        return shorter

    def has_line(self, path: str, number: int) -> bool:
        """Whether a line is shown."""
        numbers = self._numbers.get(path, ())
        return number in numbers

    def text(self, path: str) -> str:
        """Return the shown lines of a file."""
        numbers = self._numbers.get(path, ())
        shown: list[str] = []
        for number, line in enumerate(self._lines(path), 1):
            if number in numbers:
                shown.append(line)
        return "\n".join(shown)

    @property
    def paths(self) -> frozenset[str]:
        """The files with shown lines."""
        return frozenset(self._numbers)

    def _known(self, lines: Lines) -> set[int]:
        """Return the lines that were shown, and the omitted lines between the two ends."""
        path, first, last = lines
        inside = range(first + 1, last)
        left_out = self._cut[path].intersection(inside)
        return self._numbers[path] | left_out


def _lone_blanks(lines: Sequence[str], wanted: Collection[int]) -> set[int]:
    """Return single blank lines between wanted ones: a mark for the gap would be as long."""
    blanks: set[int] = set()
    for number in wanted:
        between = number + 1
        following = number + 2
        if between in wanted:
            continue
        if following not in wanted:
            continue
        text = lines[number]
        if not text.strip():
            blanks.add(between)
    return blanks


def _numbered(lines: Sequence[str], numbers: Iterable[int]) -> list[str]:
    """Return lines of a file with their numbers, and a mark for each gap."""
    rows: list[str] = []
    before = 0
    for number in numbers:
        is_next = number == before + 1
        if rows and not is_next:
            rows.append(_GAP)
        line = _visible(lines[number - 1], _LONGEST)
        row = f"{number:5}  {line}"
        rows.append(row)
        before = number
    return rows


def shown_path(path: str) -> str:
    """Return a path on one line."""
    line = path.replace("\n", " ")
    return markdown.visible(line)


def plain(lines: Sequence[str], title: str) -> str:
    """Return text from the repository, fenced, without line numbers."""
    if not lines:
        return ""
    rows: list[str] = []
    for line in secrets.scrubbed(lines):
        row = _visible(line, _LONGEST_ROW)
        rows.append(row)
    return prompt.fenced(title, rows)


def _visible(line: str, longest: int) -> str:
    visible = markdown.visible(line)
    return markdown.cut(visible, longest)
