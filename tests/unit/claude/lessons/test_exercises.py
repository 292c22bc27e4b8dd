"""Exercises: what they build on, what they change, and the set-up that they share."""

from pathlib import Path
from typing import Any

import pytest

from states.stages import Stage
from tests.support.course_facts import read
from tests.support.lessons import tutorial_answer
from tests.unit.claude.lessons.test_writer import FILES, example, lines, prose
from worker.engines.claude import commands, preparation, tutorials
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer
from worker.engines.claude.rounds import PageDraft
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import ENGLISH
from worker.engines.static.pages.course import CourseFacts

TESTED = {
    **FILES,
    "pyproject.toml": '[tool.x]\nversion = "9"\n\n[project]\nname = "shop"\n'
    'version = "1.2"\nrequires-python = ">=3.11"\n',
    "tests/test_stock.py": "from stock import Stock\n\n\n"
    "class TestStock:\n"
    "    def test_take(self):\n"
    "        stock = Stock(3)\n"
    "        assert stock.take(1) == 2\n",
}
RUN = "python -m pytest tests/test_stock.py::TestStock::test_take"
NODE = "tests/test_stock.py::TestStock::test_take"


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, TESTED)


def exercise(title: str, *task: dict[str, Any]) -> dict[str, Any]:
    solution = [prose("It is so.")]
    return {"title": title, "task": list(task), "solution": solution}


def change(code: str, test: str, first: int = 13) -> dict[str, Any]:
    place = lines("stock.py", first, first)
    return {"kind": "change", **place, "code": code, "test": test}


CHANGE = exercise("Break it", change("        self.count += number", NODE))


def tutorial(
    facts: CourseFacts,
    output: Path,
    *exercises: dict[str, Any],
    position: int = 0,
) -> PageDraft:
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    task = tutorials.task(questions, verifier, facts.chapters[position], output)
    return task.draft(tutorial_answer(facts, *exercises))


def test_a_change_shows_both_codes_the_test_and_the_way_back(
    facts: CourseFacts, tmp_path: Path
) -> None:
    draft = tutorial(facts, tmp_path, CHANGE, CHANGE)
    assert draft.faults == []
    assert (
        "`stock.py:13`\n\n```python\n        self.count -= number\n```\n\n"
        "✎ Instead:\n\n```python\n        self.count += number\n```"
    ) in draft.text
    assert f"```bash\npython -m pytest {NODE}\n```" in draft.text
    assert "```bash\ngit checkout -- stock.py\n```" in draft.text


@pytest.mark.parametrize(
    ("code", "test", "fault"),
    [
        ("        self.count += 1", f"{NODE}_many", "there is no test"),
        ("        self.count += 1", "stock.py::test_take", "there is no test"),
        ("        self.count -= number", NODE, "the change changes nothing"),
        ("        self.count +=", NODE, "the changed file does not parse"),
        ("        self.a()\n" * 16, NODE, "a change has 1 to 15 lines"),
    ],
)
def test_a_change_that_no_test_notices_is_left_out(
    facts: CourseFacts, tmp_path: Path, code: str, test: str, fault: str
) -> None:
    broken = exercise("Break it", change(code, test))
    draft = tutorial(facts, tmp_path, CHANGE, broken, CHANGE)
    assert any(fault in reported for reported in draft.faults)
    assert draft.text.count("✎ Instead:") == 2


def test_a_tutorial_of_a_tested_project_changes_its_code(
    facts: CourseFacts, tmp_path: Path
) -> None:
    run = exercise("Run it", example("print(3)", "run.py", "3"))
    draft = tutorial(facts, tmp_path, run, run)
    (fault,) = draft.faults
    assert fault.startswith("no exercise changes the project's own code")
    assert draft.is_enough


def test_a_tutorial_whose_tests_call_no_shown_function_need_not(
    tmp_path: Path,
) -> None:
    other = TESTED["tests/test_stock.py"].replace("stock.take(1)", "2")
    facts = read(tmp_path, {**TESTED, "tests/test_stock.py": other})
    run = exercise("Run it", example("print(3)", "run.py", "3"))
    assert tutorial(facts, tmp_path, run, run).faults == []


def test_a_reader_may_write_the_program_of_the_solution(
    facts: CourseFacts, tmp_path: Path
) -> None:
    new = exercise("Write it", prose("Write `new.py`, which prints 3."))
    new["task"].append(example("print(4)", "old.py", "4"))
    new["solution"].insert(0, example("print(3)", "new.py", "3"))
    assert tutorial(facts, tmp_path, new, CHANGE).faults == []


