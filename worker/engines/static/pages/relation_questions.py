"""Questions about relations: extensions, uses, calls, places and purposes."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import (
    diagrams,
    evidence,
    excerpts,
    markdown,
    quiz_subjects,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.exercise import Question, choice
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import listed

_OWN_METHODS: Final = 3
"""How many methods a question needs beside the one that does not belong."""


def extending(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask for what extends the main type directly."""
    main = quiz_subjects.main(facts, chapter)
    children = [
        facts.definitions[index]
        for index in evidence.subtypes(facts, main.index)
    ]
    if not children:
        return None
    right, family = (
        children[0],
        {facts.definitions[index].name for index in _family(facts, main.index)},
    )
    wrong = [
        markdown.code(one.name)
        for one in quiz_subjects.others(facts, chapter, main)
        if one.name not in family
    ]
    more = [
        f"{markdown.code(one.name)} ({quiz_subjects.at(one)})"
        for one in children[1:]
    ]
    also = (
        f" So {'do' if len(more) > 1 else 'does'} {listed(more, 4)}."
        if more
        else ""
    )
    return choice(
        "What extends it?",
        f"Which of these extends or implements {markdown.code(main.name)} directly?",
        markdown.code(right.name),
        wrong,
        f"See its definition at {quiz_subjects.at(right)}: {quiz_subjects.line(facts, right)}.{also}",
    )


def _family(facts: CourseFacts, index: int) -> set[int]:
    """Return a type and whatever extends it, however far away."""
    found = [index]
    for one in found:
        found += [
            child
            for child in evidence.subtypes(facts, one)
            if child not in found
        ]
    return set(found)


