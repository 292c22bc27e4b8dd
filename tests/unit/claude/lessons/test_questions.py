"""What the questions about a course contain besides the project's facts."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from states.stages import Stage
from tests.support.course_facts import chapter_of, index_of, read
from worker.engines.claude import plan
from worker.engines.claude.blocks import Lines
from worker.engines.claude.commands import commands_of, documented
from worker.engines.claude.questions import Questions
from worker.engines.claude.verify.page import Verifier

SHOP = {
    "README.md": "# Shop\n\nShop is a shop.\n\n```python\nShop().sell()\n```\n",
    "shop/core.py": '"""Sells."""\n\nfrom shop.till import Till\n\n\n'
    "class Shop:\n"
    '    """Sell loaves."""\n\n'
    "    def sell(self):\n"
    '        """Sell the next loaf."""\n'
    "        return Till(1).take()\n",
    "shop/till.py": '"""Keeps money."""\n\n\n'
    "class Till:\n"
    '    """Keep money."""\n\n'
    "    def __init__(self, money):\n"
    "        self.money = money\n\n"
    "    def take(self):\n"
    '        """Take the money."""\n'
    "        return self.money\n",
}


@pytest.fixture
def questions(tmp_path: Path) -> Questions:
    return Questions(read(tmp_path, SHOP), "English")


def test_relations_name_the_chapters_that_they_connect(
    questions: Questions,
) -> None:
    names = [unit.name for unit in questions.facts.analysis.units]
    shop, till = (f"U{names.index(name) + 1}" for name in ("Shop", "Till"))
    row = f"R1 {shop} \u2192 {till}: Shop.sell creates Till (shop/core.py:11)"
    assert row in questions.analyze().prompt
    assert row in questions.order().prompt
    entries = {
        chapter.name: f"[[{chapter.entry.index}]]"
        for chapter in questions.facts.chapters
    }
    assert (
        f"R1 {entries['Shop']} \u2192 {entries['Till']}: Shop.sell creates Till"
    ) in questions.system(Stage.GENERATE_CHAPTERS)


def test_an_overview_can_rest_on_how_each_subject_begins(
    questions: Questions,
) -> None:
    prompt = questions.analyze().prompt
    assert '    7      """Sell loaves."""' in prompt
    assert '   11          """Take the money."""' in prompt
    shown = questions.overview_lines()
    assert shown.fault(Lines("shop/core.py", 9, 10)) == ""
    assert shown.fault(Lines("shop/core.py", 1, 1)) != ""


@pytest.mark.parametrize(
    ("world", "told"),
    [
        ("All loaves are of Ada's bakery.", " All loaves are of Ada's bakery."),
        ("All loaves are of `Ada`.", ""),
        ("", ""),
    ],
)
def test_an_overview_ends_with_the_example_of_the_course(
    questions: Questions, world: str, told: str
) -> None:
    verifier = Verifier(questions.facts, "English")
    text = "People sell loaves by hand, and lose count. " * 3
    summary = {"text": text, "sources": []}
    answer = {"summary": [summary], "labels": [], "example": world}
    draft = plan.analyze(questions, verifier).draft(answer)
    document = yaml.safe_load(draft.text)
    assert document["summary"] == f"{text.strip()}{told}"
    assert draft.is_enough
    of_example = [fault for fault in draft.faults if "the example" in fault]
    assert len(of_example) == ("`" in world)


def test_neighbours_have_their_chapters_and_what_is_used_first(
    questions: Questions,
) -> None:
    number = {
        chapter.name: chapter.entry.index
        for chapter in questions.facts.chapters
    }
    by_name = {chapter.name: chapter for chapter in questions.facts.chapters}
    stage = Stage.GENERATE_CHAPTERS
    shop = questions.of_chapter(stage, by_name["Shop"])[0].prompt
    till = questions.of_chapter(stage, by_name["Till"])[0].prompt
    assert f"used: [[{number['Till']}]] shop/till.py:4-12 class Till" in shop
    assert (
        f"uses it: [[{number['Shop']}]] Shop: shop/core.py:9-11 def sell()"
    ) in till


def test_commands_of_guides_come_first_and_none_changes_the_machine(
    tmp_path: Path,
) -> None:
    files = {
        **SHOP,
        "docs/a.md": "# A\n\n```console\n$ shop purge\n```\n",
        "docs/tutorial.md": "# T\n\n```console\n$ shop sell\n"
        "$ sudo shop install\n$ shop sell <loaf>\n```\n",
    }
    facts = read(tmp_path, files)
    assert documented(facts) == ["shop sell", "shop purge"]


def test_commands_run_programs_of_the_project_or_those_that_build_and_test_it(
    tmp_path: Path,
) -> None:
    files = {
        **SHOP,
        "pyproject.toml": '[project]\nname = "shop"\n'
        '[project.scripts]\ntill = "shop.till:main"\n',
        "README.md": "# Shop\n\n```console\n$ export SHOP=1\n$ set -x\n"
        "$ gunicorn shop:app\n$ python setup.py build\n$ python3 ./manage.py\n"
        "$ till --open\n$ .venv/bin/pytest tests\n```\n",
    }
    facts = read(tmp_path, files)
    assert documented(facts) == ["till --open", ".venv/bin/pytest tests"]


def test_a_chapter_is_shown_without_the_private_names_that_it_holds(
    tmp_path: Path,
) -> None:
    core = SHOP["shop/core.py"] + "\n\ndef _weigh(loaf):\n    return loaf\n"
    facts = read(tmp_path, {**SHOP, "shop/core.py": core})
    hidden = facts.definitions[index_of(facts, "_weigh")]
    [unit, *_] = facts.analysis.units
    unit = replace(unit, symbols=(*unit.symbols, hidden.index))
    row = Questions(facts, "English")._unit_row(unit)
    assert "_weigh" not in row
    assert unit.name in row


def test_commands_that_name_the_subject_come_first_and_install_nothing_else(
    tmp_path: Path,
) -> None:
    files = {
        **SHOP,
        "docs/a.md": "# A\n\n```console\n$ pip install shop-extras\n"
        "$ shop purge\n$ shop till --open\n```\n",
    }
    facts = read(tmp_path, files)
    chapter = chapter_of(facts, "Till")
    commands = list(commands_of(facts, chapter).values())
    assert "pip install shop-extras" not in commands
    assert commands.index("shop till --open") < commands.index("shop purge")


def test_a_test_is_run_by_its_own_id(tmp_path: Path) -> None:
    test = (
        "from shop.till import Till\n\n\n"
        "class TestTill:\n"
        "    def test_take(self):\n"
        "        till = Till()\n"
        "        till.take(1)\n"
        "        assert till.take(2)\n"
    )
    facts = read(tmp_path, {**SHOP, "tests/test_till.py": test})
    commands = commands_of(facts, chapter_of(facts, "Till")).values()
    own = "tests/test_till.py::TestTill::test_take"
    assert f"python -m pytest {own}" in commands
