"""Writes the tutorials: install, run an example, change it, break it, answer questions."""

import itertools
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
from worker.engines.static.pages.examples import Example, ExampleOrigin
from worker.engines.static.pages.project_tests import ProjectTest
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
_SAY: Final = (
    "Say in a sentence what it does then, and what a caller notices first."
)
"""What is left to do where no command runs the code."""
_BREAK: Final = "Break it"
_RUN_IT: Final = "Run it with "
_PARAMETERS: Final = 4
_LONGEST: Final = 25
"""Lines of a subtype that a reader writes, less one."""
_PLACEHOLDER: Final = re.compile(r"\bpath/to/")
"""What a reader has to replace in an example."""
_VALUE: Final = r"\"[^\"\\\n]*\"|'[^'\\\n]*'|\d+"
"""A value that is written out."""
_CONSOLE: Final = "console"
_PYTHON_CODE: Final = str(Language.PYTHON)
_PYTHON: Final = frozenset({DOCTEST, _PYTHON_CODE})
"""The tags of code that Python runs."""
_PROMPT: Final = f"`{setup_steps.ENVIRONMENT}python`"
_UNTYPED: Final = re.compile(
    r"\n\n[ \t]|\n[ \t].*\n(?=[\w@])(?!el|except|finally)"
)
"""An empty line inside a statement, or none below it: at a prompt, either is a mistake."""
_ANSWER: Final = re.compile(r"b?(?:'(?!')|\"(?!\")|[\[({\d])")
"""How a line begins that a prompt answered: a script would print nothing."""
_ACTIVATE: Final = "`. .venv/bin/activate`"
_SURE_NAMES: Final = frozenset({Language.PYTHON, Language.GO, Language.RUST})
"""Languages in which a name in a test seldom means anything else."""
_OVERLOADING: Final = frozenset({Language.JAVA, Language.KOTLIN, Language.CPP})
_WRITTEN: Final = frozenset({ExampleOrigin.README, ExampleOrigin.DOCUMENT})
_NEAR: Final = 6
"""Lines below an example in which the commands that run it begin."""
_FILE_NAME: Final = re.compile(
    r"(?:#|//)\s*(?:save this as\s+|in\s+)?(\w+(\.\w+))\s*$"
)


class TutorialStep(NamedTuple):
    """A step: its title and its blocks, both Markdown."""

    title: str
    blocks: tuple[str, ...]


def written(facts: CourseFacts, chapter: Chapter) -> str:
    title = f"Tutorial {chapter.entry.index}: {markdown.text(chapter.name)}"
    asked = _questions(facts, chapter)
    steps = list(_steps(facts, chapter))
    if not steps and not asked:
        steps.append(TutorialStep("Say what the code does", (_RETELL,)))
    return markdown.document(
        markdown.heading(1, title),
        _before(facts, chapter),
        *itertools.starmap(_numbered, enumerate(steps, 1)),
        asked,
    )


def _numbered(number: int, step: TutorialStep) -> str:
    title = f"Step {number}: {step.title}"
    heading = markdown.heading(2, title)
    return markdown.document(heading, *step.blocks)


def _before(facts: CourseFacts, chapter: Chapter) -> str:
    """Say where the project is built, if that is in neither this tutorial nor the first."""
    builder = _builder(facts, chapter)
    if builder is None or builder in {chapter, facts.chapters[0]}:
        return ""
    path = item_path(Stage.GENERATE_TUTORIALS, builder.entry)
    name = f"Tutorial {builder.entry.index}"
    link = markdown.link(name, basename(path))
    return f"Build the project as in {link}."


