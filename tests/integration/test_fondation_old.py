"""A CLI of the old kind: all steps in one process, whose files appear one after the other.

The stand-in is real.
"""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from states.stages import Stage
from tests.support.fondation import (
    BUNDLE,
    NAMES,
    CliStandIn,
    Course,
    new_course,
)
from worker.engines.fondation.engine import FondationEngine
from worker.engines.port import EngineFailedError, EngineOutdatedError

CHAPTERS, REVIEWS, TUTORIALS = (
    Stage.GENERATE_CHAPTERS,
    Stage.REVIEW_CHAPTERS,
    Stage.GENERATE_TUTORIALS,
)
YAML = (Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER)
HOLE = "chapters/chapter_2_its_edge.md"


@pytest.fixture
def cli(tmp_path: Path) -> CliStandIn:
    return CliStandIn(tmp_path / "cli", generation="old")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return new_course(tmp_path / "run")


def resumed(course: Course, folder: Path) -> Course:
    """Return the course in the folder of another run."""
    shutil.copytree(course.workspace.source, folder / "source")
    shutil.copytree(course.workspace.output, folder / "course")
    return Course(folder)


def begin(engine: FondationEngine, course: Course) -> None:
    """Let a run make its first chapter, then end it."""
    course.make(engine, *YAML)
    next(course.produce(engine, CHAPTERS))
    engine.stop()


def chapters_fit(course: Course) -> bool:
    """Whether all chapters are about the current abstractions."""
    about = yaml.safe_load(course.files["step1_abstractions.yaml"])[0][
        "description"
    ]
    texts = [
        body.decode()
        for path, body in course.files.items()
        if "_" in path and path.endswith(".md")
    ]
    return len(texts) == 3 * len(NAMES) and all(about in text for text in texts)


def test_one_process_makes_a_whole_course(
    cli: CliStandIn, course: Course
) -> None:
    assert len(course.make(cli.engine())) == 12
    (seen,) = cli.seen
    assert "--steps" not in seen["argv"]


def test_a_stage_ends_when_the_next_one_begins(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(delay=300)
    engine, far = (
        cli.engine(),
        ("step3", "chapters", "reviewed-chapters", "tutorials"),
    )
    for stage, too_far in zip((*YAML, CHAPTERS), far, strict=True):
        assert course.make(engine, stage) != []
        assert not any(path.startswith(too_far) for path in cli.calls)
    assert len(course.make(engine, REVIEWS, TUTORIALS)) == 2 * len(NAMES)


def test_a_missing_item_is_made_by_a_second_process_that_skips_the_rest(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={HOLE: {"kind": "empty", "times": 1}}, random=True)
    engine = cli.engine()
    course.make(engine, *YAML)
    kept = {
        path: body
        for path, body in course.files.items()
        if path.endswith(".yaml")
    }
    assert len(course.make(engine, CHAPTERS)) == len(NAMES) - 1
    assert course.make(engine, CHAPTERS) == [HOLE]
    course.make(engine, REVIEWS, TUTORIALS)
    assert {path: course.files[path] for path in kept} == kept
    assert chapters_fit(course)
    assert len(cli.seen) == 2


def test_chapters_that_it_leaves_out_for_a_line_break_after_a_name_are_made_by_a_second_process(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(blocks=["extract", "order"], random=True)
    engine = cli.engine()
    course.make(engine, *YAML)
    assert course.make(engine, CHAPTERS) == []
    course.make(engine, CHAPTERS, REVIEWS, TUTORIALS)
    assert chapters_fit(course)


def test_a_second_process_continues_from_the_stored_files(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    cli.set(random=True, delay=100)
    begin(cli.engine(), course)
    kept, before = course.files, cli.calls
    after = resumed(course, tmp_path / "next")
    engine = cli.engine()
    after.make(engine, CHAPTERS, REVIEWS, TUTORIALS)
    assert {path: after.files[path] for path in kept} == kept
    assert chapters_fit(after)
    assert [
        cli.calls[path] - before[path]
        for path in kept
        if path.startswith("chapters/")
    ] == [0] * (len(kept) - 3)


def test_a_cli_that_resumes_from_memory_is_trusted_if_its_files_are_the_stored_ones(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    cli.set(memory=True, delay=100)
    begin(cli.engine(), course)
    after = resumed(course, tmp_path / "next")
    after.make(cli.engine(), CHAPTERS, REVIEWS, TUTORIALS)
    assert chapters_fit(after)


def test_no_output_is_taken_from_a_cli_that_resumes_from_other_files(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    cli.set(memory=True, random=True, delay=100)
    begin(cli.engine(), course)
    after = resumed(course, tmp_path / "next")
    with pytest.raises(
        EngineOutdatedError,
        match=r"step1_abstractions\.yaml that differs from the stored one",
    ):
        after.make(cli.engine(), CHAPTERS)
    assert after.files == course.files


def with_bun(cli: CliStandIn, folder: Path) -> str:
    """Turn a CLI into its sources, and return a PATH with a `bun` that runs them."""
    bundle = cli.path / "dist-of-bun.cjs"
    (cli.path / BUNDLE).rename(bundle)
    (cli.path / "src").mkdir()
    (cli.path / "src" / "analyze-all.ts").write_text("// run by bun\n")
    folder.mkdir()
    (folder / "bun").write_text(
        f'#!/bin/sh\n[ "$1 $2" = "run src/analyze-all.ts" ] && shift 2 && exec node {bundle} "$@"\n'
    )
    (folder / "bun").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_its_sources_are_run_by_bun(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    engine = cli.engine(environment={"PATH": with_bun(cli, tmp_path / "bin")})
    assert len(course.make(engine)) == 12
    assert [seen["cwd"] for seen in cli.seen] == [str(cli.path)]


def test_without_bun_the_sources_are_a_cli_that_cannot_be_run(
    cli: CliStandIn, tmp_path: Path
) -> None:
    with_bun(cli, tmp_path / "bin")
    with pytest.raises(
        EngineFailedError,
        match="bun, which runs the Fondation CLI, is not in PATH: install it",
    ) as raised:
        cli.engine(environment={"PATH": "/usr/bin:/bin"}).check()
    assert not raised.value.temporary
