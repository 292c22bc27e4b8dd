"""The virtual environment that a Python project is set up in, as a reader activates it."""

from collections.abc import Iterable, Iterator
from typing import Final

from worker.engines.claude.words import Words

_FOLDER: Final = ".venv/bin/"
_CREATE: Final = "python -m venv .venv"
_ACTIVATE: Final = f". {_FOLDER}activate"
_UPGRADE: Final = "pip install --upgrade pip"
_INSTALL: Final = "pip install -e "


def activated(commands: Iterable[str]) -> Iterator[str]:
    """Yield commands as they are typed in the environment, and the one that activates it."""
    for command in commands:
        yield inside(command)
        if command == _CREATE:
            yield _ACTIVATE


def inside(command: str) -> str:
    """Return a command as it is typed once the environment is active."""
    return command.removeprefix(_FOLDER)


def purpose(command: str, words: Words) -> str:
    """Return what a command of the set-up is for; nothing if it says so itself."""
    if command == _CREATE:
        return words.creates
    if command == _ACTIVATE:
        return words.activates
    if command == _UPGRADE:
        return words.upgrades
    if command.startswith(_INSTALL):
        return words.installs
    return ""
