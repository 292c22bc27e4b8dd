"""The opening of a chapter, taken from the project's guide."""

from pathlib import Path

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


def test_a_chapter_without_a_guide_opens_with_the_documentation_of_its_code(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": CODE, "docs/modules.rst": GUIDE})
    cellar = chapter_of(facts, "Cellar")
    assert guide.opening(facts, cellar) is None
    assert "Cellar\n\nKeeps bottles.\n" in chapters.written(facts, cellar)


def test_what_a_guide_only_mentions_in_passing_opens_no_chapter(
    tmp_path: Path,
) -> None:
    text = "Cooking\n=======\n\nTake a bottle out of the cellar, and heat it with sugar and spices.\n"
    facts = read(tmp_path, {"app.py": CODE, "docs/cooking.rst": text})
    assert guide.opening(facts, chapter_of(facts, "Cellar")) is None
