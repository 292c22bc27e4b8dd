"""Text of the repository as a prompt shows it: numbered, cut, without secrets, fenced.

It remembers which lines it has shown: a model may point at those, and at no others.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from worker.engines.claude import prompt, secrets
from worker.engines.claude.blocks import Lines
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import CourseFacts

_LONGEST: Final = 200
"""Characters of a line of a file."""
_LONGEST_ROW: Final = 4_000
"""Characters of a row of a list, or of a paragraph."""


class Shown:
    """The lines that a prompt shows."""

    def __init__(self, facts: CourseFacts) -> None:
        """Show nothing yet."""
        self._facts: Final = facts
        self._numbers: Final[dict[str, set[int]]] = {}

    def copy(self) -> "Shown":
        """Return the same lines, to show more beside them."""
        other = Shown(self._facts)
        for path, numbers in self._numbers.items():
            other._numbers[path] = set(numbers)
        return other

    def file(self, path: str, numbers: Iterable[int], title: str = "") -> str:
        """Return numbered lines of a file; nothing of a file that is kept secret."""
        lines = self._facts.texts.lines(path)
        wanted = sorted(
            number for number in set(numbers) if 0 < number <= len(lines)
        )
        if not wanted or secrets.is_secret_file(path):
            return ""
        clean = secrets.scrubbed(lines)
        rows: list[str] = []
        for position, number in enumerate(wanted):
            if position and number > wanted[position - 1] + 1:
                rows.append("     …")
            line = markdown.cut(markdown.visible(clean[number - 1]), _LONGEST)
            rows.append(f"{number:5}  {line}")
        self._numbers.setdefault(path, set()).update(wanted)
        return prompt.fenced(title or shown_path(path), rows)

    def quote(self, path: str, number: int) -> None:
        """Count a line as shown that a list quotes with its place."""
        if not secrets.is_secret_file(path):
            self._numbers.setdefault(path, set()).add(number)

    def size(self, path: str, numbers: Iterable[int]) -> int:
        """Return about how many characters lines take in a prompt."""
        lines = self._facts.texts.lines(path)
        return sum(
            min(len(lines[number - 1]), _LONGEST) + 8
            for number in numbers
            if 0 < number <= len(lines)
        )

    def fault(self, lines: Lines) -> str:
        """Say why a model cannot point at lines; nothing if it can."""
        path = lines.path
        if path not in self._numbers:
            return f"no lines of the file `{path[:80]}` were shown"
        if not 0 < lines.first <= lines.last:
            return f"{lines.first} to {lines.last} are no lines"
        text = self._facts.texts.lines(path)
        if lines.last > len(text):
            return f"`{path}` has only {len(text)} lines"
        # guard: answers: only lines that were shown can be pointed at
        missing = [
            number
            for number in range(lines.first, lines.last + 1)
            if number not in self._numbers[path] and text[number - 1].strip()
        ]
        if missing:
            return f"line {missing[0]} of `{path}` was not shown"
        return ""


def shown_path(path: str) -> str:
    """Return a path on one line."""
    return markdown.visible(" ".join(path.split("\n")))


def plain(lines: Sequence[str], title: str) -> str:
    """Return text from the repository without line numbers, fenced."""
    clean = [
        markdown.cut(markdown.visible(line), _LONGEST_ROW)
        for line in secrets.scrubbed(lines)
    ]
    return prompt.fenced(title, clean) if clean else ""
