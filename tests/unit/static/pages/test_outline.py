"""What is shown, drawn and asked where nothing is known of definitions."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.course_facts import read
from worker.engines.static.pages import (
    diagrams,
    file_questions,
    outline,
    tutorial_steps,
)
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.exercise import Question


@pytest.mark.parametrize(
    ("name", "text", "titles"),
    [
        (
            "run.sh",
            "#!/bin/sh\nbuild() {\n  x\n}\nfunction clean () {\n}\n",
            ["build", "clean"],
        ),
        ("Makefile", "all: x\n\tx\nX := 1\nclean:\n\ty\n", ["all", "clean"]),
        (
            "conf.toml",
            "[server]\nport = 1\n\n[client]\nname = 2\n",
            ["server", "port", "client", "name"],
        ),
        (
            "a.lua",
            "function sell(x)\nend\nlocal function take()\nend\n",
            ["sell", "take"],
        ),
        (
            "a.sql",
            "create table things (\n);\nCREATE OR REPLACE VIEW all_of AS x;\n",
            ["things", "all_of"],
        ),
        (
            "a.proto",
            "message Thing {\n}\nservice Shop {\n  rpc Sell(Thing)\n}\n",
            ["Thing", "Shop", "Sell"],
        ),
        (
            "a.swift",
            "public final class Thing {\n}\npublic func sell() {}\n",
            ["Thing", "sell"],
        ),
        ("a.tf", 'resource "bucket" "b" {\n}\n', ["bucket"]),
        ("words.txt", "just words\n", [""]),
    ],
)
def test_landmarks_are_lines_that_begin_something_with_a_name(
    tmp_path: Path, name: str, text: str, titles: list[str]
) -> None:
    facts = read(tmp_path, {name: text})
    found = outline.landmarks(facts, name)
    assert [one.title for one in found] == titles
    lines = text.split("\n")
    assert all(one.title in lines[one.line - 1] for one in found)


def test_a_landmark_ends_before_the_next_and_is_not_endless(
    tmp_path: Path,
) -> None:
    facts = read(
        tmp_path, {"a.sh": "one() {\n}\n" + "two() {\n" + "  x\n" * 50 + "}\n"}
    )
    assert [
        (one.line, one.end_line) for one in outline.landmarks(facts, "a.sh")
    ] == [
        (1, 2),
        (3, 2 + outline.LENGTH),
    ]


def test_headings_are_drawn_below_each_other(tmp_path: Path) -> None:
    facts = read(
        tmp_path, {"README.md": "# Top\n\n## One\n\n### Deep\n\n## Two\n"}
    )
    unit = replace(
        facts.chapters[0].unit,
        headings=tuple(("README.md", position) for position in range(4)),
    )
    drawing = diagrams.drawn(facts, replace(facts.chapters[0], unit=unit))
    edges = [
        line.strip() for line in drawing.diagram.split("\n") if "-->" in line
    ]
    assert edges == ["n0 --> n1", "n1 --> n2", "n0 --> n3"]
    assert (
        drawing.reading
        == "Frames are files; an arrow points from a section to one inside it."
    )


BREAD = "# Top\n\nThis is about bread.\n\n## Flour\n\nTake white flour for it.\n\n## Water\n\nWarm.\n"


def asked(facts: CourseFacts, position: int) -> dict[str, Question]:
    return {
        one.title: one
        for one in file_questions.asked(facts, facts.chapters[position])
    }


def test_questions_on_a_document_are_answered_by_its_headings(
    tmp_path: Path,
) -> None:
    found = asked(read(tmp_path, {"README.md": BREAD}), 0)
    below, after = found["Where does it say so?"], found["What comes next?"]
    assert (
        below.asks
        == "Under which heading of `README.md` is this sentence: “Take white flour for it.”"
    )
    assert (below.options[below.right], set(below.options)) == (
        "Flour",
        {"Top", "Flour", "Water"},
    )
    assert (
        after.asks == "Which of these comes right after “Flour” in `README.md`?"
    )
    assert after.options[after.right] == "Water"
    assert found["On which line?"].answer == "On line 5: `## Flour`."
    assert (
        found["How much is there?"].answer
        == "11 lines. The last line that is not empty is line 11: `Warm.`."
    )


def test_a_tutorial_on_a_document_begins_with_the_section_that_it_is_about(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"README.md": BREAD})
    found = list(tutorial_steps.taken(facts, facts.chapters[0]))
    assert [one.title for one in found] == ["Read “Flour”", "Open `README.md`"]
    assert "`README.md:5-7`" in found[0].blocks[1]


def test_the_smallest_file_has_a_step_and_a_question(tmp_path: Path) -> None:
    facts = read(tmp_path, {"NOTES": "milk\n"})
    assert [
        step.title for step in tutorial_steps.taken(facts, facts.chapters[0])
    ] == ["Open `NOTES`"]
    assert list(asked(facts, 0)) == ["How much is there?"]


def test_which_file_is_asked_only_for_what_is_in_one(tmp_path: Path) -> None:
    facts = read(
        tmp_path,
        {
            "conf/a.toml": "[same]\nx = 1\n[first]\n",
            "conf/b.toml": "[same]\n[second]\n",
        },
    )
    question = asked(facts, 1)["In which file?"]
    assert question.asks == "Which of these files would you open for “second”?"
    assert question.options[question.right] == "`conf/b.toml`"
