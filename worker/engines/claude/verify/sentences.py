"""Checks claims about two names in sentences: calls, extends, imports, raises.

The verbs of seven languages are known. Sentences in other languages pass; only the names in them
are checked.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.facts import Definition
from worker.engines.static.pages.course import last_name

_VERBS: Final = {
    CheckedClaim.CALL: r"calls|invokes|ruft|appelle|invoque|llama al?|invoca|chiama"
    r"|chama|roept",
    CheckedClaim.INHERITANCE: r"inherits from|extends|subclasses|derives from"
    r"|is an? (?:subclass|subtype) of"
    r"|erbt von|erweitert|ist eine (?:Unter|Sub)klasse von"
    r"|hérite d[eu]|étend|dérive d[eu]|est une sous-classe d[eu]"
    r"|hereda del?|extiende|deriva del?|es una subclase del?"
    r"|eredita da(?:lla)?|estende|deriva da(?:lla)?|è una sottoclasse d[ia]"
    r"|herda d[aeo]|deriva d[aeo]|é uma subclasse d[aeo]"
    r"|erft van|breidt|is een subklasse van",
    CheckedClaim.IMPORT: r"imports|importiert|importe|importa|importeert",
    CheckedClaim.FAILURE: r"raises|throws|wirft|löst|lève|lance|lanza|solleva|lancia"
    r"|lança|levanta|gooit",
}
_VERBS_FIRST: Final = {
    CheckedClaim.CALL: "ruft|roept",
    CheckedClaim.INHERITANCE: "erbt|erweitert|erft|breidt",
    CheckedClaim.IMPORT: "importiert|importeert",
    CheckedClaim.FAILURE: "wirft|löst|gooit",
}
"""Verbs that come before their subject in German and Dutch: “Dann ruft `A` `B` auf”."""
_ARTICLE: Final = (
    r"(?:(?:an?|the|der|die|das|den|dem|eine?|einen|une?|la|le|el|los|una|il"
    r"|lo|os?|uma?|de|het|een) |l['\u2019])"
)
_NOT: Final = (
    r"(?:not|never|no|neither|nothing|nicht|nie|niemals|kein\w*|pas|jamais"
    r"|aucune?|ninguna?|nessun[ao]?|nenhuma?|niet|nooit|geen)"
)
_NOUN: Final = rf"(?:(?!{_NOT} )\w+ )?"
_UNLESS_NEGATED: Final = (
    r"(?!(?:[^.,;:]|\.(?!\s|$))*\b(?:nicht|nie|niemals|niet|nooit)\b)"
)
"""German and Dutch put “not” after the object."""
_SUBJECT: Final = r"`(?P<subject>[^`]+)`"
_OBJECT: Final = rf"`(?P<object>[^`]+)`{_UNLESS_NEGATED}"
_DEPTH: Final = 2
"""How many levels of calls are followed to find out what a function raises."""


def _patterns() -> Iterator[tuple[CheckedClaim, re.Pattern[str]]]:
    for claim, verbs in _VERBS.items():
        head = rf"{_SUBJECT} (?:{verbs}) "
        yield claim, re.compile(f"{head}{_ARTICLE}?{_NOUN}{_OBJECT}")
    for claim, verbs in _VERBS_FIRST.items():
        head = rf"\b(?:{verbs}) {_SUBJECT} (?:v[ao]n )?"
        # Without an article, the word between two names may be “and”.
        noun = f"(?:{_ARTICLE}{_NOUN})?"
        yield claim, re.compile(f"{head}{noun}{_OBJECT}", re.IGNORECASE)


_SENTENCES: Final = tuple(_patterns())
_NO_SUBJECT: Final = re.compile(
    r"(?:\b(?:n?or|with|without|below|above|under|over|between|beside|than|of"
    r"|in|inside|outside|for|from|by|to|on|at|through|into|via|like"
    r"|oder|mit|ohne|unter|über|von|für|bei|in|aus"
    r"|ou|avec|sans|sous|sur|de|pour|par|dans|con|sin|bajo|sobre|para|por|en"
    r"|senza|sotto|sopra|di|per|com|sem|sob|em|met|zonder|onder|boven|voor)"
    r"|\b(?!calling\b)\w{2,}ing|` (?:and|und|et|y|e|en))"
    rf" {_ARTICLE}?{_NOUN}`$",
    re.IGNORECASE,
)
"""Text before a name that is not necessarily the subject of the verb after it.

