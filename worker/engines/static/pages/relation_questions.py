"""Questions about relations: extensions, uses, calls, places and purposes."""

import re

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
    """Ask which part says of itself what it says."""
    candidates = [
        facts.definitions[index]
        for index in facts.family([*chapter.unit.symbols, *chapter.unit.owned])
    ]
    said = {
        one.index: first_sentence(one.doc) for one in candidates if one.public
    }
    for one in [one for one in candidates if said.get(one.index)][1:] or []:
        names = {
            part.casefold() for part in (one.name, one.name.replace("_", " "))
        }
        if any(name in said[one.index].casefold() for name in names):
            continue
        wrong = [
            markdown.code(other.qualified)
            for other in candidates
            if said.get(other.index) not in {None, said[one.index]}
            and is_function(other) == is_function(one)
        ]
        return choice(
            "What is it for?",
            f"One of these is described as: “{markdown.prose(said[one.index])}” Which one?",
            markdown.code(one.qualified),
            wrong,
            f"It is at {quiz_subjects.at(one)}.",
        )
    return None


def members(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which method a type does not define itself."""
    main = quiz_subjects.main(facts, chapter)
    own = [
        one for one in diagrams.ranked_members(facts, main) if is_function(one)
    ]
    own = [one for one in own if one.public and not one.name.startswith("_")]
    names = {one.name for one in own}
    foreign = [
        facts.definitions[member]
        for other in quiz_subjects.others(facts, chapter, main)
        for member in other.members
        if is_function(facts.definitions[member])
    ]
    strange = next(
        (
            one
            for one in foreign
            if one.public and one.name not in names and one.name[:1] != "_"
        ),
        None,
    )
    if main.kind not in TYPES or len(own) < 3 or strange is None:  # noqa: PLR2004 - three that are there, one that is not
        return None
    return choice(
        "What does not belong?",
        f"Three of these are defined in {markdown.code(main.name)}. Which one is not?",
        markdown.code(strange.name),
        [markdown.code(one.name) for one in own],
        f"That is {markdown.code(strange.qualified)} at {quiz_subjects.at(strange)}. {markdown.code(main.name)} is at "
        f"{markdown.place(main.path, (main.line, main.end_line))}.",
    )


def using(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which file names the main piece."""
    main = quiz_subjects.main(facts, chapter)
    using = evidence.using_files(facts, chapter)
    sites = [
        site for site in evidence.sites(facts, chapter, 1) if site.path in using
    ]
    if not sites:
        return None
    concerned = {*using, *evidence.own_files(facts, chapter)}
    sources = [
        path
        for path in dict.fromkeys(one.path for one in facts.definitions)
        if path not in concerned
    ]
    pattern = evidence.named(main.name)
    silent = [
        path
        for path in sources
        if not any(map(pattern.search, facts.texts.lines(path)))
    ]
    return choice(
        "What uses it?",
        f"Which of these files uses {markdown.code(main.name)} or a part of it?",
        markdown.code(sites[0].path),
        [markdown.code(path) for path in silent],
        f"Its line {sites[0].line} says {markdown.code(sites[0].code)}.",
    )


def home(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask where the main piece is defined; that can always be asked."""
    main = quiz_subjects.main(facts, chapter)
    paths = list(
        dict.fromkeys(
            one.path for one in facts.definitions if one.path != main.path
        )
    )
    near = sorted(
        paths,
        key=lambda path: (
            path.rpartition("/")[0] != main.path.rpartition("/")[0],
            path,
        ),
    )
    excerpt = excerpts.of_lines(facts, main.path, main.line, main.line)
    where = f"At {quiz_subjects.at(main)}: {markdown.code(evidence.quoted(facts, main.path, main.line))}."
    asks = f"Where is {markdown.code(main.qualified)} defined?"
    found = choice(
        "Where is it?",
        asks,
        markdown.code(main.path),
        map(markdown.code, near),
        where,
    )
    if found is not None or excerpt is None:
        return found
    return Question(
        title="Where is it?",
        asks=f"On which line of {markdown.code(main.path)} does {markdown.code(main.qualified)} begin?",
        answer=f"On line {main.line}. {where}",
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
