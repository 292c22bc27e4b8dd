"""Writes the tutorials: install, run an example, stop inside it, break it, answer questions."""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename
from typing import Final, NamedTuple

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.static.facts import Definition
from worker.engines.static.pages import (
    breaking,
    citations,
    examples,
    excerpts,
    key_places,
    markdown,
    meaning,
    project_tests,
    questions,
    setup_steps,
    standalone,
    walkthrough,
)
from worker.engines.static.pages.code_calls import calls_in
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.examples import Example, Origin
from worker.engines.static.prose.code_blocks import (
    DOCTEST,
    code_blocks,
    dedented,
)
from worker.engines.static.prose.phrases import listed
from worker.engines.static.reading.language import Language

_RETELL: Final = (
    "Look at the chapter's code without its words. Say in a sentence what goes in, and "
    "what comes out or changes. Then compare with the chapter."
)
"""What is left to do where the code answers no question."""
_SHELL: Final = "bash"
_RUN_IT: Final = "Run it with "
_PARAMETERS: Final = 4
_SHORTEST: Final = 3
_LONGEST: Final = 25
"""Lines of a subtype that a reader writes, less one."""
_CONSOLE: Final = "console"
_PYTHON: Final = frozenset({DOCTEST, str(Language.PYTHON)})
"""The tags of code that Python runs."""
_ACTIVATE: Final = "`. .venv/bin/activate`"
_SURE_NAMES: Final = frozenset({Language.PYTHON, Language.GO, Language.RUST})
"""Languages in which a name in a test seldom means anything else."""
_OVERLOADING: Final = frozenset({Language.JAVA, Language.KOTLIN, Language.CPP})
_NEAR: Final = 6
"""Lines below an example in which the commands that run it begin."""
_FILE_NAME: Final = re.compile(
    r"(?:#|//)\s*(?:save this as\s+|in\s+)?(\w+(\.\w+))\s*$"
)


class Step(NamedTuple):
    """A step: its title and its blocks, both Markdown."""

    title: str
    blocks: tuple[str, ...]


def written(facts: CourseFacts, chapter: Chapter) -> str:
    title = f"Tutorial {chapter.entry.index}: {markdown.text(chapter.name)}"
    blocks = [markdown.heading(1, title), _before(facts, chapter)]
    asked = _questions(facts, chapter)
    steps = list(_steps(facts, chapter))
    if not steps and not asked:
        steps = [Step("Say what the code does", (_RETELL,))]
    for number, step in enumerate(steps, 1):
        title = f"Step {number}: {step.title}"
        heading = markdown.heading(2, title)
        blocks.append(markdown.document(heading, *step.blocks))
    return markdown.document(*blocks, asked)


def _before(facts: CourseFacts, chapter: Chapter) -> str:
    """Say where the project is built, if that is in neither this tutorial nor the first."""
    builder = _builder(facts, chapter)
    if builder is None or builder in {chapter, facts.chapters[0]}:
        return ""
    link = _tutorial_link(builder)
    return f"Build the project as in {link}."


def _page(chapter: Chapter) -> str:
    """Return the path from a tutorial to a chapter."""
    return f"../reviewed-chapters/{chapter.file}"


def _steps(facts: CourseFacts, chapter: Chapter) -> Iterator[Step]:
    if not chapter.unit.symbols:
        yield from _reading(facts, chapter)
        return
    if _builder(facts, chapter) is chapter:
        yield from _install(facts, chapter)
    example = _runnable(facts, chapter)
    if example is not None:
        yield _run(facts, chapter, example)
        yield from _stop_inside(facts, chapter, example)
    yield from _extend(facts, chapter)
    yield from _change(facts, chapter)


