"""Draws what the sentences of a chapter do not say: calls inside it, and families of types."""

from collections.abc import Container, Iterable, Sequence
from itertools import chain
from posixpath import commonpath
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking.usage import is_interface
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    last_name,
)
from worker.engines.static.pages.mermaid import Arrow, Extension
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.reading.language import Language

_SIGNING: Final = frozenset(
    {Language.RUBY, Language.PHP, Language.JAVA, Language.TYPESCRIPT}
)
"""Languages whose types name their superclass alone before `implements`, if at all."""
_UNNAMED: Final = frozenset({"", "__init__", "index", "mod"})
"""Files of a module that has the name of their folder."""
_NODES: Final = 10
_TYPES: Final = 14
_FEWEST: Final = 3
"""Arrows of a drawing that shows more than a sentence."""
_FEWEST_CALLERS: Final = 2
"""Functions that call others on a drawing; one alone says what it calls in its code."""


def calls(
    facts: CourseFacts, chapter: Chapter, shown: Sequence[Definition]
) -> str:
    """Draw what the functions that a chapter shows call of its functions."""
    family = facts.family(chapter.unit.owned)
    owned = set(family)
    functions = []
    for definition in shown:
        caller = definition.index
        if is_function(definition) and caller in owned:
            functions.append(caller)
    pairs = _pairs(facts, functions, owned)
    nodes = set(_nodes(functions, pairs))
    between = [pair for pair in pairs if nodes.issuperset(pair)]
    from_each = [_reached(between, function) for function in functions]
    drawn = max(from_each, key=len, default=[])
    callers = {caller for caller, _ in drawn}
    if len(drawn) < _FEWEST or len(callers) < _FEWEST_CALLERS:
        return ""
    both_ends = chain.from_iterable(drawn)
    ends = list(dict.fromkeys(both_ends))
    calls = [f"{name}()" for name in type_names(facts, ends)]
    names = dict(zip(ends, calls, strict=True))
    arrows = [(names[caller], names[called]) for caller, called in drawn]
    return mermaid.arrows(arrows)


def _pairs(
    facts: CourseFacts, functions: Iterable[int], owned: Container[int]
) -> list[tuple[int, int]]:
    """Return the calls of functions to other functions of the chapter, each once."""
    pairs = []
    for caller in functions:
        called = dict.fromkeys(_called(facts, caller))
        pairs += [
            (caller, other)
            for other in called
            if other in owned and other != caller
        ]
    return pairs


def _reached(
    pairs: Sequence[tuple[int, int]], function: int
) -> list[tuple[int, int]]:
    """Return the calls that a function and those that it calls make, and so on."""
    reached = dict.fromkeys([function])
    queue = [function]
    for caller in queue:
        new = [
            called
            for source, called in pairs
            if source == caller and called not in reached
        ]
        reached.update(dict.fromkeys(new))
        queue += new
    return [pair for pair in pairs if pair[0] in reached]


def _called(facts: CourseFacts, function: int) -> list[int]:
    return [
        called.index
        for _, called in facts.calls(function)
        if is_function(called)
    ]


def _nodes(
    functions: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> list[int]:
    """Return the ends of as many calls as fit on a drawing."""
    nodes = dict.fromkeys(functions)
    for pair in pairs:
        if len(nodes.keys() | pair) <= _NODES:
            nodes.update(dict.fromkeys(pair))
    return list(nodes)


def family(facts: CourseFacts, chapter: Chapter, page: str) -> str:
    """Draw the types of a chapter with their bases, and the types on its page that extend them."""
    types: list[int | str] = []
    extensions: list[Extension] = []
    for base, derived in _extensions(facts, chapter, words_of(page)):
        new = [end for end in (base, derived) if end not in types]
        if len(types) + len(new) > _TYPES:
            break
        types += new
        extension = Extension(
            base=types.index(base),
            derived=types.index(derived),
            arrow=_arrow(facts, base, derived),
        )
        extensions.append(extension)
    if len(extensions) < _FEWEST:
        return ""
    return mermaid.class_diagram(type_names(facts, types), extensions)


def type_names(facts: CourseFacts, ends: Sequence[int | str]) -> list[str]:
    """Return the names of types, with those of their modules where two share one."""
    types = [facts.definitions[end] for end in ends if isinstance(end, int)]
    unique = []
    for end in ends:
        shown = str(end)
        if isinstance(end, int):
            definition = facts.definitions[end]
            name = definition.qualified
            paths = [each.path for each in types if each.qualified == name]
            module = _module(definition, paths)
            shown = f"{module}.{name}".strip(".")
        unique.append(shown)
    return unique


def _module(definition: Definition, paths: Sequence[str]) -> str:
    """Return the modules by which a definition differs from those in other files."""
    folder = commonpath(paths)
    inner = definition.path.removeprefix(folder)
    pieces = inner.partition(".")[0].split("/")
    return ".".join(name for name in pieces if name not in _UNNAMED)


def _extensions(
    facts: CourseFacts, chapter: Chapter, words: Container[str]
) -> dict[tuple[int | str, int], None]:
    """Return base and derived type of each inheritance around the subjects of a chapter.

    Those that the chapter does not name are left out, unless they are bases of such.
    """
    extensions: dict[tuple[int | str, int], None] = {}
    named = facts.named(chapter)
    types = [subject for subject in named if subject.kind in TYPES]
    for definition in types:
        index = definition.index
        for base in _bases(facts, definition):
            extensions[base, index] = None
        for subtype in facts.subtypes(index):
            family = (subtype, *facts.subtypes(subtype.index))
            is_named = any(each.name in words for each in family)
            if subtype.name.startswith("_") or not is_named:
                continue
            extensions[index, subtype.index] = None
            is_own = subtype.index in chapter.unit.owned
            if is_own and subtype not in types:
                types.append(subtype)
    return extensions


def _bases(facts: CourseFacts, definition: Definition) -> list[int | str]:
    """Return the bases of a type: definitions, or names of types elsewhere."""
    known = facts.analysis.bases.get(definition.index, ())
    types = {facts.definitions[index].name: index for index in known}
    bases: list[int | str] = []
    for base in definition.bases:
        name = last_name(base)
        is_of_package = definition.path.endswith(".go")
        bases.append(types.get(name, base if is_of_package else name))
    if set(known) <= set(bases):
        return bases
    # One of them is imported by another name.
    return list(known)


def _arrow(facts: CourseFacts, base: int | str, derived: int) -> Arrow:
    definition = facts.definitions[derived]
    if definition.path.endswith(".go"):
        return Arrow.EMBEDS
    is_dashed = definition.kind not in {Kind.TRAIT, Kind.INTERFACE}
    if isinstance(base, int):
        base_type = facts.definitions[base]
        is_dashed &= is_interface(base_type, or_mixin=True)
    elif facts.file(definition.path).language in _SIGNING:
        superclass = definition.signature.partition(" implements ")[0]
        is_dashed &= last_name(base) not in superclass
    else:
        is_dashed &= definition.path.endswith(".rs")
    if is_dashed:
        return Arrow.IMPLEMENTS
    return Arrow.EXTENDS
