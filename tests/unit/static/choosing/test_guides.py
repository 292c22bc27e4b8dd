"""The subjects of guides, and the chapters for them."""

from pathlib import Path

from tests.support.course import write_tree
from worker.engines.static.analysis import analyze
from worker.engines.static.choosing import guides
from worker.engines.static.reading.survey import survey

TESTING = """\
Testing
=======

Use :class:`Runner`: a ``Runner`` calls :func:`main`. Make one::

    runner = Runner()
    runner.invoke(main)
"""
OTHER = "Other\n=====\n\nCall :func:`main`, only ``main``, and no ``Shape0`` but ``main``.\n"


def tree(root: Path) -> Path:
    shapes = "".join(
        f"class Shape{n}:\n    def draw(self, x):\n        self.x = x\n"
        f"        return main(x)\n\n\n"
        for n in range(9)
    )
    return write_tree(
        root,
        {
            "shop/__init__.py": "from .shapes import main\nfrom .testing import Runner\n",
            "shop/shapes.py": f"def main(x):\n    return x\n\n\n{shapes}",
            "shop/testing.py": "class Runner:\n    def invoke(self, x):\n        return x()\n",
            "docs/testing.rst": TESTING,
            "docs/other.rst": OTHER,
        },
    )


def test_a_guide_is_about_what_it_names_most(
    tmp_path: Path,
) -> None:
    read = survey(tree(tmp_path), lambda: None)
    names = {"Runner", "main", "Shape0"}
    assert guides.subjects(read.files, read.texts, names) == {"Runner", "main"}


def test_the_subject_of_a_guide_gets_a_chapter(tmp_path: Path) -> None:
    analysis = analyze(tree(tmp_path), lambda: None)
    names = [unit.name for unit in analysis.units]
    assert any("Runner" in name for name in names)
