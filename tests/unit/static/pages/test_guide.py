"""The opening of a chapter, taken from the project's guide."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import chapters, guide

CODE = '''\
class Blueprint:
    """Represents a blueprint."""

    def register(self, app):
        app.views.update(self.views)
        return app


class Cellar:
    """Keeps bottles."""

    def store(self, bottle):
        self.bottles.append(bottle)
        return self.bottles
'''
PARTS = "".join(
    f"\n    def {name}(self, app):\n        app.{name}_views.update(self.views)\n"
    f"        app.{name}_names += self.names\n        return self.last_{name}(app)\n"
    for name in ("open", "merge", "close")
)
GUIDE = """\
=========
 Modules
=========

This document explains modules.

Blueprints
----------

.. note::

    Read the other page first.

A :class:`.Blueprint` collects routes, and registers them on an application
later. See the next section for more.

It keeps them in order, so that the first route that fits answers a request.
For this you write::

    blueprint = Blueprint()

That was all there is to a blueprint, and more than most programs need of it.
"""


def test_a_chapter_opens_with_the_guide_and_names_its_source(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": CODE, "docs/modules.rst": GUIDE})
    page = chapters.written(facts, chapter_of(facts, "Blueprint"))
    assert (
        "Blueprint\n\nA `Blueprint` collects routes, and registers them on an "
        "application later.\n\nIt keeps them in order, so that the first route "
        "that fits answers a request.\n\n(From the guide, “Blueprints”, "
        "`docs/modules.rst:14-18`.)\n" in page
    )


def test_a_chapter_that_its_guide_opens_tells_the_purpose_of_its_subject_once(
    tmp_path: Path,
) -> None:
    purpose = "Records what an application is told when it starts."
    row = f"\n\n`Blueprint` (`app.py:1`): {purpose}\n"
    told = GUIDE.replace("It keeps them", f"{purpose} It keeps them")
    for name, text in {"other": GUIDE, "same": told}.items():
        code = f'class Blueprint:\n    """{purpose}"""\n{PARTS}'
        files = {"app.py": code, "docs/modules.rst": text}
        facts = read(tmp_path / name, files)
        page = chapters.written(facts, chapter_of(facts, "Blueprint"))
        assert page.count(purpose) == 1
        assert (row in page) is (name == "other")


def test_the_purpose_of_a_function_is_above_its_code_whatever_the_guide_says(
    tmp_path: Path,
) -> None:
    code = (
        "def flash(text):\n"
        '    """Puts a message into the next answer.\n\n    See more.\n    """\n'
        "    found = session.get(text)\n    found.append(text)\n    return found\n"
    )
    text = (
        "Flash\n=====\n\nTo tell the user what an application has done, use the "
        "`flash` function in a view.\n"
    )
    facts = read(tmp_path, {"app.py": code, "docs/flash.rst": text})
    chapter = chapter_of(facts, "flash")
    assert guide.opening(facts, chapter) is not None
    page = chapters.written(facts, chapter)
    assert "### `flash`\n\nPuts a message into the next answer (`" in page


def test_a_chapter_without_a_guide_opens_with_the_documentation_of_its_code(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": CODE, "docs/modules.rst": GUIDE})
    cellar = chapter_of(facts, "Cellar")
    assert guide.opening(facts, cellar) is None
    assert "Cellar\n\nKeeps bottles.\n" in chapters.written(facts, cellar)


def test_a_passing_mention_in_a_guide_opens_no_chapter(
    tmp_path: Path,
) -> None:
    text = (
        "Cooking\n=======\n\n"
        "Take a bottle out of the cellar, and heat it with sugar and spices.\n"
    )
    facts = read(tmp_path, {"app.py": CODE, "docs/cooking.rst": text})
    assert guide.opening(facts, chapter_of(facts, "Cellar")) is None


def opening(tmp_path: Path, text: str, code: str = CODE) -> str:
    """Return what a guide's text says at the beginning of the chapter on cellars."""
    files = {"app.py": code, "docs/cellars.rst": text}
    facts = read(tmp_path, files)
    passage = guide.opening(facts, chapter_of(facts, "Cellar"))
    return "" if passage is None else "|".join(passage.texts)


KEPT = "A `Cellar` keeps bottles, and knows the place of each one in the dark."


