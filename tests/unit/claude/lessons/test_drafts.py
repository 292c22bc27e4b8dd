"""How an answer becomes a page or a tutorial."""

from pathlib import Path
from typing import Any

import pytest

from states.stages import Stage
from tests.support.course_facts import read
from tests.support.fake_model import FakeModel
from tests.support.lessons import tutorial_answer
from tests.unit.claude.lessons.test_writer import FILES, example, lines, prose
from worker.engines.claude import chapters, reviews, tutorials
from worker.engines.claude.chapters import marked
from worker.engines.claude.model import Question
from worker.engines.claude.questions import Questions
from worker.engines.claude.rounds import PageDraft, Task, made
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import ENGLISH
from worker.engines.static.pages.course import CourseFacts

FAULT = "a fault"
PAGE = """# Chapter 1: Stock

Stock is counted here.

## What happens

It counts down.

Next: [Chapter 2, Bin](chapter_2_bin.md).
"""


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, FILES)


def exercise(title: str) -> dict[str, Any]:
    listing = {"kind": "code", **lines("stock.py", 10, 14)}
    return {
        "title": title,
        "task": [prose("Take three things.")],
        "solution": [listing],
    }


def test_a_tutorial_without_an_introduction_keeps_its_exercises(
    facts: CourseFacts,
    tmp_path: Path,
) -> None:
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    task = tutorials.task(questions, verifier, facts.chapters[0], tmp_path)
    answer = tutorial_answer(facts, exercise("Take"), exercise("Refuse"))
    del answer["introduction"]
    draft = task.draft(answer)
    assert draft.faults == ["`introduction` must be a list"]
    assert draft.is_enough
    assert "## 2. Refuse" in draft.text


def tutorial(facts: CourseFacts, *exercises: dict[str, Any]) -> PageDraft:
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    nothing = Path("no course")
    task = tutorials.task(questions, verifier, facts.chapters[0], nothing)
    return task.draft(tutorial_answer(facts, *exercises))


def program(code: str) -> dict[str, Any]:
    return example(code, prints="3")


def test_only_the_faulty_sentence_of_an_exercise_is_left_out(
    facts: CourseFacts,
) -> None:
    first = exercise("Call `Stock.give`")
    first["task"] += [prose("Call `Stock.give`. Look."), program("print(3)")]
    draft = tutorial(facts, first, exercise("Refuse"))
    assert len(draft.faults) == 2
    assert draft.is_enough
    assert "## 1. Tutorial\n\nTake three things.\n\nLook." in draft.text


def test_an_exercise_without_its_program_goes_with_those_that_change_it(
    facts: CourseFacts,
) -> None:
    broken = exercise("Run")
    broken["task"] += [program("print(stock)")]
    alone = exercise("Write")
    alone["task"] += [program("print(4)")]
    draft = tutorial(
        facts, broken, exercise("Change"), alone, exercise("Refuse")
    )
    assert len(draft.faults) == 1
    assert draft.is_enough
    titles = [line for line in draft.text.split("\n") if line[:3] == "## "]
    assert titles[:2] == ["## 1. Write", "## 2. Refuse"]
    assert titles[2:] == ["## Where things are"]


WITH_EXAMPLE = PAGE.replace(
    "It counts down.",
    f"{ENGLISH.written}:\n\n```python\nshelf = [3]\nprint(shelf)\n```\n\n"
    "It counts down. (`stock.py:10-14`)",
)


def test_a_tutorial_may_name_what_its_chapter_s_example_binds(
    facts: CourseFacts, tmp_path: Path
) -> None:
    chapter = facts.chapters[0]
    path = tmp_path / "reviewed-chapters" / chapter.file
    path.parent.mkdir()
    path.write_text(WITH_EXAMPLE)
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    task = tutorials.task(questions, verifier, chapter, tmp_path)
    first = exercise("Fill the `shelf`")
    draft = task.draft(tutorial_answer(facts, first, exercise("Refuse")))
    assert draft.faults == []


def test_a_review_may_name_what_the_example_of_its_page_binds(
    facts: CourseFacts, tmp_path: Path
) -> None:
    more = edit(4, "insert_after", prose("Then `shelf` is printed."))
    draft = reviewed(facts, tmp_path, more, page=WITH_EXAMPLE)
    assert draft.faults == []


def chapter_with_prose(
    facts: CourseFacts, length: int, ending: str = ""
) -> PageDraft:
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    task = chapters.task(questions, verifier, facts.chapters[0])
    text = "It is so, and it stays so. " * 20
    listing = {"kind": "code", **lines("stock.py", 16, 19)}
    parts = [
        part("problem", prose(f"{text[: length - 3]}So.")),
        part("use", listing),
    ]
    return task.draft({"parts": parts, "next": ending})


def part(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "title": "", "blocks": list(blocks)}


