"""Puts facts into words; and takes the first sentence out of a docstring, without its markup."""

import re
from collections.abc import Sequence
from typing import Final

from worker.engines.static.reading.documents import plain

MAX_SENTENCE: Final = 240

_JAVADOC: Final = re.compile(r"\{@(?:link|code|linkplain|literal|value)\s+#?([^}]*)\}")
_TAG: Final = re.compile(r"^\s*[@\\](?:brief|file|class|struct|summary|description|desc|details)\b:?\s*", re.MULTILINE)
_TAGGED: Final = re.compile(r"^\s*(?:[@\\][a-zA-Z]\w*|:[a-z]\w*[^:\n]*:)(?:\s|$).*", re.MULTILINE | re.DOTALL)
_SECTION: Final = re.compile(
    r"^\s*(?:(?:Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|Attributes|Usage|See also):?|"
    r"-{3,}|={3,}|~{3,}|#+ .*|```.*|>>> .*|\.\. .*)\s*$.*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_NO_PROSE: Final = (">>>", "```", "..", "|", "<", "[!")
_RULE: Final = re.compile(r"[\s\-=*#~_/+|]*\Z")
_END: Final = re.compile(r"[.!?](?=[\"')\]]?\s+[^a-z\s]|[\"')\]]?\s*$)")
_ABBREVIATION: Final = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|Mr|Dr|No|v\d*)|\b[A-Z])\.$")
_LETTER: Final = re.compile(r"[^\W\d_]{2}")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def first_sentence(doc: str) -> str:
    """Return the first sentence of a docstring or comment, as one line of plain text; nothing if it says nothing."""
    said = _JAVADOC.sub(r"\1", _TAG.sub("", doc))
    said = _SECTION.sub("", _TAGGED.sub("", said))
    for paragraph in re.split(r"\n\s*\n", said):
        if _RULE.match(paragraph) or paragraph.lstrip().startswith(_NO_PROSE):
            continue
        sentence = _cut(plain(re.sub(r"^\s*[*\-] ", "", paragraph)).replace("`", ""))
        if len(_LETTER.findall(sentence)) > 1:
            return sentence
    return ""


def _cut(said: str) -> str:
    """Return the first sentence of a line, without what made it too long."""
    for end in _END.finditer(said):
        if not _ABBREVIATION.search(said[: end.end()]):
            said = said[: end.end()]
            break
    if len(said) > MAX_SENTENCE:
        said = said[:MAX_SENTENCE].rpartition(" ")[0].rstrip(",;:-(") + " …"
    return said.rstrip(" :;,-")


def sentence(said: str) -> str:
    """Return a text as a sentence: with a capital and a full stop."""
    said = said.strip()
    if not said:
        return ""
    first = said.split(" ", 1)[0]
    start = said[0].upper() if first.islower() and first.isalpha() else said[0]
    return f"{start}{said[1:]}{'' if said[-1] in '.!?…' else '.'}"


def counted(number: int, one: str) -> str:
    """Return a number with its noun: `one file`, `12 files`."""
    return f"{_NUMBERS[number] if number < len(_NUMBERS) else f'{number:,}'} {one if number == 1 else f'{one}s'}"


def listed(items: Sequence[str]) -> str:
    """Return items as a sentence lists them: `a, b and c`."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def capital(said: str) -> str:
    """Return a text with a capital at its beginning."""
    return said[:1].upper() + said[1:]


def code(name: str) -> str:
    """Return a name as code."""
    return f"`{name}`"
