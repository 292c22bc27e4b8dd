"""How the engine copes with a CLI that misbehaves, in processes of the stand-in."""

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from states.stages import Stage
from tests.support.fondation import (
    BUNDLE,
    RUNTIME,
    CliStandIn,
    Course,
    alive,
    listen,
    new_course,
    printed_lines,
)
from tests.support.waiting import until
from worker.course.formats import Rules
from worker.engines.fondation import cli_process
from worker.engines.port import EngineFailedError

EXTRACT, ORDER, CHAPTERS = Stage.EXTRACT, Stage.ORDER, Stage.GENERATE_CHAPTERS
YAML = (EXTRACT, Stage.ANALYZE, ORDER)
FILES = [
    "chapters/chapter_1_the_core.md",
    "chapters/chapter_2_its_edge.md",
    "chapters/chapter_3_a_store.md",
]
HOLE = FILES[1]
MANY = ["The Core", "Its Edge", *(f"Part {number}" for number in range(3, 13))]


@pytest.fixture
def cli(tmp_path: Path) -> CliStandIn:
    return CliStandIn(tmp_path / "cli")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return new_course(tmp_path / "run")


def test_a_cli_that_was_asked_early_is_not_asked_again(
    cli: CliStandIn, course: Course
) -> None:
    engine = cli.engine()
    engine.prepare(course.workspace.output)
    steps = engine._steps(course.workspace.output)
    assert steps.taken(RUNTIME.flag())
    # Asked now, it would answer that it does not take single steps.
    cli.set(generation="old")
    with pytest.raises(EngineFailedError, match="unknown option '--steps'"):
        course.make(engine, EXTRACT)


def test_a_whole_course_takes_a_process_for_every_step(
    cli: CliStandIn, course: Course
) -> None:
    assert len(course.make(cli.engine())) == 12
    steps = [
        seen["argv"][seen["argv"].index("--steps") + 1] for seen in cli.seen
    ]
    assert steps == [
        *YAML,
        CHAPTERS,
        Stage.REVIEW_CHAPTERS,
        Stage.GENERATE_TUTORIALS,
    ]
    assert {seen["cwd"] for seen in cli.seen} == {str(cli.path)}
    assert {
        Path(seen["env"]["CLAUDE_OUTPUT_DIR"]).is_absolute()
        for seen in cli.seen
    } == {True}


def test_the_end_of_a_process_is_noticed_at_once(
    cli: CliStandIn, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_process, "_WAIT_SECONDS", 120.0)
    began = RUNTIME.monotonic()
    assert course.make(cli.engine(), EXTRACT)
    assert RUNTIME.monotonic() - began < 60


@pytest.mark.parametrize(
    "fault",
    [{"kind": "empty"}, {"kind": "instead", "text": " \n"}],
    ids=["empty", "blank"],
)
def test_an_item_that_a_successful_cli_left_out_is_made_by_the_next_attempt(
    fault: dict[str, str], cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={HOLE: fault | {"times": 1}})
    engine = cli.engine()
    course.make(engine, *YAML)
    assert sorted(course.make(engine, CHAPTERS)) == [FILES[0], FILES[2]]
    assert course.make(engine, CHAPTERS) == [HOLE]
    assert [cli.calls[path] for path in FILES] == [1, 2, 1]


def test_an_empty_answer_to_a_step_is_not_a_file(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={"step1_abstractions.yaml": {"kind": "empty", "times": 1}})
    engine = cli.engine()
    assert course.make(engine, EXTRACT) == []
    assert course.make(engine, EXTRACT) == ["step1_abstractions.yaml"]


@pytest.mark.parametrize(
    "blocks", [["order"], ["extract"], ["extract", "order"]], ids="+".join
)
def test_no_chapter_is_left_out_for_a_line_break_after_its_name(
    blocks: list[str], cli: CliStandIn, course: Course
) -> None:
    cli.set(blocks=blocks)
    engine = cli.engine()
    course.make(engine, *YAML)
    assert sorted(course.make(engine, CHAPTERS)) == FILES


def test_an_order_with_a_name_that_nothing_has_is_not_taken(
    cli: CliStandIn, course: Course
) -> None:
    text = (
        "order:\n  - {index: 1, name: The Core, reasoning: ''}\n"
        "  - {index: 2, name: Nothing, reasoning: ''}\n"
    )
    cli.set(faults={"step3_order.yaml": {"kind": "instead", "text": text}})
    engine = cli.engine()
    course.make(engine, *YAML[:2])
    (item,) = engine.produce(ORDER, course.workspace)
    assert "Nothing" in (
        Rules(ORDER, course.files).fault(item.path, item.body) or ""
    )


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ({"kind": "fenced"}, "line 1"),
        (
            {"kind": "instead", "text": "- name: A\n  description: [1\n"},
            "line 3",
        ),
        ({"kind": "instead", "text": "abstractions: []\n"}, "list"),
        (
            {
                "kind": "instead",
                "text": "- {name: A, description: x, file_paths: README.md}\n",
            },
            "file_paths",
        ),
        ({"kind": "bytes"}, "UTF-8"),
    ],
    ids=["fenced", "invalid", "no list", "wrong type", "bytes"],
)
def test_malformed_yaml_is_yielded_and_refused_with_its_place(
    fault: dict[str, Any], where: str, cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={"step1_abstractions.yaml": fault | {"times": 1}})
    engine = cli.engine()
    (item,) = engine.produce(EXTRACT, course.workspace)
    fault_found = Rules(EXTRACT, {}).fault(item.path, item.body)
    assert fault_found is not None
    assert where in fault_found
    assert course.make(engine, EXTRACT) == ["step1_abstractions.yaml"]


