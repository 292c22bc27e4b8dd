"""Lists definitions related to a chapter's subjects: alias targets, base types, siblings.

Variants for special needs come last. Short modules that name the subjects are included.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude import named as named_code
from worker.engines.claude.named import NamedCode
from worker.engines.static.facts import TYPES, Definition, Role, Unit
from worker.engines.static.pages.course import CourseFacts

_SIDE: Final = re.compile(
    r"(?i)(?:^|/)(?:contrib|ext|extras?|compat|testing|legacy|plugins?)/"
)
"""Folders of code for special needs."""
_LARGE: Final = 600
"""The length, in lines, from which a variant of the main subject counts as special."""
_SIBLINGS: Final = 4
"""How many types with the same base as the main subject are added, if documents name them."""
_COMPANIONS: Final = 6
_USES: Final = 3
_USES_OF_OWN: Final = 2
"""How many definitions of a module the shown code must use for the module to be shown.

Fewer are enough if the file belongs to the chapter.
"""
_NAMED: Final = 4
"""How many functions elsewhere are added because a chapter's description names them."""
_MODULES: Final = 3
"""How many of the subjects' modules a register must name."""
_GENERAL: Final = re.compile(
    r"(?i)(?:^|/)_?(?:utils?|helpers?|compat|typing|types|local|state|imports)[./]"
)
"""Modules that serve all parts of a project."""
_LARGEST: Final = 20_000
"""The largest module that may be shown beside the subjects, in bytes."""
_FOR_READERS: Final = frozenset({Role.DOCUMENT, Role.EXAMPLE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Subjects:
    """The definitions that a chapter is about, in the order in which they are shown."""

    main: tuple[Definition, ...]
    """At most one."""
    others: tuple[Definition, ...]
    side: tuple[Definition, ...]
    """Variants for special needs."""
    named: frozenset[str]
    """The names in the chapter's description."""
    named_types: frozenset[Definition] = frozenset()
    """The others that the description names and that have members."""
    is_several: bool = False
    """Whether the description names an own subject of the unit besides the main one."""


def subjects_of(facts: CourseFacts, unit: Unit) -> Subjects:
    """Return the subjects of a unit, and the definitions without which they make no sense."""
    names = named_code.names_of(unit)
    named = names.words
    if not unit.symbols:
        return Subjects(main=(), others=(), side=(), named=named)
    own = _own(facts, unit)
    main, *rest = own
    others: list[Definition] = []
    side: list[Definition] = []
    for member in _family(facts, unit, own, names):
        if _is_side(main, member, named):
            side.append(member)
        else:
            others.append(member)
    named_types = [
        member for member in others if member.members and names.has(member)
    ]
    names_of_rest = {member.name for member in rest}
    return Subjects(
        main=(main,),
        others=tuple(others),
        side=tuple(side),
        named=named,
        named_types=frozenset(named_types),
        is_several=not named.isdisjoint(names_of_rest),
    )


def _own(facts: CourseFacts, unit: Unit) -> list[Definition]:
    """Return a unit's own subjects, the main one first; an alias is preceded by its target."""
    subjects = [facts.definitions[index] for index in unit.symbols]
    if not subjects:
        return []
    targets = _targets(facts, subjects[0])
    return [*targets[:1], *subjects]


def _family(
    facts: CourseFacts,
    unit: Unit,
    own: Sequence[Definition],
    names: NamedCode,
) -> list[Definition]:
    """Return the definitions that belong to a unit's main subject, named ones first, each once."""
    main, *rest = own
    family = [
        *_resolved(facts, rest),
        *_kin(facts, main),
        *_elsewhere(facts, unit, names),
    ]
    unique: dict[int, Definition] = {}
    for member in family:
        if member.index == main.index:
            continue
        unique[member.index] = member

    def rank(member: Definition) -> bool:
        return not names.has(member)

    return sorted(unique.values(), key=rank)


def _resolved(
    facts: CourseFacts, definitions: Iterable[Definition]
) -> Iterator[Definition]:
    """Yield definitions; an alias of a type is followed by that type."""
    for definition in definitions:
        yield definition
        yield from _targets(facts, definition)


def _targets(facts: CourseFacts, alias: Definition) -> list[Definition]:
    """Return the types that a one-line definition is an alias of."""
    targets: list[Definition] = []
    if alias.line != alias.end_line:
        return targets
    for reference in facts.out[alias.index]:
        target = facts.definitions[reference.target]
        if target.path != alias.path:
            continue
        if target.kind in TYPES:
            targets.append(target)
    return targets


def _kin(facts: CourseFacts, main: Definition) -> Iterator[Definition]:
    """Yield the base of a type in the same file, and the other types that derive from it."""
    owner_of_main = facts.owner(main.index)
    for base in _bases(facts, main):
        owner = facts.owner(base.index)
        if owner not in {None, owner_of_main}:
            continue
        yield base
        for sibling in _siblings(facts, base):
            yield sibling
            yield from _bases(facts, sibling)


def _siblings(facts: CourseFacts, base: Definition) -> list[Definition]:
    """Return the first types that derive from a base and are named by documents."""
    siblings: list[Definition] = []
    for sibling in _descendants(facts, base):
        if not _is_known(facts, sibling):
            continue
        siblings.append(sibling)
        if len(siblings) == _SIBLINGS:
            break
    return siblings


def _elsewhere(
    facts: CourseFacts,
    unit: Unit,
    names: NamedCode,
) -> list[Definition]:
    """Return the functions that a description names and that are not among the subjects."""
    own = named_code.own_of(facts, unit)
    functions = named_code.functions(facts, unit, names)
    others = [other for other in functions if other.index not in own]
    return others[:_NAMED]


def _bases(facts: CourseFacts, definition: Definition) -> list[Definition]:
    """Return the bases of a type that are defined in its own file."""
    bases: list[Definition] = []
    for index in facts.analysis.bases.get(definition.index, ()):
        base = facts.definitions[index]
        if base.path == definition.path:
            bases.append(base)
    return bases


def _descendants(facts: CourseFacts, base: Definition) -> list[Definition]:
    """Return the types in the same file that derive from a type."""
    queue = [base]
    for member in queue:
        for subtype in facts.subtypes(member.index):
            if subtype.path != base.path:
                continue
            if subtype not in queue:
                queue.append(subtype)
    return queue[1:]


def _is_known(facts: CourseFacts, definition: Definition) -> bool:
    """Whether documents or examples name a type."""
    if definition.name.startswith("_"):
        return False
    for path in facts.analysis.mentions.get(definition.name, ()):
        file = facts.file(path)
        if file.role in _FOR_READERS:
            return True
    return False


def _is_side(
    main: Definition,
    member: Definition,
    named: frozenset[str],
) -> bool:
    if member.path == main.path:
        return False
    if _is_special(member.path):
        return not _is_special(main.path)
    if member.name in named:
        return False
    return member.end_line - member.line > _LARGE


def _is_special(path: str) -> bool:
    """Whether a file lies in a folder of code for special needs."""
    return _SIDE.search(f"{path}/") is not None


def companions(
    facts: CourseFacts,
    unit: Unit,
    shown: Iterable[int],
) -> list[str]:
    """Return short modules that name several of a unit's modules, or that its code uses most."""
    own = {subject.path for subject in _own(facts, unit)}
    modules = list(map(_module, sorted(own)))
    family = facts.family(shown)
    offered = [
        *_registers(facts, modules),
        *_used(facts, unit, family),
    ]
    chosen: dict[str, None] = {}
    for path in offered:
        if path in own:
            continue
        chosen.setdefault(path)
    unique = list(chosen)
    return unique[:_COMPANIONS]


def _module(path: str) -> str:
    """Return the name by which a file is imported, judging by its path."""
    stem, _, _ = path.rpartition(".")
    name = stem.removeprefix("src/").removesuffix("/__init__")
    return name.replace("/", ".")


def _registers(facts: CourseFacts, modules: Sequence[str]) -> list[str]:
    """Return the short files whose text names several modules with their packages."""
    dotted: list[str] = []
    for module in modules:
        if "." not in module:
            continue
        dotted.append(re.escape(module))
    if len(dotted) < _MODULES:
        return []
    choices = "|".join(dotted)
    quoted = re.compile(rf"['\"]({choices})\b")
    return _naming_most(facts, quoted)


def _naming_most(facts: CourseFacts, quoted: re.Pattern[str]) -> list[str]:
    """Return the short files that name several modules; files that name most come first."""
    counts: Counter[str] = Counter()
    for path in _short(facts):
        lines = facts.texts.lines(path)
        text = "\n".join(lines)
        named = set(quoted.findall(text))
        count = len(named)
        if count >= _MODULES:
            counts[path] = count
    return [path for path, _ in counts.most_common()]


def _used(facts: CourseFacts, unit: Unit, shown: Iterable[int]) -> list[str]:
    """Return the short files with several definitions that the code uses, the densest first."""
    used = _used_of_no_chapter(facts, shown)
    own = set(unit.file_paths)
    fitting: list[str] = []
    for path in _short(facts):
        count = len(used[path])
        least = _USES
        if path in own:
            least = _USES_OF_OWN
        if count >= least:
            fitting.append(path)

    def rank(path: str) -> tuple[bool, float, str]:
        file = facts.file(path)
        share = len(used[path]) / file.size
        is_own = path in own
        return not is_own, -share, path

    return sorted(fitting, key=rank)


def _used_of_no_chapter(
    facts: CourseFacts,
    users: Iterable[int],
) -> dict[str, set[int]]:
    """Return, by path, the used definitions that belong to no chapter."""
    used: dict[str, set[int]] = defaultdict(set)
    for user in users:
        for reference in facts.out[user]:
            index = reference.target
            path = facts.definitions[index].path
            if _GENERAL.search(path):
                continue
            if facts.owner(index) is None:
                used[path].add(index)
    return used


def _short(facts: CourseFacts) -> list[str]:
    """Return the source files that are short enough to be shown beside others."""

    def found() -> list[str]:
        short: list[str] = []
        for path, file in facts.analysis.files.items():
            if file.role is not Role.SOURCE:
                continue
            if file.size <= _LARGEST:
                short.append(path)
        return short

    return facts.remembered("short source files", found)