def purpose(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which part a description belongs to."""
    indices = facts.family([*chapter.unit.symbols, *chapter.unit.owned])
    parts = [facts.definitions[index] for index in indices]
    parts = [part for part in parts if part.public]
    summaries = {part.index: first_sentence(part.doc) for part in parts}
    described = [part for part in parts if summaries[part.index]]
    for part in described[1:]:
        summary = summaries[part.index]
        if _names_itself(part, summary):
            continue
        wrong = [
            markdown.code(other.qualified)
            for other in parts
            if summaries[other.index] != summary
            and is_function(other) == is_function(part)
        ]
        return choice(
            "What is it for?",
            f"One of these is described as: “{markdown.prose(summary)}” Which one?",
            markdown.code(part.qualified),
            wrong,
            f"It is at {quiz_subjects.at(part)}.",
        )
    return None


def _names_itself(definition: Definition, summary: str) -> bool:
    """Tell whether a description contains the name of what it describes."""
    text = summary.casefold()
    name = definition.name.casefold()
    return name in text or name.replace("_", " ") in text


def members(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which method a type does not define itself."""
    main = quiz_subjects.main(facts, chapter)
    own = [
        member
        for member in diagrams.ranked_members(facts, main)
        if is_function(member) and _is_plain(member)
    ]
    foreign = _foreign_method(facts, chapter, main, own)
    enough = len(own) >= _OWN_METHODS
    if main.kind not in TYPES or not enough or foreign is None:
        return None
    name = markdown.code(main.name)
    place = markdown.place(main.path, (main.line, main.end_line))
    return choice(
        "What does not belong?",
        f"Three of these are defined in {name}. Which one is not?",
        markdown.code(foreign.name),
        [markdown.code(member.name) for member in own],
        f"That is {markdown.code(foreign.qualified)} at "
        f"{quiz_subjects.at(foreign)}. {name} is at {place}.",
    )


def _foreign_method(
    facts: CourseFacts,
    chapter: Chapter,
    main: Definition,
    own: Sequence[Definition],
) -> Definition | None:
    """Return a method of another type, with a name that the main one lacks."""
    names = {member.name for member in own}
    for other in quiz_subjects.others(facts, chapter, main):
        for index in other.members:
            member = facts.definitions[index]
            if not is_function(member) or member.name in names:
                continue
            if _is_plain(member):
                return member
    return None


def _is_plain(member: Definition) -> bool:
    return member.public and not member.name.startswith("_")


def using(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which file uses the main part."""
    main = quiz_subjects.main(facts, chapter)
    users = evidence.using_files(facts, chapter)
    sites = evidence.sites(facts, chapter, 1)
    sites = [site for site in sites if site.path in users]
    if not sites:
        return None
    site = sites[0]
    return choice(
        "What uses it?",
        f"Which of these files uses {markdown.code(main.name)} or a part of it?",
        markdown.code(site.path),
        _silent_files(facts, chapter, main, users),
        f"Its line {site.line} says {markdown.code(site.code)}.",
    )


def _silent_files(
    facts: CourseFacts,
    chapter: Chapter,
    main: Definition,
    users: Iterable[str],
) -> list[str]:
    """Return other source files without the main part's name, as code."""
    concerned = {*users, *evidence.own_files(facts, chapter)}
    pattern = evidence.named(main.name)
    silent = []
    for path in dict.fromkeys(one.path for one in facts.definitions):
        if path in concerned:
            continue
        if not any(map(pattern.search, facts.texts.lines(path))):
            silent.append(markdown.code(path))
    return silent


def home(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask where the main part is defined; this is always possible."""
    main = quiz_subjects.main(facts, chapter)
    name = markdown.code(main.qualified)
    line = evidence.quoted(facts, main.path, main.line)
    where = f"At {quiz_subjects.at(main)}: {markdown.code(line)}."
    question = choice(
        "Where is it?",
        f"Where is {name} defined?",
        markdown.code(main.path),
        [markdown.code(path) for path in _near_files(facts, main)],
        where,
    )
    excerpt = excerpts.of_lines(facts, main.path, main.line, main.line)
    if question is not None or excerpt is None:
        return question
    return Question(
        title="Where is it?",
        asks=f"On which line of {markdown.code(main.path)} does {name} begin?",
        answer=f"On line {main.line}. {where}",
    )


def _near_files(facts: CourseFacts, main: Definition) -> list[str]:
    """Return the other source files, those in the main part's folder first."""
    folder = main.path.rpartition("/")[0]
    paths = {one.path for one in facts.definitions} - {main.path}
    return sorted(
        paths, key=lambda path: (path.rpartition("/")[0] != folder, path)
    )


def calling(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which function of another chapter, or of another file, uses a part of this one."""
    own = facts.family(chapter.unit.owned)
    inside = set(own)
    for site in evidence.sites(facts, chapter, 3):
        if (
            site.inside is None
            or site.target is None
            or not is_function(facts.definitions[site.inside])
        ):
            continue
        caller, target = (
            facts.definitions[site.inside],
            facts.definitions[site.target],
        )
        pattern = evidence.named(target.name)
        others = [
            one
            for one in facts.definitions
            if is_function(one) and one.index not in inside and one.public
        ]
        silent = [
            one
            for one in others
            if one.path == caller.path and not _says(facts, one, pattern)
        ]
        return choice(
            "What calls it?",
            f"Which of these uses {markdown.code(target.qualified)}?",
            markdown.code(caller.qualified),
            [markdown.code(one.qualified) for one in silent],
            f"On line {site.line} of {markdown.code(site.path)}: {markdown.code(site.code)}.",
        )
    return None


def _says(
    facts: CourseFacts, one: Definition, pattern: re.Pattern[str]
) -> bool:
    return any(
        map(
            pattern.search,
            facts.texts.lines(one.path)[one.line - 1 : one.end_line],
        )
    )


def meaning(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask for a sentence of the reader's own, to be compared with what the source says."""
    for index in chapter.unit.symbols:
        one = facts.definitions[index]
        if said := first_sentence(one.doc):
            return Question(
                title="In your own words",
                asks=f"Before you look it up: say in a sentence what {markdown.code(one.name)} is for.",
                answer=f"The source says at {quiz_subjects.at(one)}: “{markdown.prose(said)}”",
            )
    return None
