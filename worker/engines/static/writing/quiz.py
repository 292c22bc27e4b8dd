"""Asks about code: every answer follows from the analysis or from a function's syntax tree, and names its place."""

from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.language import Language
from worker.engines.static.model import TYPES, Definition
from worker.engines.static.writing import evidence, excerpts, highlights, markdown, notes, remarks, shape
from worker.engines.static.writing.anatomy import Anatomy, Call, Raise
from worker.engines.static.writing.book import Book, Chapter, is_function
from worker.engines.static.writing.comments import counted, first_sentence, listed
from worker.engines.static.writing.question import Question, choice, mixed

_FEWEST_CALLS: Final = 3
_MOST_CALLS: Final = 5
_MOST_DEFAULT: Final = 40
_SHORT: Final = 16
"""Lines of a function that is shown whole where something in it is asked for."""
_MOST_FUNCTIONS: Final = 40
_VALUES: Final = {Language.PYTHON: ("None", "True", "0", '""')}
_OTHER_VALUES: Final = ("null", "true", "0", '""')


def asked(book: Book, chapter: Chapter) -> Iterator[Question]:
    """Yield questions on a chapter's definitions, the most telling kinds first."""
    kinds: tuple[Callable[[Book, Chapter], Question | None], ...] = (
        _extending,
        _purpose,
        _sequence,
        _failing,
        _blank,
        _members,
        _default,
        _using,
        _state,
        _home,
    )
    yield from (question for kind in kinds if (question := kind(book, chapter)) is not None)


def at(one: Definition) -> str:
    """Return the place where a definition begins."""
    return markdown.place(one.path, (one.line, one.line))


def _line(book: Book, one: Definition) -> str:
    return markdown.code(evidence.quoted(book, one.path, one.line))


def _main(book: Book, chapter: Chapter) -> Definition:
    return book.definitions[chapter.unit.symbols[0]]


def _functions(book: Book, chapter: Chapter) -> list[tuple[Definition, Anatomy]]:
    """Return a chapter's functions whose inside can be read."""
    found = [(one, book.anatomy(one.index)) for one in notes.functions(book, chapter)[:_MOST_FUNCTIONS]]
    return [(one, anatomy) for one, anatomy in found if anatomy is not None]


def _others(book: Book, chapter: Chapter, like: Definition) -> list[Definition]:
    """Return top-level definitions of the same sort as another, first those of this chapter, then of the others."""
    chapters = [chapter, *(one for one in book.chapters if one is not chapter)]
    found = [book.definitions[index] for one in chapters for index in one.unit.owned]
    same = (lambda one: one.kind in TYPES) if like.kind in TYPES else is_function
    return [one for one in found if same(one) and one.name != like.name]


def _extending(book: Book, chapter: Chapter) -> Question | None:
    """Ask for what extends the main type directly."""
    main = _main(book, chapter)
    children = [book.definitions[index] for index in evidence.subtypes(book, main.index)]
    if not children:
        return None
    right, family = children[0], _family(book, main.index)
    wrong = [markdown.code(one.name) for one in _others(book, chapter, main) if one.index not in family]
    more = [f"{markdown.code(one.name)} ({at(one)})" for one in children[1:]]
    also = f" So {'do' if len(more) > 1 else 'does'} {listed(more, 4)}." if more else ""
    return choice(
        "Who extends it?",
        f"Which of these extends or implements {markdown.code(main.name)} directly?",
        markdown.code(right.name),
        wrong,
        f"It says so where it begins, at {at(right)}: {_line(book, right)}.{also}",
    )


def _family(book: Book, index: int) -> set[int]:
    """Return a type and whatever extends it, however far away."""
    found = [index]
    for one in found:
        found += [child for child in evidence.subtypes(book, one) if child not in found]
    return set(found)


def _purpose(book: Book, chapter: Chapter) -> Question | None:
    """Ask which part says of itself what it says."""
    candidates = [book.definitions[index] for index in book.family([*chapter.unit.symbols, *chapter.unit.owned])]
    said = {one.index: first_sentence(one.doc) for one in candidates if one.public}
    for one in [one for one in candidates if said.get(one.index)][1:] or []:
        names = {part.casefold() for part in (one.name, one.name.replace("_", " "))}
        if any(name in said[one.index].casefold() for name in names):
            continue
        wrong = [
            markdown.code(other.qualified)
            for other in candidates
            if said.get(other.index) not in {None, said[one.index]} and is_function(other) == is_function(one)
        ]
        return choice(
            "What is it for?",
            f"One of these says of itself: “{markdown.prose(said[one.index])}” Which one?",
            markdown.code(one.qualified),
            wrong,
            f"It stands at {at(one)}.",
        )
    return None