LISTED = "A cellar is opened in these ways, as follows:"
WINES = (
    "- the `red` wines,\n  in two rooms",
    "- the white wines",
    "- the old wines",
)


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (
            "\n".join(WINES),
            "- the `red` wines, in two rooms\n- the white wines\n- the old wines\n\n",
        ),
        (
            "1. Take the key.\n\n2. Open the door. See below.\n",
            "1. Take the key.\n2. Open the door.\n\n",
        ),
        ("\n".join(WINES * 3), ""),
        (f"{WINES[0]}\n\n  - and one more", ""),
        ("- [Red](red.md)\n- [White](white.md)", ""),
        ("| red | white |\n| --- | --- |", ""),
    ],
)
def test_a_short_list_follows_the_sentence_that_announces_it_or_both_are_left_out(
    tmp_path: Path, rows: str, shown: str
) -> None:
    text = f"# Cellar\n\n{KEPT} {LISTED}\n\n{rows}\n"
    files = {"app.py": CODE, "docs/cellars.md": text}
    facts = read(tmp_path, files)
    page = chapters.written(facts, chapter_of(facts, "Cellar"))
    if shown:
        shown = f"{LISTED}\n\n{shown}"
    assert f"{KEPT}\n\n{shown}(From the guide" in page


def test_a_sentence_before_a_list_is_found_in_a_long_paragraph(
    tmp_path: Path,
) -> None:
    long = f"{KEPT} {'It is dark and cold and large. ' * 14}"
    text = f"# Cellar\n\n{long}{LISTED}\n\n{WINES[0]}\n{WINES[1]}\n"
    files = {"app.py": CODE, "docs/cellars.md": text}
    facts = read(tmp_path, files)
    page = chapters.written(facts, chapter_of(facts, "Cellar"))
    assert f"large.\n\n{LISTED}\n\n- the" in page


def test_a_chapter_without_documentation_opens_with_the_section_on_its_names(
    tmp_path: Path,
) -> None:
    names = ("open_bottle", "close_bottle")
    code = "\n\n".join(
        f"def {name}(it):\n    it.log({name})\n    it.send(it)\n    return it\n"
        for name in names
    )
    listed = "\n".join(
        f".. data:: {name}\n\n   It is sent.\n" for name in names
    )
    told = (
        "Signals tell those who ask for it that something was done to a wine."
    )
    files = {
        "app.py": code,
        "docs/api.rst": f"API\n===\n\nSignals\n-------\n\nSee it.\n\n{listed}",
        "docs/signals.rst": f"Signals\n=======\n\n{told}\n",
    }
    facts = read(tmp_path, files)
    passage = guide.opening(facts, chapter_of(facts, names[0]))
    assert passage is not None
    assert passage.texts == (told,)


@pytest.mark.parametrize(
    "first",
    [
        "The cellar also counts the bottles that it keeps in its racks.",
        "Every method of a `Cellar` returns the bottles that are left in it.",
        "In Cellar 0.3 and lower, a `Cellar` did not count the bottles in it.",
    ],
)
def test_no_chapter_opens_with_a_paragraph_that_continues_another(
    tmp_path: Path, first: str
) -> None:
    text = f"Cellar\n======\n\n{first}\n\nIt is dark in there, as bottles need it to be.\n"
    assert opening(tmp_path, text) == ""


def test_nothing_is_left_out_in_the_middle_of_an_opening(
    tmp_path: Path,
) -> None:
    text = (
        f"Cellar\n======\n\n{KEPT} It is built below.\n\n"
        "So each of them is found in no time at all.\n"
    )
    assert opening(tmp_path, text) == KEPT


def test_a_sentence_that_has_another_below_it_points_nowhere(
    tmp_path: Path,
) -> None:
    more = "One bottle may lie below another bottle."
    text = f"Cellar\n======\n\n{KEPT} {more}\n"
    assert opening(tmp_path, text) == f"{KEPT} {more}"


def test_the_section_that_says_what_a_subject_is_opens_its_chapter(
    tmp_path: Path,
) -> None:
    defining = "A cellar is a room in which bottles are kept until somebody needs them."
    text = (
        "Rooms\n=====\n\nCellar\n------\n\nTo build a cellar, dig a hole that is "
        f"large enough for it.\n\nCellars\n-------\n\n{defining}\n"
    )
    assert opening(tmp_path, text) == defining