def _install(facts: CourseFacts, chapter: Chapter) -> Iterator[Step]:
    setup = _setup(facts, chapter)
    if setup is None:
        return
    folder = "the repository's folder"
    if setup.folder:
        folder = f"the folder {markdown.code(setup.folder)}"
    name = basename(setup.manifest)
    manifest = markdown.code(name)
    network = ""
    if setup.needs_network:
        network = " (this needs a network)"
    yield Step(
        "Build it",
        (
            f"In {folder}, which has {manifest}{network}:",
            markdown.fence(setup.commands, _SHELL),
        ),
    )


def _setup(facts: CourseFacts, chapter: Chapter) -> setup_steps.Setup | None:
    for subject in facts.symbols(chapter):
        return setup_steps.setup(facts, subject.path)
    return None


def _builder(facts: CourseFacts, chapter: Chapter) -> Chapter | None:
    """Return the first chapter whose tutorial builds the project of a chapter."""
    setup = _setup(facts, chapter)
    if setup is None:
        return None
    return next(
        other for other in facts.chapters if _setup(facts, other) == setup
    )


def _runnable(facts: CourseFacts, chapter: Chapter) -> Example | None:
    """Return the best example of a chapter that can be run, or a test of it."""
    for example in examples.found(facts, chapter):
        can_run = example.is_whole and _imports_only_the_project(facts, example)
        is_sure = can_run and _is_sure(facts, chapter, example)
        if is_sure and _running(facts, example):
            return example
    return None


def _is_sure(facts: CourseFacts, chapter: Chapter, example: Example) -> bool:
    """Whether an example is about a chapter: not every test that has its name is."""
    is_test = example.origin is Origin.TEST
    if not is_test or facts.file(example.path).language in _SURE_NAMES:
        return True
    is_shown = example in examples.best(facts, chapter)
    return is_shown or bool(_called(facts, chapter, example))


def _imports_only_the_project(facts: CourseFacts, example: Example) -> bool:
    """Whether an example needs nothing but what the tutorial installs."""
    if example.origin is Origin.TEST:
        return True
    code = examples.lines(facts, example)
    return standalone.imports_only(code, example.tag, examples.modules(facts))


def _running(facts: CourseFacts, example: Example) -> str:
    return _following_commands(facts, example) or _how_to_run(facts, example)


def _run(facts: CourseFacts, chapter: Chapter, example: Example) -> Step:
    running = _running(facts, example)
    is_shown = example in examples.best(facts, chapter)
    if not is_shown or walkthrough.steps(facts, chapter):
        code = examples.rendered(facts, example)
        return Step("Run an example", (code, running))
    link = markdown.link("the chapter's example", f"{_page(chapter)}#example")
    command = running.removeprefix(_RUN_IT)
    if command == running:
        return Step("Run an example", (f"Take {link}. {running}",))
    return Step("Run an example", (f"Run {link} with {command}",))


def _following_commands(facts: CourseFacts, example: Example) -> str:
    """Quote the commands that a document gives right below an example."""
    if example.origin not in {Origin.README, Origin.DOCUMENT}:
        return ""
    lines = facts.texts.lines(example.path)
    for block in code_blocks(lines[: example.last + _NEAR]):
        first = block.first + 1
        last = block.last + 1
        is_near = example.last < first <= example.last + _NEAR
        line = lines[first - 1].lstrip()
        if is_near and line.startswith("$ "):
            place = markdown.place(example.path, (first, last))
            activation = ""
            if example.tag == str(Language.PYTHON):
                activation = f" activate the environment ({_ACTIVATE}) and"
            return markdown.document(
                f"{_save(facts, example)} Then{activation}, as in {place}:",
                markdown.fence(dedented(lines[first - 1 : last]), _CONSOLE),
            )
    return ""


def _how_to_run(facts: CourseFacts, example: Example) -> str:
    """Say how an example is run; nothing where its language and its form do not tell."""
    if example.origin is Origin.TEST:
        return _test_command(facts, example)
    if example.tag == DOCTEST:
        return (
            "Start `.venv/bin/python` and type what follows the prompts `>>>` "
            "and `...`. The lines between them are the answers to expect."
        )
    file, command = setup_steps.script(example.tag)
    if not file or not _does_something(facts, example):
        return ""
    command = command.replace(file, _file(facts, example))
    save = _save(facts, example)
    return f"{save} Run {markdown.code(command)}."


