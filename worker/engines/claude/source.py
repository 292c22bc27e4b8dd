"""Chooses the code in a prompt about a chapter: its subjects, and what they call.

A subject that is too long is represented by its head and its methods: first those that the
chapter's description names, then the most used, each with the helpers that it calls. Methods that
no shown code calls are left out.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

from worker.engines.claude import named as named_code
from worker.engines.claude import prompt
from worker.engines.claude.condensed import cut_lines
from worker.engines.claude.kin import Subjects, companions, subjects_of
from worker.engines.claude.outline import most_used
from worker.engines.claude.shown import Shown
from worker.engines.static.choosing.candidates import is_logger
from worker.engines.static.facts import Definition, Reference, Unit
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function

SHARE: Final = 60_000
"""Characters of all of a chapter's code."""
_MAIN: Final = 34_000
"""Characters of its main subject, if there are others to show."""
_ALONE: Final = 42_000
"""Characters of its main subject, if the chapter's description names none of the others."""
_NAMED_FUNCTIONS: Final = 20_000
"""Characters of functions, in any file, that the description names."""
_CALLED: Final = 16_000
"""Characters of functions called by those that it names with `()`."""
_LONGEST_CALLED: Final = 4_000
_NAMED_TYPE: Final = 18_000
"""Characters of any other subject that the description names."""
_LEAST: Final = 6_000
"""The fewest characters of any other subject, if there is room."""
_SIDE: Final = 4_000
"""Characters of a variant for special needs."""
_HELPERS: Final = 12_000
"""Characters of what the shown code calls."""
_COMPANIONS: Final = 10_000
"""Characters of short modules that it needs."""
_WHOLE_FILE: Final = 12_000
"""The largest file that is shown whole, in characters."""
_WHOLE: Final = 16_000
"""The largest definition that is shown whole, in characters, whatever it contains."""
_HEAD: Final = 40
"""How many lines are shown of a definition that is too long."""
_ABOVE: Final = ("@", "#", "[", "//", "/*", "*")
"""The beginnings of lines that belong to the definition below: decorators and comments."""
_MOST_ABOVE: Final = 40
_LATER: Final = 4.0
"""How far down the order a public method may be placed after a method that names it."""
_DOTTED: Final = re.compile(r"(?:\.|->|::)([^\W\d]\w*)")


_Files = defaultdict[str, set[int]]
"""Line numbers, by path."""
_Ranked = tuple[float, int]
"""A method's rank, the lowest first, and its index."""


class PromptGroup(IntEnum):
    """Why lines are shown, in the order of a prompt."""

    MAIN = 0
    """The chapter's first subject."""
    OTHERS = 1
    HELPERS = 2
    """What the subjects' code calls."""
    COMPANIONS = 3
    """Short modules that name the subjects, or that the subjects use much."""


class Code:
    """The code of a chapter that is shown."""

    def __init__(self, facts: CourseFacts) -> None:
        """Show nothing yet."""
        self.facts: Final = facts
        self.left = SHARE
        self.definitions: Final[dict[int, None]] = {}
        """What is shown, in the order of choice."""
        self._sizes: Final = Shown(facts)
        self._lines: Final = {group: _Files(set) for group in PromptGroup}

    def size(self, path: str, numbers: Iterable[int]) -> int:
        """Return approximately how many characters lines take, without omitted ones."""
        kept = self._kept(path, numbers)
        return self._sizes.size(path, kept)

    def _kept(self, path: str, numbers: Iterable[int]) -> list[int]:
        left_out = cut_lines(self.facts, path)
        kept: list[int] = []
        for number in numbers:
            if number in left_out:
                continue
            kept.append(number)
        return kept

    def add(
        self,
        group: PromptGroup,
        path: str,
        numbers: Iterable[int],
        room: int,
    ) -> int:
        """Add lines if there is room, or the first of very many; return their size."""
        room = min(room, self.left)
        new = self._new(path, numbers)
        size = self.size(path, new)
        if size > max(room, _WHOLE):
            new = new[:_HEAD]
            size = self.size(path, new)
        if not new:
            return 0
        if size > room:
            return 0
        files = self._lines[group]
        files[path].update(new)
        self.left -= size
        return size

    def _new(self, path: str, numbers: Iterable[int]) -> list[int]:
        """Return the lines that can be shown and are not shown yet."""
        new: list[int] = []
        for number in self._kept(path, numbers):
            if self.has_line(path, number):
                continue
            new.append(number)
        return new

    def add_definition(
        self,
        group: PromptGroup,
        definition: Definition,
        room: int,
    ) -> int:
        """Add the lines of a definition, or the first of them; return their size."""
        lines = lines_of(self.facts, definition)
        size = self.add(group, definition.path, lines, room)
        if size:
            self.definitions.setdefault(definition.index)
        return size

    def has_line(self, path: str, number: int) -> bool:
        groups = self._lines.values()
        return any(number in files.get(path, ()) for files in groups)

    def has_file(self, path: str) -> bool:
        return any(path in files for files in self._lines.values())

    def paths(self) -> frozenset[str]:
        return frozenset().union(*self._lines.values())

    def functions(self) -> list[Definition]:
        """Return the functions whose last line is shown, in the order of choice."""
        functions: list[Definition] = []
        for index in self.facts.family(self.definitions):
            definition = self.facts.definitions[index]
            if not is_function(definition):
                continue
            if self.has_line(definition.path, definition.end_line):
                functions.append(definition)
        return functions

    def rendered(self, shown: Shown) -> str:
        """Return the lines, numbered, by group and file."""
        pieces: list[str] = []
        for files in self._lines.values():
            piece = shown.files(files)
            pieces.append(piece)
            for path in files:
                left_out = cut_lines(self.facts, path)
                shown.cut(path, left_out)
        return prompt.joined(*pieces)


