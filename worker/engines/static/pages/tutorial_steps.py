"""The steps of a tutorial: find code, read it, follow a call, see it tested, make it fail."""

import re
import shlex
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import (
    evidence,
    excerpts,
    key_places,
    markdown,
    notes,
    outline,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.parsing.function_facts import Call
from worker.engines.static.prose.phrases import counted, listed
from worker.engines.static.reading.language import Language

_HOPS: Final = 5
_HEAD: Final = 12
"""Lines of a definition that are shown where it is met."""
_FOUND: Final = 6
_AROUND: Final = 5
"""Lines above and below one that is looked at."""
_OUTLINED: Final = 12
_SECTIONS: Final = 3
_MOST_STARTS: Final = 40
_WORD: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SHELL: Final = "bash"
_RUNNERS: Final = {
    Language.PYTHON: "Where the project uses pytest, {} runs it.",
    Language.GO: "{} runs it.",
    Language.RUST: "{} runs it.",
}


class _Hop(NamedTuple):
    """A call from one function of the project to another."""

    caller: Definition
    call: Call
    called: Definition


class TutorialStep(NamedTuple):
    """A step: its title and its blocks, both Markdown."""

    title: str
    blocks: tuple[str, ...]


def taken(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Yield the steps through a chapter's subject; at least one, if one of its files is there."""
    if chapter.unit.symbols:
        yield _find(facts, chapter)
        yield from _follow(facts, chapter)
        yield from _meet(facts, chapter)
        yield from _test(facts, chapter)
        yield from _fail(facts, chapter)
    else:
        yield from _section(facts, chapter)
        yield from (
            _open(facts, path)
            for path in chapter.unit.file_paths[:3]
            if path in facts.analysis.files
        )


def _find(facts: CourseFacts, chapter: Chapter) -> TutorialStep:
    one = facts.definitions[chapter.unit.symbols[0]]
    excerpt = excerpts.of_definition(facts, one.index, _HEAD)
    return TutorialStep(
        f"Find {markdown.code(one.name)}",
        (
            *_search(
                facts,
                one.path,
                one.name,
                f"{markdown.code(one.name)} is defined on line {one.line}",
            ),
            "It begins like this:" if excerpt is not None else "",
            excerpts.rendered(facts, excerpt) if excerpt is not None else "",
            _extent(facts, one),
        ),
    )


def _search(
    facts: CourseFacts, path: str, name: str, says: str
) -> tuple[str, ...]:
    """Return a command that finds a name in a file, and what it prints.

    The editor's search where there is none.
    """
    command, numbers = search(facts, path, name)
    if not command:
        return (
            f"Open {markdown.code(path)} in your editor and search for {markdown.code(name)}: {says}.",
        )
    shown = (
        f", among them {listed([str(number) for number in numbers], _FOUND)}"
        if len(numbers) > 1
        else ""
    )
    return (
        "In the repository's folder, run:",
        markdown.fence([command], _SHELL),
        f"It prints {counted(len(numbers), 'line')}{shown}: {says}.",
    )


def search(facts: CourseFacts, path: str, name: str) -> tuple[str, list[int]]:
    """Return a command that prints the lines of a file that name something, and their numbers.

    Nothing where the command could print something else: another name on disk, letters that
    locales disagree about.
    """
    raw = facts.texts.raw(path)
    on_disk = facts.file(path).location.as_posix().endswith(f"/{path}")
    if not (
        on_disk
        and path.isprintable()
        and path.isascii()
        and _WORD.fullmatch(name)
        and raw.isascii()
    ):
        return "", []
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)".encode())
    numbers = [
        number
        for number, line in enumerate(raw.split(b"\n"), 1)
        if pattern.search(line)
    ]
    return f"grep -nw {name} {shlex.quote(f'./{path}')}", numbers


def _extent(facts: CourseFacts, one: Definition) -> str:
    methods = [
        facts.definitions[index]
        for index in one.members
        if is_function(facts.definitions[index])
    ]
    if not methods:
        return (
            f"Read it to its end on line {one.end_line}."
            if one.end_line > one.line + _HEAD
            else ""
        )
    longest = max(
        methods,
        key=lambda method: (method.end_line - method.line, -method.index),
    )
    size = counted(longest.end_line - longest.line + 1, "line")
    at = markdown.place(longest.path, (longest.line, longest.end_line))
    return f"It has {counted(len(methods), 'method')}; the longest is {markdown.code(longest.name)} with {size} ({at})."


def _follow(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Follow calls from outside into the chapter, and on to whatever it relies on."""
    ways = [
        _hops(facts, one)
        for one in notes.functions(facts, chapter)[:_MOST_STARTS]
    ]
    hops = max(ways, key=len, default=[])
    if not hops:
        return
    hops = [*_into(facts, hops[0].caller), *hops][:_HOPS]
    lines = [
        f"{markdown.place(one.caller.path, (one.call.line, one.call.line))}, in {markdown.code(one.caller.qualified)}: "
        f"{markdown.code(evidence.quoted(facts, one.caller.path, one.call.line))} calls "
        f"{markdown.code(one.called.qualified)} at {_at(one.called)}."
        for one in hops
    ]
    begin = markdown.code(hops[0].caller.qualified)
    lead = f"Start in {begin}, and follow the calls. Which values are passed each time?"
    yield TutorialStep("Follow a call", (lead, markdown.steps(lines)))


def _at(one: Definition) -> str:
    return markdown.place(one.path, (one.line, one.line))


def _into(facts: CourseFacts, one: Definition) -> list[_Hop]:
    """Return a call of a function by another function of the project, if there is one."""
    for reference in facts.callers(one.index)[:_MOST_STARTS]:
        caller = facts.definitions[reference.source or 0]
        anatomy = (
            facts.anatomy(caller.index)
            if is_function(caller) and reference.sure
            else None
        )
        call = next(
            (
                call
                for call in (anatomy.calls if anatomy else ())
                if call.name == one.name
            ),
            None,
        )
        if call is not None:
            return [_Hop(caller, call, one)]
    return []


def _hops(facts: CourseFacts, start: Definition) -> list[_Hop]:
    """Return calls, each of which leads into the function in which the next one stands."""
    found: list[_Hop] = []
    seen = {start.index}
    one = start
    while (
        len(found) < _HOPS and (step := _onward(facts, one, seen)) is not None
    ):
        found.append(_Hop(one, *step))
        one = step[1]
        seen.add(one.index)
    return found


def _onward(
    facts: CourseFacts, one: Definition, seen: set[int]
) -> tuple[Call, Definition] | None:
    """Return the call to the function that itself names most of the project, and that function."""
    anatomy = facts.anatomy(one.index)
    sure = {
        facts.definitions[ref.target].name: ref.target
        for ref in facts.out[one.index]
        if ref.sure
    }
    calls = {
        call.name: call
        for call in reversed(anatomy.calls if anatomy is not None else [])
    }
    able = [
        (len(facts.out[index]), -index, calls[name])
        for name, index in sure.items()
        if name in calls
        and index not in seen
        and is_function(facts.definitions[index])
    ]
    if not able:
        return None
    _, index, call = max(able, key=lambda way: way[:2])
    return call, facts.definitions[-index]


def _meet(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Show the best use of the chapter's subject with the lines around it."""
    for site in evidence.sites(facts, chapter, 1):
        around = (
            facts.definitions[site.inside] if site.inside is not None else None
        )
        first = max(
            site.line - _AROUND, around.line if around is not None else 1
        )
        last = min(
            site.line + _AROUND,
            around.end_line if around is not None else site.line + _AROUND,
        )
        excerpt = excerpts.of_lines(facts, site.path, first, last)
        if excerpt is None or site.target is None:
            return
        target, where = (
            facts.definitions[site.target],
            f"line {site.line} of {markdown.code(site.path)}",
        )
        asks = f"Look at {where}, which names {markdown.code(target.qualified)} ({_at(target)})."
        more = "What does this code use it for?"
        yield TutorialStep(
            "Look at a use of it",
            (f"{asks} {more}", excerpts.rendered(facts, excerpt)),
        )


def _test(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    shown = evidence.shown_by_test(facts, chapter)
    if shown is None:
        return
    target = facts.definitions[shown.target]
    inside = (
        key_places.constructor(facts, chapter, target)
        if target.kind in TYPES
        else target
    )
    shows, stop = (
        f"The test {markdown.code(shown.name)} shows {markdown.code(target.name)} at work.",
        "",
    )
    if (
        inside is not None
        and (anatomy := facts.anatomy(inside.index)) is not None
        and anatomy.statements
    ):
        first = next(
            (
                one.first
                for one in anatomy.statements
                if not anatomy.doc or one.first > anatomy.doc[1]
            ),
            0,
        )
        stop = (
            f"Set a breakpoint on {markdown.place(inside.path, (first, first))}"
            * bool(first)
        )
        stop += (
            f", inside {markdown.code(inside.qualified)}, and look at the arguments."
            * bool(stop)
        )
    yield TutorialStep(
        "See it at work",
        (
            " ".join(
                said for said in (shows, _run(facts, shown), stop) if said
            ),
            excerpts.rendered(
                facts,
                Excerpt(path=shown.path, spans=((shown.first, shown.last),)),
            ),
        ),
    )


def _run(facts: CourseFacts, shown: evidence.TestEvidence) -> str:
    """Say how a test is run, in the languages in which that goes without saying."""
    language = facts.file(shown.path).language
    folder = shlex.quote(f"./{shown.path.rpartition('/')[0]}")
    if (
        language not in _RUNNERS
        or not _WORD.fullmatch(shown.name)
        or not shown.path.isprintable()
    ):
        return ""
    commands = {
        Language.PYTHON: f"python -m pytest {shlex.quote(shown.path)} -k {shown.name}",
        Language.GO: f"go test {folder} -run '^{shown.name}$'",
        Language.RUST: f"cargo test {shown.name}",
    }
    return _RUNNERS[language].format(markdown.code(commands[language]))


def _fail(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Let the reader bring about a failure, whose condition and words are known."""
    for one, failure in notes.failures(facts, chapter):
        if not failure.under.startswith("if ") or not failure.message:
            continue
        excerpt = excerpts.of_lines(
            facts,
            one.path,
            max(one.line, failure.line - 3),
            min(one.end_line, failure.line + 3),
        )
        what = (
            f"{failure.verb} {markdown.code(failure.what)}"
            if failure.what
            else failure.verb
        )
        condition = markdown.code(failure.under.removeprefix("if "))
        task = (
            f"{markdown.code(one.qualified)} {what} if {condition}. "
            "Write a call, or a test, that makes this happen."
        )
        yield TutorialStep(
            "Make it fail",
            (
                task,
                excerpts.rendered(facts, excerpt)
                if excerpt is not None
                else "",
                f"You have succeeded when you see the message {markdown.code(failure.message)}.",
            ),
        )
        return


def _section(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Read the sections of documents that the chapter is about."""
    for mark in (
        outline.marks(facts, chapter)[:_SECTIONS]
        if chapter.unit.headings
        else ()
    ):
        excerpt = excerpts.of_lines(facts, mark.path, mark.line, mark.end_line)
        if excerpt is not None:
            lead = "Read it, close it, and write down in your own words what it says."
            yield TutorialStep(
                f"Read “{markdown.text(mark.title)}”",
                (lead, excerpts.rendered(facts, excerpt)),
            )


def _open(facts: CourseFacts, path: str) -> TutorialStep:
    """Walk through a file by its marks."""
    marks = [one for one in outline.marks_of(facts, path) if one.title][
        :_OUTLINED
    ]
    excerpt = excerpts.of_lines(facts, path, 1, _HEAD)
    file = facts.file(path)
    return TutorialStep(
        f"Open {markdown.code(path)}",
        (
            f"It has {counted(file.lines, 'line')}, and begins like this:",
            excerpts.rendered(facts, excerpt) if excerpt is not None else "",
            "Go through these stops, and say in a sentence what each is for:"
            if marks
            else "",
            markdown.steps(
                f"{markdown.text(one.title)}, at {markdown.place(path, (one.line, one.line))}"
                for one in marks
            ),
        ),
    )