def _does_something(facts: CourseFacts, example: Example) -> bool:
    """Whether an example calls something for its effect when it is run."""
    if example.tag != str(Language.PYTHON):
        return True
    return standalone.has_effects("\n".join(examples.lines(facts, example)))


def _save(facts: CourseFacts, example: Example) -> str:
    file = markdown.code(_file(facts, example))
    return f"Save it as {file}."


def _file(facts: CourseFacts, example: Example) -> str:
    """Return the name that an example gives to its file, or a name of ours."""
    file, _ = setup_steps.script(example.tag)
    first, *_ = examples.lines(facts, example)
    named = _FILE_NAME.match(first)
    if named is not None and file.endswith(named[2]):
        return named[1]
    return file


def _test_command(facts: CourseFacts, example: Example) -> str:
    for test in _tests_at(facts, example):
        command = _command(facts, test)
        if command:
            return f"{_RUN_IT}{markdown.code(command)}."
    return ""


def _tests_at(
    facts: CourseFacts, example: Example
) -> list[project_tests.ProjectTest]:
    owner = facts.owner(example.target)
    if owner is None:
        return []
    return [
        test
        for test in project_tests.found(facts, owner)
        if (test.path, test.first) == (example.path, example.first)
    ]


def _stop_inside(
    facts: CourseFacts, chapter: Chapter, example: Example
) -> Iterator[Step]:
    """Let the reader stop at the first statement of what the example calls."""
    for function in _called(facts, chapter, example):
        line = breaking.first_statement(facts, function)
        if not line:
            continue
        inside = facts.function(function.index)
        names = [
            markdown.code(name)
            for name in (inside.parameters if inside is not None else [])
        ]
        look = ""
        if names:
            look = f" Look at {listed(names, _PARAMETERS)}."
        breakpoint_ = citations.at(function.path, line)
        text = (
            f"Set a breakpoint at {breakpoint_}, and run the example again."
            f"{look}"
        )
        name = citations.name(function)
        yield Step(f"Stop inside {name}", (text,))
        return


def _called(
    facts: CourseFacts, chapter: Chapter, example: Example
) -> list[Definition]:
    """Return the functions of a chapter that an example calls, its constructor last."""
    code = _executed(facts, example)
    calls = calls_in(facts, code)
    called = [
        function
        for function in facts.functions(chapter)
        if calls.leads_to(facts, function)
        and _is_meant(facts, example, function)
    ]
    target = facts.definitions[example.target]
    maker = key_places.constructor(facts, target)
    name = re.escape(target.name)
    made = re.search(rf"(?<![\w$.]){name}\(", code)
    if maker is None or made is None:
        return called
    if _is_meant(facts, example, maker):
        called.append(maker)
    return called


def _is_meant(
    facts: CourseFacts, example: Example, function: Definition
) -> bool:
    """Whether an example imports no other definition of the name of a function or its type."""
    if example.tag not in _PYTHON:
        return not _is_overloaded(facts, function)
    name, _, _ = function.qualified.partition(".")
    code = "\n".join(examples.lines(facts, example))
    if example.origin is Origin.TEST:
        code = facts.texts.text(example.path)
    sources = standalone.sources(name, code)
    named = [source for source in sources if not source.startswith(".")]
    return not named or meaning.is_imported(function, named)


def _is_overloaded(facts: CourseFacts, function: Definition) -> bool:
    """Whether several heads in a function's file have its name: a call may mean any of them."""
    if facts.file(function.path).language not in _OVERLOADING:
        return False
    name = re.escape(function.name)
    head = rf"^[ \t]*(?:[\w<>\[\],.?@]+ +)+{name}\([^;\n]*$"
    code = facts.texts.text(function.path)
    heads = re.findall(head, code, re.MULTILINE)
    return len(heads) > 1


