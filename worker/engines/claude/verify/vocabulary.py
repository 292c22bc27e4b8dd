"""The names of a repository: its definitions, and every word of its code."""

import builtins
import copy
import keyword
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

from worker.engines.claude import secrets
from worker.engines.claude.verify import library, modules
from worker.engines.claude.verify.code import bound_names, parsed, squeezed
from worker.engines.static.facts import TYPES, Definition, Role, SourceFile
from worker.engines.static.pages.course import CourseFacts, last_name
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.language import PROSE
from worker.engines.static.reading.roles import file_stem

_WORD: Final = re.compile(r"[^\W\d]\w*")
_FLAG: Final = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
_TECHNICAL: Final = re.compile(r"\w*(?:_|[a-z][A-Z]|\d)\w*|[A-Z]{2,}")
"""A word that looks like code."""
_ATTRIBUTE: Final = re.compile(r"\b(?:self|this|cls)(?:\.|->)(\w+)")
_FIELD: Final = re.compile(
    r"^[ \t]*(?:[\w<>,.\[\]?*&]+[ \t]+){0,4}?(\w+)[ \t]*(?::|=(?!=)|;|,|$)",
    re.MULTILINE,
)
_MODULE_END: Final = re.compile(r"[./:]")
_LARGEST: Final = 1_000_000
"""The largest file whose words are read, in bytes."""
_NOT_CODE: Final = frozenset({Role.DATA, Role.DOCUMENT})
_QUOTED: Final = frozenset({Role.DOCUMENT, Role.CONFIGURATION, Role.EXAMPLE})
"""Roles of files whose lines a page may quote as commands."""
_OWN_FLAG: Final = re.compile(r"[\"'](--?[A-Za-z][\w-]*)")
"""A flag that a program accepts, as a string in its code."""
_OF_LANGUAGES: Final = word_set(
    "None True False null nil undefined true false self this super void int "
    "float double char bool boolean string str bytes byte list dict set tuple "
    "map array object any number long short unsigned struct enum union trait "
    "impl interface class type func fn def let var const mut pub use mod "
    "crate package import export default function async await return if else "
    "for while loop match switch case break continue try catch except finally "
    "raise throw throws panic defer go select chan static final public "
    "private protected abstract extends implements new delete operator "
    "template typename namespace using include define Vec Option Some Ok Err "
    "Result Box String Object Promise Error Array Map Set console log main "
    "args argv kwargs pip pytest python npm node cargo make git"
)
_OF_TESTS: Final = word_set(
    "DID NOT RAISE WARN FAILED PASSED SKIPPED XFAIL XPASS"
)
"""Words that pytest itself prints."""
_SET: Final = re.compile(r"(?<![\w.])(\w+)\.([^\W\d]\w*)\s*=(?!=)")
"""An attribute that code sets on an object."""
_SEVERAL: Final = 2
"""How many undefined attributes code sets, at least, on an object that accepts any.

They must also be most of the attributes that it sets.
"""


