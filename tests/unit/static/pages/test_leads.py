"""What is said before the code of a function that is not documented."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import leads

CALLS = "It calls `Box.below` and `Box.behind`."
TAKES = "It takes `thing` and `name` and returns `self.things.index(thing)`."
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
        ("Box.fetch", [], "`open_box` (`box.py:49`) calls it. It calls `Box.search` and `Box.close`."),
        ("Box.search", ["Box.fetch"], f"`Box.fetch` calls it, then `Box.close`. {CALLS}"),
        ("Box.search", [], f"It overrides `Shelf.search` (`box.py:8`). {CALLS}"),
        ("Box.behind", ["Box.search"], "`Box.search` calls it. It creates `Box`."),
        ("Box.close", ["Box.fetch"], f"`Box.fetch` calls it. {TAKES}"),
        ("Box.__init__", ["open_box"], "`open_box` calls it, then `Box.fetch`. It sets `self.size` and `self.things`."),
    ],
)  # fmt: skip
def test_a_lead_names_the_caller_and_the_work(
    tmp_path: Path, name: str, before: list[str], words: str
) -> None:
    facts = read(tmp_path, {"box.py": CODE})
    shown = [facts.definitions[index_of(facts, each)] for each in before]
    definition = facts.definitions[index_of(facts, name)]
    assert leads.sentences(facts, definition, [*shown, definition]) == words


def test_code_that_is_shown_later_is_not_a_lead(tmp_path: Path) -> None:
    facts = read(tmp_path, {"box.py": CODE})
    fetch = facts.definitions[index_of(facts, "Box.fetch")]
    search = facts.definitions[index_of(facts, "Box.search")]
    assert leads.reached(facts, search, [search, fetch]) == ""
    assert leads.reached(facts, search, [fetch, search]) != ""


def test_a_result_of_one_case_is_not_what_a_function_returns(
    tmp_path: Path,
) -> None:
    code = """class Box
  def select(&block)
    return to_enum(:select) unless block_given?

    dup.tap { |box| box.select!(&block) }
  end
end
"""
    facts = read(tmp_path, {"box.rb": code})
    definition = facts.definitions[index_of(facts, "Box.select")]
    assert leads.sentences(facts, definition, []) == ""