def _executed(facts: CourseFacts, example: Example) -> str:
    """Return the code of an example that surely runs."""
    entry = ""
    if example.origin is Origin.TEST:
        entry = next((test.name for test in _tests_at(facts, example)), "")
    elif example.tag not in _PYTHON:
        entry = "main"
    return standalone.executed(
        examples.lines(facts, example), example.tag, entry
    )


def _extend(facts: CourseFacts, chapter: Chapter) -> Iterator[Step]:
    """Let the reader write what a type leaves to its subtypes, as the project does."""
    for symbol in facts.named(chapter):
        methods = facts.methods(symbol)
        stubs = [
            method.name
            for method in methods
            if key_places.is_stub(facts, method)
        ]
        for subtype in facts.subtypes(symbol.index):
            if not stubs or not _defines(facts, subtype, stubs):
                continue
            first = subtype.line
            last = subtype.end_line
            solution = _solution(facts, subtype.path, first, last)
            name = citations.name(symbol)
            shown = [markdown.code(stub) for stub in stubs]
            names = listed(shown, _PARAMETERS)
            task = f"Write a subtype of {name} that defines {names}."
            yield Step("Write a subtype", (task, solution))
            return


def _defines(
    facts: CourseFacts, subtype: Definition, names: Iterable[str]
) -> bool:
    """Whether a type defines methods, and is short enough for a reader to write it."""
    length = subtype.end_line - subtype.line
    own = {method.name for method in facts.methods(subtype)}
    return own.issuperset(names) and _SHORTEST < length < _LONGEST


def _change(facts: CourseFacts, chapter: Chapter) -> Iterator[Step]:
    """Let the reader change the code and see a test notice."""
    change = breaking.change(facts, chapter)
    if change is None:
        return
    test = change.test
    command = markdown.code(_command(facts, test))
    if change.task:
        solution = _solution(facts, test.path, test.first, test.last)
        yield Step("Write a test", (change.task, solution))
    name = markdown.code(test.name)
    text = (
        f"{change.words} Which line of {name} fails? "
        f"Run {command} to see it. Then undo the change."
    )
    yield Step("Break it", (text,))


def _solution(facts: CourseFacts, path: str, first: int, last: int) -> str:
    """Return the project's own code, folded."""
    excerpt = excerpts.of_lines(facts, path, first, last)
    if excerpt is None:
        return ""
    shown = excerpts.rendered(facts, excerpt)
    return markdown.answer("The project's own:", shown)


def _command(facts: CourseFacts, test: project_tests.ProjectTest) -> str:
    """Return the command that runs a test in the environment that the tutorial builds."""
    command = project_tests.command(facts, test)
    if command.startswith("python "):
        return f".venv/bin/{command}"
    return command


def _reading(facts: CourseFacts, chapter: Chapter) -> Iterator[Step]:
    """Go through the sections of a chapter without definitions."""
    for place in key_places.chosen(facts, chapter):
        title = markdown.text(place.title) or markdown.code(place.excerpt.path)
        excerpt = excerpts.rendered(facts, place.excerpt)
        yield Step(f"Read {title}", (excerpt,))


def _questions(facts: CourseFacts, chapter: Chapter) -> str:
    asked = questions.asked(facts, chapter)
    if not asked:
        return ""
    blocks = [markdown.heading(2, "Questions")]
    for question in asked:
        blocks += [question.text, markdown.answer(question.answer)]
    return markdown.document(*blocks)


def _tutorial_link(chapter: Chapter) -> str:
    """Return a link to the tutorial of a chapter from another tutorial."""
    name = f"Tutorial {chapter.entry.index}"
    path = item_path(Stage.GENERATE_TUTORIALS, chapter.entry)
    return markdown.link(name, basename(path))
