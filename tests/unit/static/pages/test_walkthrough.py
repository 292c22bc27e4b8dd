"""The first steps with a subject, in the order of the text that introduces it."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import chapters, checker, walkthrough

CODE = '''\
class Cellar:
    """Keeps bottles."""

    def store(self, bottle):
        self.bottles.append(bottle)
        return self.bottles
'''
MAKE = 'cellar = Cellar("wine")\n    cellar.open()'
USE = 'first = cellar.store("red")'
GUIDE = """\
Cellars
=======

A `Cellar` keeps bottles for as long as its owner wants. It is made once.

.. code-block:: python

    {first}

That is all. To keep a bottle, call the
:meth:`store` method::

    {second}

What is kept can be drunk.

.. code-block:: python

    print(first)
"""


def shown(tree: Path, first: str, second: str) -> list[str]:
    """Return the steps with a guide's blocks of code, as Markdown."""
    text = GUIDE.format(first=first, second=second)
    facts = read(tree, {"app.py": CODE, "docs/cellars.rst": text})
    return walkthrough.rendered(facts, chapter_of(facts, "Cellar"))


def test_steps_go_on_from_a_subject_to_the_use_of_what_it_made(
    tmp_path: Path,
) -> None:
    assert shown(tmp_path, MAKE, USE) == [
        "From the guide, `docs/cellars.rst:8-9`:",
        '```python\ncellar = Cellar("wine")\ncellar.open()\n```',
        "To keep a bottle, call the `store` method (`docs/cellars.rst:14`):",
        '```python\nfirst = cellar.store("red")\n```',
        "What is kept can be drunk (`docs/cellars.rst:20`):",
        "```python\nprint(first)\n```",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("open_shop()", USE),
        (MAKE, "shop.open()"),
        (MAKE, 'cellar.store("red'),
        (MAKE, "\n".join(["cellar.open()"] + ["    cellar.open()"] * 15)),
    ],
    ids=["another subject", "another thing", "no code", "a program"],
)
def test_code_that_is_no_step_ends_them_and_one_is_none(
    tmp_path: Path, first: str, second: str
) -> None:
    assert shown(tmp_path, first, second) == []


def test_a_package_says_the_first_steps_with_its_functions(
    tmp_path: Path,
) -> None:
    package = (
        '"""Shops.\n\nTo buy a thing:\n\n    >>> import shop\n'
        "    >>> shop.buy('tea')\n    1\n\n... or sell one:\n\n"
        "    >>> shop.sell('tea')\n    0\n\n:licence: free\n"
        '"""\n\nfrom .trade import buy, sell\n'
    )
    trade = "".join(
        f"def {name}(thing):\n    things = list(thing)\n"
        f"    things.{verb}(thing)\n    return things\n\n\n"
        for name, verb in (("buy", "append"), ("sell", "remove"))
    )
    files = {"shop/__init__.py": package, "shop/trade.py": trade}
    facts = read(tmp_path, files)
    assert walkthrough.rendered(facts, chapter_of(facts, "buy")) == [
        "To buy a thing (`shop/__init__.py:5-7`):",
        "```pycon\n>>> import shop\n>>> shop.buy('tea')\n1\n```",
        "... or sell one (`shop/__init__.py:11-12`):",
        "```pycon\n>>> shop.sell('tea')\n0\n```",
    ]


def test_a_docstring_in_other_quotes_has_no_steps(tmp_path: Path) -> None:
    package = "'''Shops.\n\n>>> buy(1)\n\n>>> buy(2)\n'''\n"
    files = {"shop/__init__.py": package, "shop/trade.py": CODE}
    facts = read(tmp_path, files)
    assert walkthrough.steps(facts, chapter_of(facts, "Cellar")) == []


def test_a_step_is_no_further_example_and_names_its_lines(
    tmp_path: Path,
) -> None:
    text = GUIDE.format(first=MAKE, second=USE)
    facts = read(tmp_path, {"app.py": CODE, "docs/cellars.rst": text})
    page = chapters.written(facts, chapter_of(facts, "Cellar"))
    assert page.count('Cellar("wine")') == 1
    findings = checker.checked(facts, page, ())
    assert [finding.fault for finding in findings if finding.fault] == []