def test_a_name_of_two_types_means_the_one_whose_module_is_named(
    tmp_path: Path,
) -> None:
    other = CODE.replace("Blueprint", "Plan")
    files = {"app.py": CODE, "house.py": other}
    text = "Cellar\n======\n\n{} keeps bottles, and knows the place of each of them.\n"
    for name, is_meant in (("A `Cellar`", False), ("An `app.Cellar`", True)):
        guided = {**files, "docs/cellars.rst": text.format(name)}
        facts = read(tmp_path / name, guided)
        chapter = next(
            chapter
            for chapter in facts.chapters
            if "app.py" in chapter.unit.file_paths and "Cellar" in chapter.name
        )
        assert (guide.opening(facts, chapter) is not None) is is_meant


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        (
            "Blueprinting",
            "Returns all of the parts for the given blueprint of any program.",
        ),
        (
            "Using blueprints",
            "There are ten different ways to use these blueprints in a program.",
        ),
    ],
)
def test_a_word_that_is_like_a_name_opens_no_chapter(
    tmp_path: Path, title: str, sentence: str
) -> None:
    text = f"# Parts\n\nParts have bottles.\n\n## {title}\n\n{sentence}\n"
    facts = read(tmp_path, {"app.py": CODE, "docs/parts.md": text})
    assert guide.opening(facts, chapter_of(facts, "Blueprint")) is None


@pytest.mark.parametrize(
    "section",
    [
        "Reverse\n-------\n\nAccepts a text and any order of it; its own name is `reverse`.\n",
        (
            "reverse()\n---------\n\n"
            "Use the `reverse()` method to turn all of the texts of a list round.\n"
        ),
    ],
)
def test_the_section_of_another_of_the_same_name_opens_no_chapter_of_a_function(
    tmp_path: Path, section: str
) -> None:
    code = (
        "def reverse(name):\n    found = name[::-1]\n    return found\n\n\n"
        "class Reverse:\n    pass\n"
    )
    text = f"Functions\n=========\n\nAll of them.\n\n{section}"
    facts = read(tmp_path, {"app.py": code, "docs/functions.rst": text})
    assert guide.opening(facts, chapter_of(facts, "reverse")) is None


BASICS = """\
Reference
=========

Names of all that there is.

Basics
------

Bottles are kept in a central object, the `Cellar`, from the day on which
they come. A `Cellar` is made once.

Cellar Methods
--------------

Those who serve wine in a restaurant get at it with the methods of `Cellar`, and
with those of its racks and boxes, which have the same names as these.

Wine Cellar
-----------

The most important part of a restaurant is a good wine cellar, which needs a
long time and much money. Each cellar has its own smell.
"""


def test_a_chapter_opens_with_the_first_section_that_names_its_subject(
    tmp_path: Path,
) -> None:
    assert opening(tmp_path / "all", BASICS).startswith("Bottles are kept")
    later = BASICS.replace("`Cellar`, from", "room, from")
    later = later.replace("A `Cellar` is", "It is")
    assert opening(tmp_path / "later", later).startswith("Those who serve")
    earlier = BASICS.replace("Names of all", "Names of `Cellar` and all")
    assert opening(tmp_path / "earlier", earlier) == ""


def headed(title: str) -> str:
    """Return a guide with a section on cellars that does not name the type."""
    return (
        f"Wine\n====\n\n`Cellar`\n\n{title}\n{'-' * len(title)}\n\n"
        "A cellar holds bottles in racks, and each rack has a number on it.\n"
    )


@pytest.mark.parametrize(
    "title",
    [
        "Wine Cellars",
        "Cellar",
        "A cellar for all seasons",
        "How cold are the cellars of a town?",
    ],
)
def test_a_section_opens_a_chapter_whose_subject_its_heading_is_about(
    tmp_path: Path, title: str
) -> None:
    assert opening(tmp_path, headed(title)).startswith("A cellar holds")


@pytest.mark.parametrize(
    "title",
    ["Wine Cellar", "How cold are wine cellars in a town?", "Cellar Keys"],
)
def test_a_section_opens_no_chapter_if_its_heading_is_about_another_thing(
    tmp_path: Path, title: str
) -> None:
    assert opening(tmp_path, headed(title)) == ""