def code_of(facts: CourseFacts, chapter: Chapter) -> Code:
    """Return the code of a chapter that a prompt shows."""
    key = ("shown code", chapter.position)

    def chosen() -> Code:
        return _chosen(facts, chapter.unit)

    return facts.remembered(key, chosen)


def _chosen(facts: CourseFacts, unit: Unit) -> Code:
    code = Code(facts)
    subjects = subjects_of(facts, unit)
    if not subjects.main:
        _add_documents(code, unit)
        for path in unit.file_paths:
            _add_file(code, PromptGroup.MAIN, path)
        _add_helpers(code)
        return code
    beside = _add_named(code, unit, subjects)
    _add_subjects(code, subjects)
    _add_documents(code, unit)
    _add_helpers(code)
    _add_companions(code, unit, beside)
    # The space that the others have left.
    for subject in subjects.main:
        _add_subject(code, PromptGroup.MAIN, subject, code.left, subjects.named)
    for subject in subjects.others:
        if subject in subjects.named_types:
            _add_subject(
                code, PromptGroup.OTHERS, subject, code.left, subjects.named
            )
    return code


def _add_named(
    code: Code,
    unit: Unit,
    subjects: Subjects,
) -> frozenset[str]:
    """Show the functions that the description names, then the callees of those with `()`.

    Returns the files of these callees.
    """
    facts = code.facts
    names = named_code.names_of(unit)
    main_path = ""
    for subject in subjects.main:
        main_path = subject.path
        code.definitions.setdefault(subject.index)
    room = _NAMED_FUNCTIONS
    for function in named_code.functions(facts, unit, names):
        group = _group_of(function, main_path)
        room -= code.add_definition(group, function, room)
    named_paths = set(code.paths())
    room = min(room, _CALLED)
    for function in named_code.called(facts, unit, names):
        lines = lines_of(facts, function)
        if code.size(function.path, lines) > _LONGEST_CALLED:
            continue
        group = _group_of(function, main_path)
        room -= code.add_definition(group, function, room)
    return code.paths() - named_paths


def _group_of(function: Definition, main_path: str) -> PromptGroup:
    if function.path == main_path:
        return PromptGroup.MAIN
    return PromptGroup.OTHERS


