"""What a reader does once before the first exercise, as the first tutorial describes it."""

import re
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.course.site.contents import README
from worker.engines.claude import edits, environment, release
from worker.engines.claude.commands import commands_of
from worker.engines.claude.render import Renderer, title
from worker.engines.claude.words import Words
from worker.engines.static.facts import SourceFile
from worker.engines.static.pages import markdown, setup_steps
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.project_tests import PYTEST
from worker.engines.static.pages.setup_steps import Setup

CONTENTS: Final = f"../{README}"
"""The link from a tutorial to the contents of the course."""
COMMENT: Final = "  # "
"""Separates a command from its purpose."""
_SHELL = "bash"
_TUTORIALS = "../tutorials/"
_SETTINGS: Final = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg")
_TEST_PATHS: Final = re.compile(r"testpaths\s*=")
"""The setting that tells pytest where a project's tests are."""
_GUIDE: Final = re.compile(
    r"(?:docs?/|\.github/)?contributing\.\w{2,8}", re.IGNORECASE
)


def setup_of(facts: CourseFacts) -> Setup | None:
    """Return the project's set-up, from the first chapter whose language has a known set-up."""
    for chapter in facts.chapters:
        file = _first_file(facts, chapter)
        if file is None:
            continue
        setup = setup_steps.setup(facts, file.path)
        if setup is not None:
            return setup
    return None


def _first_file(facts: CourseFacts, chapter: Chapter) -> SourceFile | None:
    paths = chapter.unit.file_paths
    if not paths:
        return None
    files = facts.analysis.files
    return files.get(paths[0])


def commands(facts: CourseFacts) -> tuple[str, ...]:
    """Return the commands of the set-up, and the command that runs a program."""
    setup = setup_of(facts)
    if setup is None:
        return ()
    _, run = _script(facts, setup)
    typed: list[str] = []
    if setup.folder:
        enter = f"cd {setup.folder}"
        typed.append(enter)
    activated = environment.activated(setup.commands)
    typed.extend(activated)
    if run:
        typed.append(run)
    return tuple(typed)


def section(renderer: Renderer) -> str:
    """Return the set-up section of the first tutorial; nothing if no set-up is known."""
    facts = renderer.facts
    words = renderer.words
    setup = setup_of(facts)
    if setup is None:
        return ""
    name, run = _script(facts, setup)
    typed = [line for line in commands(facts) if line != run]
    explained = _explained(typed, words)
    contents = markdown.link(words.contents, CONTENTS)
    blocks = [
        markdown.heading(2, words.setup),
        release.told(facts, setup.manifest, words),
        words.commit.format(link=contents),
        words.clone,
        markdown.fence(explained, _SHELL),
    ]
    if run:
        program = markdown.code(name)
        blocks += [
            words.saved.format(name=program),
            markdown.fence([run], _SHELL),
        ]
    test = _test(facts)
    if test:
        listing = markdown.fence([test], _SHELL)
        blocks += [words.tested, listing]
    suite = test_suite(facts)
    if suite:
        listing = markdown.fence([suite], _SHELL)
        blocks += [words.suite, listing]
    return markdown.document(*blocks)


def _explained(commands: list[str], words: Words) -> list[str]:
    """Return commands, each followed by its purpose."""
    width = max(map(len, commands))
    rows: list[str] = []
    for command in commands:
        row = command
        purpose = environment.purpose(command, words)
        if purpose:
            padded = command.ljust(width)
            row = f"{padded}{COMMENT}{purpose}"
        rows.append(row)
    return rows


def _test(facts: CourseFacts) -> str:
    """Return a command that runs one of the project's tests; nothing if none is known."""
    for chapter in facts.chapters:
        offered = commands_of(facts, chapter)
        for command in offered.values():
            if edits.is_test(command):
                return command
    return ""


def test_suite(facts: CourseFacts) -> str:
    """Return the command that runs all tests with pytest; nothing if it is unknown."""
    test = _test(facts)
    node = test.removeprefix(f"{PYTEST} ")
    path, _, name = node.partition("::")
    if not name:
        return ""
    if not path.endswith(".py"):
        return ""
    for settings in _SETTINGS:
        if settings not in facts.analysis.files:
            continue
        lines = facts.texts.lines(settings)
        if any(map(_TEST_PATHS.match, lines)):
            return PYTEST
    folder, slash, _ = path.partition("/")
    if not slash:
        return PYTEST
    return f"{PYTEST} {folder}"


def _script(facts: CourseFacts, setup: Setup) -> tuple[str, str]:
    for chapter in facts.chapters:
        file = _first_file(facts, chapter)
        if file is None:
            continue
        of_file = setup_steps.setup(facts, file.path)
        if of_file == setup:
            name, run = setup_steps.script(file.language)
            inside = environment.inside(run)
            return name, inside
    return "", ""


def hint(facts: CourseFacts) -> str:
    """Return a sentence for prompts about how a program is run; nothing if that is unknown."""
    setup = setup_of(facts)
    if setup is None:
        return ""
    name, run = _script(facts, setup)
    if not run:
        return ""
    return f"A program in the file `{name}` is run by `{run}`."


def contributing(renderer: Renderer) -> str:
    """Return where the project explains how to contribute; nothing if it does not."""
    for path in sorted(renderer.facts.analysis.files):
        if _GUIDE.fullmatch(path):
            guide = markdown.code(path)
            return f"{renderer.words.contributing}: {guide}."
    return ""


def reference(renderer: Renderer) -> str:
    """Return the link to the set-up in the first tutorial; nothing if there is none."""
    facts = renderer.facts
    if setup_of(facts) is None:
        return ""
    first = facts.chapters[0]
    link = tutorial_link(renderer, first)
    label = renderer.words.setup
    return f"{label}: {link}."


def tutorial_link(renderer: Renderer, chapter: Chapter) -> str:
    """Return a link to a chapter's tutorial, from a chapter or from another tutorial."""
    path = item_path(Stage.GENERATE_TUTORIALS, chapter.entry)
    _, _, file = path.rpartition("/")
    text = title(renderer.words.tutorial, chapter)
    target = file
    if not renderer.folder:
        target = f"{_TUTORIALS}{file}"
    return markdown.link(text, target)
