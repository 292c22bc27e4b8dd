"""Turns documentation comments of any language into sentences, in which `backticks` mark code.

The markup of docstrings, JSDoc, Javadoc, Doxygen and Rust's comments is read as far as
sentences have it; what comes after them (parameters, examples, directives) is reference,
and left out.
"""

import re
from typing import Final

_LINK: Final = r"\{@(?:link|linkplain|code|literal)\s+([^{}]*)\}"
_ENTITIES: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "nbsp": " "}
_MARKUP: Final = (
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"\s*(?:\*/\s*)?[#@]__[A-Z_]+__"), ""),
    (re.compile(r"\{@link(?:plain)?\s+[^{}\s]+\s+([^{}]+)\}"), r"\1"),
    (re.compile(_LINK), r"`\1`"),
    (
        re.compile(
            r"</?(?:p|br|em|i|b|strong|a|span|div|ul|ol|li|h\d|sup|sub)\b[^<>]*>",
            re.IGNORECASE,
        ),
        " ",
    ),
    (re.compile(r"<(code|tt|kbd|pre)>(.*?)</\1>", re.DOTALL | re.IGNORECASE), r"`\2`"),
    (re.compile(r"&(lt|gt|amp|quot|nbsp);"), lambda match: _ENTITIES[match[1]]),
    (re.compile(r":[\w:+-]+:`[~!]?([^`<]*?)\s*<([^`>]*)>`"), r"\1"),
    (re.compile(r":[\w:+-]+:`[~!]?([^`]*)`"), r"`\1`"),
    (re.compile(r"`([^`<]+?)\s*<[^`>]*>`__?"), r"\1"),
    (re.compile(r"``+(.+?)``+"), r"`\1`"),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[`([^`\]]+)`\](?:\([^)]*\)|\[[^\]]*\])?"), r"`\1`"),
    (re.compile(r"\[([^\[\]]+)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"[@\\](?:c|p|a|ref|em|b)\s+([\w:.()~<>-]+)"), r"`\1`"),
    (re.compile(r"\*\*([^*\n]+)\*\*"), r"\1"),
    (re.compile(r"(?<![\w*`])\*([^\s*`][^*`\n]*)\*(?![\w*`])"), r"\1"),
    (re.compile(r"`([^`\s]+)`_\b"), r"`\1`"),
    (re.compile(r"\|(\w+)\|"), r"\1"),
    (re.compile(r"(?<=`)\\+(?=\w)|\\(?=[*_`])"), ""),
    (re.compile(r"(?<=\w)::$|::$"), ":"),
)

_END: Final = re.compile(
    r"""\s*(?:
    [@\\](?:param|returns?|throws|exception|see|since|author|example|deprecated|type|template|property|private|internal
        |file|license|version|brief|details|note|warning|todo|module|default|public|static|class|function|tparam|sa)\b
    | :(?:param|type|returns?|rtype|raises?|ivar|cvar|var|arg|meta|keyword)\b
    | \.\.\s
    | >>>
    | (?:args|arguments|parameters|params|returns|return|yields|raises|attributes|examples?|notes?|usage|references
        |see\ also|keyword\ args|other\ parameters|warnings?|todo|methods|safety|panics|errors)\s*:?\s*$
    | (?:example|usage|for\ example|e\.g\.):\s*$
    | \#+\s
    | (?:```|~~~|<pre|\{@code|\||\+--|---|===|\$\s)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_BRIEF: Final = re.compile(
    r"^\s*[@\\](?:brief|summary|description|desc|class\s+\w+|file\s*\S*)\s+",
    re.MULTILINE,
)
_ITEM: Final = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+")
_UNDERLINE: Final = re.compile(r"\s*([=\-~^\"'#*+])\1{2,}\s*$")
_STOP: Final = re.compile(
    r"(?<=[^\s.][.!?])[\"')\]`]*(?=\s+[^a-z\s])|[。！？](?=.)|(?<=\S\.)(?=\s+`)"  # noqa: RUF001 - they end sentences
)
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|approx|no|fig|dr|mr|st|[A-Z])\.$",
    re.IGNORECASE,
)
_LONGEST_SHORT: Final = 10
"""Characters of an abbreviation and what stands before it."""
_MOST: Final = 420
"""Characters of a paragraph; the rest of a longer one is left out at the end of a sentence."""
_LOOKED_AT: Final = 4000
"""Characters of a paragraph that are read at all: it may be a file's worth of comment."""
_WORD: Final = re.compile(r"[^\W_]")
_FEWEST: Final = 3
"""Words of a paragraph that says something."""


def paragraphs(doc: str, most: int = 3) -> list[str]:
    """Return the first paragraphs of prose in a documentation comment, each on one line."""
    found: list[str] = []
    piece: list[str] = []
    item = False
    for line in [*_BRIEF.sub("", doc).split("\n"), ""]:
        if _END.match(line) or (_UNDERLINE.match(line) and piece):
            piece = [] if _UNDERLINE.match(line) else piece
            found.append(" ".join(piece))
            break
        if not line.strip() or _ITEM.match(line):
            found.append(" ".join(piece))
            piece, item = [], bool(line.strip())
        elif not item:
            piece.append(line.strip())
        if len([one for one in found if one]) >= most:
            break
    return [
        said
        for one in found
        if len((said := _plain(one)).split()) >= _FEWEST or (said and one is found[0])
    ]


def _plain(paragraph: str) -> str:
    paragraph = paragraph[:_LOOKED_AT]
    for pattern, replacement in _MARKUP:
        paragraph = pattern.sub(replacement, paragraph)
    paragraph = " ".join(paragraph.split())
    if len(paragraph) <= _MOST:
        return paragraph
    kept = [""]
    for one in sentences(paragraph):
        if len(kept[-1]) + len(one) > _MOST and kept[-1]:
            break
        kept.append(f"{kept[-1]} {one}".strip())
    return (
        kept[-1]
        if len(kept[-1]) <= 2 * _MOST
        else f"{kept[-1][:_MOST].rsplit(' ', 1)[0]} …"
    )


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph."""
    found: list[str] = []
    start = 0
    for match in _STOP.finditer(paragraph):
        piece = paragraph[start : match.end()]
        near = max(start - 1, match.end() - _LONGEST_SHORT, 0)
        if piece.count("`") % 2 == 0 and not _SHORT.search(
            paragraph, near, match.end()
        ):
            found.append(piece.strip())
            start = match.end()
    return [*found, paragraph[start:].strip()] if paragraph[start:].strip() else found


def first_sentence(doc: str, limit: int = 180) -> str:
    """Return what a documentation comment says first, with a full stop; or nothing."""
    for paragraph in paragraphs(doc, 1):
        if not _WORD.search(paragraph):
            continue
        text = sentences(paragraph)[0].rstrip(":,; ")
        if len(text) > limit:
            text = f"{text[:limit].rsplit(' ', 1)[0]} …"
            return text + "`" * (text.count("`") % 2)
        return text if text.endswith((".", "!", "?", "。", "…")) else f"{text}."
    return ""