def test_a_chapter_with_too_little_prose_is_not_published(
    facts: CourseFacts,
) -> None:
    short = chapter_with_prose(facts, 499)
    assert short.faults == ["the chapter is too short to teach anything"]
    assert not short.is_enough
    enough = chapter_with_prose(facts, 500)
    assert enough.faults == []
    assert enough.is_enough


@pytest.mark.parametrize(
    ("ending", "left"),
    [
        ("Who fills it? Another one does.", "Who fills it? Another one does."),
        ("Who fills it? `Stock.fill` does.", "Who fills it?"),
        ("`Stock.fill` does.", ""),
    ],
)
def test_a_chapter_ends_with_what_leads_on_and_then_its_links(
    facts: CourseFacts, ending: str, left: str
) -> None:
    draft = chapter_with_prose(facts, 500, ending)
    *_, last, links = draft.text.split("\n\n")
    assert links.startswith("Exercises: [Tutorial 1, Stock]")
    assert draft.is_enough
    assert len(draft.faults) == (ending != left)
    assert last == left or (not left and last.startswith("```"))


def reviewed(
    facts: CourseFacts,
    output: Path,
    *edits: dict[str, Any],
    page: str = PAGE,
) -> PageDraft:
    """Return the page after a review."""
    chapter = facts.chapters[0]
    path = output / "chapters" / chapter.file
    path.parent.mkdir()
    path.write_text(page)
    questions = Questions(facts, "English")
    verifier = Verifier(facts, "English")
    task = reviews.task(questions, verifier, chapter, output)
    return task.draft({"edits": list(edits)})


def edit(block: int, action: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"block": block, "action": action, "blocks": list(blocks)}


@pytest.mark.parametrize(
    "change",
    [
        edit(5, "drop"),
        edit(5, "replace", prose("Read on.")),
        edit(3, "drop"),
    ],
)
def test_a_review_leaves_headings_and_the_link_to_the_next_chapter_as_they_are(
    facts: CourseFacts, tmp_path: Path, change: dict[str, Any]
) -> None:
    draft = reviewed(facts, tmp_path, change)
    assert f"{draft.text}\n" == PAGE
    (fault,) = draft.faults
    assert fault.startswith("edit 1: ")


@pytest.mark.parametrize("action", ["drop", "replace"])
@pytest.mark.parametrize("mark", ENGLISH.marks)
def test_a_review_keeps_the_mark_of_a_page(
    facts: CourseFacts, tmp_path: Path, mark: str, action: str
) -> None:
    page = marked(PAGE, mark)
    change = edit(2, action, prose("The model wrote this."))
    draft = reviewed(facts, tmp_path, change, page=page)
    assert f"{draft.text}\n" == page
    assert draft.faults == ["edit 1: block 2 cannot be edited"]


@pytest.mark.parametrize("block", [4, 5])
def test_additions_of_a_review_are_above_the_link_to_the_next_chapter(
    facts: CourseFacts, tmp_path: Path, block: int
) -> None:
    more = edit(block, "insert_after", prose("Here is more."))
    draft = reviewed(facts, tmp_path, more)
    assert draft.faults == []
    assert draft.text.endswith(
        "\n\nHere is more.\n\nNext: [Chapter 2, Bin](chapter_2_bin.md)."
    )


def test_a_list_that_a_review_replaces_takes_its_places_along(
    facts: CourseFacts, tmp_path: Path
) -> None:
    steps = "1. It looks.\n2. It counts.\n\n(`stock.py:10-14`)"
    page = PAGE.replace("It counts down.", steps)
    text = "1. It looks first.\n2. It counts then."
    new = prose(text, lines("stock.py", 10, 14))
    draft = reviewed(facts, tmp_path, edit(4, "replace", new), page=page)
    assert draft.faults == []
    assert "2. It counts then.\n\n(`stock.py:10-14`)\n\nNext:" in draft.text
    assert draft.text.count("(`stock.py:10-14`)") == 1


def test_the_log_says_what_is_wrong_with_an_answer_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    question = Question(
        stage=Stage.GENERATE_CHAPTERS,
        purpose="chapter 1",
        system="",
        prompt="",
        schema={},
        max_tokens=1,
    )
    faults = ["the name `give` is nowhere", "x" * 900, *map(str, range(90))]
    draft = PageDraft(text="page", faults=faults, is_enough=True)
    task = Task(
        path="page.md",
        question=question,
        draft=lambda _: draft,
        fallback=lambda: "",
    )
    caplog.set_level("INFO")
    model = FakeModel(lambda _: {})
    (item,) = made(model, Stage.GENERATE_CHAPTERS, [task], 9)
    assert item.body == b"page\n"
    logged = [vars(row)["fault"] for row in caplog.records if row.msg == FAULT]
    assert logged[:2] == [faults[0], "x" * 160]
    assert len(logged) == len(model.questions) * 20
