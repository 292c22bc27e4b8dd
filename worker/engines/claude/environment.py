"""The virtual environment in which a reader sets up a Python project."""

from collections.abc import Iterable, Iterator
from typing import Final

from worker.engines.claude.words import Words
from worker.engines.static.pages.setup_steps import (
    CREATE,
    ENVIRONMENT,
    INSTALL,
    UPGRADE,
)

_ACTIVATE: Final = f". {ENVIRONMENT}activate"


def activated(commands: Iterable[str]) -> Iterator[str]:
    """Yield commands as they are typed inside the environment, after the one that activates it."""
    for command in commands:
        yield inside(command)
        if command == CREATE:
            yield _ACTIVATE


def inside(command: str) -> str:
    """Return a command as it is typed once the environment is active."""
    return command.removeprefix(ENVIRONMENT)


def purpose(command: str, words: Words) -> str:
    """Return what a set-up command is for; nothing if the command says so itself."""
    if command == CREATE:
        return words.creates
    if command == _ACTIVATE:
        return words.activates
    if command == inside(UPGRADE):
        return words.upgrades
    if command.startswith(inside(INSTALL)):
        return words.installs
    return ""
