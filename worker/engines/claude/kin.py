"""Tells what a chapter's code is, besides its subjects: aliases' targets, bases, siblings.

Variants for special needs come last. Short modules that name the subjects come with them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude.candidates import told
from worker.engines.claude.outline import is_property
from worker.engines.static.facts import TYPES, Definition, Role, Unit
from worker.engines.static.pages.course import CourseFacts, is_function

_SIDE: Final = re.compile(
    r"(?i)(?:^|/)(?:contrib|ext|extras?|compat|testing|legacy|plugins?)/"
)
"""Folders of code for special needs."""
_LARGE: Final = 600
"""Lines of a variant of the main subject that is one for special needs."""
_SIBLINGS: Final = 4
"""Types beside the main subject with the same base, if documents name them."""
_COMPANIONS: Final = 6
_USES: Final = 3
_USES_OF_OWN: Final = 2
"""Definitions of a module that the shown code uses, for it to be shown too.

Fewer are enough of a file that is the chapter's own.
"""
_NAMED: Final = 4
"""Functions elsewhere that a chapter's description names."""
_NAMESAKES: Final = 2
_MODULES: Final = 3
"""Modules of the subjects that a register of them names."""
_GENERAL: Final = re.compile(
    r"(?i)(?:^|/)_?(?:utils?|helpers?|compat|typing|types|local|state|imports)[./]"
)
"""Modules that serve all parts alike."""
_LARGEST: Final = 20_000
"""Bytes of a module that may be shown beside the subjects."""
_QUOTED: Final = re.compile(r"`([^`]+)`")
_WORD: Final = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Subjects:
    """What a chapter is about, in the order in which it is shown."""

    main: tuple[Definition, ...]
    """One, or none."""
    others: tuple[Definition, ...]
    side: tuple[Definition, ...]
    """Variants for special needs."""
    named: frozenset[str]
    """The names in the chapter's description."""
    is_several: bool = False
    """Whether these are of more than one of the unit's own subjects."""


def subjects_of(facts: CourseFacts, unit: Unit) -> Subjects:
    """Return what a unit is about, and what cannot be understood without."""
    named = _named(unit)
    if not unit.symbols:
        return Subjects(main=(), others=(), side=(), named=named)
    main, *rest = [facts.definitions[index] for index in unit.symbols]
    family = [
        *_resolved(facts, rest),
        *_kin(facts, main),
        *_elsewhere(facts, unit, named),
    ]
    unique = {member.index: member for member in family}
    unique.pop(main.index, None)

    def rank(member: Definition) -> bool:
        return member.name not in named

    others: list[Definition] = []
    side: list[Definition] = []
    for member in sorted(unique.values(), key=rank):
        is_side = _is_side(main, member, named)
        (side if is_side else others).append(member)
    return Subjects(
        main=(main,),
        others=tuple(others),
        side=tuple(side),
        named=named,
        is_several=any(member.name in named for member in rest),
    )


def _named(unit: Unit) -> frozenset[str]:
    """Return the names that a unit's name and description hold as code."""
    text = told(unit.description)
    words = [unit.name]
    for quoted in _QUOTED.findall(text):
        words += _WORD.findall(quoted)
    return frozenset(words)


def _resolved(
    facts: CourseFacts, definitions: Iterable[Definition]
) -> Iterator[Definition]:
    """Yield definitions; behind one that is another name of a type, that type."""
    for definition in definitions:
        yield definition
        if definition.line != definition.end_line:
            continue
        for reference in facts.out[definition.index]:
            target = facts.definitions[reference.target]
            if target.path == definition.path and target.kind in TYPES:
                yield target


def _kin(facts: CourseFacts, main: Definition) -> Iterator[Definition]:
    """Yield the base of a type in the same file, and the other types that derive from it."""
    for base in _bases(facts, main):
        if facts.owner(base.index) not in {None, facts.owner(main.index)}:
            continue
        yield base
        siblings = [
            sibling
            for sibling in _descendants(facts, base)
            if _is_known(facts, sibling)
        ]
        for sibling in siblings[:_SIBLINGS]:
            yield sibling
            yield from _bases(facts, sibling)