def _add_subjects(code: Code, subjects: Subjects) -> None:
    """Show each subject in the space that the others leave for it."""
    named = subjects.named
    room = _ALONE
    if subjects.is_several:
        room = _MAIN
    for subject in subjects.main:
        _add_subject(code, PromptGroup.MAIN, subject, room, named)
    waiting = len(subjects.others)
    named_types = len(subjects.named_types)
    reserved = _HELPERS
    if subjects.side:
        reserved += _SIDE
    for subject in subjects.others:
        left = code.left - reserved
        part = max(_LEAST, 2 * left // waiting)
        if subject in subjects.named_types:
            part_of_named = 2 * left // named_types
            part = max(part, min(_NAMED_TYPE, part_of_named))
            named_types -= 1
        room = min(left, part)
        waiting -= 1
        _add_subject(code, PromptGroup.OTHERS, subject, room, named)
    for subject in subjects.side:
        left = code.left - _HELPERS
        room = min(left, _SIDE)
        _add_subject(code, PromptGroup.OTHERS, subject, room, named)


def _add_companions(
    code: Code,
    unit: Unit,
    called: frozenset[str],
) -> None:
    """Show short modules beside the subjects, as many as there is room for.

    `called` are files of which only the subjects' callees may have been shown.
    """
    room = _COMPANIONS
    for path in companions(code.facts, unit, code.definitions):
        if code.has_file(path) and path not in called:
            continue
        lines = _whole(code.facts, path)
        size = code.size(path, lines)
        if size <= room:
            room -= code.add(PromptGroup.COMPANIONS, path, lines, room)


def _add_subject(
    code: Code,
    group: PromptGroup,
    subject: Definition,
    room: int,
    named: frozenset[str],
) -> None:
    """Show a subject with its whole short file, or whole, or by its head and methods."""
    facts = code.facts
    path = subject.path
    file = _whole(facts, path)
    if code.size(path, file) <= min(room, _WHOLE_FILE):
        _add_file(code, group, path)
    lines = lines_of(facts, subject)
    is_short = code.size(path, lines) <= min(room, _WHOLE)
    if is_short or not subject.members:
        room -= code.add_definition(group, subject, room)
    else:
        head = _head(facts, subject)
        room -= code.add(group, path, head, room)
    code.definitions.setdefault(subject.index)
    for method in _in_order(facts, subject, named):
        room -= code.add_definition(group, method, room)


def _whole(facts: CourseFacts, path: str) -> range:
    file = facts.file(path)
    return range(1, file.lines + 1)


def _add_file(code: Code, group: PromptGroup, path: str) -> None:
    """Show a file, and mark its definitions as shown."""
    facts = code.facts
    if path not in facts.analysis.files:
        return
    numbers = _whole(facts, path)
    size = code.add(group, path, numbers, code.left)
    if not size:
        return
    for index in facts.analysis.worth:
        definition = facts.definitions[index]
        if definition.path != path:
            continue
        if code.has_line(path, definition.line):
            code.definitions.setdefault(index)


def _head(facts: CourseFacts, subject: Definition) -> range:
    """Return the lines of a type before its first member in the same file."""
    lines = lines_of(facts, subject)
    stop = lines.stop
    for member in facts.members(subject):
        if member.path != subject.path:
            continue
        if member.line > subject.line:
            first = lines_of(facts, member).start
            stop = min(stop, first)
    return range(lines.start, stop)


def _in_order(
    facts: CourseFacts,
    subject: Definition,
    named: frozenset[str],
) -> Iterator[Definition]:
    """Yield the methods of a type: named and most used ones first, then those that they use."""
    members: dict[str, int] = {}
    for member in facts.members(subject):
        members[member.name] = member.index
    waiting = _ranked(facts, subject, named)
    public = {index for _, index in waiting}
    seen: set[int] = set()
    while waiting:
        rank, index = heappop(waiting)
        if index in seen:
            continue
        seen.add(index)
        method = facts.definitions[index]
        yield method
        for used in _used_by(facts, method, members):
            rank_of_used = rank
            if used in public:
                rank_of_used += _LATER
            heappush(waiting, (rank_of_used, used))


def _ranked(
    facts: CourseFacts,
    subject: Definition,
    named: frozenset[str],
) -> list[_Ranked]:
    """Return the public methods of a type with their ranks, as a heap.

    Methods of equal rank keep the order of the source.
    """
    waiting: list[_Ranked] = []
    methods = most_used(facts, subject)
    for place, method in enumerate(methods):
        rank = float(place)
        if method.name in named:
            rank = -1.0
        heappush(waiting, (rank, method.index))
    return waiting


def _used_by(
    facts: CourseFacts,
    method: Definition,
    members: dict[str, int],
) -> Iterator[int]:
    """Yield the members that a method names after a dot, each once."""
    text = facts.text(method)
    names = _DOTTED.findall(text)
    for name in dict.fromkeys(names):
        index = members.get(name)
        if index is not None:
            yield index


def _called(facts: CourseFacts, index: int) -> list[int]:
    """Return what a definition uses, in the order of its lines."""

    def line(reference: Reference) -> int:
        return reference.line

    references = sorted(facts.out[index], key=line)
    targets: dict[int, None] = {}
    for reference in references:
        targets.setdefault(reference.target)
    return list(targets)


def _add_documents(code: Code, unit: Unit) -> None:
    """Show the sections of documents that are among a unit's subjects."""
    facts = code.facts
    for path, position in unit.headings:
        document = facts.file(path)
        headings = document.headings
        if position >= len(headings):
            continue
        heading = headings[position]
        first = heading.line
        last = heading.end_line
        numbers = range(first, last + 1)
        code.add(PromptGroup.MAIN, path, numbers, code.left)


def _add_helpers(code: Code) -> None:
    """Show what the shown code uses of the same files, and what that uses in turn."""
    facts = code.facts
    room = _HELPERS
    waiting = deque(facts.family(code.definitions))
    seen = set(waiting)
    while waiting:
        user = waiting.popleft()
        for index in _called(facts, user):
            helper = facts.definitions[index]
            if index in seen:
                continue
            if not _is_helper(code, helper):
                continue
            seen.add(index)
            waiting.append(index)
            room -= code.add_definition(PromptGroup.HELPERS, helper, room)


def _is_helper(code: Code, helper: Definition) -> bool:
    """Whether a definition lies in the subjects' files, and can be shown by itself."""
    if helper.parent is not None:
        return False
    if is_logger(helper):
        return False
    if not code.has_file(helper.path):
        return False
    lines = lines_of(code.facts, helper)
    size = code.size(helper.path, lines)
    return size <= _HELPERS


def lines_of(facts: CourseFacts, definition: Definition) -> range:
    """Return the lines of a definition with its decorators and the comment above it."""
    text = facts.texts.lines(definition.path)
    first = definition.line
    least = max(1, first - _MOST_ABOVE)
    while first > least:
        line = text[first - 2]
        above = line.lstrip()
        if not above.startswith(_ABOVE):
            break
        first -= 1
    last = definition.end_line
    return range(first, last + 1)
