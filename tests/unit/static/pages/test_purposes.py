"""What the subjects of chapters are, in a sentence."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import chapters, purposes

CODE = '''\
class Step:
    """{doc}"""

    def start(self, worker):
        self.worker = worker
        return worker.started(self)
'''


def _told(tree: Path, doc: str, guide: str) -> str:
    text = f"Workers\n=======\n\nWorkers have parts.\n\n{guide}\n"
    files = {"app.py": CODE.format(doc=doc), "docs/workers.rst": text}
    facts = read(tree, files)
    [subject] = facts.named(chapter_of(facts, "Step"))
    return purposes.told(facts, subject).sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "A bootstep is a custom class that defines hooks.",
        "The :class:`app.Step` is a class with hooks for a worker.",
        "A step is a class with hooks for a worker.",
    ],
)
def test_a_guide_says_what_a_subject_is_that_hardly_documents_itself(
    tmp_path: Path, sentence: str
) -> None:
    told = _told(tmp_path, "A Bootstep.", sentence)
    assert told == sentence.replace(":class:", "")


def test_what_makes_a_subject_and_its_use_are_told_together(
    tmp_path: Path,
) -> None:
    text = (
        "Adding a part returns a :class:`Step` instance. "
        "This can be used to start it."
    )
    told = _told(tmp_path, "A Bootstep.", text)
    assert told == text.replace(":class:", "")


@pytest.mark.parametrize(
    "sentence",
    [
        "The step interface is a way to replace a worker.",
        "The step is a little late.",
        "Another step is a part of a worker.",
        "A `Step` was added.",
    ],
)
def test_no_sentence_about_something_else_says_what_a_subject_is(
    tmp_path: Path, sentence: str
) -> None:
    assert _told(tmp_path, "A Bootstep.", sentence) == "A Bootstep."


def test_a_subject_that_says_what_it_is_needs_no_guide(tmp_path: Path) -> None:
    own = "Connects a part of the program to its life cycle."
    assert _told(tmp_path, own, "A step is a class with hooks.") == own


def test_a_later_sentence_of_the_documentation_may_say_what_a_subject_is(
    tmp_path: Path,
) -> None:
    second = "A step can be used to start a part of a worker."
    told = _told(tmp_path, f"Worker step.\n\n    {second}\n    ", "None.")
    assert told == second


def test_a_sentence_of_a_guide_has_its_place_and_opens_the_chapter(
    tmp_path: Path,
) -> None:
    sentence = "A bootstep is a custom class that defines hooks."
    text = f"Workers\n=======\n\nWorkers have parts.\n\n{sentence}\n"
    files = {"app.py": CODE.format(doc="A Bootstep."), "docs/w.rst": text}
    facts = read(tmp_path, files)
    page = chapters.written(facts, chapter_of(facts, "Step"))
    told = f"`Step` (`app.py:1`): {sentence} (`docs/w.rst:6`)"
    assert page.startswith(f"# Chapter 1: Step\n\n{told}\n")