class Vocabulary:
    """Looks names up."""

    def __init__(self, facts: CourseFacts) -> None:
        """Prepare; the words of the repository are read when they are first needed."""
        self.facts: Final = facts
        self.files: Final = facts.analysis.files
        self.modules: Final = modules.by_name(facts)
        self.members = lru_cache(1024)(self._members)
        self.words_of = lru_cache(256)(self._words_of)
        self._named: Final = _named(facts)
        self.own: frozenset[str] = frozenset()
        """The words in the code that was written for a page."""
        self.bound: frozenset[str] = frozenset()
        """The names that this code binds."""
        self.codes: tuple[str, ...] = ()
        """This code."""

    def knowing(self, codes: Sequence[str]) -> "Vocabulary":
        """Return a vocabulary that includes the names in code written for a page."""
        own: set[str] = set()
        bound: set[str] = set()
        flags: set[str] = set()
        for code in codes:
            of_code = _WORD.findall(code)
            own.update(of_code)
            of_program = _OWN_FLAG.findall(code)
            flags.update(of_program)
            tree = parsed(code)
            bound |= bound_names(tree)
        if not own:
            return self
        words = self.words | own
        other = copy.copy(self)
        other.own = self.own | own
        other.bound = self.bound | bound
        other.codes = (*self.codes, *codes)
        # The copy has its own values of these cached properties.
        vars(other).update(
            words=words,
            flags=self.flags | flags,
        )
        return other

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word in the code, and the technical words in documents."""
        of_library = library.names()
        words = set(_OF_LANGUAGES)
        words.update(keyword.kwlist, of_library, _OF_TESTS)
        for file in self._readable():
            own = self.words_of(file.path)
            if file.role not in _NOT_CODE:
                words.update(own)
                continue
            technical = filter(_TECHNICAL.fullmatch, own)
            words.update(technical)
        return frozenset(words)

    @cached_property
    def flags(self) -> frozenset[str]:
        """Everything that looks like a flag of a command."""
        flags: set[str] = set()
        for file in self._readable():
            text = self._text(file.path)
            flags.update(_FLAG.findall(text))
        return frozenset(flags)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The names of all files, without folders and endings."""
        return frozenset(map(file_stem, self.files))

    @cached_property
    def outside_modules(self) -> frozenset[str]:
        """The top-level modules of other projects that the code imports."""
        outside = set(sys.stdlib_module_names)
        for file in self.files.values():
            for taken in file.imports:
                if taken.targets:
                    continue
                module = taken.module.lstrip("@")
                package, *_ = _MODULE_END.split(module)
                outside.add(package)
        return frozenset(outside)

    def is_package(self, name: str) -> bool:
        """Whether a name is a top-level module or package of the project."""
        return modules.is_top(self.modules, name)

    def has_line(self, line: str) -> bool:
        """Whether a text occurs in the documents or settings, as written."""
        for file in self._readable():
            if not _is_quoted(file):
                continue
            text = self._text(file.path)
            if line in text:
                return True
        return False

    def has_code(self, head: str, name: str) -> bool:
        """Whether a file that contains a name contains this code, ignoring white space."""
        codes = map(squeezed, self._codes_with(name))
        return any(head in code for code in codes)

    def begins_any(self, prefix: str) -> bool:
        """Whether any names begin like this, as those of environment variables do."""
        return any(word.startswith(prefix) for word in self.words)

    def has_class(self, name: str, base: str = "") -> bool:
        """Whether a line of code, or of a page's code, begins a class, with a base if one is given.

        This also finds classes inside functions, which are not definitions.
        """
        type_ = re.escape(name)
        pattern = rf"\bclass\s+{type_}\b"
        if base:
            extended = re.escape(base)
            pattern += rf".*\b{extended}\b"
        head = re.compile(pattern)
        if any(map(head.search, self.codes)):
            return True
        texts = self._codes_with(name)
        return any(map(head.search, texts))

    def _codes_with(self, name: str) -> Iterator[str]:
        """Yield the code of each file that contains a name."""
        for file in self._readable():
            if file.role in _NOT_CODE:
                continue
            path = file.path
            words = self.words_of(path)
            if name in words:
                yield self._text(path)

    def takes_any(self, name: str) -> bool:
        """Whether an object accepts any attribute: an object of the page, or `g` of Flask.

        An object of the project does if code mostly sets attributes on it that nothing defines.
        """
        if name in self.bound:
            return True
        return name in self._open

    @cached_property
    def _open(self) -> frozenset[str]:
        attributes: dict[str, set[str]] = defaultdict(set)
        fields: set[str] = set()
        for file in self._readable():
            text = self._text(file.path)
            own = _ATTRIBUTE.findall(text)
            fields.update(own)
            for name, attribute in _SET.findall(text):
                of_name = attributes[name]
                of_name.add(attribute)
        defined = fields.union(self._named)
        taking: set[str] = set()
        for name, of_name in attributes.items():
            undefined = of_name - defined
            known = of_name - undefined
            least = max(_SEVERAL, len(known) + 1)
            if len(undefined) < least:
                continue
            if not self.types(name):
                taking.add(name)
        return frozenset(taking)

    def _readable(self) -> Iterator[SourceFile]:
        for file in self.files.values():
            if file.size > _LARGEST:
                continue
            if not secrets.is_secret_file(file.path):
                yield file

    def _text(self, path: str) -> str:
        lines = self.facts.texts.lines(path)
        return "\n".join(lines)

    def _words_of(self, path: str) -> frozenset[str]:
        text = self._text(path)
        return frozenset(_WORD.findall(text))

    def definitions(self, name: str) -> list[Definition]:
        """Return the definitions that a name or a qualified name may refer to."""
        return self._named.get(name, [])

    def types(self, name: str) -> list[Definition]:
        """Return the types with a name."""
        named = self.definitions(name)
        return [definition for definition in named if definition.kind in TYPES]

    def family(self, name: str) -> list[Definition]:
        """Return the types with a name, and the project's types that they extend."""
        family: list[Definition] = []
        for type_ in self.types(name):
            family += self.ancestry(type_.index)
        return family

    def _members(self, index: int) -> frozenset[str]:
        """Return the names of a type's members, including fields and inherited members."""
        names = set(dir(object))
        for definition in self.ancestry(index):
            members = self.facts.members(definition)
            text = self.facts.text(definition)
            attributes = _ATTRIBUTE.findall(text)
            fields = _FIELD.findall(text)
            names.update(attributes, fields)
            names.update(member.name for member in members)
            for base in definition.bases:
                name = last_name(base)
                builtin = getattr(builtins, name, None)
                names.update(dir(builtin))
        return frozenset(names)

    def ancestry(self, index: int) -> list[Definition]:
        """Return a type and all types of the project that it extends."""
        definitions = self.facts.definitions
        lineage = self.facts.lineage(index)
        types = []
        for current in lineage:
            type_ = definitions[current]
            types.append(type_)
        return types

    def has_outside_base(self, index: int) -> bool:
        """Whether a type extends a type that belongs neither to the project nor to Python."""
        for definition in self.ancestry(index):
            for base in definition.bases:
                if hasattr(builtins, base):
                    continue
                name = last_name(base)
                if not self.definitions(name):
                    return True
        return False

    def has_member(self, owner: Definition, name: str) -> bool:
        if name in self.members(owner.index):
            return True
        if not self.has_outside_base(owner.index):
            return False
        if name not in self.words:
            return False
        return not self.definitions(name)

    def hold(self, files: Sequence[str], name: str) -> bool:
        """Whether some files contain a name, or any file is named like it."""
        if name in self.stems:
            return True
        return self.has_word(files, name)

    def has_word(self, files: Sequence[str], name: str) -> bool:
        """Whether some files contain a name."""
        for path in files:
            words = self.words_of(path)
            if name in words:
                return True
        return False

    def module_files(self, name: str) -> Sequence[str]:
        """Return the files of the project's module with a dotted name."""
        return modules.files_of(self.modules, name)


def _is_quoted(file: SourceFile) -> bool:
    if file.role in _QUOTED:
        return True
    return file.language in PROSE


def _named(facts: CourseFacts) -> dict[str, list[Definition]]:
    """Return the definitions by their names and qualified names."""
    named: dict[str, list[Definition]] = defaultdict(list)
    for definition in facts.definitions:
        name = definition.name
        qualified = definition.qualified
        named[name].append(definition)
        if qualified != name:
            named[qualified].append(definition)
    return named
