"""What is said before the code of a function that is not documented."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import leads

CODE = '''class Shelf:
    """Holds things."""

    def take(self, name):
        """Take a thing off it."""
        return self.search(name, deep=True)

    def search(self, name, deep):
        return None


class Box(Shelf):
    def __init__(self, size):
        self.size = size
        self.things = []

    def fetch(self, name):
        thing = self.search(name, 3)
        self.close(thing, name)
        return thing

    def search(self, name, deep):
        thing = self.things.get(name)
        if thing is None:
            thing = self.below(name, 1)
        if thing is None:
            thing = self.behind(name, 2)
        return thing

    def below(self, name, steps):
        name = name.lower()
        print(steps)
        return self.things[name]

    def behind(self, name, steps):
        box = Box(steps)
        print(name)
        return box

    def close(self, thing, name):
        return self.things.index(thing)
        print(name)
        print(thing)


def open_box(size):
    box = Box(size)
    print(size)
    return box.fetch("a")
'''


@pytest.mark.parametrize(
    ("name", "before", "words"),
    [
        ("Box.fetch", [], "`open_box` (`box.py:49`) calls it."),
        ("Box.search", ["Box.fetch"], "`Box.fetch` calls it."),
        ("Box.search", [], "It overrides `Shelf.search` (`box.py:8`)."),
        ("Box.behind", ["Box.search"], "`Box.search` calls it."),
        ("Box.close", ["Box.fetch"], "`Box.fetch` calls it."),
        ("Box.__init__", ["open_box"], "`open_box` calls it."),
    ],
)  # fmt: skip
def test_a_lead_names_the_caller_or_what_is_overridden(
    tmp_path: Path, name: str, before: list[str], words: str
) -> None:
    facts = read(tmp_path, {"box.py": CODE})
    shown = [facts.definitions[index_of(facts, each)] for each in before]
    definition = facts.definitions[index_of(facts, name)]
    assert leads.sentences(facts, definition, [*shown, definition]) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KINDS", "`Jar.fill` (`jar.py:5`) uses it."),
        ("Jar.fill", "It takes `tea`."),
        ("Jar.close", "It is defined here."),
        ("UNUSED", "It is defined here."),
    ],
)  # fmt: skip
def test_a_lead_says_what_uses_code_or_its_shape(
    tmp_path: Path, name: str, words: str
) -> None:
    code = "KINDS = (1,)\nUNUSED = (2,)\nclass Jar:\n    def fill(self, tea):\n"
    code += "        self.kinds = KINDS\n\n    def close(self):\n        self.x = 1\n"
    facts = read(tmp_path, {"jar.py": code})
    definition = facts.definitions[index_of(facts, name)]
    assert leads.sentences(facts, definition, [definition]) == words


def test_code_that_is_shown_later_is_not_a_lead(tmp_path: Path) -> None:
    facts = read(tmp_path, {"box.py": CODE})
    fetch = facts.definitions[index_of(facts, "Box.fetch")]
    search = facts.definitions[index_of(facts, "Box.search")]
    assert leads.reached(facts, search, [search, fetch]) == ""
    assert leads.reached(facts, search, [fetch, search]) != ""
