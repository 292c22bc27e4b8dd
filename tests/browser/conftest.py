"""A browser, a course by the engine `static`, and one with all that Markdown may contain."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.browser import Browser, Tab
from tests.support.course_attacks import ATTACKS
from tests.support.course_pages import course
from tests.support.servers.process import UnavailableError
from tests.support.user import User
from worker.course.site.build import build

ROOT: Final = Path(__file__).parents[2]
SAMPLE: Final = Path(__file__).with_name("sample.md")
"""A page with everything that Markdown may contain."""
_MAX_ATTACK: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A course in a folder."""

    folder: Path

    @property
    def pages(self) -> list[Path]:
        """The HTML pages."""
        return sorted(self.folder.rglob("*.html"))

    def page(self, stem: str) -> Path:
        """Return the page whose file name begins with `stem`."""
        [page] = self.folder.glob(f"pages/{stem}*.html")
        return page


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        browser = Browser(tmp_path_factory.mktemp("browser") / "profile")
    except UnavailableError as error:
        if os.environ.get("FONDATION_TESTS") == "all":
            raise
        pytest.skip(f"NOT TESTED in a browser, which cannot run here: {error}")
    yield browser
    browser.stop()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    with browser.tab() as tab:
        tab.look(1280)
        yield tab


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a course on this project's `worker/run/`, as a user gets it."""
    home = tmp_path_factory.mktemp("real")
    argv = ("run", str(ROOT / "worker" / "run"), "--engine", "static")
    User(home=home).run(*argv, "--out", "course")
    return Site(folder=home / "course")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a course with a sample of everything, and all attacks that are short enough."""
    attacks = [text for text in ATTACKS.values() if len(text) < _MAX_ATTACK]
    hostile = "# Part 2\n\n" + "\n\n".join(attacks)
    files = course(SAMPLE.read_text(encoding="utf-8"), hostile)
    folder = tmp_path_factory.mktemp("a folder with # and ü") / "100% course"
    for path, body in (files | build(files, "A sample")).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    return Site(folder=folder)
