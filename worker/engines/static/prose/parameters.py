"""Reads descriptions of parameters from documentation comments, in the formats of all languages."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.prose.code_blocks import dedented
from worker.engines.static.prose.docstrings import first_sentence

_LONGEST: Final = 300
"""Characters of a sentence; a longer one is left out rather than cut."""
_INDENTED: Final = r"(?P<text>.*(?:\n(?P=margin)[ \t]+\S.*)*)"
"""The rest of a line, and the lines below it that are indented more."""
_TAG: Final = r"[ \t]*(?:[@\\]\w|:\w+(?:[ ][^:\n]*)?:(?:\s|$)|$)"
_UP_TO_TAG: Final = rf"(?P<text>.*(?:\n(?!{_TAG}).*)*)"
"""The rest of a line, and the lines below it up to a tag or an empty line."""
_PARENTHESES: Final = r"\((?:[^()]|\([^()]*\))*\)"
_TAG_TYPE: Final = (
    r"(?:\{(?:[^{}]|\{[^{}]*\})*\}[ \t]+"
    r"|\[[\w:<>, ]+\][ \t]+(?=\w)"
    r"|(?:[^\s$]+[ \t]+){1,3}?(?=[&.]*\$[a-zA-Z_]))?"
)
"""What stands before a name: `{string}`, `[String]`, `string|null`."""
_ASIDE: Final = re.compile(
    r"\s*(?:\[(?!optional)[^\[\]\n]*\]\s+)?(?:[-:]{1,2}\s+)?"
    r"(?:[(\[]optional[)\]][.,:]?|optional[.,:])?\s*",
    re.IGNORECASE,
)
_NAME_MARKS: Final = "$&.[] "


class _Format(NamedTuple):
    item: re.Pattern[str]
    """A parameter's `name` and its `text`."""
    section: re.Pattern[str]
    """The `body` of a comment that holds the items."""


def _format(item: str, section: str = r"(?P<body>(?s:.*))") -> _Format:
    """Return a format; without a section, the whole comment may hold items."""
    return _Format(
        re.compile(item, re.MULTILINE), re.compile(section, re.MULTILINE)
    )


_FORMATS: Final = (
    # reStructuredText
    _format(
        r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|kwarg)[ ]+"
        rf"(?:[^:\n]*[ ])?(?P<name>[\\*]*\w+)[ ]*:{_UP_TO_TAG}"
    ),
    # JSDoc, PHPDoc, Javadoc, KDoc, YARD and Doxygen
    _format(
        rf"^[ \t]*[@\\]param(?:\[[\w, ]+\])?[ \t]+{_TAG_TYPE}"
        r"(?P<name>\[?[&.$]*\w[\w.]*(?:[ ]*=[^\]\n]*\])?\]?)(?=\s|$)"
        rf"{_UP_TO_TAG}"
    ),
    # XML
    _format(r'<param\s+name="(?P<name>\w+)"\s*>(?P<text>(?s:.*?))</param>'),
    # NumPy
    _format(
        r"^(?P<name>\*{0,2}\w+)(?:[ ]*:.*)?\n"
        r"(?P<text>(?:[ \t]+\S.*(?:\n|\Z))+)",
        r"^[ ]*Parameters[ ]*\n[ ]*-{3,}[ ]*\n"
        r"(?P<body>(?:(?!.*\n[ ]*-{3,}).*\n)*(?:(?!.*\n[ ]*-{3,}).+\Z)?)",
    ),
    # Definition lists
    _format(
        r"^[ \t]*`{1,2}(?P<name>\w+)`{1,2}[ ]*\n"
        r"(?P<text>(?:[ \t]+\S.*(?:\n|\Z))+)"
    ),
    # Google
    _format(
        rf"^(?P<margin>)(?P<name>\*{{0,2}}\w+)(?:[ ]*{_PARENTHESES})?[ ]*:[ ]*{_INDENTED}",
        r"^(?P<margin>[ ]*)(?:Args|Arguments|Parameters|Params):[ ]*\n"
        r"(?P<body>(?:(?P=margin)[ ]+\S.*(?:\n|\Z)|[ ]*\n)+)",
    ),
    # rdoc
    _format(
        r"^(?P<margin>[ ]*)(?:<tt>|\[?\+?)(?P<name>:?[a-z_]\w*)"
        rf"(?:(?:<.*>|\+)?[ ]*::|\+?\])\s[ ]*(?=\S){_INDENTED}"
    ),
)


def described_parameters(doc: str) -> dict[str, str]:
    """Return the first sentence on each parameter, in the order of the comment.

    `Args: timeout: (optional) Seconds to wait. …` gives `timeout`: `Seconds to wait.`
    """
    for form in _FORMATS:
        described = dict(_items(form, doc))
        if described:
            return described
    return {}


def _items(form: _Format, doc: str) -> Iterator[tuple[str, str]]:
    for section in form.section.finditer(doc):
        lines = section["body"].split("\n")
        body = "\n".join(dedented(lines))
        for item in form.item.finditer(body):
            head = item["name"].replace("\\", "")
            name, _, _ = head.partition("=")
            text = _ASIDE.sub("", item["text"], count=1)
            sentence = first_sentence(text, _LONGEST)
            is_cut = sentence.endswith("…")
            if sentence and not is_cut:
                yield name.strip(_NAME_MARKS), sentence
