r"""What the static engine knows of a repository: the facts that its pages are built from.

A sentence of the course is a docstring, or follows from these facts, and every fact can be
pointed at as `path:line`. The same tree gives the same facts, to the order of every tuple.

Definitions refer to each other by their positions in `Analysis.definitions`, units by theirs
in `Analysis.units`. Paths are relative to the repository with `/` between; bytes that are not
UTF-8 are shown as `\xff`, so a path is for people and for looking up in `Analysis.files`, and
`SourceFile.location` is for opening. Lines count from 1. Texts hold no control characters but
newlines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from worker.course.formats import Abstraction, OrderEntry, Relationship
from worker.engines.static.reading.language import Language


class Role(StrEnum):
    """What a file is in the repository for; only sources are parsed."""

    SOURCE = "source"
    TEST = "test"
    """Tests, their data, and benchmarks."""
    EXAMPLE = "example"
    DOCUMENT = "document"
    CONFIGURATION = "configuration"
    """Settings, build files, lock files, and scripts that only the project's developers run."""
    VENDORED = "vendored"
    """Another project's code, copied."""
    GENERATED = "generated"
    """Written by a program: bundles, minified code, parsers, bindings, database migrations."""
    DATA = "data"
    """Text that is neither code nor meant for reading: tables, fixtures, translations, drawings."""


class Skip(StrEnum):
    """Why something in the tree was not read; the values complete “Left out: one file (…”."""

    BINARY = "not text"
    LARGE = "too large"
    EMPTY = "empty"
    POINTER = "a pointer to a file that is kept elsewhere"
    LINK = "a link or a special file"
    UNREADABLE = "could not be read"
    IGNORED = "ignored by the project's rules"
    INSTALLED = "installed or built, not written"
    LIMIT = "beyond the limits of this engine"


class Kind(StrEnum):
    """What a definition defines; the values can stand in a sentence."""

    CLASS = "class"
    STRUCT = "struct"
    INTERFACE = "interface"
    TRAIT = "trait"
    MODULE = "module"
    """Of Ruby: methods for classes that include it."""
    ENUM = "enum"
    TYPE = "type"
    """An alias, a union, a named function type."""
    FUNCTION = "function"
    METHOD = "method"
    CONSTANT = "constant"
    """A value at the top of a module that, by its spelling, is never assigned again."""
    VARIABLE = "variable"
    MACRO = "macro"