def _elsewhere(
    facts: CourseFacts, unit: Unit, named: frozenset[str]
) -> list[Definition]:
    """Return the functions that a description names, and that are none of its subjects."""
    by_name: dict[str, list[Definition]] = {}
    for definition in facts.definitions:
        if definition.name in named and _is_offered(facts, definition):
            by_name.setdefault(definition.name, []).append(definition)
    own = set(facts.family([*unit.symbols, *unit.owned]))
    subjects = {facts.definitions[index].name for index in unit.symbols}
    functions: list[Definition] = []
    for name, namesakes in by_name.items():
        others = [
            other
            for other in namesakes
            if other.index not in own
            and (name not in subjects or other.parent is not None)
        ]
        if len(others) <= _NAMESAKES:
            functions += others
    return functions[:_NAMED]


def _is_offered(facts: CourseFacts, definition: Definition) -> bool:
    if not is_function(definition) or is_property(definition):
        return False
    return facts.file(definition.path).role is Role.SOURCE


def _bases(facts: CourseFacts, definition: Definition) -> list[Definition]:
    """Return the bases of a type that its own file defines."""
    bases = facts.analysis.bases.get(definition.index, ())
    found = [facts.definitions[base] for base in bases]
    return [base for base in found if base.path == definition.path]


def _descendants(facts: CourseFacts, base: Definition) -> list[Definition]:
    """Return the types of the same file that derive from a type."""
    queue = [base]
    for member in queue:
        for subtype in facts.subtypes(member.index):
            if subtype.path == base.path and subtype not in queue:
                queue.append(subtype)
    return queue[1:]


def _is_known(facts: CourseFacts, definition: Definition) -> bool:
    """Tell whether documents or examples name a type."""
    if definition.name.startswith("_"):
        return False
    paths = facts.analysis.mentions.get(definition.name, ())
    roles = {facts.file(path).role for path in paths}
    return not roles.isdisjoint({Role.DOCUMENT, Role.EXAMPLE})


def _is_side(
    main: Definition, member: Definition, named: frozenset[str]
) -> bool:
    if member.path == main.path:
        return False
    if _SIDE.search(f"{member.path}/"):
        return not _SIDE.search(f"{main.path}/")
    is_large = member.end_line - member.line > _LARGE
    return is_large and member.name not in named


def companions(
    facts: CourseFacts, unit: Unit, shown: Iterable[int]
) -> list[str]:
    """Return short modules that name several of a unit's modules, or that its code uses most."""
    paths = {facts.definitions[index].path for index in unit.symbols}
    modules = [_module(path) for path in sorted(paths)]
    registers = _registers(facts, modules)
    used = _used(facts, unit, facts.family(shown))
    chosen = dict.fromkeys([*registers, *used])
    return [path for path in chosen if path not in paths][:_COMPANIONS]


def _module(path: str) -> str:
    """Return the name by which a file is imported, as far as its path tells."""
    stem, _, _ = path.rpartition(".")
    name = stem.removeprefix("src/").removesuffix("/__init__")
    return name.replace("/", ".")


def _registers(facts: CourseFacts, modules: Sequence[str]) -> list[str]:
    """Return the short files whose text names several modules with their packages."""
    dotted = [re.escape(module) for module in modules if "." in module]
    if len(dotted) < _MODULES:
        return []
    pattern = re.compile(rf"['\"]({'|'.join(dotted)})\b")
    counts: Counter[str] = Counter()
    for path in _short(facts):
        text = "\n".join(facts.texts.lines(path))
        counts[path] = len(set(pattern.findall(text)))
    return [path for path, count in counts.most_common() if count >= _MODULES]


def _used(facts: CourseFacts, unit: Unit, shown: Iterable[int]) -> list[str]:
    """Return the short files of which code uses most definitions, if these are several."""
    used: dict[str, set[int]] = {path: set() for path in _short(facts)}
    for index in shown:
        for reference in facts.out[index]:
            path = facts.definitions[reference.target].path
            if path not in used or _GENERAL.search(path):
                continue
            if facts.owner(reference.target) is None:
                used[path].add(reference.target)

    own = set(unit.file_paths)
    fitting: list[str] = []
    for path, targets in used.items():
        least = _USES_OF_OWN if path in own else _USES
        if len(targets) >= least:
            fitting.append(path)

    def rank(path: str) -> tuple[bool, float, str]:
        share = len(used[path]) / facts.file(path).size
        return path not in own, -share, path

    return sorted(fitting, key=rank)


def _short(facts: CourseFacts) -> list[str]:
    """Return the source files that can be shown beside others."""

    def found() -> list[str]:
        return [
            path
            for path, file in facts.analysis.files.items()
            if file.role is Role.SOURCE and file.size <= _LARGEST
        ]

    return facts.remembered("short source files", found)
