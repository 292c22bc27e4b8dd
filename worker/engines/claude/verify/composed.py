"""Checks the drawings that a model composed: their shape, and their arrows' claims.

The texts are read as sentences: anything that looks like a name in the code must be one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

from worker.course.parts import largest_part
from worker.engines.static.pages import markdown, mermaid
from worker.engines.static.pages.checker import PageBlock, spans

LONGEST_NODE: Final = 40
LONGEST_ARROW: Final = 30
"""The longest texts, in characters."""
NODES: Final = range(3, 9)
ARROWS: Final = range(2, 11)
"""How many nodes and arrows a drawing may have."""
_NODE: Final = re.compile(r"  n(?P<number>\d+)\[\"(?P<text>.*)\"\]")
_ARROW: Final = re.compile(
    r"  n(?P<source>\d+) -->(?:\|\"(?P<text>.*)\"\|)? n(?P<target>\d+)"
)
_ENTITY: Final = re.compile(r"#(\d+);")
_NAME: Final = re.compile(
    r"(?<![\w.])(?:"
    r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\(\)"
    r"|[^\W\d]\w+(?:\.[^\W\d]\w+)+"
    r"|[^\W\d]*_\w+"
    r"|[A-Z]+[a-z]\w*[A-Z]\w*"
    r"|[a-z]+[A-Z]\w*"
    r")"
)
"""Text that looks like code: `f()`, `a.b`, `a_b`, `CamelCase`."""
_PLACES: Final = re.compile(r"\((`[^`]+`(?:, `[^`]+`)*)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Arrow:
    source: int
    text: str
    target: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Drawing:
    """A drawing as the reader sees it."""

    texts: dict[int, str]
    """The boxes' texts, by number."""
    arrows: list[_Arrow]


def faults(diagram: str) -> Iterator[str]:
    """Yield the faults in the shape of a drawing."""
    drawing = _read(diagram)
    texts = drawing.texts
    arrows = drawing.arrows
    yield from _count_faults("boxes", len(texts), NODES)
    yield from _count_faults("arrows", len(arrows), ARROWS)
    for text in texts.values():
        yield from _length_faults(text, LONGEST_NODE)
    for arrow in arrows:
        yield from _length_faults(arrow.text, LONGEST_ARROW)
        # guard: verifier: an arrow leads from one box to another
        if arrow.source == arrow.target:
            yield f"an arrow leads from “{texts[arrow.source]}” to itself"
    pairs = []
    for arrow in arrows:
        pair = (arrow.source, arrow.target)
        pairs.append(pair)
    # guard: verifier: the boxes of a drawing are connected
    if not _are_connected(texts, pairs):
        yield "not all of its boxes are connected"


def sentences(diagram: str) -> Iterator[str]:
    """Yield each arrow's claim as a sentence, with names in the code in backquotes.

    A diagram that no model composed has none.
    """
    if not diagram.startswith(mermaid.COMPOSED):
        return
    drawing = _read(diagram)
    for arrow in drawing.arrows:
        source = drawing.texts.get(arrow.source, "")
        target = drawing.texts.get(arrow.target, "")
        words = f"{source} {arrow.text} {target}".split()
        yield _marked(" ".join(words))


def faults_beside(blocks: Iterable[PageBlock]) -> Iterator[str]:
    """Yield the faults in how drawings are placed on a page."""
    count = 0
    is_open = False
    for block in blocks:
        if not block.text.strip():
            continue
        # guard: verifier: the places of a drawing are below it
        if is_open and not _are_places(block):
            yield "a drawing has no places below it"
        is_open = _is_composed(block)
        count += is_open
    if is_open:
        yield "a drawing has no places below it"
    # guard: verifier: a page has at most one drawing
    if count > 1:
        yield f"there are {count} drawings; at most one is allowed"


def names_code(text: str) -> bool:
    """Whether any part of a text looks like a name in the code."""
    return "`" in text or _NAME.search(text) is not None


def plain(label: str) -> str:
    """Return a label with its entities decoded."""
    return unescape(_ENTITY.sub(_character, label))


def _character(entity: re.Match[str]) -> str:
    number = int(entity[1])
    return chr(number)


def _read(diagram: str) -> _Drawing:
    texts: dict[int, str] = {}
    arrows: list[_Arrow] = []
    for line in diagram.split("\n"):
        if node := _NODE.fullmatch(line):
            number = int(node["number"])
            texts[number] = plain(node["text"])
        elif match := _ARROW.fullmatch(line):
            arrow = _Arrow(
                source=int(match["source"]),
                text=plain(match["text"] or ""),
                target=int(match["target"]),
            )
            arrows.append(arrow)
    return _Drawing(texts=texts, arrows=arrows)


def _count_faults(noun: str, count: int, allowed: range) -> Iterator[str]:
    # guard: verifier: a drawing is neither too small nor too large
    if count not in allowed:
        least = allowed.start
        most = allowed.stop - 1
        yield f"it has {count} {noun}; {least} to {most} are allowed"


def _length_faults(text: str, longest: int) -> Iterator[str]:
    length = len(text)
    # guard: verifier: the texts of a drawing are short
    if length > longest:
        yield f"“{text}” has {length} characters; at most {longest} are allowed"


def _are_connected(
    numbers: Iterable[int], pairs: list[tuple[int, int]]
) -> bool:
    connected = largest_part(pairs)
    if len(connected) < len(pairs):
        return False
    ends: set[int] = set()
    for pair in pairs:
        ends.update(pair)
    return ends.issuperset(numbers)


def _marked(text: str) -> str:
    """Return a text with anything that looks like code in backquotes."""
    bare = text.replace("`", "")
    return _NAME.sub(r"`\g<0>`", bare)


def _is_composed(block: PageBlock) -> bool:
    if block.tag != mermaid.TAG:
        return False
    _, first, *_ = block.text.split("\n")
    return first == mermaid.COMPOSED


def _are_places(block: PageBlock) -> bool:
    if block.tag is not None:
        return False
    match = _PLACES.fullmatch(block.text)
    if match is None:
        return False
    return all(map(markdown.PLACE.fullmatch, spans(match[1])))
