"""The listings, drawings and questions for files without known definitions."""

from pathlib import Path

import pytest

from tests.support.course_facts import read
from worker.engines.static.pages import outline


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
    landmarks = outline.landmarks(facts, name)
    assert [landmark.title for landmark in landmarks] == titles
    lines = text.split("\n")
    assert all(
        landmark.title in lines[landmark.line - 1] for landmark in landmarks
    )


def test_a_landmark_ends_before_the_next_and_is_not_endless(
    tmp_path: Path,
) -> None:
    facts = read(
        tmp_path, {"a.sh": "one() {\n}\n" + "two() {\n" + "  x\n" * 50 + "}\n"}
    )
    assert [
        (landmark.line, landmark.end_line)
        for landmark in outline.landmarks(facts, "a.sh")
    ] == [
        (1, 2),
        (3, 2 + outline.LENGTH),
    ]