def _sequence(book: Book, chapter: Chapter) -> Question | None:
    """Ask in which order a function calls others of the project."""
    best: tuple[Definition, list[Call]] | None = None
    for one, anatomy in _functions(book, chapter):
        calls = _calls(book, one, anatomy)
        if len(calls) >= _FEWEST_CALLS and (best is None or len(calls) > len(best[1])):
            best = one, calls
    if best is None:
        return None
    one, calls = best
    calls = calls[:_MOST_CALLS]
    names = [markdown.code(call.name) for call in calls]
    places = [f"{markdown.code(call.name)} on line {call.line}" for call in calls]
    where = markdown.place(one.path, (one.line, one.end_line))
    asks = f"{markdown.code(one.qualified)} ({where}) calls these. In which order do they first stand there?"
    return Question(
        title="In which order?",
        asks=asks,
        shown=(markdown.bullets(mixed(names, asks)),),
        answer=f"{', '.join(places)}. Branches may leave some of them out when it runs.",
    )


def _calls(book: Book, one: Definition, anatomy: Anatomy) -> list[Call]:
    """Return the first call of each of the project's definitions, on lines of their own, by line."""
    targets = remarks.targets_of(book, one.index)
    first: dict[str, Call] = {}
    for call in sorted(anatomy.calls, key=lambda call: (call.line, call.end)):
        if call.name in targets and call.name != one.name:
            first.setdefault(call.name, call)
    lines = [call.line for call in first.values()]
    return [call for call in first.values() if lines.count(call.line) == 1]


def _failing(book: Book, chapter: Chapter) -> Question | None:
    """Ask under which condition something fails."""
    for one, failure in notes.failures(book, chapter):
        if failure.what and failure.under.startswith("if "):
            return _condition(book, chapter, one, failure)
    return None


def _condition(book: Book, chapter: Chapter, one: Definition, failure: Raise) -> Question | None:
    right = markdown.code(failure.under.removeprefix("if "))
    anatomies = [anatomy for other, anatomy in _functions(book, chapter) if other.path == one.path]
    own = book.anatomy(one.index)
    decisions = [said for anatomy in ([own] if own is not None else []) + anatomies for said in anatomy.decisions]
    return choice(
        "When does it fail?",
        f"In {markdown.code(one.qualified)}, on line {failure.line}, there is {markdown.code(failure.what)}. "
        "Which condition stands right above it?",
        right,
        [markdown.code(decision.said) for decision in decisions],
        f"See {markdown.place(one.path, (failure.line, failure.line))}, and the branch that it stands in.",
    )


def _blank(book: Book, chapter: Chapter) -> Question | None:
    """Show a line in which a name of the project's is missing."""
    for one, anatomy in _functions(book, chapter):
        for call in _calls(book, one, anatomy):
            line = evidence.quoted(book, one.path, call.line)
            pattern = evidence.named(call.name)
            if len(pattern.findall(line)) != 1 or len(line) >= evidence.MAX_SAID or len(line) <= 2 * len(call.name):
                continue
            targets = remarks.targets_of(book, one.index)
            like = targets[call.name]
            others = [*_siblings(book, one, like), *_others(book, chapter, like)]
            wrong = [markdown.code(other.name) for other in others if other.name[:2] != "__"]
            return choice(
                "What is missing?",
                f"On line {call.line} of {markdown.code(one.path)}, in {markdown.code(one.qualified)}, a name is "
                f"left out here: {markdown.code(pattern.sub('____', line))}. Which one?",
                markdown.code(call.name),
                wrong,
                f"The line is {markdown.code(line)}; the name is defined at {at(like)}.",
            )
    return None


def _siblings(book: Book, one: Definition, like: Definition) -> list[Definition]:
    """Return what stands beside a definition, is of the same sort, and is not named by a function."""
    named = remarks.targets_of(book, one.index)
    beside = book.definitions[like.parent].members if like.parent is not None else ()
    found = [book.definitions[index] for index in beside]
    return [other for other in found if is_function(other) == is_function(like) and other.name not in named]