def test_an_exercise_builds_on_a_program_that_is_saved(
    facts: CourseFacts, tmp_path: Path
) -> None:
    run = exercise("Run it", example("print(3)", "run.py", "3"))
    more = exercise("Go on", prose("Add a line to `run.py`."))
    draft = tutorial(facts, tmp_path, run, more, CHANGE)
    assert draft.faults == []
    early = tutorial(facts, tmp_path, more, run, CHANGE)
    assert early.faults == [
        "exercise 1: no exercise before it saves `run.py`: show it here, whole"
    ]
    assert "Go on" not in early.text


def test_an_exercise_goes_with_the_one_that_saves_its_program(
    facts: CourseFacts, tmp_path: Path
) -> None:
    broken = exercise("Run it", example("print(gone)", "run.py", "3"))
    more = exercise("Go on", prose("Add a line to `run.py`."))
    draft = tutorial(facts, tmp_path, broken, more, CHANGE, CHANGE)
    assert "Go on" not in draft.text
    assert draft.is_enough


def test_the_output_of_a_task_is_folded_and_that_of_a_solution_is_not(
    facts: CourseFacts, tmp_path: Path
) -> None:
    program = example("print(3)", "run.py", "3")
    run = exercise("Run it", program)
    run["solution"] = [program]
    draft = tutorial(facts, tmp_path, run, CHANGE)
    assert draft.faults == []
    code = "✎ Example `run.py`:\n\n```python\nprint(3)\n```"
    output = "```text\n3\n```"
    folded = (
        f"<details>\n<summary>It prints</summary>\n\n{output}\n\n</details>"
    )
    solution = (
        f"<summary>Solution</summary>\n\n{code}\n\nIt prints:\n\n{output}"
    )
    assert f"{code}\n\n{folded}\n\n<details>\n{solution}" in draft.text


def test_a_solution_shows_only_the_lines_that_differ(
    facts: CourseFacts, tmp_path: Path
) -> None:
    rest = "\n".join(f"print({number})" for number in range(1, 9))
    run = exercise("Run it", example(f"print(0)\n{rest}", "run.py", "0"))
    run["solution"] = [example(f"print(7)\n{rest}", "run.py", "7")]
    draft = tutorial(facts, tmp_path, run, CHANGE)
    assert draft.faults == []
    diff = "```diff\n-print(0)\n+print(7)\n print(1)\n```"
    assert (
        f"`run.py`\n\n✎ Instead:\n\n{diff}\n\nIt prints:\n\n```text\n7"
    ) in draft.text


def test_the_project_is_set_up_on_the_first_tutorial(
    facts: CourseFacts, tmp_path: Path
) -> None:
    draft = tutorial(facts, tmp_path, CHANGE, CHANGE)
    contents = "[Contents of the course](../README.md)"
    about = f"The commit that this course is about: {contents}."
    version = "This course is about version 1.2. You need Python >=3.11."
    released = f"{version} (`pyproject.toml:6,7`)"
    setup = f"## Set up\n\n{released}\n\n{about}\n\nDo this once"
    assert setup in draft.text.replace("\\", "")
    assert draft.faults == []
    assert f"own tests like this.\n\n```bash\n{RUN}\n```" in draft.text
    assert (
        "```bash\n"
        "python -m venv .venv     # an environment for this project alone\n"
        ". .venv/bin/activate     # do this in each new terminal, too\n"
        "pip install -e . pytest  # the project, and what its tests need\n"
        "```"
    ) in draft.text
    assert draft.text.endswith("\n\n[project]: # (Shop)")
    assert "```bash\npython try_it.py\n```" in draft.text
    questions = Questions(facts, "English")
    chapter = facts.chapters[0]
    question, material = questions.of_chapter(Stage.GENERATE_TUTORIALS, chapter)
    assert "pip install" not in question.prompt
    assert (
        "A program in the file `try_it.py` is run by `python try_it.py`."
    ) in question.system
    renderer = Renderer(facts=facts, words=ENGLISH, material=material)
    assert preparation.reference(renderer) == (
        "Set up: [Tutorial 1, Stock](../tutorials/tutorial_1_stock.md)."
    )


def test_the_last_tutorial_leads_to_the_contents(
    facts: CourseFacts, tmp_path: Path
) -> None:
    draft = tutorial(facts, tmp_path, CHANGE, CHANGE, position=-1)
    assert draft.text.endswith(
        "\n\nNext: [Contents of the course](../README.md)."
    )
    assert not any("README" in fault for fault in draft.faults)