def _steps(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    if not chapter.unit.symbols:
        yield from _reading(facts, chapter)
        return
    if _builder(facts, chapter) is chapter:
        yield from _install(facts, chapter)
    example = _runnable(facts, chapter)
    if example is not None:
        called = _called(facts, chapter, example)
        yield _run(facts, chapter, example)
        yield from _stop_inside(facts, called)
        yield from _change(facts, example, called)
    yield from _extend(facts, chapter)
    yield from _break(facts, chapter)


def _install(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    setup = _setup(facts, chapter)
    if setup is None:
        return
    folder = "the repository's folder"
    if setup.folder:
        folder = f"the folder {markdown.code(setup.folder)}"
    manifest = markdown.code(basename(setup.manifest))
    network = ""
    if setup.needs_network:
        network = " (this needs a network)"
    place = f"In {folder}, which has {manifest}{network}:"
    commands = markdown.fence(setup.commands, _SHELL)
    yield TutorialStep("Build it", (place, commands))


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
        if (
            example.is_whole
            and _imports_only_the_project(facts, example)
            and _is_sure(facts, chapter, example)
            and _running(facts, example)
        ):
            return example
    return None


def _is_sure(facts: CourseFacts, chapter: Chapter, example: Example) -> bool:
    """Whether an example is about a chapter: not every test that has its name is."""
    if example.origin is not ExampleOrigin.TEST:
        return True
    language = facts.file(example.path).language
    best = examples.best(facts, chapter)
    if language in _SURE_NAMES or example in best:
        return True
    return bool(_called(facts, chapter, example))


def _imports_only_the_project(facts: CourseFacts, example: Example) -> bool:
    """Whether an example needs nothing but what the tutorial installs."""
    if example.origin is ExampleOrigin.TEST:
        return True
    code = examples.lines(facts, example)
    loaded = standalone.loads("\n".join(code))
    has_files = loaded <= facts.analysis.files.keys()
    if not has_files or any(map(_PLACEHOLDER.search, code)):
        return False
    return standalone.imports_only(code, example.tag, examples.modules(facts))


def _running(facts: CourseFacts, example: Example) -> str:
    return _following_commands(facts, example) or _how_to_run(facts, example)


def _run(
    facts: CourseFacts, chapter: Chapter, example: Example
) -> TutorialStep:
    running = _running(facts, example)
    title = "Run an example"
    best = examples.best(facts, chapter)
    if example not in best or walkthrough.steps(facts, chapter):
        code = examples.rendered(facts, example)
        return TutorialStep(title, (code, running))
    page = f"../reviewed-chapters/{chapter.file}#example"
    link = markdown.link("the chapter's example", page)
    command = running.removeprefix(_RUN_IT)
    if command == running:
        words = f"Take {link}. {running}"
        return TutorialStep(title, (words,))
    words = f"Run {link} with {command}"
    return TutorialStep(title, (words,))


def _following_commands(facts: CourseFacts, example: Example) -> str:
    """Quote the commands that a document gives right below an example."""
    if example.origin not in _WRITTEN:
        return ""
    last = example.last
    below = last + _NEAR
    lines = facts.texts.lines(example.path)
    for block in code_blocks(lines[:below]):
        first = block.first
        end = block.last + 1
        code = lines[first:end]
        command = code[0].lstrip()
        is_far = first < last or first >= below
        if is_far or not command.startswith("$ "):
            continue
        place = markdown.place(example.path, (first + 1, end))
        save = _save(facts, example)
        activation = ""
        if example.tag == _PYTHON_CODE:
            activation = f" activate the environment ({_ACTIVATE}) and"
        words = f"{save} Then{activation}, as in {place}:"
        shown = dedented(code)
        fence = markdown.fence(shown, _CONSOLE)
        return markdown.document(words, fence)
    return ""


def _how_to_run(facts: CourseFacts, example: Example) -> str:
    """Say how an example is run; nothing if its language and form leave that open."""
    if example.origin is ExampleOrigin.TEST:
        return _test_command(facts, example)
    if example.tag == DOCTEST:
        return f"{_RUN_IT}{_PROMPT}: type what follows the prompts."
    is_python = example.tag == _PYTHON_CODE
    if is_python and _shows_answers(facts, example):
        return f"{_RUN_IT}{_PROMPT}: type it line by line."
    file, command = setup_steps.script(example.tag)
    if not file or not _does_something(facts, example):
        return ""
    own = _file(facts, example)
    own_command = command.replace(file, own)
    run = markdown.code(own_command)
    save = _save(facts, example)
    return f"{save} Run {run}."


def _shows_answers(facts: CourseFacts, example: Example) -> bool:
    *_, last = examples.lines(facts, example)
    is_typed = _UNTYPED.search(_code(facts, example)) is None
    return is_typed and _ANSWER.match(last) is not None


def _does_something(facts: CourseFacts, example: Example) -> bool:
    """Whether an example calls something for its effect when it is run."""
    if example.tag != _PYTHON_CODE:
        return True
    code = _code(facts, example)
    return standalone.has_effects(code)


def _code(facts: CourseFacts, example: Example) -> str:
    lines = examples.lines(facts, example)
    return "\n".join(lines)


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
    test = _test_at(facts, example)
    command = ""
    if test is not None:
        command = project_tests.local_command(facts, test)
    if not command:
        return ""
    return f"{_RUN_IT}{markdown.code(command)}."


def _test_at(facts: CourseFacts, example: Example) -> ProjectTest | None:
    owner = facts.owner(example.target)
    if owner is None:
        return None
    place = example.path, example.first
    for test in project_tests.found(facts, owner):
        if test.place == place:
            return test
    return None


def _stop_inside(
    facts: CourseFacts, called: Iterable[Definition]
) -> Iterator[TutorialStep]:
    """Let the reader stop at the first statement of what the example calls."""
    for function in called:
        line = breaking.first_statement(facts, function)
        inside = facts.function(function.index)
        if not line or inside is None:
            continue
        look = ""
        if inside.parameters:
            shown = list(map(markdown.code, inside.parameters))
            names = listed(shown, _PARAMETERS)
            look = f" Look at {names}."
        name = citations.name(function)
        place = citations.at(function.path, line)
        text = f"Set a breakpoint at {place}, and run the example again.{look}"
        yield TutorialStep(f"Stop inside {name}", (text,))
        return


def _change(
    facts: CourseFacts, example: Example, called: Iterable[Definition]
) -> Iterator[TutorialStep]:
    """Let the reader give what the example calls another value."""
    code = _executed(facts, example)
    target = facts.definitions[example.target]
    maker = key_places.constructor(facts, target)
    for function in called:
        name = function.name
        if function == maker:
            name = target.name
        called_name = re.escape(name)
        call = rf"(?<![\w$]){called_name}\(({_VALUE})\)"
        given = re.search(call, code)
        if given is None:
            continue
        value = markdown.code(given[1])
        shown = markdown.code(name)
        text = (
            f"Write another value in place of {value} where the example calls "
            f"{shown}. Say what will change; then run it again."
        )
        yield TutorialStep("Change it", (text,))
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
        text = facts.texts.text(example.path)
        is_meant = meaning.is_meant(facts, function, text)
        return is_meant and not _is_overloaded(facts, function)
    name, _, _ = function.qualified.partition(".")
    code = _code(facts, example)
    if example.origin is ExampleOrigin.TEST:
        code = facts.texts.text(example.path)
    sources = standalone.sources(name, code)
    named = [source for source in sources if not source.startswith(".")]
    return not named or meaning.is_imported(function, named)


def _is_overloaded(facts: CourseFacts, function: Definition) -> bool:
    """Whether several heads in a function's file have its name: a call may mean any of them."""
    file = facts.file(function.path)
    if file.language not in _OVERLOADING:
        return False
    name = re.escape(function.name)
    head = rf"^[ \t]*(?:[\w<>\[\],.?@]+ +)+{name}\([^;\n]*$"
    code = facts.texts.text(function.path)
    heads = re.findall(head, code, re.MULTILINE)
    return len(heads) > 1


def _executed(facts: CourseFacts, example: Example) -> str:
    """Return the code of an example that surely runs."""
    entry = ""
    if example.origin is ExampleOrigin.TEST:
        test = _test_at(facts, example)
        if test is not None:
            entry = test.name
    elif example.tag not in _PYTHON:
        entry = "main"
    lines = examples.lines(facts, example)
    return standalone.executed(lines, example.tag, entry)


def _extend(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
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
            name = citations.name(symbol)
            shown = list(map(markdown.code, stubs))
            names = listed(shown, _PARAMETERS)
            task = f"Write a subtype of {name} that defines {names}."
            solution = _solution(
                facts, subtype.path, subtype.line, subtype.end_line
            )
            yield TutorialStep("Write a subtype", (task, solution))
            return


def _defines(
    facts: CourseFacts, subtype: Definition, names: Iterable[str]
) -> bool:
    """Whether a type defines methods, and is short enough for a reader to write it."""
    length = subtype.end_line - subtype.line
    own = {method.name for method in facts.methods(subtype)}
    return own.issuperset(names) and length < _LONGEST


def _break(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Let the reader change the code and see whether a test notices."""
    change = breaking.change(facts, chapter)
    if change is None:
        yield from _try(facts, chapter)
        return
    test = change.test
    solution = _solution(facts, test.path, test.first, test.last)
    yield TutorialStep("Write a test", (change.task, solution))
    name = markdown.code(test.name)
    command = markdown.code(project_tests.local_command(facts, test))
    text = (
        f"{change.words} Which line of {name} fails? "
        f"Run {command} to see it. Then undo the change."
    )
    yield TutorialStep(_BREAK, (text,))


def _try(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Let the reader change a function, and look for a test that notices."""
    trial = breaking.trial(facts, chapter)
    if trial is None:
        return
    command = project_tests.suite(facts, chapter)
    noticing = "a test"
    when = " without the change and with it"
    if trial.test is not None:
        command = project_tests.local_command(facts, trial.test)
        noticing = markdown.code(trial.test.name)
        when = ""
    task = _SAY
    if command:
        run = markdown.code(command)
        task = (
            f"What does it do now? Run {run}{when}: does {noticing} notice? "
            "Then undo the change."
        )
    yield TutorialStep(_BREAK, (f"{trial.words} {task}",))


def _solution(facts: CourseFacts, path: str, first: int, last: int) -> str:
    """Return the project's own code, folded."""
    excerpt = excerpts.of_lines(facts, path, first, last)
    if excerpt is None:
        return ""
    shown = excerpts.rendered(facts, excerpt, "The project's own")
    return markdown.answer(shown)


def _reading(facts: CourseFacts, chapter: Chapter) -> Iterator[TutorialStep]:
    """Go through the sections of a chapter without definitions."""
    for place in key_places.chosen(facts, chapter):
        title = markdown.text(place.title)
        if not title:
            title = markdown.code(place.excerpt.path)
        excerpt = excerpts.rendered(facts, place.excerpt, "It reads")
        yield TutorialStep(f"Read {title}", (excerpt,))


def _questions(facts: CourseFacts, chapter: Chapter) -> str:
    asked = questions.asked(facts, chapter)
    if not asked:
        return ""
    blocks = [markdown.heading(2, "Questions")]
    for question in asked:
        blocks += [question.text, markdown.answer(question.answer)]
    return markdown.document(*blocks)