def _members(book: Book, chapter: Chapter) -> Question | None:
    """Ask which method a type does not define itself."""
    main = _main(book, chapter)
    own = [one for one in shape.ranked_members(book, main) if is_function(one)]
    own = [one for one in own if one.public and not one.name.startswith("_")]
    names = {one.name for one in own}
    foreign = [
        book.definitions[member]
        for other in _others(book, chapter, main)
        for member in other.members
        if is_function(book.definitions[member])
    ]
    strange = next((one for one in foreign if one.public and one.name not in names and one.name[:1] != "_"), None)
    if main.kind not in TYPES or len(own) < 3 or strange is None:  # noqa: PLR2004 - three that are there, one that is not
        return None
    return choice(
        "What does not belong?",
        f"Three of these are defined in {markdown.code(main.name)} itself. Which one is not?",
        markdown.code(strange.name),
        [markdown.code(one.name) for one in own],
        f"That is {markdown.code(strange.qualified)} at {at(strange)}. {markdown.code(main.name)} stands at "
        f"{markdown.place(main.path, (main.line, main.end_line))}.",
    )


def _default(book: Book, chapter: Chapter) -> Question | None:
    """Ask for a parameter's default."""
    for one, anatomy in _functions(book, chapter):
        usual = [parameter for parameter in anatomy.parameters if 0 < len(parameter.default) <= _MOST_DEFAULT]
        for parameter in usual:
            wrong = [markdown.code(other.default) for other in usual]
            wrong += [markdown.code(said) for said in _VALUES.get(book.file(one.path).language, _OTHER_VALUES)]
            function = markdown.code(one.qualified)
            return choice(
                "What if it is left out?",
                f"Which value has the parameter {markdown.code(parameter.name)} of {function} if nobody gives one?",
                markdown.code(parameter.default),
                wrong,
                f"The signature says so, at {at(one)}.",
            )
    return None


def _using(book: Book, chapter: Chapter) -> Question | None:
    """Ask which file names the main piece."""
    main = _main(book, chapter)
    using = evidence.using_files(book, chapter)
    sites = [site for site in evidence.sites(book, chapter, 1) if site.path in using]
    if not sites:
        return None
    concerned = {*using, *evidence.own_files(book, chapter)}
    sources = [path for path in dict.fromkeys(one.path for one in book.definitions) if path not in concerned]
    pattern = evidence.named(main.name)
    silent = [path for path in sources if not any(map(pattern.search, book.texts.lines(path)))]
    return choice(
        "Who needs it?",
        f"Which of these files uses what this chapter is about, {markdown.code(main.name)} and what belongs to it?",
        markdown.code(sites[0].path),
        [markdown.code(path) for path in silent],
        f"Its line {sites[0].line} says {markdown.code(sites[0].code)}.",
    )


def _state(book: Book, chapter: Chapter) -> Question | None:
    """Ask where an attribute is set first."""
    main = _main(book, chapter)
    maker = highlights.constructor(book, chapter, main) if main.kind in TYPES else None
    anatomy = book.anatomy(maker.index) if maker is not None else None
    if maker is None or anatomy is None or not anatomy.assigned:
        return None
    known = {one.said for one in anatomy.assigned}
    wrong = [
        markdown.code(book.definitions[index].name)
        for index in main.members
        if book.definitions[index].name not in known and not book.definitions[index].name.startswith("__")
    ]
    first, names = anatomy.assigned[0], [markdown.code(one.said) for one in anatomy.assigned]
    return choice(
        "What does it keep?",
        f"Which of these does {markdown.code(maker.qualified)} store in the object?",
        markdown.code(first.said),
        wrong,
        f"On line {first.line} of {markdown.code(maker.path)}: "
        f"{markdown.code(evidence.quoted(book, maker.path, first.line))}. In all, it sets "
        f"{counted(len(anatomy.assigned), 'attribute')}: {listed(names, 8)}.",
    )


def _home(book: Book, chapter: Chapter) -> Question | None:
    """Ask where the main piece is defined; that can always be asked."""
    main = _main(book, chapter)
    paths = list(dict.fromkeys(one.path for one in book.definitions if one.path != main.path))
    near = sorted(paths, key=lambda path: (path.rpartition("/")[0] != main.path.rpartition("/")[0], path))
    excerpt = excerpts.of_lines(book, main.path, main.line, main.line)
    where = f"At {at(main)}: {markdown.code(evidence.quoted(book, main.path, main.line))}."
    asks = f"Where is {markdown.code(main.qualified)} defined?"
    found = choice("Where does it live?", asks, markdown.code(main.path), map(markdown.code, near), where)
    if found is not None or excerpt is None:
        return found
    return Question(
        title="Where does it live?",
        asks=f"On which line of {markdown.code(main.path)} does {markdown.code(main.qualified)} begin?",
        answer=f"On line {main.line}. {where}",
    )
