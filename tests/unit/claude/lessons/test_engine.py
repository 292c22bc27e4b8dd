"""The engine with models that answer well, badly, or not at all."""

import re
from pathlib import Path

import pytest

from states.stages import STAGES, Stage
from tests.support.course import write_tree
from tests.support.fake_model import FakeModel
from tests.support.lessons import (
    course_verifier,
    engine,
    make_course,
    make_stage,
    package,
)
from tests.support.messages_api.answers import Manner, lesson
from worker.engines.claude.asking import Outcome
from worker.engines.claude.failures import UnusableAnswerError
from worker.engines.claude.model import Question
from worker.engines.claude.words import ENGLISH, words_of
from worker.engines.port import (
    EngineFailedError,
    NoMaterialError,
    Workspace,
)

MADE = [info.stage for info in STAGES[1:]]
PAGES = [info.stage for info in STAGES if info.folder]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package("itsdangerous", tmp_path_factory.mktemp("source"))


def pages(output: Path, folder: str) -> list[str]:
    return [path.read_text() for path in sorted((output / folder).iterdir())]


def test_items_that_are_there_are_not_asked_for(
    source: Path, tmp_path: Path
) -> None:
    make_course(source, tmp_path)
    (gone,) = list((tmp_path / "chapters").glob("chapter_2_*"))
    gone.unlink()
    model = FakeModel()
    made = engine(model)
    for stage in MADE:
        make_stage(made, stage, source, tmp_path)
    assert [question.purpose for question in model.questions] == ["chapter 2"]


def test_a_course_is_the_same_when_it_is_made_again(
    source: Path, tmp_path: Path
) -> None:
    make_course(source, tmp_path / "a")
    make_course(source, tmp_path / "b")
    for path in (tmp_path / "a").rglob("*.*"):
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == other.read_bytes()