@pytest.mark.parametrize("write", ["once", "pieces", "renamed"])
def test_a_file_is_taken_when_it_is_complete_and_once(
    write: str, cli: CliStandIn, course: Course
) -> None:
    cli.set(write=write, delay=60, words=2000)
    engine = cli.engine()
    course.make(engine, *YAML)
    items = list(engine.produce(CHAPTERS, course.workspace))
    assert sorted(item.path for item in items) == FILES
    assert {item.body[-7:] for item in items} == {b"Text. \n"}


def test_a_file_that_is_closed_and_written_to_again_is_taken_again(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(write="appended", delay=300, words=2000)
    engine = cli.engine()
    course.make(engine, *YAML)
    last = {
        item.path: item.body
        for item in engine.produce(CHAPTERS, course.workspace)
    }
    assert sorted(last) == FILES
    assert {(body[:2], body[-7:]) for body in last.values()} == {
        (b"# ", b"Text. \n")
    }


def test_an_item_is_there_while_the_cli_still_works_on_others(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(names=MANY, delay=100)
    engine = cli.engine()
    course.make(engine, *YAML)
    asked_by_then = [
        cli.calls.total() - len(YAML) for _ in course.produce(engine, CHAPTERS)
    ]
    assert asked_by_then[0] < len(MANY)


def test_stored_items_are_restored_and_only_the_rest_is_made(
    cli: CliStandIn, course: Course
) -> None:
    first = cli.engine()
    course.make(first, *YAML)
    next(items := course.produce(first, CHAPTERS))
    items.close()  # type: ignore[attr-defined] # a generator
    made = [path for path in course.files if path.startswith("chapters/")]
    before = cli.calls
    assert sorted([*course.make(cli.engine(), CHAPTERS), *made]) == FILES
    assert [cli.calls[path] - before[path] for path in made] == [0]


def test_a_hanging_cli_is_ended_with_all_its_descendants(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={EXTRACT: {"kind": "hangs", "children": True}})
    with pytest.raises(
        EngineFailedError, match=r"no sign of life for 1\.5 seconds"
    ) as raised:
        course.make(cli.engine(silence=1.5), EXTRACT)
    assert raised.value.temporary
    until(lambda: alive(course.folder) == [], seconds=5)


def test_a_program_that_prints_is_not_silent_and_ends_when_asked_to(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={EXTRACT: {"kind": "talks", "every": 200}})
    engine = cli.engine(silence=1)
    stopper = threading.Timer(3, engine.stop)
    stopper.start()
    assert list(engine.produce(EXTRACT, course.workspace)) == []
    stopper.join()
    until(lambda: alive(course.folder) == [], seconds=5)


def test_a_cli_that_writes_files_is_not_silent(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(names=MANY, delay=700)
    engine = cli.engine(silence=1.4)  # less than the three rounds take
    course.make(engine, *YAML)
    assert len(course.make(engine, CHAPTERS)) == len(MANY)


def complain(
    cli: CliStandIn, course: Course, complaint: str
) -> EngineFailedError:
    """Let the CLI fail with a message; return the engine's error."""
    cli.set(faults={EXTRACT: {"kind": "fails", "complains": complaint}})
    with pytest.raises(EngineFailedError) as raised:
        course.make(cli.engine(), EXTRACT)
    assert (
        str(raised.value)
        == f"the Fondation CLI ended with exit code 1: {complaint}"
    )
    return raised.value


@pytest.mark.parametrize(
    "complaint",
    [
        'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}',
        (
            "API Error: 529 "
            '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
        ),
        "TypeError: fetch failed",
    ],
    ids=["429", "529", "network"],
)
def test_a_temporary_failure_is_recognized_by_its_output(
    complaint: str, cli: CliStandIn, course: Course
) -> None:
    assert complain(cli, course, complaint).temporary


@pytest.mark.parametrize(
    "complaint",
    [
        "Error: ANTHROPIC_API_KEY environment variable is required",
        'API Error: 401 {"type":"error","error":{"type":"authentication_error"}}',
    ],
    ids=["no key", "refused key"],
)
def test_a_permanent_failure_is_recognized_by_its_output(
    complaint: str, cli: CliStandIn, course: Course
) -> None:
    assert not complain(cli, course, complaint).temporary


def test_items_finished_before_a_failure_are_kept(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(
        faults={HOLE: {"kind": "killed", "times": 1}}, delay=150, names=MANY
    )
    engine = cli.engine()
    course.make(engine, *YAML)
    with pytest.raises(EngineFailedError, match="killed by SIGKILL") as raised:
        course.make(engine, CHAPTERS)
    assert raised.value.temporary
    kept = [path for path in course.files if path.startswith("chapters/")]
    assert len([*kept, *course.make(engine, CHAPTERS)]) == len(MANY)
    assert {cli.calls[path] for path in kept} <= {1}


@pytest.mark.parametrize("kind", ["link", "huge", "pipe", "folder"])
def test_only_regular_files_of_a_valid_size_are_taken(
    kind: str, cli: CliStandIn, course: Course
) -> None:
    cli.set(faults={HOLE: {"kind": kind, "to": "/etc/passwd", "times": 1}})
    engine = cli.engine()
    course.make(engine, *YAML)
    assert sorted(course.make(engine, CHAPTERS)) == [FILES[0], FILES[2]]
    assert course.make(engine, CHAPTERS) == [HOLE]


def test_files_outside_of_the_output_folder_are_ignored(
    cli: CliStandIn, course: Course
) -> None:
    cli.set(litter=True)
    source = {
        path: path.read_bytes()
        for path in course.workspace.source.rglob("*")
        if path.is_file()
    }
    assert len(course.make(cli.engine())) == 12
    assert {
        path: path.read_bytes()
        for path in course.workspace.source.rglob("*")
        if path.is_file()
    } == source
    assert {tuple(seen["repository"]) for seen in cli.seen} == {
        ("README.md", "lib/core.py")
    }


def test_it_sees_nothing_of_ours(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    ours = {
        "CALLBACK_TOKEN": "t-1",
        "GITHUB_TOKEN": "t-2",
        "AWS_SECRET_ACCESS_KEY": "t-3",
        "SCW_SECRET_KEY": "t-4",
    }
    ours |= {
        "STORE_URL": "s3://bucket",
        "CALLBACK_URL": "https://example.org",
        "JOB_ID": "job-1",
        "X": "t-5",
    }
    course.make(
        cli.engine(environment=ours | {"ANTHROPIC_API_KEY": "sk-ant-1"}),
        EXTRACT,
    )
    (seen,) = cli.seen
    assert set(seen["env"]) == {
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "CLAUDE_OUTPUT_DIR",
        "ANTHROPIC_API_KEY",
    }
    places = [
        seen["env"][name] for name in ("HOME", "TMPDIR", "CLAUDE_OUTPUT_DIR")
    ]
    assert all(Path(place).is_relative_to(tmp_path / "run") for place in places)


def test_without_a_login_it_fails_for_good_and_with_any_it_works(
    cli: CliStandIn, course: Course, tmp_path: Path
) -> None:
    cli.set(keyless=False)
    with pytest.raises(
        EngineFailedError,
        match="ANTHROPIC_API_KEY environment variable is required",
    ) as raised:
        course.make(cli.engine(), EXTRACT)
    assert not raised.value.temporary
    home = tmp_path / "home"
    (home / ".claude").mkdir(parents=True)
    (home / ".claude" / ".credentials.json").write_text("{}")
    for login in (
        {"ANTHROPIC_API_KEY": "k"},
        {"CLAUDE_CODE_OAUTH_TOKEN": "o"},
        {"HOME": str(home)},
    ):
        fresh = new_course(tmp_path / next(iter(login)))
        assert fresh.make(cli.engine(environment=login), EXTRACT) == [
            "step1_abstractions.yaml"
        ]


def test_its_output_is_in_the_log_without_its_key(
    cli: CliStandIn, course: Course, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog)
    cli.set(
        faults={
            EXTRACT: {
                "kind": "fails",
                "complains": "Error: bad luck with sk-ant-secret",
            }
        }
    )
    with pytest.raises(EngineFailedError, match=r"bad luck with \*\*\*$"):
        course.make(
            cli.engine(environment={"ANTHROPIC_API_KEY": "sk-ant-secret"}),
            EXTRACT,
        )
    assert (logging.INFO, "step extract begins") in printed_lines(caplog)
    assert (logging.WARNING, "Error: bad luck with ***") in printed_lines(
        caplog
    )


def test_a_cli_or_a_program_that_is_missing_is_named(
    tmp_path: Path, cli: CliStandIn
) -> None:
    with pytest.raises(
        EngineFailedError,
        match=r"node, which runs the Fondation CLI, is not in PATH: install it",
    ):
        cli.engine(environment={"PATH": str(tmp_path)}).check()
    (cli.path / BUNDLE).unlink()
    with pytest.raises(
        EngineFailedError,
        match=f"FONDATION_PATH {cli.path} contains no Fondation CLI",
    ):
        cli.engine(environment={"PATH": os.environ["PATH"]}).check()
