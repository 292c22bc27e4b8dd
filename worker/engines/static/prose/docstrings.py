"""Turns documentation comments of any language into sentences, in which `backticks` mark code.

It reads the inline markup of docstrings, JSDoc, Javadoc, Doxygen and Rust's comments.
Parameters, examples and directives are reference, and left out.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Final

from worker.engines.static.prose.markup import kinds, without

_ENTITIES: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "nbsp": " "}
_MARKUP: Final = kinds(
    ("<", r"(?s)<!--.*?-->", ""),
    ("#@", r"\s*(?:\*/\s*)?[#@]__[A-Z_]+__", ""),
    (
        "{",
        r"\{@link(?:plain)?\s+[^{}\s(]+(?:\([^{}()]*\))?\s+([^{}]+)\}",
        r"\1",
    ),
    ("{", r"\{@(?:link|linkplain|code|literal)\s+([^{}]*)\}", r"`\1`"),
    (
        "<{",
        r"""(?ix) </?(?:p|br|em|i|b|strong|a|span|div|ul|ol|li|h\d|sup|sub|summary|remarks|para
        |returns)\b[^<>]*>
        | \{@inheritdoc\} | <inheritdoc\b[^<>]*>""",
        " ",
    ),
    ("<", r"(?is)<(code|tt|kbd|pre)>(.*?)</\1>", r"`\2`"),
    (
        "<",
        r"<(?:see|seealso|paramref|typeparamref)\s+\w+=\"(?:\w:)?([^\"`]*)(?:`[^\"]*)?\"\s*/?>",
        r"`\1`",
    ),
    ("+", r"(?<![\w+])\+(\w[\w.:]*[?!]?)\+(?![\w+])", r"`\1`"),
    ("&", r"&(lt|gt|amp|quot|nbsp);", lambda match: _ENTITIES[match[1]]),
    (
        "{",
        r"\{([\w:+-]+)\}(?=`)",
        r":\1:",
    ),  # a role of MyST, as one of reStructuredText
    ("`", r":[\w:+-]+:`[~!.]*([^`<]*?)\s*<([^`>]*)>`", r"\1"),
    ("`", r":[\w:+-]+:`[~!.]*([^`]*)`", r"`\1`"),
    ("`", r"`([^`<]+?)\s*<[^`>]*>`__?", r"\1"),
    ("`", r"``+(.+?)``+", r"`\1`"),
    ("!", r"!\[[^\]]*\]\([^)]*\)", ""),
    ("[", r"\[`([^`\]]+)`\](?:\([^)]*\)|\[[^\]]*\])?", r"`\1`"),
    ("[", r"\[([^\[\]]+)\](?:\([^)]*\)|\[[^\]]*\])", r"\1"),
    (
        "[",
        # A link to a name; not an option of a command: `DEL <key> [NOW] [FORCE]`.
        r"""(?x) (?<![\w`)\]\[]) (?<![\]>]\ ) (?!(?<=[A-Z]{2}\ )\[[A-Z]+\])
        \[([A-Za-z_][\w.:]*(?:\(\))?)\] (?![(\[:\w]|\ \[)""",
        r"`\1`",
    ),
    ("\\", r"\\(?:end)?rst\b", " "),
    ("@\\", r"[@\\](?:c|p|a|ref|em|b)\s+([\w:.()~<>-]+)", r"`\1`"),
    ("*", r"\*\*([^*\n]+)\*\*", r"\1"),
    ("*", r"(?<![\w*`])\*([^\s*`][^*`\n]*)\*(?![\w*`])", r"\1"),
    ("<", r"(?<![`\w])<(https?://[^<>\s]+)>(?!`)", r"\1"),
    ("`", r"`([^`\s]+)`_\b", r"`\1`"),
    ("_", r"(?<![\w`])([A-Z][A-Za-z\d]*)_(?![\w`(])", r"\1"),
    ("|", r"\|(\w+)\|", r"\1"),
    ("\\", r"(?<=`)\\+(?=\w)|\\(?=[*_`])", ""),
    (":", r"(?<=\w)::$|::$", ":"),
)

