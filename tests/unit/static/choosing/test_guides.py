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


def test_a_guides_subject_is_no_part_of_the_family_of_another_file(
    tmp_path: Path,
) -> None:
    shop = "class Shop:\n    def sell(self, x):\n        return x\n"
    other = "from .shop import Shop\n\n\nclass {}(Shop):\n    def go(self):\n        return 1\n"
    guide = (
        "Testing\n=======\n\nA :class:`SafeShop`: ``SafeShop`` is no ``Shop``.\n\n"
        "::\n\n    SafeShop()\n"
    )
    files = {
        "shop/__init__.py": "from .shop import Shop\n",
        "shop/shop.py": shop,
        "shop/safe.py": other.format("SafeShop"),
        "shop/cheap.py": other.format("CheapShop"),
        "docs/safety.rst": guide,
        "tests/test_safe.py": "from shop.safe import SafeShop\n",
    }
    analysis = analyze(write_tree(tmp_path, files), lambda: None)
    names = [unit.name for unit in analysis.units]
    assert sorted(names) == ["SafeShop", "Shop"]


def test_without_guides_what_the_project_exports_gets_chapters(
    tmp_path: Path,
) -> None:
    body = "".join(
        f"    def go{n}(self):\n        return {n}\n" for n in range(30)
    )
    files = {
        f"shop/part{number}.py": (
            f"from .part{number + 1} import Part{number + 1}\n\n\n"
            f"class Part{number}(Part{number + 1}):\n{body}"
        )
        for number in range(9)
    }
    files["shop/part9.py"] = (
        f"from .receipt import Receipt\n\n\nclass Part9(Receipt):\n{body}"
    )
    files["shop/receipt.py"] = "class Receipt:\n    pass\n"
    kept = analyze(write_tree(tmp_path, files), lambda: None)
    assert "Receipt" not in [unit.name for unit in kept.units]
    files["shop/__init__.py"] = "from .receipt import Receipt\n"
    exported = analyze(write_tree(tmp_path, files), lambda: None)
    assert "Receipt" in [unit.name for unit in exported.units]
    assert len(exported.units) == len(kept.units) + 1