def test_a_repository_without_text_has_no_material(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    workspace = Workspace(source=tmp_path / "source", output=tmp_path)
    with pytest.raises(NoMaterialError):
        list(engine(FakeModel()).produce(Stage.EXTRACT, workspace))


@pytest.mark.parametrize(
    "manner", [Manner.POOR, Manner.HUGE, Manner.EMPTY, Manner.FOREIGN]
)
@pytest.mark.parametrize("stage", MADE)
def test_an_answer_that_is_bad_twice_is_replaced_by_a_good_one(
    source: Path, tmp_path: Path, stage: Stage, manner: Manner
) -> None:
    def bad_at_first(question: Question) -> Manner:
        is_bad = question.stage is stage and question.repair < 2
        return manner if is_bad else Manner.GOOD

    model = make_course(source, tmp_path, bad_at_first)
    asked = [
        asked_question
        for asked_question in model.questions
        if asked_question.stage is stage
    ]
    repairs = [
        asked_question for asked_question in asked if asked_question.repair
    ]
    assert not model.fallbacks
    assert {asked_question.repair for asked_question in asked} == {0, 1, 2}
    assert len(repairs) == 2 * (len(asked) - len(repairs))
    for question in repairs:
        assert "# What a program found wrong with it\n\n- " in question.prompt


@pytest.mark.parametrize(
    "manner", [Manner.POOR, Manner.HUGE, Manner.EMPTY, Manner.FOREIGN]
)
def test_bad_answers_of_one_chapter_leave_the_static_page_with_a_mark(
    source: Path, tmp_path: Path, manner: Manner
) -> None:
    def bad(question: Question) -> Manner:
        is_bad = question.purpose in {"chapter 2", "tutorial 2"}
        return manner if is_bad else Manner.GOOD

    model = make_course(source, tmp_path, bad)
    assert model.fallbacks == {
        Stage.GENERATE_CHAPTERS: 1,
        Stage.GENERATE_TUTORIALS: 1,
    }
    marked = [ENGLISH.fallback in page for page in pages(tmp_path, "chapters")]
    assert marked.count(True) == 1
    reviewed = pages(tmp_path, "reviewed-chapters")
    assert [ENGLISH.fallback in page for page in reviewed] == marked
    for folder in ("chapters", "reviewed-chapters", "tutorials"):
        for page in pages(tmp_path, folder):
            assert "frobnicate" not in page
            assert "<script>" not in page
            assert "example.com" not in page
            assert "gewünscht" not in page


@pytest.mark.parametrize("manner", [Manner.POOR, Manner.EMPTY])
def test_bad_reviews_leave_the_chapters_as_they_were(
    source: Path, tmp_path: Path, manner: Manner
) -> None:
    def bad(question: Question) -> Manner:
        return manner if question.purpose == "review 3" else Manner.GOOD

    make_course(source, tmp_path, bad)
    (reviewed,) = (tmp_path / "reviewed-chapters").glob("*_3_*")
    page = (tmp_path / "chapters" / reviewed.name).read_text()
    assert reviewed.read_text() == page


def test_a_refused_review_leaves_the_chapter_with_a_mark(
    source: Path, tmp_path: Path
) -> None:
    def refuse(question: Question) -> Manner | Outcome:
        if question.purpose == "review 3":
            return UnusableAnswerError("the model refuses (cyber)")
        return Manner.GOOD

    model = make_course(source, tmp_path, refuse)
    assert model.fallbacks == {Stage.REVIEW_CHAPTERS: 1}
    (reviewed,) = (tmp_path / "reviewed-chapters").glob("*_3_*")
    page = (tmp_path / "chapters" / reviewed.name).read_text()
    title, _, rest = page.partition("\n")
    assert reviewed.read_text() == f"{title}\n\n{ENGLISH.unreviewed}\n{rest}"


@pytest.mark.parametrize("stage", PAGES)
def test_too_many_fallbacks_end_the_stage(
    source: Path, tmp_path: Path, stage: Stage
) -> None:
    def refuse(question: Question) -> Manner | Outcome:
        number = (
            int(question.purpose.rpartition(" ")[2])
            if question.stage in PAGES
            else 0
        )
        if question.stage is stage and number > 1:
            return UnusableAnswerError("the model refuses (cyber)")
        return Manner.GOOD

    made = engine(FakeModel(refuse))
    for earlier in MADE[: MADE.index(stage)]:
        make_stage(made, earlier, source, tmp_path)
    items = made.produce(stage, Workspace(source=source, output=tmp_path))
    assert "_1_" in next(items).path
    with pytest.raises(EngineFailedError, match="4 of 5 items") as caught:
        next(items)
    assert caught.value.code == "too_many_fallbacks"
    assert not caught.value.temporary


@pytest.mark.parametrize("stage", MADE[:3])
def test_a_plan_without_a_usable_answer_is_the_static_engine_s(
    source: Path, tmp_path: Path, stage: Stage
) -> None:
    def refuse(question: Question) -> Manner | Outcome:
        if question.stage is stage:
            return UnusableAnswerError("the model refuses (cyber)")
        return Manner.GOOD

    model = make_course(source, tmp_path, refuse)
    assert model.fallbacks == {stage: 1}


def test_after_stop_no_item_is_handed_over(
    source: Path, tmp_path: Path
) -> None:
    made = engine(FakeModel())
    items = made.produce(
        Stage.EXTRACT, Workspace(source=source, output=tmp_path)
    )
    next(items)
    made.stop()
    with pytest.raises(EngineFailedError) as caught:
        made._wait(made._stopped)
    assert caught.value.temporary


def test_a_course_in_another_language_has_its_words(
    source: Path, tmp_path: Path
) -> None:
    german = words_of("German")

    def sentences(question: Question) -> Manner | Outcome:
        return lesson(question.system, question.prompt, Manner.FOREIGN)

    model = FakeModel(sentences)
    made = engine(model, "German")
    for stage in MADE[:4]:
        make_stage(made, stage, source, tmp_path)
    first = pages(tmp_path, "chapters")[0]
    assert first.startswith("# Kapitel 1: ")
    assert re.search(rf"{german.following}: \[Kapitel 2, ", first)
    assert "Write in German" in model.questions[0].system


def test_chosen_candidates_are_found_again_in_the_file(tmp_path: Path) -> None:
    tree = write_tree(
        tmp_path / "source",
        {
            "a.py": "class Alpha:\n    '''Is first.'''\n\n    def run(self):\n        return 1\n",
            "b.py": "from a import Alpha\n\n\nclass Beta(Alpha):\n    '''Is next.'''\n\n"
            "    def run(self):\n        return Gamma().go()\n\n\n"
            "class Gamma:\n    '''Goes.'''\n\n    def go(self):\n        return 2\n",
        },
    )

    def joined(question: Question) -> Manner | Outcome:
        if question.stage is not Stage.EXTRACT:
            return Manner.GOOD
        good = lesson(question.system, question.prompt)
        ids = [chapter["candidates"][0] for chapter in good["chapters"]]
        chapter = {**good["chapters"][0], "candidates": ids[:2], "name": "Both"}
        return {"chapters": [chapter, *good["chapters"][2:]]}

    model = FakeModel(joined)
    made = engine(model)
    output = tmp_path / "course"
    output.mkdir()
    make_stage(made, Stage.EXTRACT, tree, output)
    make_stage(made, Stage.ANALYZE, tree, output)
    make_stage(made, Stage.ORDER, tree, output)
    facts, _ = course_verifier(tree, output)
    both = facts.chapters[0]
    assert both.name == "Both"
    assert len(facts.symbols(both)) >= 2