_LABEL: Final = re.compile(r"^[ \t]*\[([^\[\]\n]+)\]:[ \t]\S.*$", re.MULTILINE)
"""The target of a link that texts refer to by its label, as Markdown writes it."""
_ASIDE: Final = re.compile(r"\s\((?:[^()]|\([^()]*\))*\)")
_NOTHING: Final = re.compile(r"[`\w.]+\s*(?:\.{3}|…)\.?")
"""A comment that is to be written: `Name ...`."""
_END: Final = re.compile(
    r"""\s*(?:
    @[a-z][\w-]*\b(?!\.)
    | \\(?:param|returns?|throws|see|since|author|example|deprecated|file|version|details|note
        |warning|todo|module|tparam|sa)\b
    | :(?:param|type|returns?|rtype|raises?|ivar|cvar|var|arg|meta|keyword)\b
    | \.\.\s
    | >>>
    | (?!(?-i:[a-z]+)\s*$)(?:args|arguments|parameters|params|returns|return|yields|raises|usage
        |attributes|references|see\ also|keyword\ args|other\ parameters|warnings?|todo|methods
        |safety|panics|errors|examples?|notes?)\s*:?\s*$
    | \**(?:examples?|usage|for\ example|e\.g\.)\**::?\s*$
    | <(?:(?:param|typeparam|exception|permission)\s | (?:returns|value|example)>)
    | (?:\#+|=+)\s
    | (?:```|~~~|<pre|\{@code|\||\+--|---|===|\$\s)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_BRIEF: Final = re.compile(
    r"^[ \t]*[@\\](?:brief|summary|description|desc|class\s+\w+|file\s*\S*)\s+",
    re.MULTILINE,
)
_HEADING: Final = re.compile(r"<h([1-6])\b[^<>]*>[^\n]*?</h\1>", re.IGNORECASE)
_ITEM: Final = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+")
_UNDERLINE: Final = re.compile(r"\s*([=\-~^\"'#*+])\1{2,}\s*$")
_STOP: Final = re.compile(
    r"[.!?。！？](?:"  # noqa: RUF001 - they end sentences
    r"(?<=[^\s.][.!?])[\"')\]`]*(?=\s+[^a-z\s])"
    r"|(?<=[。！？])(?=.)"  # noqa: RUF001 - see above
    r"|(?<=\S\.)(?=\s+`))"
)
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|approx|no|fig|dr|mr|st|[A-Z])\.$",
    re.IGNORECASE,
)
_LONGEST_SHORT: Final = 10
"""Characters of an abbreviation and of the space before it."""
MOST_SHOWN: Final = 420
"""Characters of a paragraph; a longer one is cut at the end of a sentence."""
_MOST_READ: Final = 4000
"""Characters of a paragraph that are read at all: a comment may fill a file."""
_WORD: Final = re.compile(r"[^\W_]")
_FEWEST_WORDS: Final = 3
"""Of a paragraph; a shorter one is kept only if it is the first."""


def paragraphs(doc: str, most: int = 3, longest: int = MOST_SHOWN) -> list[str]:
    """Return the first paragraphs of prose in a documentation comment, each on one line."""
    if "@" in doc or "\\" in doc:
        doc = _BRIEF.sub("", doc)
    if "]: " in doc:
        for label in _LABEL.findall(doc):
            doc = doc.replace(f"[{label}]", label)
    if "</" in doc:
        doc = _HEADING.sub("\n\n", doc).lstrip()
    raw = _raw_paragraphs(doc, most)
    plain = [_plain(paragraph, longest) for paragraph in raw]
    return [
        paragraph
        for position, paragraph in enumerate(plain)
        if _is_telling(paragraph, first=position == 0)
    ]


def _is_telling(paragraph: str, *, first: bool) -> bool:
    words = len(paragraph.split())
    if first and words < _FEWEST_WORDS:
        return words > 0 and not _NOTHING.fullmatch(paragraph)
    return words >= _FEWEST_WORDS


def _raw_paragraphs(doc: str, most: int) -> list[str]:
    """Split a comment into at most `most` non-empty paragraphs, and stop where reference begins.

    The first may be empty.
    """
    paragraphs: list[str] = []
    lines: list[str] = []
    filled = 0
    in_item = False
    for line in chain(_without_code(doc), [""]):
        is_underline = _UNDERLINE.match(line) is not None
        if _END.match(line) or (is_underline and lines):
            # The lines above an underline are its heading.
            if is_underline:
                lines = []
            paragraphs.append(" ".join(lines))
            break
        if not line.strip() or _ITEM.match(line):
            paragraphs.append(" ".join(lines))
            if lines:
                filled += 1
            lines = []
            in_item = bool(line.strip())
        elif not in_item:
            lines.append(line.strip())
        if filled >= most:
            break
    return paragraphs


def _without_code(doc: str) -> Iterator[str]:
    """Yield the lines of a comment without the indented blocks after `::`."""
    if "::" not in doc:
        yield from doc.split("\n")
        return
    margin: int | None = None
    for line in doc.split("\n"):
        indent = len(line) - len(line.lstrip())
        if margin is not None and (not line.strip() or indent > margin):
            yield ""
            continue
        margin = None
        if line.rstrip().endswith("::"):
            margin = indent
        yield line


def _plain(paragraph: str, longest: int) -> str:
    """Return a paragraph without markup, cut at the end of a sentence if it is long."""
    text = without(paragraph[:_MOST_READ], _MARKUP)
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    return _shortened(text, longest)


def _shortened(text: str, longest: int) -> str:
    kept = ""
    for piece in sentences(text):
        if kept and len(kept) + len(piece) > longest:
            break
        kept = f"{kept} {piece}".strip()
    if len(kept) <= 2 * longest:
        return kept
    whole_words = kept[:longest].rsplit(" ", 1)[0]
    return f"{whole_words} …"


def sentences(paragraph: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for match in _STOP.finditer(paragraph):
        end = match.end()
        near = max(start - 1, end - _LONGEST_SHORT, 0)
        is_code = paragraph.count("`", start, end) % 2 == 1
        sentence = paragraph[start:end]
        is_inside = is_code or _closes(match[0], sentence)
        if is_inside or _SHORT.search(paragraph, near, end):
            continue
        pieces.append(paragraph[start:end].strip())
        start = end
    rest = paragraph[start:].strip()
    if rest:
        return [*pieces, rest]
    return pieces


def _closes(marks: str, text: str) -> bool:
    """Whether a stop ends only the parentheses in a sentence: `(free!)`."""
    is_whole = text.startswith("(")
    return marks.endswith(")") and "(" in text and not is_whole


@cache
def first_sentence(doc: str, limit: int = 180) -> str:
    """Return the first sentence of a documentation comment, with a full stop; or nothing."""
    beginning = paragraphs(doc, 1)
    first = next(iter(beginning), "")
    if not _WORD.search(first):
        return ""
    opening = sentences(first)[0]
    text = opening.rstrip(":,; ")
    if len(text) > limit:
        text = _ASIDE.sub("", text)
    if len(text) > limit:
        whole_words = text[:limit].rsplit(" ", 1)[0]
        text = f"{whole_words} …"
        open_marks = text.count("`") % 2
        return text + "`" * open_marks
    if text.endswith((".", "!", "?", "。", "…")):
        return text
    return f"{text}."