TYPES = frozenset(
    {
        Kind.CLASS,
        Kind.STRUCT,
        Kind.INTERFACE,
        Kind.TRAIT,
        Kind.MODULE,
        Kind.ENUM,
        Kind.TYPE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """What a file takes from elsewhere with one statement."""

    module: str
    """As written: `..app`, `./button`, `net/http`, `crate::graph`, `leveldb/db.h`."""
    names: tuple[tuple[str, str], ...] = ()
    """What is taken from it: pairs of the name here and the name there.

    Empty where the module itself is taken.
    """
    alias: str = ""
    """The module's own name here, where it is taken as a whole."""
    everything: bool = False
    """Whether all of the module's names come with it: star imports, includes."""
    again: bool = False
    """Whether what is taken is passed on to importers of this file: `export … from`, `pub use`."""
    line: int
    targets: tuple[str, ...] = ()
    """The repository's files that it means, most likely first.

    Empty where it means another project.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading of a document, and what is below it."""

    title: str
    """Without markup."""
    level: int
    """1 is the title of the document."""
    line: int
    end_line: int
    """The last line before the next heading of any level."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A text file of the repository."""

    path: str
    location: Path
    language: Language
    role: Role
    size: int
    """In bytes."""
    lines: int
    doc: str = ""
    """The module's docstring, or the comment at the top of the file unless it is a licence."""
    imports: tuple[Import, ...] = ()
    headings: tuple[Heading, ...] = ()
    """Of documents and notebooks, in order."""


Files = Mapping[str, SourceFile]
"""By path."""
Texts = Mapping[str, str]
"""By path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """Something that a source file defines, and that other code can name."""

    index: int
    name: str
    qualified: str
    """With the names of the definitions around it: `Flask.run`. With dots in every language."""
    kind: Kind
    path: str
    line: int
    """Where it begins, decorators and attributes not counted."""
    end_line: int
    signature: str
    """Its head in one line, without the body: `def run(self, host: str | None = None) -> None`."""
    doc: str = ""
    """Its docstring or the comment before it, without comment marks.

    Its own markup (reST, JSDoc) is still in it.
    """
    bases: tuple[str, ...] = ()
    """What it extends, implements or embeds: names as written, without type arguments."""
    decorators: tuple[str, ...] = ()
    """Decorators, annotations and attributes as written, without their `@` or `#[]`."""
    parent: int | None = None
    """The definition that it is a member of, which may lie in another file (Go, Rust, C++)."""
    members: tuple[int, ...] = ()
    """Its methods, variants and nested types, in order."""
    public: bool = True
    """Whether its language or spelling lets others use it."""

    def __hash__(self) -> int:
        return self.index


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Where one definition, or the top level of a file, names another."""

    source: int | None
    """The innermost definition around it; None at the top level of the file."""
    target: int
    path: str
    line: int
    """Of the first time; the statement that imports the name does not count."""
    count: int
    sure: bool
    """Whether imports, scopes and the types of receivers lead to the target.

    If only its unique name does, the reference may count for ranking, and nothing is said of it.
    """
    places: tuple[int, ...] = ()
    """The bytes at which the name begins each time."""


Worths = Mapping[int, float]
"""By top-level definition: how much it matters to a learner."""


class Verb(StrEnum):
    """What one unit does with another; the values are the labels of the course's relationships."""

    INHERITS = "inherits from"
    EMBEDS = "embeds"
    IMPLEMENTS = "implements"
    CREATES = "creates"
    HOLDS = "holds"
    CALLS = "calls"
    DECORATED = "is decorated with"
    RETURNS = "returns"
    TAKES = "takes"
    """As a parameter."""
    RAISES = "raises"
    HANDLES = "handles"
    """Catches it."""
    CHECKS = "checks for"
    """`isinstance`, `instanceof`, type switches."""
    USES = "uses"
    NAMES = "names"
    """In an annotation alone."""
    IMPORTS = "imports"
    MENTIONS = "mentions"
    """Of documents and files that are not parsed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """How one unit is connected to another."""

    source: int
    target: int
    verb: Verb
    path: str
    """Where it can be seen, with `line` and `code`."""
    line: int
    code: str
    """That line, stripped, at most 160 characters."""
    subject: int | None = None
    """The definition in the source that does it, if it is one."""
    object: int | None = None
    """The definition in the target that it is done with, if it is one."""
    count: int = 1
    """How many times the source names the target at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One of the few things that the repository is made of: an abstraction, later a chapter."""

    name: str
    description: str
    file_paths: tuple[str, ...]
    """Most important first."""
    symbols: tuple[int, ...]
    """The definitions that it is about, most important first.

    Empty where files are all that is known.
    """
    owned: tuple[int, ...]
    """All definitions that belong to it, without methods, by path and line."""
    headings: tuple[tuple[str, int], ...] = ()
    """Of a unit of documents: (path, position in `SourceFile.headings`) of what it is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningStep:
    """A place in the order of learning."""

    unit: int
    reasoning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """What was left out for one reason."""

    reason: Skip
    count: int
    example: str
    """The first such path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What the repository says of itself."""

    name: str
    tagline: str
    """The README's first real sentence, or the package's description; may be empty."""
    readme: str | None
    """Its path."""
    opening: tuple[str, ...] = ()
    """What the README says of the project first, by paragraph; one has the tagline."""
    features: tuple[str, ...] = ()
    install: str = ""
    """The command of the README or of a guide that installs the project."""
    example: tuple[str, ...] = ()
    """The language of the README's first code, and its lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """All that is known of a repository."""

    project: Project
    files: Files
    """By path, sorted."""
    skipped: tuple[Skipped, ...]
    definitions: tuple[Definition, ...]
    """By path and line."""
    references: tuple[Reference, ...]
    """Those that imports, scopes and the types of receivers lead to, by path and line."""
    bases: Mapping[int, tuple[int, ...]]
    """By type: the types of the project that it extends or implements, as written."""
    mentions: Mapping[str, tuple[str, ...]]
    """By name of a definition: the tests, examples and documents that name it, by path.

    At most 12 of each role.
    """
    worth: Worths
    units: tuple[Unit, ...]
    """As in step 1."""
    more_units: tuple[Unit, ...]
    """What further units would be about, the best first; they own nothing but their symbols."""
    summary: str
    relations: tuple[Relation, ...]
    """As in step 2; the strongest first."""
    order: tuple[LearningStep, ...]
    """As in step 3; it has every unit once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """The three YAML files as they were written: what later stages call things by.

    The same engine on the same tree: `abstractions[i]` is `Analysis.units[i]`, and so on.
    """

    abstractions: tuple[Abstraction, ...]
    summary: str
    relationships: tuple[Relationship, ...]
    order: tuple[OrderEntry, ...]
