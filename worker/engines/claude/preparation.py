"""What a reader does once before the first exercise: the first tutorial says it for all pages."""

from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.course.site.contents import README
from worker.engines.claude import edits, environment, release
from worker.engines.claude.commands import commands_of
from worker.engines.claude.render import Renderer, title
from worker.engines.claude.words import Words
from worker.engines.static.pages import markdown, setup_steps
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.setup_steps import Setup

CONTENTS: Final = f"../{README}"
"""The link from a tutorial to the contents of the course."""
COMMENT: Final = "  # "
"""Between a command and what it is for."""
_SHELL = "bash"
_TUTORIALS = "../tutorials/"


def setup_of(facts: CourseFacts) -> Setup | None:
    """Return how the project is set up: as the first chapter that says how needs it."""
    for chapter in facts.chapters:
        for path in chapter.unit.file_paths[:1]:
            if path not in facts.analysis.files:
                continue
            setup = setup_steps.setup(facts, path)
            if setup is not None:
                return setup
    return None


def commands(facts: CourseFacts) -> tuple[str, ...]:
    """Return the commands of the set-up, and the one that runs a program."""
    setup = setup_of(facts)
    if setup is None:
        return ()
    _, run = _script(facts, setup)
    enter = [f"cd {setup.folder}"] if setup.folder else []
    typed = environment.activated(setup.commands)
    return (*enter, *typed, *filter(None, [run]))


def section(renderer: Renderer) -> str:
    """Return the part of the first tutorial that sets the project up; nothing if none is known."""
    facts, words = renderer.facts, renderer.words
    setup = setup_of(facts)
    if setup is None:
        return ""
    name, run = _script(facts, setup)
    typed = [line for line in commands(facts) if line != run]
    contents = markdown.link(words.contents, CONTENTS)
    blocks = [
        markdown.heading(2, words.setup),
        release.told(facts, setup.manifest, words),
        words.commit.format(link=contents),
        words.clone,
        markdown.fence(_explained(typed, words), _SHELL),
    ]
    if run:
        blocks += [
            words.saved.format(name=markdown.code(name)),
            markdown.fence([run], _SHELL),
        ]
    test = _test(facts)
    if test:
        blocks += [words.tested, markdown.fence([test], _SHELL)]
    return markdown.document(*blocks)


def _explained(commands: list[str], words: Words) -> list[str]:
    """Return commands, each with what it is for behind it."""
    purposes = [environment.purpose(command, words) for command in commands]
    width = max(map(len, commands))
    return [
        f"{command:{width}}{COMMENT}{purpose}" if purpose else command
        for command, purpose in zip(commands, purposes, strict=True)
    ]


def _test(facts: CourseFacts) -> str:
    """Return a command that runs one test of the project; nothing if none is known."""
    for chapter in facts.chapters:
        for command in commands_of(facts, chapter).values():
            if edits.is_test(command):
                return command
    return ""


def _script(facts: CourseFacts, setup: Setup) -> tuple[str, str]:
    for chapter in facts.chapters:
        for path in chapter.unit.file_paths[:1]:
            file = facts.analysis.files.get(path)
            if file is not None and setup_steps.setup(facts, path) == setup:
                name, run = setup_steps.script(file.language)
                return name, environment.inside(run)
    return "", ""


def hint(facts: CourseFacts) -> str:
    """Return how a program is run, for the prompts; nothing if it is not known."""
    setup = setup_of(facts)
    if setup is None:
        return ""
    name, run = _script(facts, setup)
    if not run:
        return ""
    return f"A program in the file `{name}` is run by `{run}`."


def reference(renderer: Renderer) -> str:
    """Return the link to the set-up in the first tutorial; nothing if there is none."""
    facts, words = renderer.facts, renderer.words
    if setup_of(facts) is None:
        return ""
    link = tutorial_link(renderer, facts.chapters[0])
    return f"{words.setup}: {link}."


def tutorial_link(renderer: Renderer, chapter: Chapter) -> str:
    """Return a link to a chapter's tutorial, from a chapter or from another tutorial."""
    path = item_path(Stage.GENERATE_TUTORIALS, chapter.entry)
    _, _, file = path.rpartition("/")
    folder = "" if renderer.folder else _TUTORIALS
    text = title(renderer.words.tutorial, chapter)
    return markdown.link(text, f"{folder}{file}")