def test_the_last_tutorial_names_the_guide_of_the_project_if_it_has_one(
    tmp_path: Path,
) -> None:
    guide = {**TESTED, "docs/contributing.md": "# Help\n\nYou can help.\n"}
    facts = read(tmp_path / "source", guide)
    last = tutorial(facts, tmp_path, CHANGE, CHANGE, position=-1)
    told = "How to contribute to the project: `docs/contributing.md`."
    assert f"{told}\n\nNext: [Contents" in last.text
    assert told not in tutorial(facts, tmp_path, CHANGE, CHANGE).text


SHELF = example(
    "from stock import Stock\n\nshelf = Stock(3)", "corner/shelf.py"
)


def test_a_small_project_has_its_own_folder(
    facts: CourseFacts, tmp_path: Path
) -> None:
    inside = exercise("Run it", example("shelf = 3", "tests/shelf.py"))
    draft = tutorial(facts, tmp_path, inside, CHANGE, CHANGE)
    (fault,) = draft.faults
    assert fault.endswith(
        "`tests/shelf.py` is in a folder of the project: give it a new folder"
    )


@pytest.mark.parametrize(
    "taken",
    [
        "from corner.shelf import shelf",
        "from .shelf import shelf",
        "from shelf import shelf",
    ],
)
def test_an_exercise_may_be_a_small_project_whose_files_import_each_other(
    facts: CourseFacts, tmp_path: Path, taken: str
) -> None:
    code = f"{taken}\n\nassert shelf.take(1) == 2"
    sell = example(code, "corner/sell.py")
    whole = exercise("Run it", SHELF, sell, prose("`corner/sell.py` ends."))
    draft = tutorial(facts, tmp_path, whole, CHANGE)
    assert draft.faults == []
    assert "✎ Example, saved as `corner/shelf.py`:\n\n```python" in draft.text
    assert f"✎ Example, saved as `corner/sell.py`:\n\n```python\n{taken}" in (
        draft.text
    )


@pytest.mark.parametrize(
    "taken", ["from corner.shop import shelf", "from stock import shelf"]
)
def test_an_example_imports_only_what_files_of_its_page_define(
    facts: CourseFacts, tmp_path: Path, taken: str
) -> None:
    sell = example(f"{taken}\n\nassert shelf", "corner/sell.py")
    whole = exercise("Run it", SHELF, sell)
    draft = tutorial(facts, tmp_path, whole, CHANGE, CHANGE)
    (fault,) = draft.faults
    assert "module" in fault or "to import" in fault
    assert "corner" not in draft.text


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({}, "python -m pytest tests"),
        ({"pytest.ini": "[pytest]\ntestpaths = tests\n"}, "python -m pytest"),
    ],
)
def test_the_first_tutorial_says_how_all_tests_are_run(
    tmp_path: Path, more: dict[str, str], command: str
) -> None:
    facts = read(tmp_path / "source", {**TESTED, **more})
    draft = tutorial(facts, tmp_path, CHANGE, CHANGE)
    assert (
        f"all of its tests like this.\n\n```bash\n{command}\n```" in draft.text
    )
    assert draft.faults == []


def test_the_last_tutorial_is_asked_to_put_the_course_together(
    tmp_path: Path,
) -> None:
    files = {
        **TESTED,
        "docs/run.md": "# Run\n\n```console\n$ shop serve\n$ shop stop\n"
        "$ shop serve\n$ pytest\n```\n",
    }
    facts = read(tmp_path, files)
    questions = Questions(facts, "English")
    stage = Stage.GENERATE_TUTORIALS
    *_, last = facts.chapters
    question, material = questions.of_chapter(stage, last)
    assert "The last exercise of the course" in question.prompt
    assert commands.starting(facts) == ["shop serve", "shop stop"]
    assert {"shop serve", "shop stop"} <= set(material.commands.values())
    first, _ = questions.of_chapter(stage, facts.chapters[0])
    assert "The last exercise of the course" not in first.prompt
    chapter, _ = questions.of_chapter(Stage.GENERATE_CHAPTERS, last)
    assert "The last exercise of the course" not in chapter.prompt


def test_code_that_the_chapter_lists_is_not_listed_again(
    facts: CourseFacts, tmp_path: Path
) -> None:
    chapter = facts.chapters[0]
    page = tmp_path / "reviewed-chapters" / chapter.file
    page.parent.mkdir()
    page.write_text(
        "# Chapter 1: Stock\n\n`stock.py:10-14`\n\n```python\n```\n"
    )
    shown = exercise("Read it", {"kind": "code", **lines("stock.py", 12, 13)})
    draft = tutorial(facts, tmp_path, shown, CHANGE)
    assert (
        "These lines appear in "
        "[Chapter 1, Stock](../reviewed-chapters/chapter_1_stock.md): "
        "`stock.py:12-13`."
    ) in draft.text