“A group sent with `link` or `link_error` raises `TypeError`.”
"""


class SentenceChecker:
    """Checks sentences."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the names of a repository."""
        self._names: Final = vocabulary
        self._facts: Final = vocabulary.facts
        self._checks: Final = {
            CheckedClaim.CALL: self._calls,
            CheckedClaim.INHERITANCE: self._extends,
            CheckedClaim.IMPORT: self._imports,
            CheckedClaim.FAILURE: self._raises,
        }

    def faults(self, text: str) -> Iterator[Fault]:
        """Yield the false sentences of a text."""
        for claim, pattern in _SENTENCES:
            is_so = self._checks[claim]
            for match in pattern.finditer(text):
                start = match.start("subject")
                before = text[:start]
                if _NO_SUBJECT.search(before):
                    continue
                subject = _bare(match["subject"])
                target = _bare(match["object"])
                # guard: verifier: what a sentence says of two names must be so
                if not is_so(subject, target):
                    yield Fault(
                        claim=claim,
                        text=f"the source does not bear out “{match[0]}”",
                    )

    def _named(self, name: str) -> list[Definition]:
        """Return the definitions of a name: `Signer.sign`, or a method of a base."""
        named = self._names.definitions(name)
        if named:
            return named
        owner, dot, wanted = name.rpartition(".")
        if not dot:
            return []
        methods: list[Definition] = []
        for type_ in self._names.family(owner):
            members = self._facts.members(type_)
            methods += [member for member in members if member.name == wanted]
        return methods

    def _calls(self, subject: str, target: str) -> bool:
        callers = self._named(subject)
        named = self._named(target)
        called = self._indexes(named)
        if not callers:
            return True
        if not called:
            return self._mention(callers, target)
        indexes = self._indexes(callers)
        used = self._used_by(indexes)
        if not called.isdisjoint(used):
            return True
        return self._may_call(callers, target)

    def _may_call(self, callers: Iterable[Definition], target: str) -> bool:
        """Whether code may call a name: through an attribute, or directly if it has no dot."""
        wanted = last_name(target)
        name = re.escape(wanted)
        call = re.compile(rf"\.\w+(?:\(\))?\.{name}\(")
        if "." not in target:
            call = re.compile(rf"(?<!def )\b{name}\(")
        texts = map(self._facts.text, callers)
        return any(map(call.search, texts))

    def _indexes(self, definitions: Iterable[Definition]) -> set[int]:
        """Return the indexes of definitions and of their members."""
        indexes = [definition.index for definition in definitions]
        return set(self._facts.family(indexes))

    def _used_by(self, indexes: Iterable[int]) -> set[int]:
        used: set[int] = set()
        for index in indexes:
            references = self._facts.out[index]
            for reference in references:
                used.add(reference.target)
        return used

    def _mention(self, definitions: Iterable[Definition], name: str) -> bool:
        """Whether the code of definitions contains a name."""
        wanted = last_name(name)
        escaped = re.escape(wanted)
        pattern = re.compile(rf"\b{escaped}\b")
        texts = map(self._facts.text, definitions)
        return any(map(pattern.search, texts))

    def _extends(self, subject: str, target: str) -> bool:
        base = last_name(target)
        subjects = self._names.types(subject)
        for type_ in self._names.family(subject):
            extended = map(last_name, type_.bases)
            if base in extended:
                return True
            if type_ in subjects:
                continue
            if type_.name == base:
                return True
        name = last_name(subject)
        if self._names.has_class(name, base):
            return True
        # Definitions of other libraries: “`datetime` is a subclass of `date`”.
        return not self._names.has_class(name)

    def _imports(self, subject: str, target: str) -> bool:
        paths = self._paths(subject)
        module = target.removesuffix(".py")
        wanted = last_name(module)
        for path in paths:
            file = self._facts.file(path)
            for taken in file.imports:
                if last_name(taken.module) == wanted:
                    return True
                names = {there for _, there in taken.names}
                if wanted in names:
                    return True
        return not paths

    def _paths(self, name: str) -> list[str]:
        """Return the files that a name may refer to: a path, a module or a definition."""
        files = self._facts.analysis.files
        paths = [path for path in files if path.endswith(name)]
        paths += self._names.module_files(name)
        paths += [definition.path for definition in self._named(name)]
        return paths

    def _raises(self, subject: str, target: str) -> bool:
        definitions = self._named(subject)
        if not definitions or self._is_of_page(target):
            return True
        indexes = self._indexes(definitions)
        for _ in range(_DEPTH):
            indexes |= self._used_by(indexes)
        reached = []
        for index in indexes:
            definition = self._facts.definitions[index]
            reached.append(definition)
        return self._mention(reached, target)

    def _is_of_page(self, name: str) -> bool:
        """Whether the page's code defines a name that the project does not define."""
        if self._names.definitions(name):
            return False
        return name in self._names.own


def _bare(span: str) -> str:
    """Return a name without a call's arguments."""
    name, _, _ = span.strip().partition("(")
    return name
