"""Checks what sentences in English say of two names: calls, extends, imports, raises."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.facts import Definition
from worker.engines.static.pages.course import last_name

_VERBS: Final = {
    Claim.CALL: r"calls|invokes",
    Claim.INHERITANCE: r"inherits from|extends|subclasses|derives from"
    r"|is an? (?:subclass|subtype) of",
    Claim.IMPORT: r"imports",
    Claim.FAILURE: r"raises|throws",
}
_SENTENCES: Final = {
    claim: re.compile(
        rf"`(?P<subject>[^`]+)` (?:{verbs}) (?:an? |the )?(?:\w+ )?`(?P<object>[^`]+)`"
    )
    for claim, verbs in _VERBS.items()
}
_DEPTH: Final = 2
"""Calls that are followed to find out what a function raises."""


class SentenceChecker:
    """Checks sentences."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the names of a repository."""
        self._names: Final = vocabulary

    def faults(self, text: str) -> Iterator[Fault]:
        """Yield the sentences of a text that are not true."""
        checks = {
            Claim.CALL: self._calls,
            Claim.INHERITANCE: self._extends,
            Claim.IMPORT: self._imports,
            Claim.FAILURE: self._raises,
        }
        for claim, pattern in _SENTENCES.items():
            for match in pattern.finditer(text):
                subject, target = map(
                    _bare, (match["subject"], match["object"])
                )
                # guard: verifier: what a sentence says of two names must be so
                if not checks[claim](subject, target):
                    yield Fault(
                        claim=claim,
                        text=f"the source does not bear out “{match[0]}”",
                    )

    def _named(self, name: str) -> list[Definition]:
        """Return the definitions of a name: `Signer.sign`, or a method of a base."""
        named = self._names.named.get(name, [])
        if named or "." not in name:
            return named
        owner, _, member = name.rpartition(".")
        return [
            method
            for type_ in self._names.types(owner)
            for ancestor in self._names.ancestry(type_.index)
            for method in self._names.facts.members(ancestor)
            if method.name == member
        ]

    def _calls(self, subject: str, target: str) -> bool:
        callers = self._family(self._named(subject))
        called = self._family(self._named(target))
        if not callers:
            return True
        if not called:
            return self._mentions(subject, target)
        return any(
            reference.target in called
            for caller in callers
            for reference in self._names.facts.out[caller]
        )

    def _family(self, definitions: list[Definition]) -> set[int]:
        indexes = [definition.index for definition in definitions]
        return set(self._names.facts.family(indexes))

    def _mentions(self, subject: str, name: str) -> bool:
        """Tell whether the code of a subject has a name that the project does not define."""
        pattern = re.compile(rf"\b{re.escape(last_name(name))}\b")
        return any(
            pattern.search(self._names.facts.text(definition))
            for definition in self._named(subject)
        )

    def _extends(self, subject: str, target: str) -> bool:
        types = self._names.types(subject)
        if not types:
            return False
        return any(
            ancestor.name == last_name(target)
            or last_name(target) in map(last_name, ancestor.bases)
            for type_ in types
            for ancestor in self._names.ancestry(type_.index)
            if ancestor is not type_ or ancestor.bases
        )

    def _imports(self, subject: str, target: str) -> bool:
        files = self._names.facts.analysis.files
        paths = [path for path in files if path.endswith(subject)]
        paths += self._names.module_files(subject)
        paths += [definition.path for definition in self._named(subject)]
        wanted = last_name(target.removesuffix(".py"))
        for path in paths:
            for taken in files[path].imports:
                names = {there for _, there in taken.names}
                if wanted in names or last_name(taken.module) == wanted:
                    return True
        return not paths

    def _raises(self, subject: str, target: str) -> bool:
        definitions = self._named(subject)
        if not definitions:
            return True
        reached = self._family(definitions)
        edge = set(reached)
        for _ in range(_DEPTH):
            edge = {
                reference.target
                for index in edge
                for reference in self._names.facts.out[index]
            } - reached
            reached |= edge
        pattern = re.compile(rf"\b{re.escape(last_name(target))}\b")
        return any(
            pattern.search(
                self._names.facts.text(self._names.facts.definitions[index])
            )
            for index in sorted(reached)
        )


def _bare(span: str) -> str:
    """Return a name without the arguments of a call."""
    return span.strip().partition("(")[0]
