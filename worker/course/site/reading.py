"""What a reader wants to know before the first page: how long it takes, and what it needs."""

import re
from collections.abc import Sequence
from typing import Final

from worker.course.site.contents import Contents, Page

_A_MINUTE: Final = 200
"""Words read per minute, including those of code."""
_HOUR: Final = 60
_WRITTEN: Final = re.compile(r"^✎ ", re.MULTILINE)
"""How the engine `claude` marks code that is not copied from the repository."""
_TYPED: Final = re.compile(r"^```bash$", re.MULTILINE)
_SENTENCE: Final = re.compile(r"(?:`[^`]*`|[^`])*?[.!?](?=\s|$)")
_RUN: Final = re.compile(r"^```(?:bash|console)$|\bRun ", re.MULTILINE)
"""A command in a tutorial, or the request to run one."""
_TERMINAL: Final = "The tutorials need a terminal and a clone of the project"
_CLONE: Final = "The tutorials need a clone of the project."
_MARK: Final = (
    "Code marked with ✎ was written for this course. A model worked out its "
    "output from the source, without running it. Every other listing is copied "
    "from the lines that are named above it."
)


def minutes(page: Page) -> int:
    """Return about how many minutes it takes to read a page, at least one."""
    words = len(page.source.split())
    return max(1, round(words / _A_MINUTE))


def first_sentence(text: str) -> str:
    """Return the first sentence of a description, on one line."""
    line = " ".join(text.split())
    match = _SENTENCE.match(line)
    if match is None:
        return line
    return match[0]


def about(contents: Contents) -> str:
    """Return how long a course takes, what it needs, and what its marks mean, as Markdown."""
    sentences: list[str] = []
    if contents.chapters:
        time = _duration(sum(map(minutes, contents.chapters)))
        sentences.append(f"Reading the chapters takes about {time}.")
    if contents.tutorials:
        sentences.append(_needs(contents.tutorials))
    pages = [*contents.chapters, *contents.tutorials]
    if any(_WRITTEN.search(page.source) for page in pages):
        sentences.append(_MARK)
    return " ".join(sentences)


def _needs(tutorials: Sequence[Page]) -> str:
    first, *_ = tutorials
    if _TYPED.search(first.source):
        return f"{_TERMINAL}; [the first one]({first.path}) sets it up."
    if any(_RUN.search(page.source) for page in tutorials):
        return f"{_TERMINAL}."
    return _CLONE


def _duration(whole: int) -> str:
    hours, rest = divmod(whole, _HOUR)
    if not hours:
        return f"{rest} min"
    if not rest:
        return f"{hours} h"
    return f"{hours} h {rest} min"
