"""Finds blocks of code in documents and docstrings, by their lines.

It knows Markdown's fences, reStructuredText's literal blocks and `code-block` directives,
doctests, JSDoc's `@example`, and the indented code of Go's comments.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

MARK: Final = re.compile("```|~~~|::|>>>|@example")
"""What a text with a block of code has."""
_FENCE: Final = re.compile(r"\s*(?P<marks>`{3,}|~{3,})\s*(?P<info>[^`]*)$")
_UNDERLINE: Final = re.compile(r"(?:`{4,}|~{4,})\s*")
_DIRECTIVE: Final = re.compile(
    r"\s*\.\. (?:code-block|code|sourcecode|testcode|ipython|parsed-literal)::\s*(?P<info>\S*)\s*$"
)
_LITERAL: Final = re.compile(r"(?!\s*\.\. ).*::\s*$")
_OPTION: Final = re.compile(r"\s*:[\w-]+:")
_DOCTEST: Final = re.compile(r"\s*>>> ?\S")
_JSDOC: Final = re.compile(r"\s*@example\b\s*(?P<caption>.*)$")
_JSDOC_TAG: Final = re.compile(r"\s*@\w+")
_CAPTION: Final = re.compile(r"<caption>")
_COMMENT: Final = re.compile(r"[ \t]*(?:///?!?|\*(?!\*)|#+|--|;+)(?: |$)?")

_GAP: Final = re.compile(r"^[ \t]*\.\.\.[ \t]*\n(?=[ \t]*\.\.\.)", re.MULTILINE)
"""A prompt without code that more of the statement follows: typed, it would end the statement."""

DOCTEST: Final = "pycon"
"""The tag of a block of Python's prompts and answers."""


class CodeBlock(NamedTuple):
    """Lines of code, counted from 0 in the lines that were searched."""

    first: int
    last: int
    tag: str
    """The language as written, in lower case; empty where it is not said."""


_Read = tuple[CodeBlock | None, int]
"""The block that a line begins, if any, and the line to go on with."""


def code_blocks(lines: Sequence[str]) -> Iterator[CodeBlock]:
    """Yield the blocks of code in a text, in order.

    Of a comment, give the lines without their comment marks: `uncommented`.
    """
    number = 0
    while number < len(lines):
        if not MARK.search(lines[number]):
            number += 1
            continue
        block, number = _block_at(lines, number)
        if block is not None and block.last >= block.first:
            yield block


def begins_code(line: str) -> bool:
    """Whether a line of a document is the first of a block of code, or announces one."""
    marks = (_FENCE, _DIRECTIVE, _DOCTEST, _LITERAL)
    return any(mark.match(line) for mark in marks)


def _block_at(lines: Sequence[str], number: int) -> _Read:
    line = lines[number]
    fence = _FENCE.match(line)
    above = ""
    if number:
        above = lines[number - 1]
    if fence is not None and not _is_underline(line, above):
        return _fenced(lines, number, fence)
    if _DOCTEST.match(line):
        return _doctest(lines, number)
    directive = _DIRECTIVE.match(line)
    if directive is not None:
        tag = _tag(directive["info"])
        return _indented(lines, number, tag)
    if _LITERAL.match(line):
        return _indented(lines, number, "")
    if example := _JSDOC.match(line):
        return _jsdoc(lines, number, example["caption"])
    return None, number + 1


def _is_underline(line: str, above: str) -> bool:
    """Whether a line of marks is drawn below a heading of reStructuredText."""
    length = len(above.rstrip())
    return 0 < length <= len(line) and _UNDERLINE.fullmatch(line) is not None


def _tag(info: str) -> str:
    words: list[str] = re.findall(r"[\w+#-]+", info)
    if words:
        return words[0].lower()
    return ""


def _fenced(lines: Sequence[str], number: int, fence: re.Match[str]) -> _Read:
    marks, info = fence.groups()
    first = number + 1
    for end in range(first, len(lines)):
        closing = lines[end].strip()
        is_bare = not closing.strip(marks[0])
        if is_bare and closing.startswith(marks):
            tag = _tag(info)
            block = CodeBlock(first, end - 1, tag)
            return block, end + 1
    return None, first


def _doctest(lines: Sequence[str], number: int) -> _Read:
    """Read prompts and answers; an empty line ends them unless another prompt follows."""
    end = last = number
    while end < len(lines):
        if lines[end].strip():
            last = end
        elif not _is_prompt(lines, end + 1):
            break
        end += 1
    return CodeBlock(number, last, DOCTEST), end


def _is_prompt(lines: Sequence[str], number: int) -> bool:
    return any(map(_DOCTEST.match, lines[number : number + 1]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indented(lines: Sequence[str], number: int, tag: str) -> _Read:
    """Read the lines that are indented more than the line that announces them."""
    least = _indent(lines[number])
    count = len(lines)
    first = number + 1
    while first < count:
        line = lines[first]
        if line.strip() and not _OPTION.match(line):
            break
        first += 1
    last = number
    end = first
    while end < count:
        line = lines[end]
        if line.strip():
            if _indent(line) <= least:
                break
            last = end
        end += 1
    if last < first:
        return None, number + 1
    if _DOCTEST.match(lines[first]):
        tag = DOCTEST
    return CodeBlock(first, last, tag), end


def _jsdoc(lines: Sequence[str], number: int, caption: str) -> _Read:
    """Read an `@example` to the next tag; one with a fence inside is read as that fence."""
    first = number + 1
    if caption.strip() and not _CAPTION.search(caption):
        return None, first
    end = first
    while end < len(lines) and not _JSDOC_TAG.match(lines[end]):
        if _FENCE.match(lines[end]):
            return None, end
        end += 1
    inner = range(first, end)
    shown = [row for row in inner if lines[row].strip(" */")]
    if not shown:
        return None, end
    block = CodeBlock(shown[0], shown[-1], "")
    return block, end


def quoted(
    lines: Sequence[str], spans: Sequence[tuple[int, int]], tag: str
) -> list[str]:
    """Return code as it can be run: without comment marks and prompts that end a statement.

    The last of its spans is set off from those before it.
    """
    shown: list[str] = []
    for first, last in spans:
        if shown and last == spans[-1][1]:
            shown.append("")
        shown += uncommented(lines[first - 1 : last])
    code = "\n".join(shown)
    if tag == DOCTEST:
        code = _GAP.sub("", code)
    return code.split("\n")


def uncommented(lines: Sequence[str]) -> list[str]:
    """Return lines without the comment mark and the indentation that all of them begin with."""
    filled = [line for line in lines if line.strip()]
    is_comment = all(_COMMENT.match(line) for line in filled)
    if filled and is_comment:
        lines = [_COMMENT.sub("", line, count=1) for line in lines]
    return dedented(lines)


def dedented(lines: Sequence[str]) -> list[str]:
    """Return lines without the indentation that all of them share."""
    filled = [line for line in lines if line.strip()]
    shared = min((_indent(line) for line in filled), default=0)
    texts = []
    for line in lines:
        text = ""
        if line.strip():
            text = line[shared:]
        texts.append(text)
    return texts
